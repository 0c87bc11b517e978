"""The one digit that the pages hand to each other, to look into it, to play with it or to read it.

Its address carries all of it: `?image=NUMBER` of a test image, `?strokes=…` of a drawing, or
`?glyph=…` of any other. So a reload, one Back and a link that somebody is sent bring the same
digit. A page links to others by `offer`; another takes the digit by `current`.
"""

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app_pages import links
from app_pages.pen import address, canvas, samples
from app_pages.server import resources
from app_pages.server.resources import Network
from app_pages.words import plain
from model import strokes
from model.recognizer import as_single_glyph
from model.strokes import Stroke
from train import data

STATE = "subject"  # in the session's state: the digit that was looked at last
KNOWN = "subjects"  # in the session's state: origins and truths of digits that were offered here
MAX_KNOWN = 200
IMAGE, STROKES, GLYPH = "image", "strokes", "glyph"  # in the address
NAMES = IMAGE, STROKES, GLYPH
LONGEST = 9  # digits of a number in the address
FIRST = 4  # the sample to begin with: it has two strokes
PLACES = {  # page → what its link says, and its icon
    "app_pages/inside/page.py": ("Look inside", ":material/visibility:"),
    "app_pages/playground/page.py": ("Play with it", ":material/tune:"),
    "app_pages/draw/page.py": ("Read it", ":material/draw:"),
}


@dataclass(frozen=True, eq=False)
class Subject:
    """A digit to look into."""

    glyph: np.ndarray  # (28, 28) uint8, what the network sees
    # where it comes from, in words that follow "This digit is": "drawn by hand", "test image 247 of
    # mnist"
    origin: str
    truth: str | None = None  # the class that it is, where that is known
    strokes: tuple[Stroke, ...] = ()  # where it was drawn alone on the square canvas
    number: int | None = None  # of the test image, where it is one

    @functools.cached_property
    def query(self) -> dict[str, str]:
        """What an address says of it."""
        if self.number is not None:
            return {IMAGE: str(self.number)}
        if self.strokes and (text := address.encode_strokes(self.strokes)):
            return {STROKES: text}
        return {GLYPH: address.encode_glyph(self.glyph)}


def offer(
    subject: Subject, pages: tuple[str, ...] = tuple(PLACES)[:2], share: bool = False
) -> None:
    """Links that open this digit on other pages, and a way to share the page that shows it."""
    query = subject.query
    _remember(query, subject)
    with st.container(horizontal=True):
        for page in pages:
            words, icon = PLACES[page]
            st.page_link(page, label=words, icon=icon, query_params=query)
        if share:
            links.share(query)


def send(subject: Subject) -> None:
    """Shows this digit on the page that is open."""
    _remember(subject.query, subject)
    _replace(subject.query)
    st.rerun()


def look_at(subject: Subject) -> None:
    """Makes it the digit that pages show whose address names none."""
    _remember(subject.query, subject)
    st.session_state[STATE] = subject


def current(network: Network) -> Subject | None:
    """The digit of the address, or else the one that was looked at last; None where there is none.

    Args:
        network: whose test images are meant.

    Raises:
        DataError, AddressError: what the address says can't be had; one sentence says why.
    """
    name = next((name for name in NAMES if name in st.query_params), None)
    if name is not None:
        text, known = st.query_params[name], st.session_state.get(STATE)
        if known is None or known.query != {name: text}:
            st.session_state[STATE] = _of_address(network, name, text)
    return st.session_state.get(STATE)


def current_or_sample(network: Network) -> Subject:
    """`current`, or else a sample, which the page's address then tells. If what that says can't be
    had, a sentence shows why, and the address stays, for whenever the script runs again."""
    try:
        digit = current(network) or sample()
        links.keep(digit.query, NAMES)
    except (data.DataError, address.AddressError) as error:
        st.error(plain(str(error)))
        digit = sample()
    return digit


def sample(digit: int = FIRST) -> Subject:
    """A digit drawn by program, for whoever comes without one."""
    drawing = tuple(samples.strokes(digit, canvas.SIZE, canvas.SQUARE.brush))
    glyph = as_single_glyph(strokes.picture(drawing, canvas.SIZE, canvas.SIZE))
    return Subject(glyph, "a sample, drawn by program", str(digit), drawing)


def dismiss() -> None:
    """Callback: the page goes on without the digit of its address."""
    _replace({})


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
    return of_test_image(images.pixels[place], number, name, images.classes[images.labels[place]])


def of_test_image(image: np.ndarray, number: int, dataset: str, truth: str) -> Subject:
    """A test image, (28, 28) uint8, of that number in a dataset, and the class that it is."""
    return Subject(image, f"test image {number} of {dataset}", truth, number=number)


def _of_address(network: Network, name: str, text: str) -> Subject:
    """The digit that an address means; raises as `current`."""
    if name == IMAGE:
        return test_image(network, text)
    if known := st.session_state.get(KNOWN, {}).get(_key(text)):
        return known
    if name == STROKES:
        drawing = address.decode_strokes(text)
        try:
            glyph = as_single_glyph(strokes.picture(drawing, canvas.SIZE, canvas.SIZE))
        except ValueError as error:
            raise address.AddressError("The address holds a drawing without a digit.") from error
        return Subject(glyph, "drawn by hand", strokes=drawing)
    return Subject(address.decode_glyph(text), "from an address that somebody was sent")


def _replace(query: dict[str, str]) -> None:
    """Another digit in the address, or none, in one step: each is an entry in the history."""
    others = {name: value for name, value in st.query_params.items() if name not in NAMES}
    st.query_params.from_dict(others | query)


def _remember(query: dict[str, str], subject: Subject) -> None:
    """Keeps where a digit comes from, which its address does not say, for this session."""
    (text,) = query.values()
    known = st.session_state.setdefault(KNOWN, {})
    known.pop(_key(text), None)
    known[_key(text)] = subject
    while len(known) > MAX_KNOWN:
        known.pop(next(iter(known)))


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
