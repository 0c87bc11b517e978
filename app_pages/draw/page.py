"""Draw digits and see at once what the network reads, and why."""

import collections
from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app_pages import links, live, subject
from app_pages.corrections import correct
from app_pages.figures import bars, pictures
from app_pages.figures.headline import headline
from app_pages.pen import address, canvas
from app_pages.server import resources, workload
from app_pages.words import plain
from model import Digit, Reading
from model.hints import find_hints
from model.image import ImageError
from model.strokes import Stroke
from train.data import DataError

SHEETS = {"One digit": canvas.SQUARE, "A whole number": canvas.STRIP}
NUMBER = "number"  # in the address: the strokes of a whole number
PARAMETERS = {canvas.SQUARE: subject.STROKES, canvas.STRIP: NUMBER}
OWN = 100  # addresses that a session has made lately

st.title("Draw a digit")


def explain(reading: Reading, names: list[str], answer: DeltaGenerator) -> Digit:
    """Shows what is read, how sure, and the probabilities of one of its digits, which it returns,
    as the answer."""
    classes = resources.recognizer(resources.chosen_network()).classes
    digit = least_sure = min(reading.digits, key=lambda digit: digit.confidence)
    if len(reading.digits) > 1:
        words = (
            f"{len(reading.digits)} digits, the least sure {bars.percent(least_sure.confidence)}"
        )
    elif digit.value is None:
        nearest = classes[int(digit.probabilities.argmax())]
        words = f"This does not look like a digit. The nearest guess is {nearest}."
    else:
        words = f"{bars.percent(digit.confidence)} sure"
    if len(reading.digits) > 1:
        index = st.segmented_control(
            "Explain the digit",
            range(len(names)),
            format_func=lambda number: plain(names[number]),
            default=reading.digits.index(least_sure),
            required=True,
            key=f"explain {reading.text}",
        )
        digit = reading.digits[index]
    answer.html(
        headline(reading.text.replace("\n", " "), words)
        + bars.probability_bars(digit.probabilities, classes)
    )
    return digit


def restore(sheet: canvas.Sheet) -> None:
    """Puts the drawing of the address on the canvas, but for those that this session put there
    itself: the browser may tell an address of before the last stroke. Raises AddressError."""
    text = st.query_params.get(PARAMETERS[sheet])
    own = st.session_state.setdefault("own addresses", collections.deque(maxlen=OWN))
    if text is None or text in own:
        return
    canvas.put(sheet, address.decode_strokes(text))
    own.append(text)


def keep_address(sheet: canvas.Sheet, strokes: tuple[Stroke, ...]) -> None:
    """Makes a reload, or one Back, bring the drawing."""
    text = address.encode_strokes(strokes) if strokes else None
    if text:
        st.session_state["own addresses"].append(text)
    names = (*subject.NAMES, NUMBER)
    links.keep({PARAMETERS[sheet]: text} if text else {}, names)


def draw_and_read(fault: str | None) -> None:
    """The canvas and its reading, and what is wrong with the address while nothing is drawn.

    No fragment: where a visitor clicks faster than one is rerun, Streamlit's page can lose track of
    what it shows and break down. To rerun the whole page takes hardly longer.
    """
    wrong = st.empty()
    with st.container(key="above"):
        chosen = st.segmented_control(
            "What you draw",
            SHEETS,
            default="One digit",
            required=True,
            key="sheet",
            label_visibility="collapsed",
            bind="query-params",
        )
    sheet = SHEETS[chosen]
    square = sheet is canvas.SQUARE
    large = square and bool(st.session_state.get("large"))
    if square:
        widths = [2 * canvas.SIZE, 360] if large else [canvas.SIZE, 380]
        left, right = st.columns(widths, gap="small" if large else "medium")
    else:
        left, right = st.container(), st.container()
    tools, steps = st.container(), st.container()
    with tools.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        brush = st.slider(
            "Brush width",
            *canvas.BRUSHES,
            sheet.brush,
            key="brush" if square else "fine_brush",
            bind="query-params",
            width=canvas.SIZE,
        )
        if square:
            st.toggle("Large, for a projector", key="large", bind="query-params")
        words = "Draw me a sample digit" if square else "Draw me a sample number"
        st.button(
            words, on_click=canvas.sample, args=(sheet, brush), icon=":material/auto_fix_high:"
        )
    try:
        restore(sheet)
    except address.AddressError as error:
        fault = str(error)
    drawing = canvas.receive(sheet)
    if fault and not drawing.strokes:  # the address stays, for whenever the script runs again
        wrong.warning(fault, icon=":material/link_off:")
    else:
        keep_address(sheet, drawing.strokes)
    with left:
        place = canvas.sized(sheet, large)
        with st.container(horizontal=True, width=canvas.SIZE, gap="small"):
            for words, action, icon, possible in (
                ("Clear", canvas.clear, ":material/delete:", bool(drawing.strokes)),
                ("Undo", canvas.undo, ":material/undo:", canvas.can_undo(sheet)),
                ("Redo", canvas.redo, ":material/redo:", canvas.can_redo(sheet)),
            ):
                st.button(
                    words,
                    on_click=action,
                    args=(sheet,),
                    icon=icon,
                    disabled=not possible,
                    width="stretch",
                )

    with right:
        moving, answer = live.place_of_answer()
    if drawing.fault:
        right.warning(drawing.fault, icon=":material/error:")
    reading = show_reading(sheet, drawing, brush, place, right, answer, steps)
    if square and (reading is None or len(reading.digits) < 2):
        with moving:
            classes = resources.recognizer(resources.chosen_network()).classes
            live.read_drawing(classes, len(drawing.strokes))


