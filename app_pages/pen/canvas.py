"""Canvases to draw on, black ink on white whatever the theme, and to change boxes on a picture.

The only module that touches streamlit-drawable-canvas.

The component's ways that this module hides:

- Its own toolbar shows on hover only, which a phone doesn't have. `clear`, `undo` and `sample` are
  callbacks for buttons of ours. They hand the same canvas another `initial_drawing`: it then draws
  that and sends its picture. A new canvas, one with another key, would not send anything before its
  first stroke.
- While it does not show, that toolbar lies over the canvas' upper right corner, and a finger's
  stroke that began there was lost. `_free_corner` lets it through.
- An `initial_drawing` that equals the last one is ignored, so each has a number.
- Until it has drawn what it was handed, each message from the browser still says what was on it
  before, and one that is handed two drawings at once may begin anew with the second and never send
  it. So whatever a sheet begins with has an invisible object, which tells the drawings that
  followed it from those before. Where one of before comes, the sheet is handed again what it was to
  begin with, unless that is nothing: then there is nothing to be sent.
- A canvas that was handed boxes sends them back once it has drawn them, as if the visitor had
  changed something; by then others may have been handed to it. What comes back as it was given is
  told by a number in a property of fabric's objects that shows only on dashed lines.
- Streamlit forgets a widget that a page no longer shows. What was drawn is kept apart from it, so
  it's still there when the visitor comes back from another page.
"""

import base64
import contextlib
import io
import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from PIL import Image

from app_pages.pen import samples

SIZE = 280  # pixels a side: fits a phone of 360
BRUSHES = (4, 40)  # pixels: thinnest and thickest
MOST_STROKES, MOST_POINTS = 2_000, 50_000  # of a drawing that is taken
WIDE = 640  # pixels: as wide as a canvas may be; a phone shows it smaller


Rectangle = tuple[float, float, float, float]  # left, top, width, height in pixels of the canvas
_SIDES = "left", "top", "width", "height"
_MARK = "strokeDashOffset"
_SIGN = "Circle"  # a type of object that nothing here draws
_NUMBERS = {"M": 2, "L": 2, "Q": 4}  # of each step of a path that the canvas draws
BOX_COLOUR, CHOSEN_COLOUR, BOX_LINE = "#d55e00", "#0062bb", 2  # vermilion, blue; pixels


class Sheet(NamedTuple):
    """A canvas to draw on. In the session's state its name stands before what it sent, begins with,
    and kept."""

    name: str
    width: int  # pixels
    height: int
    digits: int  # of a sample
    brush: int  # pixels, to begin with

    @property
    def start(self) -> str:
        return f"{self.name}_start"

    @property
    def kept(self) -> str:
        return f"{self.name}_kept"


SQUARE = Sheet("canvas", SIZE, SIZE, digits=1, brush=16)
STRIP = Sheet("strip", WIDE, SIZE, digits=5, brush=9)


class Drawing(NamedTuple):
    """What is on the canvas."""

    strokes: int
    image: np.ndarray | None  # (height, width, 4) uint8, None while the browser has not sent it yet
    # why what was sent last is none, one sentence; then all else is as it was before
    fault: str | None = None


class _DrawingError(Exception):
    """What was sent is no drawing of the sheet."""


def drawn(sheet: Sheet) -> Drawing:
    """What is on a sheet, or was when the page was left."""
    state = st.session_state
    fault = image = None
    try:
        sent, image = _checked(sheet, state.get(sheet.name))
    except _DrawingError as error:
        state[sheet.name] = {"drawing": None}
        sent, fault = (
            {},
            f"What the canvas sent is no drawing of it ({error}); clear it, and draw again.",
        )
    if sent.get("data"):
        if not _before(sheet, sent["raw"]):
            state[sheet.kept] = sent
        elif _objects(state[sheet.start]):
            state[sheet.start] = state[sheet.start] | {"number": state[sheet.start]["number"] + 1}
    elif sheet.name not in state and state.get(sheet.kept):
        state[sheet.start] = _start(sheet, _on(sheet))
    count, kept = len(_on(sheet)), state.get(sheet.kept)
    if kept is not sent:  # what was sent is late, or nothing was
        image = None if kept is None else _opened(sheet, kept["data"])
    return Drawing(count, image, fault)


