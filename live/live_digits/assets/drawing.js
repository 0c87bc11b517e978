// Reads what is on the canvas while the pen is down.

import { Answer, paced, percent } from "./answer.js";
import { isBlot, normalise, picture } from "./glyph.js";
import { classify, load } from "./network.js";

const PATIENCE = 5000; // ms after which the server is not waited for any more

/** data: {template, classes, threshold: how sure an answer must be}. */
export function onDrawing(element) {
  const answer = new Answer(element);
  let data;
  let pen = null; // the canvases that are drawn on, while the pen is down
  let ready = false;
  let patience;

  const read = paced(async () => {
    if (!pen) return;
    const glyph = normalise(inkOf(pen));
    if (!glyph) return;
    const probabilities = await classify(glyph);
    const most = Math.max(...probabilities);
    const likeliest = data.classes[probabilities.indexOf(most)];
    if (most >= data.threshold && !isBlot(glyph))
      answer.show(likeliest, `${percent(most)} sure so far`, probabilities);
    else answer.show("?", `No digit so far, nearest to ${likeliest}.`, probabilities);
  });

  const down = (event) => {
    const top = event.composedPath().find((node) => node.matches?.("canvas.upper-canvas"));
    if (!top || !ready) return;
    pen = [top.parentElement.querySelector(".lower-canvas"), top];
    clearTimeout(patience);
    read();
  };
  const move = () => pen && read();
  const up = () => {
    if (pen) patience = setTimeout(() => answer.rest(), PATIENCE);
    pen = null;
  };
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up };
  for (const [name, listener] of Object.entries(listeners))
    document.addEventListener(name, listener, true);
  const watch = answer.onReading(() => {
    if (!pen) answer.rest();
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
      data = given;
      answer.update(given);
      if (!pen) answer.rest();
      clearTimeout(patience);
    },
    stop() {
      for (const [name, listener] of Object.entries(listeners))
        document.removeEventListener(name, listener, true);
      watch.disconnect();
      clearTimeout(patience);
      answer.rest();
    },
  };
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
