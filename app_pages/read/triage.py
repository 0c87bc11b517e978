"""Many pictures at once: a table of them, of which one is open, and the way from one to the next.

Only the open one is shown in detail; all of them are in the table and in what is downloaded.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd
import streamlit as st

from app_pages.read import uploads
from app_pages.words import plain

OPEN = "open picture"  # session state: the id of the file that is open
DOUBTFUL = "doubtful"  # that, and whether only the doubtful ones are shown
ROWS, ROW, HEAD = 6, 56, 38  # rows that are seen at once; pixels of one, and of the table's head
NAMED = 2  # files that a sentence names; of more it gives the number
NUMBER = re.compile(r"(\d+(?:,\d{3})*)")


class Upload(NamedTuple):
    """A file that was handed in, and what is read in it."""

    file: str  # its id
    name: str
    source: uploads.Source
    result: uploads.Result


def choose(all_files: Sequence[Upload]) -> Upload | None:
    """Shows the table; gives the file that is open, if any."""
    doubtful = [upload for upload in all_files if is_doubtful(upload.result)]
    st.markdown(
        f"{len(all_files)} pictures, {len(doubtful) or 'none'} of them doubtful. "
        "Choose one to open it."
    )
    only = st.toggle(
        "Only doubtful ones",
        key=DOUBTFUL,
        help="Those with a digit that is unsure, without any digit, or that can't be read.",
    )
    shown = doubtful if only else all_files
    if shown:
        _show_table(shown, f"table {DOUBTFUL if only else ''}")
    else:
        st.success("None is doubtful.", icon=":material/check:")
    return next((upload for upload in all_files if upload.file == st.session_state.get(OPEN)), None)


def show_way(all_files: Sequence[Upload], current: Upload) -> None:
    """Which one is open, and buttons to those before and after it."""
    only = st.session_state.get(DOUBTFUL)
    shown = [upload.file for upload in all_files if not only or is_doubtful(upload.result)]
    order = [upload.file for upload in all_files]
    before, after = neighbours(order, shown, current.file)
    with st.container(horizontal=True, vertical_alignment="center", key="way"):
        for words, file, icon in (
            ("Previous", before, "arrow_back"),
            ("Next", after, "arrow_forward"),
        ):
            st.button(
                words,
                on_click=_open,
                args=(file,),
                disabled=file is None,
                icon=f":material/{icon}:",
            )
        st.markdown(f"{order.index(current.file) + 1} of {len(order)}")


def show_sentences(all_files: Sequence[Upload]) -> None:
    """Why files can't be read, and hints: each once, however many files it is said of."""
    for icon, show, sentences in (
        (
            "broken_image",
            st.error,
            [(upload.name, upload.result.error or "") for upload in all_files],
        ),
        (
            "lightbulb",
            st.info,
            [(upload.name, hint) for upload in all_files for hint in upload.result.hints],
        ),
    ):
        for sentence, names in group(pair for pair in sentences if pair[1]).items():
            show(f"{name_files(names)}: {plain(sentence)}", icon=f":material/{icon}:")


def is_doubtful(result: uploads.Result) -> bool:
    """Whether somebody should look at a picture: a digit is unsure, none is read, or there is a
    note."""
    return bool(result.error or result.unsure or not result.text or result.summary.get("note"))


def neighbours(
    order: Sequence[str], shown: Iterable[str], current: str
) -> tuple[str | None, str | None]:
    """The nearest of those shown before and after the current one, which need not be shown."""
    place = order.index(current)
    near = set(shown)
    return (
        next((file for file in reversed(order[:place]) if file in near), None),
        next((file for file in order[place + 1 :] if file in near), None),
    )


def table(uploaded: Sequence[Upload]) -> pd.DataFrame:
    """A row a file: its picture, name, what is read, digits that are unsure, marks left out, note.
    Of what can't be read there are no counts, but why it can't."""
    results = [upload.result for upload in uploaded]
    frame = pd.DataFrame(
        {
            "picture": [result.thumbnail or None for result in results],
            "file": [upload.name for upload in uploaded],
            "text": [" ".join(result.text.split()) for result in results],
            "unsure": [None if result.error else result.unsure for result in results],
            "left_out": [
                None if result.error else len(result.summary.get("left_out", []))
                for result in results
            ],
            "note": [_note(result) for result in results],
        }
    )
    return frame.astype({"unsure": "Int64", "left_out": "Int64"})


def group(sentences: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Pairs of a name and a sentence → sentence → the names of which it is said. Sentences that
    differ by their numbers alone are one, with the least and the greatest."""
    alike: dict[str, list[tuple[str, str]]] = {}
    for name, sentence in sentences:
        alike.setdefault(NUMBER.sub("0", sentence), []).append((name, sentence))
    return {
        _span([sentence for _, sentence in pairs]): [name for name, _ in pairs]
        for pairs in alike.values()
    }


def name_files(names: Sequence[str]) -> str:
    """Files in bold, or how many there are."""
    if len(names) > NAMED:
        return f"**{len(names)} pictures**"
    return " and ".join(f"**{plain(name)}**" for name in names)


def _show_table(shown: Sequence[Upload], key: str) -> None:
    """The table, in which a click opens a file."""
    files = [upload.file for upload in shown]

    def follow() -> None:
        rows = _chosen_rows(key)
        _open(files[rows[0]] if rows else None)

    opened = st.session_state.get(OPEN)
    rows = [files.index(opened)] if opened in files else []
    if _chosen_rows(key) != rows:  # else the cell stays from which arrow keys go on
        st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.dataframe(
        table(shown),
        key=key,
        on_select=follow,
        selection_mode=["single-row", "single-cell"],
        hide_index=True,
        row_height=ROW,
        height=HEAD + ROW * min(len(shown), ROWS),
        placeholder="",
        column_config={  # the first four are seen on a phone; where there is room, all are wider
            "picture": st.column_config.ImageColumn("Picture", width=60),
            "file": st.column_config.TextColumn("File", width=100),
            "text": st.column_config.TextColumn("Reads", width=76),
            "unsure": st.column_config.NumberColumn(
                "Unsure", width=60, help="Digits that are unsure."
            ),
            "left_out": st.column_config.NumberColumn(
                "Left out", width=66, help="Marks that were taken for no digits."
            ),
            "note": st.column_config.TextColumn("Note", width=160),
        },
        alt="What is read in each picture; one that is selected opens below.",
    )


def _chosen_rows(key: str) -> list[int]:
    """The row that is chosen in the table, by its mark or by one of its cells."""
    selection = st.session_state.get(key, {}).get("selection", {})
    cells = [row for row, _ in selection.get("cells", [])]
    return cells or list(selection.get("rows", []))


def _open(file: str | None) -> None:
    st.session_state[OPEN] = file


def _note(result: uploads.Result) -> str:
    """What the table says of a picture in words."""
    said = len(result.corrected)
    words = [f"{said} digit{'s' * (said > 1)} as you say" if said else "", uploads.note(result)]
    return "; ".join(filter(None, words))


def _span(sentences: Sequence[str]) -> str:
    """Sentences that differ by their numbers, as one."""
    pieces = [NUMBER.split(sentence) for sentence in sentences]
    merged = []
    for place, alike in enumerate(zip(*pieces, strict=True)):
        if place % 2 and len(set(alike)) > 1:
            numbers = sorted(int(number.replace(",", "")) for number in alike)
            merged.append(f"{numbers[0]:,} to {numbers[-1]:,}")
        else:
            merged.append(alike[0])
    return "".join(merged)