def _checked(sheet: Sheet, state: Any) -> tuple[dict[str, Any], np.ndarray | None]:
    """The drawing in what the browser says is the component's state, {} where there is none, and
    its picture.

    Raises _DrawingError.

    Anybody may send anything: what is not bounded here is not opened.
    """
    if not isinstance(state, Mapping) or not state.get("drawing"):
        return {}, None
    sent = state["drawing"]
    raw = sent.get("raw") if isinstance(sent, Mapping) else None
    objects = raw.get("objects") if isinstance(raw, Mapping) else None
    if not isinstance(objects, list) or len(objects) > MOST_STROKES:
        raise _DrawingError(f"it should have at most {MOST_STROKES:,} strokes")
    if not all(isinstance(one, Mapping) and isinstance(one.get("type"), str) for one in objects):
        raise _DrawingError("its strokes should each have a type")
    paths = [one["path"] for one in objects if "path" in one]
    if sum(len(path) if isinstance(path, list) else 1 for path in paths) > MOST_POINTS:
        raise _DrawingError(f"it should have at most {MOST_POINTS:,} points")
    if not all(map(_is_path, paths)) or not all(
        _is_number(one.get("strokeWidth", 1)) for one in objects
    ):
        raise _DrawingError("its strokes should be lines and curves")
    if (data := sent.get("data")) is None:
        return dict(sent), None
    if not isinstance(data, str) or len(data) > 6 * sheet.width * sheet.height + 10_000:
        raise _DrawingError("its picture is too large")
    return dict(sent), _opened(sheet, data)


def _is_path(path: Any) -> bool:
    return (
        isinstance(path, list)
        and bool(path)
        and all(isinstance(step, list) and step and step[0] in _NUMBERS for step in path)
        and path[0][0] == "M"
        and all(
            len(step) == 1 + _NUMBERS[step[0]] and all(map(_is_number, step[1:])) for step in path
        )
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) <= 1e6  # a NaN is not


def _opened(sheet: Sheet, data: str) -> np.ndarray:
    """(height, width, 4) uint8 of a data: address; raises _DrawingError where it is no picture of
    the sheet."""
    try:
        picture = Image.open(
            io.BytesIO(base64.b64decode(data.partition(";base64,")[2])), formats=("PNG",)
        )
        if picture.size != (sheet.width, sheet.height):  # the header's word: nothing is decoded yet
            raise _DrawingError(f"its picture should have {sheet.width} × {sheet.height} pixels")
        return np.asarray(picture.convert("RGBA"))
    except _DrawingError:
        raise
    except Exception as error:  # what a damaged file makes a decoder raise is of any kind
        raise _DrawingError("its picture is damaged") from error


def strokes(sheet: Sheet) -> tuple[dict[str, Any], ...]:
    """What was drawn on a sheet, stroke by stroke, each with a `path` of SVG commands and a
    `strokeWidth`."""
    kept = st.session_state.get(sheet.kept)
    return tuple(stroke for stroke in _objects(kept["raw"]) if "path" in stroke) if kept else ()


def show(sheet: Sheet, brush: int, behind: np.ndarray | None = None) -> None:
    """Shows a sheet, with a brush of that many pixels.

    What lies behind the ink, (height, width, 3) uint8 or white paper, is no part of the drawing.
    """
    # here, as it can be imported only where Streamlit runs
    from streamlit_drawable_canvas import st_canvas

    _free_corner()
    file = io.BytesIO()
    paper = (
        Image.new("RGB", (sheet.width, sheet.height), "white")
        if behind is None
        else Image.fromarray(behind)
    )
    paper.save(file, "PNG")
    with _shrinkable(sheet.name) if sheet.width > SIZE else contextlib.nullcontext():
        st_canvas(
            stroke_width=brush,
            background_image=file.getvalue(),
            width=sheet.width,
            height=sheet.height,
            initial_drawing=st.session_state.setdefault(sheet.start, _start(sheet, [])),
            return_image_data=True,
            key=sheet.name,
        )


def edit_boxes(
    key: str,
    picture: bytes,
    size: tuple[int, int],
    boxes: list[Rectangle],
    labels: Sequence[str],
    chosen: int,
    on_change: Callable,
) -> None:
    """Shows a picture file of that width and height with labelled boxes to be changed, one of them
    chosen.

    Boxes are in pixels of the picture. When one was changed, `on_change` is called, and `boxes`
    tells where they are.
    """
    from streamlit_drawable_canvas import boxes_to_drawing, st_canvas

    given = [
        (tuple(round(side, 2) for side in box), label)
        for box, label in zip(boxes, labels, strict=True)
    ]
    drawing = boxes_to_drawing(
        [{"label": label, **dict(zip(_SIDES, box, strict=True))} for box, label in given],
        stroke_width=BOX_LINE,
    )
    mark = _mark(given)
    for number, drawn in enumerate(drawing["objects"]):
        drawn["stroke"] = CHOSEN_COLOUR if number == chosen else BOX_COLOUR
        drawn[_MARK] = mark
    _free_corner()
    with _shrinkable(key):
        st_canvas(
            fill_color="rgba(0,0,0,0)",
            stroke_width=BOX_LINE,
            stroke_color=BOX_COLOUR,
            background_image=picture,
            width=size[0],
            height=size[1],
            drawing_mode="labeled_rect",
            initial_drawing=drawing,
            font_size=16,
            key=key,
            on_change=on_change,
        )


