"""Canvases to draw on, black ink on white whatever the theme, and to change boxes on a picture.

The only module that touches streamlit-drawable-canvas.

The component's ways that this module hides:

- Its own toolbar shows on hover only, which a phone doesn't have. `clear`, `undo` and `sample` are
  callbacks for buttons of ours. They hand the same canvas another `initial_drawing`: it then draws
  that and sends its picture. A new canvas, one with another key, would not send anything before its
  first stroke.
- Even while it does not show, that toolbar lies over the canvas' upper right corner, and a finger's
  stroke that began there was lost. `_style_toolbars` takes it away, but where boxes are edited.
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
from app_pages.theme import BLUE, ORANGE
from model import strokes as pen_strokes
from model.strokes import Stroke

SIZE = 280  # pixels a side: fits a phone of 360
BRUSHES = (4, 40)  # pixels: thinnest and thickest
MAX_STROKES, MAX_POINTS = 2_000, 50_000  # of a drawing that is taken
MAX_UNDO = 100  # drawings that Undo can bring back
BROAD = 1000  # pixels of a screen that has room for an enlarged canvas
REST = 250  # ms from pen-up until the browser has sent the stroke, at least
LONGEST = 2000  # ms for which a click on a link waits for that at most
WIDE = 640  # pixels: as wide as a canvas may be; a phone shows it smaller


Rectangle = tuple[float, float, float, float]  # left, top, width, height in pixels of the canvas
_SIDES = "left", "top", "width", "height"
_MARK = "strokeDashOffset"
_SIGN = "Circle"  # a type of object that nothing here draws
_NUMBERS = {"M": 2, "L": 2, "Q": 4}  # of each step of a path that the canvas draws
BOX_LINE = 2  # pixels


class Sheet(NamedTuple):
    """A canvas to draw on. In the session's state its name is the key of what the component sent,
    and with an ending that of what it starts with, and of the latest message that counts."""

    name: str
    width: int  # pixels
    height: int
    digits: int  # of a sample
    brush: int  # pixels, to begin with

    @property
    def start(self) -> str:
        return f"{self.name}_start"

    @property
    def latest(self) -> str:
        return f"{self.name}_latest"

    @property
    def past(self) -> str:
        """Of the drawings there were before, the newest last: what Undo brings back."""
        return f"{self.name}_past"

    @property
    def future(self) -> str:
        """Of those that Undo took away, the newest last: what Redo brings back."""
        return f"{self.name}_future"


SQUARE = Sheet("canvas", SIZE, SIZE, digits=1, brush=16)
STRIP = Sheet("strip", WIDE, SIZE, digits=5, brush=9)


class Start(NamedTuple):
    """What a sheet is handed to start with."""

    strokes: tuple[Stroke, ...]
    number: int  # another one each time that it is handed something
    sign: int  # the number when it was first handed this; the browser sends it back

    def as_raw(self) -> dict[str, Any]:
        """As the component takes it."""
        sign = {"type": _SIGN, "radius": 0, "strokeWidth": 0, _MARK: self.sign}
        return {"objects": [sign, *map(_as_object, self.strokes)], "number": self.number}


class Drawing(NamedTuple):
    """What is on the canvas."""

    strokes: tuple[Stroke, ...]
    # (height, width) or (height, width, 4) uint8, None where there are no strokes
    image: np.ndarray | None
    # why what was sent last is none, one sentence; then all else is as it was before
    fault: str | None = None


class _DrawingError(Exception):
    """What was sent is no drawing of the sheet."""


class _Message(NamedTuple):
    """A drawing that the browser sent."""

    strokes: tuple[Stroke, ...]
    sign: Any  # of what the sheet was started with; None where the visitor has wiped it
    address: str  # data: of its picture


def receive(sheet: Sheet) -> Drawing:
    """What is on a sheet, or was when the page was left: takes in what the browser has sent."""
    state = st.session_state
    message = image = fault = None
    try:
        message, image = _parse(sheet, state.get(sheet.name))
    except _DrawingError as error:
        state[sheet.name] = {"drawing": None}
        fault = f"What the canvas sent is not a drawing ({error}); clear it, and draw again."
    if message:
        start = _start_of(sheet)
        if message.sign in (None, start.sign):
            if message.strokes != (before := _on(sheet)):
                _push(sheet, before)
            state[sheet.latest] = message
        elif start.strokes:  # it was drawn before the sheet was started so
            state[sheet.start] = start._replace(number=start.number + 1)
    elif sheet.name not in state and state.get(sheet.latest):
        _start(sheet, _on(sheet))
    latest: _Message | None = state.get(sheet.latest)
    if latest is not message:  # what was sent is late, or nothing was
        image = None if latest is None else _open(sheet, latest.address)
    strokes = _on(sheet)
    if image is None and strokes:  # the browser sends none before the next stroke
        image = pen_strokes.picture(strokes, sheet.width, sheet.height)
    return Drawing(strokes, image, fault)


def _parse(sheet: Sheet, state: Any) -> tuple[_Message, np.ndarray] | tuple[None, None]:
    """The drawing in what the browser says is the component's state, and its picture; None where
    there is none.

    Raises _DrawingError.

    Anybody may send anything: what is not bounded here is not opened.
    """
    if not isinstance(state, Mapping) or not state.get("drawing"):
        return None, None
    drawing = state["drawing"]
    raw = drawing.get("raw") if isinstance(drawing, Mapping) else None
    objects = raw.get("objects") if isinstance(raw, Mapping) else None
    if not isinstance(objects, list) or len(objects) > MAX_STROKES:
        raise _DrawingError(f"it should have at most {MAX_STROKES:,} strokes")
    if not all(isinstance(item, Mapping) and isinstance(item.get("type"), str) for item in objects):
        raise _DrawingError("its strokes should each have a type")
    paths = [item["path"] for item in objects if isinstance(item.get("path"), list)]
    if sum(map(len, paths)) > MAX_POINTS:
        raise _DrawingError(f"it should have at most {MAX_POINTS:,} points")
    signs = [item for item in objects if item["type"] == _SIGN]
    strokes = tuple(_as_stroke(item) for item in objects if item["type"] != _SIGN)
    if (address := drawing.get("data")) is None:
        return None, None
    if not isinstance(address, str) or len(address) > 6 * sheet.width * sheet.height + 10_000:
        raise _DrawingError("its picture is too large")
    sign = signs[0].get(_MARK) if signs else None
    return _Message(strokes, sign, address), _open(sheet, address)


def _as_stroke(item: Mapping[str, Any]) -> Stroke:
    """A stroke from fabric's object; raises _DrawingError where it is another thing."""
    path, width = item.get("path"), item.get("strokeWidth", 1)
    if not _is_path(path) or not _is_number(width):
        raise _DrawingError("its strokes should be lines and curves")
    return Stroke(tuple(map(tuple, path)), width)


