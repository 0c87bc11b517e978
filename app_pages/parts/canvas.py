"""The drawing canvas: black ink on white, whatever the theme. The only module that touches streamlit-drawable-canvas.

The component's ways that this module hides:

- Its own toolbar shows on hover only, which a phone doesn't have. `clear`, `undo` and `sample` are callbacks for
  buttons of ours. They hand the same canvas another `initial_drawing`: it then draws that and sends its picture. A new
  canvas, one with another key, would not send anything before its first stroke.
- An `initial_drawing` that equals the last one is ignored, so each has a number.
- Streamlit forgets a widget that a page no longer shows. What was drawn is kept apart from it, so it's still there when
  the visitor comes back from another page.
"""

import io
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from PIL import Image

from app_pages.parts import samples

SIZE = 280  # pixels a side: fits a phone of 360
BRUSHES = (4, 40)  # pixels: thinnest and thickest
BRUSH = 16
KEY = "canvas"  # session state: what the component sent
_START, _KEPT = "canvas_start", "canvas_kept"  # session state: what the canvas begins with; what was drawn last


Rectangle = tuple[float, float, float, float]  # left, top, width, height in pixels of the canvas
_SIDES = "left", "top", "width", "height"
BOX_COLOUR, CHOSEN_COLOUR, BOX_LINE = "#d55e00", "#0062bb", 2  # vermilion, blue; pixels
WIDE = 640  # pixels: as wide as a canvas may be that a phone shows smaller


class Drawing(NamedTuple):
    """What is on the canvas."""

    strokes: int
    image: np.ndarray | None  # (SIZE, SIZE, 4) uint8, None while the browser has not sent it yet


def show(brush: int) -> Drawing:
    """Shows the canvas, with a brush of that many pixels."""
    from streamlit_drawable_canvas import st_canvas  # here, as it can be imported only where Streamlit runs

    state = st.session_state
    if KEY not in state and state.get(_KEPT):
        state[_START] = _start(state[_KEPT]["raw"]["objects"])
    result = st_canvas(
        stroke_width=brush,
        background_color="#ffffff",
        width=SIZE,
        height=SIZE,
        initial_drawing=state.setdefault(_START, _start([])),
        return_image_data=True,
        key=KEY,
    )
    if result.image_data is not None:
        state[_KEPT] = {"raw": result.json_data, "png": result.image_bytes}
    kept = state.get(_KEPT)
    if kept is None:
        return Drawing(len(_objects(result.json_data)), None)
    return Drawing(len(_objects(kept["raw"])), np.asarray(Image.open(io.BytesIO(kept["png"]))))


def edit_boxes(
    key: str, picture: np.ndarray, boxes: list[Rectangle], labels: list[str], chosen: int, on_change: Callable
) -> None:
    """Shows a picture (h, w, 3) uint8 with labelled boxes to be changed, one of them chosen.

    Boxes are in pixels of the picture. When one was changed, `on_change` is called, and `boxes` tells where they are.
    """
    from streamlit_drawable_canvas import boxes_to_drawing, st_canvas

    drawing = boxes_to_drawing(
        [{"label": label, **dict(zip(_SIDES, box, strict=True))} for box, label in zip(boxes, labels, strict=True)],
        stroke_width=BOX_LINE,
    )
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=85)
    for number, drawn in enumerate(drawing["objects"]):
        drawn["stroke"] = CHOSEN_COLOUR if number == chosen else BOX_COLOUR
    with _shrinkable(key):
        st_canvas(
            fill_color="rgba(0,0,0,0)",
            stroke_width=BOX_LINE,
            stroke_color=BOX_COLOUR,
            background_image=file.getvalue(),
            width=picture.shape[1],
            height=picture.shape[0],
            drawing_mode="labeled_rect",
            initial_drawing=drawing,
            font_size=16,
            key=key,
            on_change=on_change,
        )


def boxes(key: str) -> list[tuple[Rectangle, str]]:
    """The boxes that the canvas of `edit_boxes` sent last, and their labels."""
    from streamlit_drawable_canvas import CanvasResult

    raw = st.session_state[key]["drawing"]["raw"]
    found = CanvasResult(raw, None, False).boxes
    return [(tuple(box[side] for side in _SIDES), box["label"]) for box in found]


def clear() -> None:
    """Callback: an empty canvas."""
    _restart([])


def undo() -> None:
    """Callback: takes the last stroke back."""
    kept = st.session_state.get(_KEPT)
    _restart(_objects(kept["raw"])[:-1] if kept else [])


def sample(brush: int) -> None:
    """Callback: draws a random digit, a little tilted, in strokes, so that the visitor can go on drawing."""
    strokes = samples.placed(random.randrange(10), SIZE, tilt=random.uniform(-8, 8))
    _restart([_as_object(stroke, brush) for stroke in strokes])


def _shrinkable(key: str):
    """A container for a canvas up to WIDE pixels wide; narrow screens show it at 45 %, which fits 360 pixels."""
    st.html(f'<style>@media (max-width: {WIDE}px) {{ [class*="st-key-shrinkable"] {{ zoom: 0.45 }} }}</style>')
    return st.container(key=f"shrinkable {key}")


def _restart(objects: list[dict[str, Any]]) -> None:
    st.session_state[_START] = _start(objects)
    st.session_state[_KEPT] = None
    # Until the browser has drawn it there is no picture, rather than the one before.
    st.session_state[KEY] = {"drawing": {"raw": st.session_state[_START], "data": None}}


def _start(objects: list[dict[str, Any]]) -> dict[str, Any]:
    number = st.session_state.get(_START, {}).get("number", 0) + 1
    return {"objects": objects, "number": number}


def _objects(raw: dict[str, Any] | None) -> list[dict[str, Any]]:
    return (raw or {}).get("objects", [])


def _as_object(stroke: list[samples.Point], brush: int) -> dict[str, Any]:
    """A stroke as the canvas's own brush leaves it."""
    return {
        "type": "Path",
        "path": samples.path(stroke),
        "stroke": "black",
        "strokeWidth": brush,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
        "fill": None,
    }
