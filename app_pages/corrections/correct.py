"""“That's a …”: what visitors say about readings goes into the collection.

Where the classes are few and have names of a letter each, as digits do, each has a button: one tap
keeps a digit, and can be undone. Other classes, and new ones, are chosen in a box.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app_pages import subject
from app_pages.corrections import collection
from app_pages.corrections.collection import Item
from app_pages.server import resources
from app_pages.words import plain
from model import Digit, Recognizer

WORDS = "That's a …"
CONSENT = (
    "its 28 × 28 pixels in the collection, which all visitors of this server see and networks are "
    "taught with."
)
MOST = 10  # classes that have a button each
KEPT = "kept"  # session state: question → what this visitor answered
# Five buttons a row, however narrow the place. What is in italics is for screen readers, to whom
# “4” would say little.
STYLE = """<style>
.st-key-classes { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr));
  width: 100%; max-width: 19.5rem }
.st-key-classes > div { width: auto; min-width: 0 }
.st-key-classes button { padding-inline: 0; min-width: 0 }
.st-key-classes em, .st-key-answer em { position: absolute; clip-path: inset(50%);
  width: 1px; height: 1px; overflow: hidden; white-space: nowrap }
[class*=st-key-read_as] button { border: 2px solid currentColor; font-weight: 650 }
</style>"""


class Answer(NamedTuple):
    """What this visitor said of a digit."""

    item: Item
    is_own: bool  # not there before


def ask_about_digit(digit: Digit, recognizer: Recognizer, origin: str) -> None:
    """Asks what a digit is, and keeps the answer."""
    # another digit is another question
    question = str(zlib.crc32(digit.glyph.tobytes()))
    ask(question, recognizer.name(digit), lambda: digit, origin)


def ask(
    question: str,
    read: str,
    digit: Callable[[], Digit],
    origin: str,
    said: Callable[[str | None], None] | None = None,
) -> None:
    """Asks what a digit is, and keeps the answer; another one takes its place.

    Args:
        question: tells the digit from all others that this visitor is asked about.
        read: what it is read as.
        digit: () → the digit; only called to keep it.
        origin: as the collection has it.
        said: told the class that was kept, or None where that was undone; then the page runs anew.
    """
    if collection.mode() != collection.ON:
        return
    classes = resources.recognizer(resources.chosen_network()).classes
    has_buttons = len(classes) <= MOST and max(map(len, classes)) == 1
    label = _choose_by_button(classes, read, question) if has_buttons else None
    place = st.container()
    below = st.container(horizontal=True, key="answer")
    with below.popover("Something else" if has_buttons else WORDS, icon=":material/school:"):
        label = _choose_in_box(classes, question) or label
    if label and _answer(question, item(digit(), label, classes, origin)) and said:
        said(label)
        st.rerun()
    with place:
        _show_answer(question, said, below)


def offer_to_keep(
    labels: Sequence[str], digits: Callable[[], Sequence[Digit]], origin: str
) -> None:
    """A button that keeps digits that were corrected, all at once.

    Args:
        labels: what each was said to be.
        digits: () → they; only called to keep them.
        origin: as the collection has it.
    """
    if collection.mode() != collection.ON:
        return
    classes = resources.recognizer(resources.chosen_network()).classes
    words = (
        "Keep the corrected one" if len(labels) == 1 else f"Keep the {len(labels)} corrected ones"
    )
    if st.button(words, icon=":material/bookmark_add:", help=f"This keeps {CONSENT}"):
        keep(
            [
                item(digit, label, classes, origin)
                for digit, label in zip(digits(), labels, strict=True)
            ]
        )


def keep(items: Sequence[Item]) -> None:
    """Puts items into the collection, but for those that are there already, and says so."""
    try:
        shelf = collection.open_collection()
        new = [item for item, there in zip(items, shelf.find(items), strict=True) if there is None]
        shelf.add(new)
    except (collection.CollectionError, ValueError) as error:
        st.error(plain(str(error)))
        return
    labels = ", ".join(plain(item.label) for item in new)
    st.toast(
        f"Kept: {labels}" if new else "You have kept this already.",
        icon=":material/bookmark_added:",
    )


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


def _choose_by_button(classes: Sequence[str], read: str, question: str) -> str | None:
    """Shows a button a class; the class that was chosen just now."""
    st.html(STYLE)
    st.caption(f"**{WORDS}** A tap keeps {CONSENT}")
    chosen = None
    with st.container(horizontal=True, gap="xsmall", key="classes"):
        for name in classes:
            as_read = name == read
            article = subject.with_article(name).removesuffix(name).strip()
            words = f"*That's {article}* {plain(name)}" + " *as it was read*" * as_read
            key = f"{'read_as' if as_read else 'is'} {name} {question}"
            if st.button(words, key=key, width="stretch"):
                chosen = name
    return chosen


def _choose_in_box(classes: Sequence[str], question: str) -> str | None:
    st.caption(f"This keeps {CONSENT}")
    label = st.selectbox(
        "Its class",
        classes,
        index=None,
        placeholder="Choose, or type a new one",
        accept_new_options=True,
        key=f"label {question}",
    )
    pressed = st.button(
        "Keep it", key=f"keep {question}", disabled=not label, icon=":material/bookmark_add:"
    )
    return label if pressed else None


def _answer(question: str, item: Item) -> bool:
    """Keeps an answer in the place of what this visitor answered before; whether that could be
    done, else says why not."""
    answers = st.session_state.setdefault(KEPT, {})
    before = answers.get(question)
    is_other = not before or before.item.label != item.label
    try:
        shelf = collection.open_collection()
        (there,) = shelf.find([item])
        if there is None:
            shelf.add([item])
        if before and is_other:
            _delete(shelf, before)
    except (collection.CollectionError, ValueError) as error:
        st.error(plain(str(error)))
        return False
    if there is None or is_other:
        answers[question] = Answer(item, there is None)
    return True


def _show_answer(
    question: str, said: Callable[[str | None], None] | None, below: DeltaGenerator
) -> None:
    """What this visitor answered, if it is still there, and below a button that takes it back."""
    answers = st.session_state.get(KEPT, {})
    if question not in answers:
        return
    answer = answers[question]

    def undo() -> None:
        try:
            _delete(collection.open_collection(), answer)
        except collection.CollectionError as error:
            st.error(plain(str(error)))
            return
        del answers[question]
        if said:
            said(None)

    try:
        shelf = collection.open_collection()
        (there,) = shelf.find([answer.item])
        total = sum(shelf.counts().values()) if there else 0
    except collection.CollectionError as error:
        st.error(plain(str(error)))
        return
    if there is None:  # somebody deleted it
        del answers[question]
        return
    words = f"Kept as {plain(subject.with_article(answer.item.label))}"
    st.success(f"{words}: {total:,} to learn from.", icon=":material/bookmark_added:")
    below.button("Undo *keeping it*", on_click=undo, icon=":material/undo:")


def _delete(shelf: collection.Collection, answer: Answer) -> None:
    """Takes back what this visitor answered; what was there before stays."""
    (there,) = shelf.find([answer.item])
    if there is not None and answer.is_own:
        shelf.delete([there])