def _as_object(stroke: Stroke) -> dict[str, Any]:
    """A stroke as the canvas' own brush leaves it."""
    return {
        "type": "Path",
        "path": [list(step) for step in stroke.path],
        "stroke": "black",
        "strokeWidth": stroke.width,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
        "fill": None,
    }


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


def _open(sheet: Sheet, address: str) -> np.ndarray:
    """(height, width, 4) uint8 of a data: address; raises _DrawingError where it is no picture of
    the sheet."""
    try:
        picture = Image.open(
            io.BytesIO(base64.b64decode(address.partition(";base64,")[2])), formats=("PNG",)
        )
        if picture.size != (sheet.width, sheet.height):  # the header's word: nothing is decoded yet
            raise _DrawingError(f"its picture should have {sheet.width} × {sheet.height} pixels")
        return np.asarray(picture.convert("RGBA"))
    except _DrawingError:
        raise
    except Exception as error:  # what a damaged file makes a decoder raise is of any kind
        raise _DrawingError("its picture is damaged") from error


def show(sheet: Sheet, brush: int, behind: np.ndarray | None = None) -> None:
    """Shows a sheet, with a brush of that many pixels.

    What lies behind the ink, (height, width, 3) uint8 or white paper, is no part of the drawing.
    """
    # here, as it can be imported only where Streamlit runs
    from streamlit_drawable_canvas import st_canvas

    _style_toolbars()
    _send_before_leaving()
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
            initial_drawing=_start_of(sheet).as_raw(),
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

    labelled = [
        (tuple(round(side, 2) for side in box), label)
        for box, label in zip(boxes, labels, strict=True)
    ]
    drawing = boxes_to_drawing(
        [{"label": label, **dict(zip(_SIDES, box, strict=True))} for box, label in labelled],
        stroke_width=BOX_LINE,
    )
    mark = _mark(labelled)
    for number, item in enumerate(drawing["objects"]):
        item["stroke"] = BLUE if number == chosen else ORANGE
        item[_MARK] = mark
    _style_toolbars()
    with _shrinkable(key):
        st_canvas(
            fill_color="rgba(0,0,0,0)",
            stroke_width=BOX_LINE,
            stroke_color=ORANGE,
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
        rectangles = CanvasResult(raw, None, False).boxes[:MAX_STROKES]
        labelled = [(tuple(box[side] for side in _SIDES), str(box["label"])) for box in rectangles]
        marks = {item.get(_MARK) for item in raw.get("objects", [])}
    except (KeyError, TypeError, AttributeError):  # anybody may send anything
        return None
    if not all(_is_number(side) for box, _ in labelled for side in box):
        return None
    return None if marks == {_mark(labelled)} else labelled


def _mark(labelled: list[tuple[Rectangle, str]]) -> int:
    """A number that other boxes or labels hardly have."""
    return zlib.crc32(
        repr([(*(f"{side:.2f}" for side in box), label) for box, label in labelled]).encode()
    )


def clear(sheet: Sheet) -> None:
    """Callback: an empty sheet."""
    put(sheet, ())


def put(sheet: Sheet, strokes: tuple[Stroke, ...]) -> None:
    """Another drawing in the place of what is there, which Undo brings back. Before `show`."""
    if strokes != (before := _on(sheet)):
        _push(sheet, before)
        _restart(sheet, strokes)


def undo(sheet: Sheet) -> None:
    """Callback: what was on the sheet before the last stroke, or before it was cleared."""
    _step(sheet, sheet.past, sheet.future)


def redo(sheet: Sheet) -> None:
    """Callback: what Undo took away."""
    _step(sheet, sheet.future, sheet.past)


def can_undo(sheet: Sheet) -> bool:
    """Whether there was another drawing before."""
    return bool(st.session_state.get(sheet.past))


def can_redo(sheet: Sheet) -> bool:
    """Whether Undo took something away since the last stroke."""
    return bool(st.session_state.get(sheet.future))


def sample(sheet: Sheet, brush: int) -> None:
    """Callback: draws random digits, a little tilted, in strokes, so that the visitor can go on
    drawing."""
    size = sheet.width / sheet.digits
    top = (sheet.height - size) / 2
    strokes = [
        stroke
        for place in range(sheet.digits)
        for stroke in samples.strokes(
            random.randrange(10), size, brush, random.uniform(-8, 8), place * size, top
        )
    ]
    put(sheet, tuple(strokes))


def _push(sheet: Sheet, strokes: tuple[Stroke, ...]) -> None:
    """What is about to be replaced can be had back; what Undo took away can't any more."""
    past = st.session_state.setdefault(sheet.past, [])
    past.append(strokes)
    del past[:-MAX_UNDO]
    st.session_state[sheet.future] = []


def _step(sheet: Sheet, source: str, other: str) -> None:
    """The newest drawing of one list on the sheet, and what was there on the other list."""
    if drawings := st.session_state.get(source):
        st.session_state.setdefault(other, []).append(_on(sheet))
        _restart(sheet, drawings.pop())


def _style_toolbars() -> None:
    """Hides the component's own toolbar on sheets, and shows it always where boxes are edited.

    Its pencil makes strokes vanish there, and its bin can't be undone; on boxes it is needed, also
    by a finger, which can't hover. A component's styles are its own, out of reach of the page's: so
    a script adds these to each canvas there is.
    """
    st.html(
        """<script>{
        const sheet = new CSSStyleSheet(), editor = new CSSStyleSheet();
        sheet.replaceSync(".dc-toolbar { display: none !important }");
        editor.replaceSync(`.dc-toolbar {
            opacity: 1 !important; visibility: visible !important; pointer-events: auto }`);
        const canvases = "[data-testid=stBidiComponentIsolated]";
        const add = () => document.querySelectorAll(canvases).forEach((canvas) => {
            const root = canvas.shadowRoot;
            if (!root?.querySelector(".dc-toolbar") || root.adoptedStyleSheets.length) return;
            root.adoptedStyleSheets.push(canvas.closest("[class*=st-key-boxes]") ? editor : sheet);
        });
        window.styleToolbars ??= setInterval(add, 200);  // canvases come and go
        }</script>""",
        unsafe_allow_javascript=True,
    )


def _send_before_leaving() -> None:
    """Lets a click on a link wait for the last stroke, which the component sends only once the pen
    has rested for a fifth of a second, and never if its page is left before; and for the script to
    have taken it in, which a busy machine may take longer for."""
    st.html(
        f"""<script>{{
        let lifted = -Infinity, taken = true;
        const on = (event, selector) =>
            event.composedPath().find((node) => node.matches?.(selector));
        const runs = () => document.querySelector("[data-test-script-state=running]");
        const isKept = () => {{
            const rested = performance.now() - lifted;
            return rested > {LONGEST} || (rested > {REST} && taken && !runs());
        }};
        const follow = (link) => isKept() ? link.click() : setTimeout(follow, 20, link);
        window.sendBeforeLeaving ??= (
            new MutationObserver(() => {{ taken ||= Boolean(runs()); }}).observe(
                document.body, {{ subtree: true, attributeFilter: ["data-test-script-state"] }}),
            document.addEventListener("pointerup", (event) => {{
                if (on(event, "canvas.upper-canvas")) [lifted, taken] = [performance.now(), false];
            }}, true),
            document.addEventListener("click", (event) => {{
                const link = on(event, "a[href]");
                if (!link || isKept() || !event.isTrusted) return;
                event.preventDefault();
                event.stopImmediatePropagation();
                follow(link);
            }}, true),
            true);
        }}</script>""",
        unsafe_allow_javascript=True,
    )


def sized(sheet: Sheet, large: bool):
    """A container for a canvas, in which it is twice as large where asked to, for a projector; not
    on narrow screens. It is the same one either way: in another, the canvas would begin anew."""
    rules = (
        '[class*="st-key-sized"] [data-testid=stBidiComponentIsolated] { zoom: 2 } '
        f".stMainBlockContainer {{ max-width: {4 * SIZE}px }}"
    )
    st.html(f"<style>@media (min-width: {BROAD}px) {{ {rules if large else ''} }}</style>")
    return st.container(key=f"sized {sheet.name}")


def _shrinkable(key: str):
    """A container for a canvas up to WIDE pixels wide; narrow screens show it at 45 %, which fits
    360 pixels."""
    st.html(
        f"<style>@media (max-width: {WIDE}px) "
        f'{{ [class*="st-key-shrinkable"] {{ zoom: 0.45 }} }}</style>'
    )
    return st.container(key=f"shrinkable {key}")


def _restart(sheet: Sheet, strokes: tuple[Stroke, ...]) -> None:
    _start(sheet, strokes)
    st.session_state[sheet.latest] = None
    # Until the browser has drawn it there is no picture, rather than the one before.
    st.session_state[sheet.name] = {"drawing": None}


def _start(sheet: Sheet, strokes: tuple[Stroke, ...]) -> None:
    before = st.session_state.get(sheet.start)
    number = before.number + 1 if before else 1
    st.session_state[sheet.start] = Start(strokes, number, sign=number)


def _start_of(sheet: Sheet) -> Start:
    """What a sheet starts with: nothing at first."""
    if sheet.start not in st.session_state:
        _start(sheet, ())
    return st.session_state[sheet.start]


def _on(sheet: Sheet) -> tuple[Stroke, ...]:
    """The strokes on a sheet: those that it sent last or, until it sends any, those that it starts
    with."""
    state = st.session_state
    return (state.get(sheet.latest) or _start_of(sheet)).strokes