def show_reading(
    sheet: canvas.Sheet,
    drawing: canvas.Drawing,
    brush: int,
    place: DeltaGenerator,
    beside: DeltaGenerator,
    answer: DeltaGenerator,
    steps: DeltaGenerator,
) -> Reading | None:
    """Shows the canvas in its place, what is read on it as the answer, and what belongs to that
    beside it and as steps; returns the reading, None where there is none."""
    square = sheet is canvas.SQUARE
    if not drawing.strokes or drawing.image is None:
        with place:
            canvas.show(sheet, brush)
        with answer:
            # once the canvas is there: waking up takes a moment
            resources.recognizer(resources.chosen_network())
            what = "digit" if square else "number"
            st.info(f"Draw a {what}, and it is read after every stroke.", icon=":material/edit:")
        return None

    recognizer = resources.recognizer(resources.chosen_network())
    try:
        reading = workload.read_drawing(recognizer, drawing.image, drawing.strokes)
    except ImageError as error:  # it took too long: the server is busy
        with place:
            canvas.show(sheet, brush)
        beside.warning(plain(str(error)), icon=":material/error:")
        return None
    names = [recognizer.name(digit) for digit in reading.digits]
    with place:
        canvas.show(sheet, brush, None if square else pictures.annotate_blank(reading, names))
    if not reading.digits:
        words = reading.note or "There is too little ink to read. Draw a digit, a little larger."
        answer.info(words, icon=":material/edit:")
        return reading
    with beside:
        digit = explain(reading, names, answer)
        correct.ask_about_digit(digit, recognizer, "drawn")
        for hint in find_hints(reading):
            st.info(hint, icon=":material/lightbulb:")
        strokes = drawing.strokes if square and len(names) == 1 else ()
        drawn = subject.Subject(digit.glyph, "drawn by hand", strokes=strokes)
        subject.look_at(drawn)
        subject.offer(drawn, share=True)
    with steps:
        st.header("From your drawing to the answer")
        figures = pictures.steps(reading, digit)
        pictures.show(figures, width=160, abreast=2 if len(figures) == 4 else 3)
        if digit.by_picture is not None and digit.by_pen is not None:
            st.caption(compare(digit.by_picture, digit.by_pen, recognizer.classes))
    return reading


def compare(by_picture: np.ndarray, by_pen: np.ndarray, classes: Sequence[str]) -> str:
    """What the picture alone looks like, and what the pen's path alone, (classes,) probabilities
    each, in a sentence."""
    picture, pen = (
        f"{classes[int(votes.argmax())]} ({bars.percent(votes.max())})"
        for votes in (by_picture, by_pen)
    )
    agree = by_picture.argmax() == by_pen.argmax()
    return (
        f"The picture alone looks like a {picture}; how you moved the pen "
        f"{'also says' if agree else 'says'} {pen}. The answer is what both say together: the "
        f"geometric mean of their probabilities."
    )


def show_arrival(arrival: subject.Subject) -> None:
    """A digit that another page sent, in the canvas' place, and its reading."""
    recognizer = resources.recognizer(resources.chosen_network())
    try:
        reading = workload.read_drawing(recognizer, arrival.glyph)
    except ImageError as error:  # as above
        st.warning(plain(str(error)), icon=":material/error:")
        return
    left, right = st.columns([canvas.SIZE, 380], gap="medium")
    with left:
        picture = pictures.source(arrival.glyph)
        pictures.show(
            [
                pictures.Figure(
                    picture, subject.describe(arrival), "The digit that was sent.", crisp=True
                )
            ],
            width=canvas.SIZE,
        )
        st.button("Draw something else", on_click=subject.dismiss, icon=":material/draw:")
    with right:
        _, answer = live.place_of_answer()
        if not reading.digits:
            words = reading.note or "There is no digit to be read in it."
            answer.info(words, icon=":material/edit:")
            return
        digit = explain(reading, [recognizer.name(digit) for digit in reading.digits], answer)
        subject.offer(arrival, share=True)
    st.subheader("From the picture to the answer")
    first, *others = pictures.steps(reading, digit)
    pictures.show(
        [first._replace(caption="1. The picture", crisp=True), *others], width=170, abreast=3
    )


arrival = fault = None
if subject.IMAGE in st.query_params or subject.GLYPH in st.query_params:
    try:
        arrival = subject.current(resources.chosen_network())
    except (DataError, address.AddressError) as error:
        fault = plain(str(error))
if arrival:
    show_arrival(arrival)
else:
    draw_and_read(fault)
