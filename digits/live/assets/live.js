// The component's entry: what Streamlit calls when it mounts it, and after each run of the page.

import { onDrawing } from "./drawing.js";
import { onSliders } from "./sliders.js";

const WHAT = { drawing: onDrawing, sliders: onSliders };
const mounted = new WeakMap(); // element → what goes on in it

export default function live({ parentElement, data }) {
  if (!mounted.has(parentElement)) mounted.set(parentElement, WHAT[data.what](parentElement));
  mounted.get(parentElement).update(data);
  return () => {
    mounted.get(parentElement)?.stop();
    mounted.delete(parentElement);
  };
}
