// One digit's ink → the glyph that the network reads: model/glyph.py once more, in the browser.
// tests/test_browser_live.py holds the two against each other.

export const SIDE = 28;
const BOX = 20;
const INK = 0.35;
const THINNEST = 1.4;
const ROUND = 0.6;
const FILLED = 0.43;

/** A picture of one number a pixel: {height, width, values: Float32Array}. */
export function picture(height, width, values = new Float32Array(height * width)) {
  return { height, width, values };
}

/** A rounded number as NumPy rounds: halves to the even one. */
export function rint(x) {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2) : Math.round(x);
}

/** Ink in [0, 1] → 784 grey values; null where there is no ink. */
export function normalise(ink) {
  const box = bounds(ink);
  if (!box) return null;
  const digit = thicken(crop(ink, box));
  const scale = BOX / Math.max(digit.height, digit.width);
  const [height, width] = [digit.height, digit.width].map((side) => Math.max(1, rint(side * scale)));
  const small = resize(digit, height, width, scale > 1 ? BICUBIC : HAMMING);
  const values = small.values.map((value) => Math.max(value, 0));
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  const top = offset(values, height, (place) => Math.floor(place / width));
  const left = offset(values, width, (place) => place % width);
  const glyph = new Uint8Array(SIDE * SIDE);
  values.forEach((value, place) => {
    const row = top + Math.floor(place / width);
    glyph[row * SIDE + left + (place % width)] = rint((value / highest) * 255);
  });
  return glyph;
}

/** Whether a glyph is a filled spot, a mere dot of the pen, rather than strokes. */
export function isBlot(glyph) {
  const ink = picture(SIDE, SIDE, Float32Array.from(glyph, (grey) => grey / 255));
  const box = bounds(ink);
  if (!box) return false;
  const [short, long] = [box.bottom - box.top, box.right - box.left].sort((a, b) => a - b);
  return short >= ROUND * long && strokeWidth(ink) >= FILLED * long;
}

/** The rows and columns that have ink, the last ones excluded; null where there is none. */
function bounds({ height, width, values }) {
  const box = { top: height, bottom: 0, left: width, right: 0 };
  for (let place = 0; place < values.length; place++) {
    if (values[place] < INK) continue;
    const row = Math.floor(place / width);
    const column = place % width;
    box.top = Math.min(box.top, row);
    box.bottom = Math.max(box.bottom, row + 1);
    box.left = Math.min(box.left, column);
    box.right = Math.max(box.right, column + 1);
  }
  return box.bottom ? box : null;
}

function crop({ width, values }, { top, bottom, left, right }) {
  const part = picture(bottom - top, right - left);
  for (let row = top; row < bottom; row++)
    part.values.set(values.subarray(row * width + left, row * width + right), (row - top) * part.width);
  return part;
}

function offset(values, size, where) {
  let sum = 0;
  let moment = 0;
  values.forEach((value, place) => {
    sum += value;
    moment += value * (where(place) + 0.5);
  });
  return Math.min(Math.max(Math.trunc(SIDE / 2 + 1 - moment / sum), 0), SIDE - size);
}

/** Twice the area over the outline. */
function strokeWidth({ height, width, values }) {
  const at = (row, column) =>
    row >= 0 && row < height && column >= 0 && column < width && values[row * width + column] >= INK;
  let area = 0;
  let outline = 0;
  for (let row = 0; row <= height; row++)
    for (let column = 0; column <= width; column++) {
      const here = at(row, column);
      area += here;
      outline += (here !== at(row - 1, column)) + (here !== at(row, column - 1));
    }
  return outline ? (2 * area) / ((outline * Math.PI) / 4) : 0;
}

/** Strokes at least THINNEST wide once the digit is BOX high. A canvas is too small for more than
    FINE of model/glyph.py. */
function thicken(ink) {
  const missing = (THINNEST * Math.max(ink.height, ink.width)) / BOX - strokeWidth(ink);
  if (missing < 1) return ink;
  const radius = Math.max(1, rint(missing / 2));
  return spread(pad(ink, radius), radius, Math.max);
}

function pad({ height, width, values }, margin) {
  const larger = picture(height + 2 * margin, width + 2 * margin);
  for (let row = 0; row < height; row++)
    larger.values.set(
      values.subarray(row * width, (row + 1) * width), (row + margin) * larger.width + margin);
  return larger;
}

/** The highest or the lowest of each disk of that radius, which is a stack of rows. */
export function spread({ height, width, values }, radius, choose) {
  const result = picture(height, width, values.slice());
  let rows = values.slice();
  let grown = 0;
  for (let down = radius; down >= 0; down--) {
    const half = Math.floor(Math.sqrt((radius + 0.3) ** 2 - down ** 2));
    for (let step = grown + 1; step <= half; step++) {
      const wider = rows.slice();
      for (let place = 0; place < values.length; place++) {
        const column = place % width;
        if (column >= step) wider[place] = choose(wider[place], values[place - step]);
        if (column + step < width) wider[place] = choose(wider[place], values[place + step]);
      }
      rows = wider;
    }
    grown = half;
    const shift = down * width;
    for (let place = 0; place < values.length; place++) {
      if (place >= shift) result.values[place] = choose(result.values[place], rows[place - shift]);
      if (place + shift < values.length)
        result.values[place] = choose(result.values[place], rows[place + shift]);
    }
  }
  return result;
}

const sinc = (x) => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1);
const HAMMING = {
  support: 1,
  weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0),
};
const BICUBIC = {
  support: 2,
  weight: (x) => {
    const far = Math.abs(x);
    if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
    return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
  },
};

/** As Pillow resizes: first the rows, then the columns. */
function resize(image, height, width, filter) {
  return transpose(stretch(transpose(stretch(image, width, filter)), height, filter));
}

function stretch({ height, width, values }, size, { support, weight }) {
  const result = picture(height, size);
  const scale = width / size;
  const wide = Math.max(scale, 1);
  for (let column = 0; column < size; column++) {
    const centre = (column + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support * wide + 0.5), 0);
    const last = Math.min(Math.trunc(centre + support * wide + 0.5), width);
    const weights = [];
    for (let place = first; place < last; place++) weights.push(weight((place - centre + 0.5) / wide));
    const sum = weights.reduce((total, one) => total + one, 0);
    for (let row = 0; row < height; row++) {
      let value = 0;
      for (let place = first; place < last; place++)
        value += values[row * width + place] * (weights[place - first] / sum);
      result.values[row * size + column] = value;
    }
  }
  return result;
}

function transpose({ height, width, values }) {
  const turned = picture(width, height);
  for (let place = 0; place < values.length; place++)
    turned.values[(place % width) * height + Math.floor(place / width)] = values[place];
  return turned;
}
