"""A drawing comes into being once more, and what the network reads at each moment."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from app_pages.figures import bars, pictures
from app_pages.pen import canvas
from app_pages.playground import sweeps
from app_pages.playground.distortions import Slider
from app_pages.server import resources
from app_pages.server.resources import Network
from model import strokes
from model.image import ImageError
from model.recognizer import Recognizer, as_single_glyph
from model.strokes import Stroke

FRAMES = 20  # moments at even distances along the pen's way; the ends of strokes come to them
SHARE = Slider("written", "The drawing so far", "%", 0.0, 100.0, 100.0, 5.0)


class Frame(NamedTuple):
    """One moment."""

    share: float  # of the pen's way, in %
    strokes: int  # that are whole by now
    picture: np.ndarray  # (SIZE, SIZE) uint8
    probabilities: np.ndarray  # (classes,)


def frames(drawing: Sequence[Stroke], recognizer: Recognizer) -> list[Frame]:
    """The moments of a drawing; those at which there is no ink yet are left out.

    The glyphs are read in one batch.
    """
    ends = strokes.ends(drawing)
    shares = np.union1d(np.linspace(0, 1, FRAMES + 1)[1:], ends)
    moments = []
    for share in shares:
        picture = strokes.picture(strokes.until(drawing, share), canvas.SIZE, canvas.SIZE)
        try:
            moments.append((share, picture, as_single_glyph(picture)))
        except ImageError:
            continue
    if not moments:
        return []
    probabilities = recognizer.classify(np.stack([glyph for _, _, glyph in moments]))
    return [
        Frame(100 * share, int((ends <= share + 1e-9).sum()), picture, row)
        for (share, picture, _), row in zip(moments, probabilities, strict=True)
    ]


def turns(frames: list[Frame]) -> list[tuple[float, int]]:
    """Where the answer becomes another one: (share in %, class)."""
    answers = [int(frame.probabilities.argmax()) for frame in frames]
    return [
        (frames[place].share, answers[place])
        for place in range(1, len(frames))
        if answers[place] != answers[place - 1]
    ]


@st.cache_data(max_entries=32, show_spinner="Drawing it once more")
def _frames(network: Network, drawing: tuple[Stroke, ...]) -> list[Frame]:
    return frames(drawing, resources.recognizer(network))


@st.fragment
def show(network: Network, drawing: tuple[Stroke, ...]) -> None:
    """The replay of a drawing, read by a network."""
    moments = _frames(network, drawing)
    if not moments:
        st.markdown("There is too little ink to watch.")
        return
    classes = resources.recognizer(network).classes
    left, right = st.columns([1, 2], gap="large")
    with right:
        now = st.slider(
            SHARE.label,
            SHARE.low,
            SHARE.high,
            SHARE.rest,
            SHARE.step,
            format="%g %%",
            key=SHARE.name,
        )
        st.html(
            sweeps.figure(
                SHARE,
                np.array([frame.share for frame in moments]),
                np.stack([frame.probabilities for frame in moments]),
                classes,
                now,
                turns(moments),
                st.context.theme.type == "dark",
            )
        )
    frame = min(moments, key=lambda frame: abs(frame.share - now))
    with left:
        caption = f"Read as {_name(frame, classes)}, {bars.percent(frame.probabilities.max())} sure"
        pictures.show(
            [pictures.Figure(pictures.source(frame.picture), caption, "The drawing so far.")],
            width=200,
        )
    whole = [
        next(frame for frame in moments if frame.strokes >= count)
        for count in range(1, len(drawing) + 1)
    ]
    if len(whole) > 1:
        st.markdown("**After each stroke**")
        pictures.show(
            [
                pictures.Figure(
                    pictures.source(frame.picture),
                    f"{number}: {_name(frame, classes)}, {bars.percent(frame.probabilities.max())}",
                    f"The drawing after stroke {number}.",
                )
                for number, frame in enumerate(whole, 1)
            ],
            width=110,
            abreast=3,
        )


def _name(frame: Frame, classes: Sequence[str]) -> str:
    return classes[int(frame.probabilities.argmax())]
