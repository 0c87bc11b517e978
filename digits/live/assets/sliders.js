// Bends a digit as the Playground's sliders stand, and reads it, while they are dragged.

import { Answer, paced, percent } from "./answer.js";
import { distort } from "./distort.js";
import { SIDE } from "./glyph.js";
import { classify, load } from "./network.js";

/** data: {template, classes, glyph: 784 grey values, noise: 784 numbers, settings: name → value,
    again: whether the digit is cut out and centred once more}. */
export function onSliders(element) {
  const answer = new Answer(element);
  let data;

  const standing = () => {
    const values = Object.keys(data.settings).map((name) => [
      name, document.querySelector(`.st-key-${name} input[type=range]`)?.valueAsNumber]);
    return Object.fromEntries(values);
  };
  const moved = () => {
    const now = standing();
    return Object.entries(data.settings).some(
      ([name, value]) => Number.isFinite(now[name]) && Math.abs(now[name] - value) > 1e-6);
  };
  const read = paced(async () => {
    if (!moved()) return answer.rest(); // dragged back: the server has nothing to tell
    const glyph = distort(data.glyph, { ...data.settings, ...standing() }, data.noise, data.again);
    const probabilities = await classify(glyph);
    if (!moved()) return answer.rest();
    const most = Math.max(...probabilities);
    const likeliest = data.classes[probabilities.indexOf(most)];
    draw(answer.show(likeliest, `, ${percent(most)} sure`, probabilities), glyph);
  });

  const watch = new MutationObserver(read);
  load().then(
    () => {
      element.dataset.live = "ready";
      const sliders = document.querySelector(".st-key-sliders");
      if (sliders) watch.observe(sliders, { subtree: true, attributeFilter: ["value"] });
    },
    () => {}, // this browser can't: the server reads all the same
  );

  return {
    update(given) {
      data = given;
      answer.update(given);
      if (moved()) read();
      else answer.rest();
    },
    stop() {
      watch.disconnect();
      answer.stop();
    },
  };
}

/** A glyph in the place of the picture. */
function draw(element, glyph) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const pixels = new ImageData(SIDE, SIDE);
  glyph.forEach((grey, place) => pixels.data.set([grey, grey, grey, 255], 4 * place));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  element.querySelector("img").src = canvas.toDataURL();
}
