"""“That's a …”: what visitors say about readings goes into the collection."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from app_pages.corrections import collection
from app_pages.corrections.collection import Item
from app_pages.server import resources
from app_pages.words import plain
from model import Digit, Recognizer

WORDS = "That's a …"
# session state: what this visitor has kept, so that a second click keeps nothing twice
KEPT = "kept"


def ask_about_digit(digit: Digit, recognizer: Recognizer, origin: str) -> None:
    """A popover that asks what a digit is, and keeps it."""
    if collection.mode() != collection.ON:
        return
    key = zlib.crc32(digit.glyph.tobytes())  # another digit is another question
    with st.popover(WORDS, icon=":material/school:"):
        label = _class(recognizer.classes, f"label {key}")
        if st.button(
            "Keep it", key=f"keep {key}", disabled=not label, icon=":material/bookmark_add:"
        ):
            keep([item(digit, label, recognizer.classes, origin)])


def ask_about_picture(
    name: str, key: str, names: Sequence[str], corrected: Sequence[int], digits: Callable
) -> None:
    """A popover that keeps digits of a picture: those that were corrected, all at once, or any one.

    Args:
        name: of the picture's file.
        key: tells the picture from others of the page.
        names: what each digit is read as, or was said to be.
        corrected: the numbers of those that were corrected.
        digits: () → the digits; only called to keep some.
    """
    if collection.mode() != collection.ON or not names:
        return
    classes = resources.recognizer(resources.chosen_network()).classes
    origin = f"picture {name}"
    with st.popover(WORDS, icon=":material/school:"):
        if corrected:
            words = (
                "Keep the corrected one"
                if len(corrected) == 1
                else f"Keep the {len(corrected)} corrected ones"
            )
            if st.button(words, key=f"keep said {key}", icon=":material/bookmark_add:"):
                all_digits = digits()
                keep([item(all_digits[n], names[n], classes, origin) for n in corrected])
        number = 0
        if len(names) > 1:
            number = st.selectbox(
                "Digit",
                range(len(names)),
                format_func=lambda n: f"{n + 1}: {names[n]}",
                key=f"which {key}",
            )
        label = _class(classes, f"label {key} {number}")
        if st.button(
            "Keep it", key=f"keep {key}", disabled=not label, icon=":material/bookmark_add:"
        ):
            keep([item(digits()[number], label, classes, origin)])


def item(digit: Digit, label: str, classes: Sequence[str], origin: str) -> Item:
    """A digit as the collection keeps it, with what the network by itself says of it."""
    answer = classes[int(digit.probabilities.argmax())]
    return Item(
        label,
        digit.glyph,
        answer,
        float(digit.probabilities.max()),
        resources.chosen_network().name,
        origin,
    )


def keep(items: Sequence[Item]) -> None:
    """Puts items into the collection, but for those that this visitor has put there before, and
    says so."""
    marks = st.session_state.setdefault(KEPT, set())
    new = [item for item in items if _mark(item) not in marks]
    try:
        collection.open_collection().add(new)
    except (collection.CollectionError, ValueError) as error:
        st.error(plain(str(error)))
        return
    marks.update(map(_mark, new))
    labels = ", ".join(plain(item.label) for item in new)
    st.toast(
        f"Kept: {labels}" if new else "You have kept this already.",
        icon=":material/bookmark_added:",
    )


def _class(classes: Sequence[str], key: str) -> str | None:
    return st.selectbox(
        "Its class",
        classes,
        index=None,
        placeholder="Choose, or type a new one",
        accept_new_options=True,
        key=key,
    )


def _mark(item: Item) -> tuple[str, bytes]:
    return item.label, np.asarray(item.glyph).tobytes()
