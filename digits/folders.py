"""Files and folders as people name them → the pictures in them, and what else is there."""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from model.names import by_name, is_hidden

STANDARD_INPUT = "-"
NAMED = 3  # of the files that are no pictures, so many are named


class Found(NamedTuple):
    """What was named.

    Attributes:
        files: pictures, in the order given, those of a folder as people count; each once. A file
            that was named itself is among them whatever it is, and standard input is "-".
        notes: sentences on what else there is.
    """

    files: list[Path]
    notes: list[str]


def find(paths: Collection[Path], extensions: Collection[str]) -> Found:
    """The pictures that are named, and those in the folders that are named, at any depth.

    Hidden files and folders are left out; what a folder links to is looked at once.

    Args:
        paths: files, folders, or "-".
        extensions: of pictures, in lower case and without their dots.
    """
    files: dict[Path, None] = {}
    notes = []
    for path in paths:
        if not path.is_dir():
            files[path] = None
            continue
        pictures, others, faults = _look_into(path, extensions)
        files |= dict.fromkeys(pictures)
        notes += faults
        if others:
            notes.append(_others(path, others))
        if classes := _class_folders(path, pictures):
            notes.append(
                f"{path} has a folder for each of {classes}, as pictures to train on do; their "
                f"names are not used here, but by digits train --data {path}."
            )
        if not pictures and not faults:
            notes.append(f"There are no pictures in {path}.")
    return Found([*files], notes)


def _look_into(
    folder: Path, extensions: Collection[str]
) -> tuple[list[Path], list[Path], list[str]]:
    """The pictures in a folder and below, the other files, and why something can't be listed."""
    pictures: list[Path] = []
    others: list[Path] = []
    faults: list[str] = []
    seen: set[str] = set()

    def walk(place: Path) -> Iterator[Path]:
        real = os.path.realpath(place)
        if real in seen:
            return
        seen.add(real)
        try:
            inside = by_name(place.iterdir())
        except OSError as error:
            faults.append(f"{place} can't be opened: {error.strerror}.")
            return
        shown = [path for path in inside if not is_hidden(path)]
        yield from (path for path in shown if not path.is_dir())
        for path in shown:
            if path.is_dir():
                yield from walk(path)

    for path in walk(folder):
        is_picture = path.suffix.lower().lstrip(".") in extensions and path.is_file()
        (pictures if is_picture else others).append(path)
    return pictures, others, faults


def _others(folder: Path, others: list[Path]) -> str:
    names = [str(path.relative_to(folder)) for path in others[:NAMED]]
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    verb = "is no picture and was" if len(others) == 1 else "are no pictures and were"
    return f"In {folder}, {', '.join(names)}{more} {verb} not read."


def _class_folders(folder: Path, pictures: Collection[Path]) -> str:
    """The names of a folder's class folders, where all its pictures lie in such: digits alone."""
    names = {path.relative_to(folder).parts[0] for path in pictures if path.parent != folder}
    inside = all(path.parent != folder for path in pictures)
    digits = sorted(name for name in names if re.fullmatch(r"\d", name))
    return ", ".join(digits) if inside and len(digits) > 1 and len(digits) == len(names) else ""
