"""Write the ten digits against the clock, and see which of them the network takes for others."""

import io
import time

import numpy as np
import streamlit as st

from app_pages.challenge import rounds
from app_pages.corrections import collection, correct
from app_pages.figures import bars, charts
from app_pages.figures.headline import headline
from app_pages.pen import canvas
from app_pages.server import resources, workload
from app_pages.theme import ink
from app_pages.words import plain
from model.image import ImageError

SHEET = canvas.SQUARE._replace(name="challenge")
# in the session's state: the one that goes on, and all that are finished
STATE, FINISHED = "round", "rounds"

network = resources.chosen_network()
recognizer = resources.recognizer(network)
classes = recognizer.classes
state = st.session_state
current: rounds.Round | None = state.get(STATE)
if current and max(current.wanted) >= len(classes):  # another network was chosen meanwhile
    current = state[STATE] = None
    state[FINISHED] = []


def begin() -> None:
    """Callback: a new round."""
    state[STATE] = rounds.begin(len(classes), time.monotonic())
    canvas.clear(SHEET)


def write() -> None:
    """Callback: what is on the canvas counts, and the next digit comes."""
    round_, drawing = state[STATE], canvas.receive(SHEET)
    if drawing.image is None:  # a second click, before the sheet was empty
        return
    try:
        reading = workload.read_drawing(recognizer, drawing.image, drawing.strokes)
    except ImageError as error:  # it took too long: the server is busy, and another click may do
        st.toast(plain(str(error)), icon=":material/error:")
        return
    wanted = round_.wanted[len(round_.turns)]
    # Of a digit that fell into pieces, the picture shows the largest.
    digit = max(reading.digits, key=lambda digit: digit.box[2] * digit.box[3], default=None)
    if digit is None:
        turn = rounds.Turn(wanted, None, 0.0, np.zeros((28, 28), np.uint8))
    else:
        answer = digit.value if len(reading.digits) == 1 else None
        turn = rounds.Turn(wanted, answer, digit.confidence, digit.glyph)
    round_.write(turn, time.monotonic())
    if round_.seconds is not None:
        state.setdefault(FINISHED, []).append(round_)
    canvas.clear(SHEET)


@st.fragment(run_every=1)
def clock() -> None:
    """The seconds so far, by themselves: the canvas is left alone."""
    if current and current.seconds is None:
        st.metric("Time", f"{time.monotonic() - current.started:.0f} s")


@st.fragment
def play() -> None:
    """The digit that is wanted, and the canvas to write it on."""
    done = len(current.turns)
    if done == len(current.wanted):
        st.rerun()
    lead = f"Digit {done + 1} of {len(current.wanted)}. Write "
    st.html(headline(classes[current.wanted[done]], "", 2.6, lead, "wanted"))
    drawing = canvas.receive(SHEET)
    if drawing.fault:
        st.warning(drawing.fault, icon=":material/error:")
    count = len(drawing.strokes) if drawing.image is not None else 0
    canvas.show(SHEET, SHEET.brush)
    with st.container(horizontal=True, width=canvas.SIZE):
        st.button(
            "Next",
            on_click=write,
            icon=":material/check:",
            width="stretch",
            shortcut="Enter",
            disabled=not count,
        )
        st.button(
            "Clear", on_click=canvas.clear, args=(SHEET,), icon=":material/delete:", width="stretch"
        )
    st.caption(f"{count} {'stroke' if count == 1 else 'strokes'} so far.")
    st.progress(done / len(current.wanted), f"{done} of {len(current.wanted)} written")


st.title("Challenge")
if current is None:
    count = min(rounds.TURNS, len(classes))
    st.markdown(
        f"Write {count} digits, in the order in which they are asked for, as fast as you can. Only "
        "at the end do you see which of them the network read as you meant them."
    )
    st.button("Start", on_click=begin, icon=":material/play_arrow:")
elif current.seconds is None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        play()
    with right:
        clock()
        st.button("Start over", on_click=begin, icon=":material/restart_alt:")
else:
    best = min(
        (past.seconds for past in state[FINISHED] if past.right == current.right),
        default=current.seconds,
    )
    columns = st.columns(3)
    columns[0].metric("Read right", f"{current.right} of {len(current.wanted)}", border=True)
    columns[1].metric("Time", f"{current.seconds:.1f} s", border=True)
    columns[2].metric("Your best with this many right", f"{best:.1f} s", border=True)
    picture = rounds.picture(current, classes)
    st.image(picture, alt=f"Your digits as the network saw them. {rounds.in_words(current)}.")
    file = io.BytesIO()
    picture.save(file, "PNG")
    with st.container(horizontal=True):
        st.button("Again", on_click=begin, icon=":material/replay:")
        st.download_button(
            "Picture to share",
            file.getvalue(),
            "challenge.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
    if collection.mode() == collection.ON and any(turn.glyph.any() for turn in current.turns):
        keep = st.button(
            "Keep them to teach with",
            icon=":material/bookmark_add:",
            help=(
                "Each goes into the collection as the digit that was asked for; Teach it trains on "
                "them."
            ),
        )
        if keep:
            correct.keep(
                [
                    collection.Item(
                        classes[turn.wanted],
                        turn.glyph,
                        None if turn.answer is None else classes[turn.answer],
                        turn.confidence,
                        network.name,
                        "the challenge",
                    )
                    for turn in current.turns
                    if turn.glyph.any()
                ]
            )
    matrix = rounds.confusion(state[FINISHED], len(classes))
    count = len(state[FINISHED])
    st.subheader("Your own confusion matrix")
    names = (*classes, "?")
    cells = [
        f"{names[wanted]} read as {names[answer]}: {matrix[wanted, answer]}"
        for wanted, answer in zip(*np.nonzero(matrix), strict=True)
    ]
    st.altair_chart(
        charts.confusion(matrix, names, "Counts", ("", ""), ink()),
        alt=f"A row a digit that you were asked for, a column what was read. {'; '.join(cells)}.",
    )
    st.caption(
        f"Of {'this round' if count == 1 else f'your {count} rounds'}: a row is what you were "
        "asked to write, a column what was read; “?” is where the network would rather not say."
    )
    confidences = [turn.confidence for turn in current.turns if turn.answer == turn.wanted]
    if confidences:
        st.caption(
            f"Of what it read right, it was least sure with {bars.percent(min(confidences))}."
        )