def boxes(key: str) -> list[tuple[Rectangle, str]] | None:
    """The boxes that the canvas of `edit_boxes` sent last, and their labels; None if they are as
    they were given."""
    from streamlit_drawable_canvas import CanvasResult

    try:
        raw = st.session_state[key]["drawing"]["raw"]
        found = CanvasResult(raw, None, False).boxes[:MOST_STROKES]
        sent = [(tuple(box[side] for side in _SIDES), str(box["label"])) for box in found]
    except (KeyError, TypeError, AttributeError):  # anybody may send anything
        return None
    if not all(_is_number(side) for box, _ in sent for side in box):
        return None
    return None if {drawn.get(_MARK) for drawn in _objects(raw)} == {_mark(sent)} else sent


def _mark(labelled: list[tuple[Rectangle, str]]) -> int:
    """A number that other boxes or labels hardly have."""
    return zlib.crc32(
        repr([(*(f"{side:.2f}" for side in box), label) for box, label in labelled]).encode()
    )


def clear(sheet: Sheet) -> None:
    """Callback: an empty sheet."""
    _restart(sheet, [])


def undo(sheet: Sheet) -> None:
    """Callback: takes the last stroke back."""
    _restart(sheet, _on(sheet)[:-1])


def sample(sheet: Sheet, brush: int) -> None:
    """Callback: draws random digits, a little tilted, in strokes, so that the visitor can go on
    drawing."""
    size = sheet.width / sheet.digits
    strokes = [
        stroke
        for place in range(sheet.digits)
        for stroke in samples.placed(
            random.randrange(10),
            size,
            random.uniform(-8, 8),
            place * size,
            (sheet.height - size) / 2,
        )
    ]
    _restart(sheet, [as_object(stroke, brush) for stroke in strokes])


def _free_corner() -> None:
    """Lets strokes begin in a canvas' upper right corner.

    A component's styles are its own, out of reach of the page's: so a script adds these to each
    canvas there is.
    """
    st.html(
        """<script>{
        const style = new CSSStyleSheet();
        style.replaceSync(`.dc-toolbar { pointer-events: none }
            .dc-root:hover > .dc-toolbar, .dc-toolbar:focus-within {
                pointer-events: auto; transition: none }`);
        const canvases = "[data-testid=stBidiComponentIsolated]";
        const add = () => document.querySelectorAll(canvases).forEach(({shadowRoot}) => {
            if (shadowRoot?.querySelector(".dc-toolbar") && !shadowRoot.adoptedStyleSheets.length)
                shadowRoot.adoptedStyleSheets.push(style);
        });
        window.freeCorner ??= setInterval(add, 200);  // canvases come and go
        }</script>""",
        unsafe_allow_javascript=True,
    )


def _shrinkable(key: str):
    """A container for a canvas up to WIDE pixels wide; narrow screens show it at 45 %, which fits
    360 pixels."""
    st.html(
        f"<style>@media (max-width: {WIDE}px) "
        f'{{ [class*="st-key-shrinkable"] {{ zoom: 0.45 }} }}</style>'
    )
    return st.container(key=f"shrinkable {key}")


def _restart(sheet: Sheet, objects: list[dict[str, Any]]) -> None:
    st.session_state[sheet.start] = _start(sheet, objects)
    st.session_state[sheet.kept] = None
    # Until the browser has drawn it there is no picture, rather than the one before.
    st.session_state[sheet.name] = {"drawing": None}


def _start(sheet: Sheet, objects: list[dict[str, Any]]) -> dict[str, Any]:
    number = st.session_state.get(sheet.start, {}).get("number", 0) + 1
    sign = {"type": _SIGN, "radius": 0, "strokeWidth": 0, _MARK: number}
    return {"objects": [sign, *objects], "number": number}


def _before(sheet: Sheet, raw: dict[str, Any]) -> bool:
    """Whether a drawing was on the sheet before it was handed what it begins with."""
    sign = _sign(raw)
    return sign is not None and sign != _sign(st.session_state[sheet.start])


def _sign(raw: dict[str, Any]) -> float | None:
    """The number that what a drawing began with had at first; None in one that the visitor has
    wiped."""
    return next((drawn.get(_MARK) for drawn in raw["objects"] if drawn["type"] == _SIGN), None)


def _on(sheet: Sheet) -> list[dict[str, Any]]:
    """The strokes on a sheet: those that it sent last or, until it sends any, those that it begins
    with."""
    kept = st.session_state.get(sheet.kept)
    return _objects(kept["raw"] if kept else st.session_state.get(sheet.start))


def _objects(raw: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [drawn for drawn in (raw or {}).get("objects", []) if drawn["type"] != _SIGN]


def as_object(stroke: list[samples.Point], brush: int) -> dict[str, Any]:
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
