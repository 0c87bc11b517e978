// What the Playground's sliders do to a glyph: app_pages/playground/distortions.py once more, in
// the browser. tests/test_browser_live.py holds the two against each other.

import { SIDE, normalise, picture, rint, spread } from "./glyph.js";

const CENTRE = (SIDE - 1) / 2;

/** A glyph with every slider's distortion.

    glyph: 784 grey values; settings: each slider's name → its value; noise: 784 numbers; again:
    whether the result is cut out, scaled and centred once more. → 784 grey values. */
export function distort(glyph, settings, noise, again) {
  let image = picture(SIDE, SIDE, Float32Array.from(glyph, (grey) => grey / 255));
  image = blur(thicken(move(image, settings), settings.thick), settings.blur);
  image.values.forEach((value, place) => {
    const noisy = value + settings.noise * noise[place];
    image.values[place] = Math.min(Math.max(noisy, 0), 1);
  });
  if (again) return normalise(image) ?? new Uint8Array(SIDE * SIDE);
  return Uint8Array.from(image.values, (value) => rint(255 * value));
}

/** Turned clockwise about its middle by so many degrees, scaled, then shifted. */
function move(image, { turn, right, down, scale }) {
  const result = picture(SIDE, SIDE);
  const [cos, sin] = [Math.cos, Math.sin].map((part) => part((turn * Math.PI) / 180) / scale);
  for (let row = 0; row < SIDE; row++)
    for (let column = 0; column < SIDE; column++) {
      const y = row - CENTRE - down;
      const x = column - CENTRE - right;
      result.values[row * SIDE + column] = between(
        image, CENTRE + cos * y - sin * x, CENTRE + sin * y + cos * x);
    }
  return result;
}

/** The value at a point, of the four pixels around it; 0 outside. */
function between({ values }, y, x) {
  const nearly = 1e-9; // what rounding may put outside
  if (Math.min(y, x) < -nearly || Math.max(y, x) > SIDE - 1 + nearly) return 0;
  const [top, left] = [y, x].map((place) => Math.min(Math.max(Math.floor(place), 0), SIDE - 2));
  let value = 0;
  for (const [row, share] of [[top, 1 - y + top], [top + 1, y - top]])
    for (const [column, part] of [[left, 1 - x + left], [left + 1, x - left]])
      value += share * part * values[row * SIDE + column];
  return value;
}

/** Strokes so many pixels wider on each side, or thinner; between whole pixels, a mixture. */
function thicken(image, pixels) {
  if (!pixels) return image;
  const choose = pixels > 0 ? Math.max : Math.min;
  const whole = Math.floor(Math.abs(pixels));
  const part = Math.abs(pixels) - whole;
  const [less, more] = [whole, whole + 1].map((radius) => spread(image, radius, choose).values);
  return picture(SIDE, SIDE, less.map((value, place) => (1 - part) * value + part * more[place]));
}

/** SciPy's gaussian_filter: four deviations wide, mirrored at the edges. */
function blur(image, deviation) {
  if (!deviation) return image;
  const reach = Math.trunc(4 * deviation + 0.5);
  const weights = [];
  for (let far = -reach; far <= reach; far++) weights.push(Math.exp(-0.5 * (far / deviation) ** 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const mirror = (place) => {
    const turn = ((place % (2 * SIDE)) + 2 * SIDE) % (2 * SIDE);
    return turn < SIDE ? turn : 2 * SIDE - 1 - turn;
  };
  const along = ({ values }, step, other) => {
    const result = picture(SIDE, SIDE);
    for (let line = 0; line < SIDE; line++)
      for (let place = 0; place < SIDE; place++)
        result.values[line * other + place * step] = weights.reduce((total, weight, index) => {
          const from = mirror(place + index - reach);
          return total + (weight / sum) * values[line * other + from * step];
        }, 0);
    return result;
  };
  return along(along(image, SIDE, 1), 1, SIDE);
}
