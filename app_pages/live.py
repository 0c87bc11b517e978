"""What is read while a pen or a slider still moves: on the visitor's own device, by the network
tiny, until the server's reading takes its place.

Where what runs networks in browsers could not be had (hatch_build.py), or a browser can't run it,
nothing shows but the server's readings.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app_pages.figures import bars
from app_pages.figures.headline import headline
from app_pages.playground import distortions
from model import checkpoint
from model.card import Card
from model.checkpoint import CheckpointError

TINY = checkpoint.DEFAULT.parent / "tiny"  # digits/live/assets/tiny.onnx is this one
RUNS = "runs of the live component"  # session state


def place_of_answer() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Where an answer stands, which a phone keeps in sight: the place of the live one, and that of
    the server's."""
    with st.container(key="result"):
        return st.container(key="live"), st.container(key="reading")


def template(classes: Sequence[str], rem: float = 4.5, before: str = "") -> str:
    """An answer without numbers, as HTML; arguments as `headline` has them."""
    return headline("", "", rem, before, "live") + bars.probability_bars(
        np.zeros(len(classes)), tuple(classes)
    )


def read_drawing(classes: Sequence[str], strokes: int) -> None:
    """Reads the canvas' digit while the pen is down, for a network of these classes; the server has
    read so many strokes.

    To be called on each run, once the server's reading is shown, whose place it takes meanwhile.
    """
    if (card := _card()) and card.classes == tuple(classes):
        _mount(
            "drawing", classes, template(classes), threshold=card.least_certainty, strokes=strokes
        )


def read_sliders(
    template: str,
    classes: Sequence[str],
    glyph: np.ndarray,
    settings: dict[str, float],
    again: bool,
) -> None:
    """Reads a bent digit while a slider is dragged, as `read_drawing`.

    Args:
        template: an answer as HTML, with a picture of the digit.
        classes: of the network that is asked.
        glyph: (28, 28) uint8, as nothing bends it.
        settings, again: distortions.distort's, as the server was told them last.
    """
    if (card := _card()) and card.classes == tuple(classes):
        _mount(
            "sliders",
            classes,
            template,
            glyph=glyph.ravel().tolist(),
            noise=distortions.NOISE.ravel().round(6).tolist(),
            settings=settings,
            again=again,
        )


def _mount(what: str, classes: Sequence[str], template: str, **data: Any) -> None:
    from digits import live

    # Another number makes the browser take notice of each run.
    st.session_state[RUNS] = run = st.session_state.get(RUNS, 0) + 1
    given = {"what": what, "classes": list(classes), "template": template, "run": run}
    live.mount(f"live {what}", given | data)


@functools.cache
def _card() -> Card | None:
    """The card of the network that reads live; None where nothing can."""
    try:
        from digits import live

        return checkpoint.read_card(TINY) if live.is_complete() else None
    except (ImportError, CheckpointError):
        return None
