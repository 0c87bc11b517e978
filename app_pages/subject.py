"""The one digit that the pages hand to each other, to look into it, to play with it or to read it.

A page sends it by `send` or by the buttons of `offer`; another takes it by `current`. A test image
has an address: the page's own with `?image=NUMBER`.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app_pages.pen import canvas, samples, strokes
from app_pages.pen.strokes import Stroke
from app_pages.server import resources
from app_pages.server.resources import Network
from model.recognizer import as_single_glyph
from train import data

STATE = "subject"  # in the session's state
IMAGE = "image"  # in the address: the number of a test image (server/images.py), or
SENT = "sent"  # that another page sent a digit without one
LONGEST = 9  # digits of a number in the address
PLACES = {  # page → what its button says, and its icon
    "app_pages/inside/page.py": ("Look inside", ":material/visibility:"),
    "app_pages/playground/page.py": ("Play with it", ":material/tune:"),
    "app_pages/draw/page.py": ("Read it", ":material/draw:"),
}


@dataclass(frozen=True, eq=False)
class Subject:
    """A digit to look into."""

    glyph: np.ndarray  # (28, 28) uint8, what the network sees
    # where it comes from, in words that follow "This digit is": "drawn here", "test image 247 of
    # mnist"
    origin: str
    truth: str | None = None  # the class that it is, where that is known
    strokes: tuple[Stroke, ...] = ()  # where it was drawn alone on the square canvas
    number: int | None = None  # of the test image, where it is one


def send(subject: Subject, page: str) -> None:
    """Opens a page, such as `app_pages/inside/page.py`, with this digit."""
    st.session_state[STATE] = subject
    st.switch_page(
        page, query_params={IMAGE: SENT if subject.number is None else str(subject.number)}
    )


def offer(subject: Subject, key: str, pages: tuple[str, ...] = tuple(PLACES)[:2]) -> None:
    """Buttons that send this digit to other pages. `key` tells them from others of the page."""
    with st.container(horizontal=True):
        for page in pages:
            words, icon = PLACES[page]
            if st.button(words, key=f"{key} {page}", icon=icon):
                send(subject, page)


def current(network: Network) -> Subject | None:
    """The digit that was sent last, or the test image of the address; None where there is none.

    Args:
        network: whose test images are meant.

    Raises:
        DataError: the test image of the address can't be had; one sentence says why.
    """
    number = st.query_params.get(IMAGE)
    if number not in (None, SENT):
        known = st.session_state.get(STATE)
        if known is None or str(known.number) != number:
            st.session_state[STATE] = test_image(network, number)
    return st.session_state.get(STATE)


def sample(digit: int = 4) -> Subject:
    """A digit drawn by program, for whoever comes without one."""
    drawing = tuple(samples.strokes(digit, canvas.SIZE, canvas.SQUARE.brush))
    glyph = as_single_glyph(strokes.picture(drawing, canvas.SIZE, canvas.SIZE))
    return Subject(glyph, "a sample, drawn by program", str(digit), drawing)


def current_here(network: Network) -> Subject | None:
    """As `current`, but only what was sent to this very page: a visitor who comes
    without one finds the page as it was."""
    return current(network) if IMAGE in st.query_params else None


def dismiss() -> None:
    """Callback: the page goes on without what was sent to it."""
    st.query_params.pop(IMAGE, None)


def describe(subject: Subject) -> str:
    """Where a digit comes from and what it is, in a sentence."""
    return f"This digit is {subject.origin}" + (
        f". It is {with_article(subject.truth)}." if subject.truth else "."
    )


def with_article(name: str) -> str:
    """A class, or "?", as one says it: "an 8", "no digit", "Trouser"."""
    if name == "?":
        return "no digit"
    if len(name) > 1:
        return name
    return f"{'an' if name in '8aefhilmnorsxAEFHILMNORSX' else 'a'} {name}"


def test_image(network: Network, number: int | str) -> Subject:
    """A test image of a network's dataset; raises DataError where it can't be had."""
    name = resources.card(network).dataset
    images = resources.test_images_here(name)
    most = images.total or 10**LONGEST
    if not str(number).isdecimal() or len(str(number)) > LONGEST or int(number) >= most:
        numbered = f"they are numbered 0 to {most - 1}" if images.total else "give a whole number"
        raise data.DataError(f"{name} has no such test image; {numbered}.")
    number = int(number)
    if not images.has(number):
        raise data.DataError(
            f"Test image {number} of {name} does not come with the network; press “Fetch the "
            f"images” on the page Inside the network."
        )
    place = int(np.searchsorted(images.numbers, number))
    return Subject(
        images.pixels[place],
        f"test image {number} of {name}",
        images.classes[images.labels[place]],
        number=number,
    )
