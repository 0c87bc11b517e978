// Reads what is on the canvas while the pen is down.

import { Answer, paced, percent } from "./answer.js";
import { isBlot, normalise, picture } from "./glyph.js";
import { classify, load } from "./network.js";

const PATIENCE = 20_000; // ms after which the server is not waited for any more

/** data: {template, classes, threshold: how certain an answer must be, strokes: that the server has
    read}. */
export function onDrawing(element) {
  const answer = new Answer(element);
  let data;
  let pen = null; // {id, canvases} while it is down
  let waiting = 0; // strokes that the server has not read yet
  let ready = false;
  let patience;

  const read = paced(async () => {
    if (!pen) return;
    const glyph = normalise(inkOf(pen.canvases));
    if (!glyph) return;
    const probabilities = await classify(glyph);
    const most = Math.max(...probabilities);
    const likeliest = data.classes[probabilities.indexOf(most)];
    if (certainty(probabilities) >= data.threshold && !isBlot(glyph))
      answer.show(likeliest, `${percent(most)} sure so far`, probabilities);
    else answer.show("?", `No digit so far, nearest to ${likeliest}.`, probabilities);
  });

  const down = (event) => {
    const top = event.composedPath().find((node) => node.matches?.("canvas.upper-canvas"));
    if (!top || !ready || pen || event.button !== 0) return;
    const canvases = [top.parentElement.querySelector(".lower-canvas"), top];
    pen = { id: event.pointerId, canvases };
    clearTimeout(patience);
    read();
  };
  const move = (event) => event.pointerId === pen?.id && read();
  const up = (event) => {
    if (event.pointerId !== pen?.id) return; // another finger
    pen = null;
    waiting++;
    patience = setTimeout(rest, PATIENCE);
  };
  const rest = () => {
    clearTimeout(patience);
    waiting = 0;
    answer.rest();
  };
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up };
  for (const [name, listener] of Object.entries(listeners))
    document.addEventListener(name, listener, true);
  const watch = answer.onReading(() => {
    if (!pen && waiting < 2) answer.rest(); // else it is of an earlier stroke
  });
  load().then(
    () => {
      ready = true;
      element.dataset.live = "ready";
    },
    () => {}, // this browser can't: the server reads all the same
  );

  return {
    update(given) {
      const more = given.strokes - (data?.strokes ?? 0);
      waiting = more < 0 ? 0 : Math.max(0, waiting - more);
      data = given;
      answer.update(given);
      if (!pen && !waiting) rest();
    },
    stop() {
      for (const [name, listener] of Object.entries(listeners))
        document.removeEventListener(name, listener, true);
      watch.disconnect();
      clearTimeout(patience);
      pen = null;
      answer.stop();
    },
  };
}

/** From 0, where all classes are as likely, to 1, where one is all that there is; model/classifier.py
    has it, too. */
function certainty(probabilities) {
  const entropy = probabilities.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
  return 1 - entropy / Math.log(Math.max(2, probabilities.length));
}

/** The ink on canvases that lie over each other, black on white, at the size of their sheet. */
function inkOf(canvases) {
  const [width, height] = ["width", "height"].map((side) => parseInt(canvases[0].style[side]));
  const sheet = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  sheet.fillStyle = "white";
  sheet.fillRect(0, 0, width, height);
  for (const canvas of canvases) sheet.drawImage(canvas, 0, 0, width, height);
  const { data } = sheet.getImageData(0, 0, width, height);
  const ink = picture(height, width);
  for (let place = 0; place < ink.values.length; place++) ink.values[place] = 1 - data[4 * place] / 255;
  return ink;
}
