// A sheet of maps, one of which is chosen: by pointing at it, by a tap or a click, or by the arrow
// keys. A tap or click holds it, until the next one.
//
// data: {picture: its address, words: what it shows, count: of maps, columns, cell: [x, y, width,
// height] of the first and [x, y] from one to the next, all as shares of the picture, chosen}.

const DWELL = 150; // ms for which a pointer rests on a map that is meant

export default function sheet({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".sheet");
  const image = root.querySelector("img");
  const frame = root.querySelector(".frame");
  const { count, columns, cell, step } = data;
  // What was chosen here is newer than what a late run of the page says of the same sheet.
  if (root.picture !== data.picture) root.chosen = undefined;
  root.picture = data.picture;
  let chosen = root.chosen ?? data.chosen;

  const choose = (number) => {
    if (number < 0 || number >= count || number === chosen) return;
    root.chosen = chosen = number;
    mark();
    setStateValue("map", number);
  };
  const mark = () => {
    const place = { left: cell[0] + step[0] * (chosen % columns), width: cell[2],
      top: cell[1] + step[1] * Math.floor(chosen / columns), height: cell[3] };
    for (const [side, share] of Object.entries(place)) frame.style[side] = `${100 * share}%`;
    root.setAttribute("aria-valuenow", chosen + 1);
    root.setAttribute("aria-valuetext", `${data.unit} ${chosen + 1} of ${count}`);
  };
  const under = ({ clientX, clientY }) => {
    const box = image.getBoundingClientRect();
    const column = Math.floor(((clientX - box.left) / box.width - cell[0]) / step[0]);
    const row = Math.floor(((clientY - box.top) / box.height - cell[1]) / step[1]);
    return column >= 0 && column < columns && row >= 0 ? row * columns + column : -1;
  };

  image.src = data.picture;
  image.alt = data.words;
  root.setAttribute("aria-label", `${data.unit}s of ${data.name}`);
  root.setAttribute("aria-valuemin", 1);
  root.setAttribute("aria-valuemax", count);
  mark();
  root.onpointermove = (event) => {
    clearTimeout(root.timer);
    if (event.pointerType !== "mouse" || root.held) return;
    root.timer = setTimeout(() => choose(under(event)), DWELL);
  };
  root.onpointerleave = () => clearTimeout(root.timer);
  root.onclick = (event) => {
    const number = under(event);
    if (number < 0 || number >= count) return;
    root.held = !(root.held && number === chosen);
    root.classList.toggle("held", root.held);
    choose(number);
  };
  root.onkeydown = (event) => {
    const places = { ArrowLeft: chosen - 1, ArrowRight: chosen + 1, ArrowUp: chosen - columns,
      ArrowDown: chosen + columns, Home: 0, End: count - 1 };
    if (!(event.key in places)) return;
    event.preventDefault();
    choose(places[event.key]);
  };
}
