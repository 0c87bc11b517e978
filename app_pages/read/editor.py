"""Correcting a reading: visitors move, add, split, merge or delete boxes, and type digits.

What they mark is kept in the session's state as a mapping from each box, in pixels of the picture,
to the class that they say it is, or None where the network is to read it. Each change makes the
page read the picture's boxes anew.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app_pages.pen import canvas
from app_pages.read import uploads
from app_pages.server import resources
from app_pages.words import plain
from model import Reading
from model.boxes import Box, clip_box

Marking = dict[Box, int | None]
HEIGHT = 800  # pixels of the canvas, at most
SMALLEST = 4  # pixels on the canvas: a smaller box is a slip of the hand


def marks(file: str) -> uploads.Marks | None:
    """What was marked on the file with that id; None if nothing."""
    marking = st.session_state.get(_key(file))
    return None if marking is None else tuple(marking.items())


def forget(file: str) -> None:
    """Callback: as if nothing had been marked on the file."""
    st.session_state.pop(_key(file), None)


def mark(file: str, result: uploads.Result, number: int, label: int | None) -> None:
    """Marks a digit of the file, as the visitor says it is; None: as the network reads it."""
    st.session_state[_key(file)] = _marking(file, result) | {result.boxes[number]: label}


def show(file: str, source: uploads.Source, result: uploads.Result) -> None:
    """The picture with its boxes to be changed, and what else changes them."""
    before = st.session_state.get(_key(file))
    marking = _marking(file, result)
    reading, classes = uploads.read_picture(source), source.recognizer.classes
    height, width = reading.image.shape[:2]
    scale = min(canvas.WIDE / width, HEIGHT / height)

    def keep(new: Marking) -> None:
        # A page that is still being changed may call what it showed before: that is late, and not
        # for these boxes.
        if st.session_state.get(_key(file)) == before:
            st.session_state[_key(file)] = new

    def take_boxes() -> None:
        labelled = canvas.boxes(f"boxes {file}")
        if labelled is None:
            return
        boxes = [
            (part, label)
            for box, label in labelled
            if min(box[2:]) >= SMALLEST
            and (part := clip(tuple(round(side / scale) for side in box), width, height))
        ]
        keep(redraw(marking, result.names, boxes, classes))

    def take_text() -> None:
        try:
            keep(
                retype(
                    marking, result.names, st.session_state[f"typed {file} {result.text}"], classes
                )
            )
        except ValueError as error:
            st.session_state[f"fault {file}"] = str(error)

    # another one once another text is read: the numbers may mean others
    chosen = f"chosen {file} {result.text}"
    canvas.edit_boxes(
        f"boxes {file}",
        *uploads.photograph(source, canvas.WIDE, HEIGHT),
        [tuple(scale * side for side in box) for box in marking],
        result.names,
        st.session_state.get(chosen, 0),
        take_boxes,
    )
    st.caption(
        "Drag to draw a box. The pen in the canvas' corner, which shows when you point at it, lets "
        "you move, resize, relabel and delete boxes."
    )
    if marking:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            number = st.selectbox(
                "Digit",
                range(len(marking)),
                format_func=lambda number: f"{number + 1}: {result.names[number]}",
                key=chosen,
                width=140,
            )
            box, following = result.boxes[number], result.boxes[number + 1 : number + 2]
            for label, icon, new in (
                ("Split", "splitscreen_vertical_add", replace(marking, [box], split(reading, box))),
                (
                    "Merge with next",
                    "join",
                    replace(marking, [box, *following], [union([box, *following])]),
                ),
                ("Delete", "delete", replace(marking, [box], [])),
            ):
                st.button(
                    label,
                    key=f"{label} {file}",
                    on_click=keep,
                    args=(new,),
                    icon=f":material/{icon}:",
                    disabled=label.startswith("Merge") and not following,
                )
    if marking and max(map(len, classes)) == 1:
        st.text_area(
            "What it says", result.text, key=f"typed {file} {result.text}", on_change=take_text
        )
    if fault := st.session_state.pop(f"fault {file}", None):
        st.warning(plain(fault), icon=":material/edit:")
    st.button(
        "Back to what was read",
        key=f"back {file}",
        on_click=forget,
        args=(file,),
        disabled=before is None,
        icon=":material/undo:",
    )


def redraw(
    marking: Marking, labels: Sequence[str], boxes: list[tuple[Box, str]], classes: tuple[str, ...]
) -> Marking:
    """What is marked after a change on the canvas.

    Args:
        marking: before.
        labels: of each of these boxes, as the canvas showed it.
        boxes: the canvas' boxes and labels now: of one that was moved or resized the place in the
            list is the same.
        classes: names; a label that became one of them is what the visitor says.
    """
    before = dict(zip(marking, labels, strict=True))
    aligned = list(marking) if len(boxes) == len(marking) else []
    new = {}
    for number, (box, label) in enumerate(boxes):
        old = box if box in marking else aligned[number] if aligned else None
        relabelled = label != before.get(old, "") and label in classes
        new[box] = classes.index(label) if relabelled else marking.get(old)
    return new


def retype(
    marking: Marking, names: tuple[str, ...], text: str, classes: tuple[str, ...]
) -> Marking:
    """What is marked once the visitor typed what the picture says, a letter a box; what was left
    alone stays.

    Raises:
        ValueError: it has more or fewer digits than there are boxes, or one that the network knows
            nothing of.
    """
    letters = "".join(text.split())
    if len(letters) != len(marking):
        boxes = f"{len(marking)} box{'es' * (len(marking) != 1)}"
        raise ValueError(
            f"The picture has {boxes}, but you typed {len(letters)} digits: add, split, merge or "
            "delete boxes first."
        )
    strange = next(
        (c for c, name in zip(letters, names, strict=True) if c != name and c not in classes), None
    )
    if strange:
        raise ValueError(
            f"“{strange}” is not one of the classes that this network knows: {', '.join(classes)}."
        )
    return {
        box: value if letter == name else classes.index(letter)
        for (box, value), name, letter in zip(marking.items(), names, letters, strict=True)
    }


def replace(marking: Marking, old: list[Box], new: list[Box]) -> Marking:
    """What is marked with some boxes in the place of others."""
    return {box: value for box, value in marking.items() if box not in old} | dict.fromkeys(new)


def clip(box: Box, width: int, height: int) -> Box | None:
    """The part of a box that lies in a picture of so many pixels; None where there is none."""
    box = clip_box(box, width, height)
    return box if min(box[2:]) > 0 else None


def union(boxes: list[Box]) -> Box:
    """The smallest box around boxes."""
    left, top = (min(box[axis] for box in boxes) for axis in (0, 1))
    right, bottom = (max(box[axis] + box[axis + 2] for box in boxes) for axis in (0, 1))
    return left, top, right - left, bottom - top


def split(reading: Reading, box: Box) -> list[Box]:
    """A box as two, side by side in the direction of the writing, parted where its middle has least
    ink."""
    along = 0 if reading.turn in (0, 180) else 1  # axis of the writing in the picture: x or y
    scale = reading.ink_scale
    left, top, width, height = (round(scale * side) for side in box)
    profile = reading.ink[top : top + height, left : left + width].sum(along)
    quarter = len(profile) // 4
    inner = profile[quarter : len(profile) - quarter]
    least = np.flatnonzero(inner == inner.min()) if len(inner) else np.array([0])
    size = box[along + 2]
    first = min(max(1, round((quarter + (least[0] + least[-1] + 1) / 2) / scale)), size - 1)
    if first < 1:
        return [box]  # one pixel wide
    halves = [list(box), list(box)]
    halves[0][along + 2] = first
    halves[1][along] += first
    halves[1][along + 2] = size - first
    return [tuple(half) for half in halves]


def _marking(file: str, result: uploads.Result) -> Marking:
    """What is marked on the file, in reading order."""
    marking = st.session_state.get(_key(file)) or {}
    return {box: marking.get(box) for box in result.boxes}


def _key(file: str) -> str:
    # Another network may have other classes.
    return f"marked {file} {resources.chosen_network().name}"
