"""A folder of class folders of pictures → a dataset, its glyphs made by the very steps of the
reader.

    digits/0/a.png  digits/0/b.jpg  digits/1/c.png  …
    digits/train/0/a.png  …  digits/test/0/d.png  …

The folders' names are the classes. Parts that have folders of their own are used as given; else, of
six pictures of a class, four are for training, one for validation and one for testing.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model import Recognizer
from model.card import DIGITS
from model.image import ImageError, load_image
from model.names import by_name, is_hidden
from model.pieces import Pieces
from model.recognizer import glyph_of, pieces_of
from train.dataset import (
    DataError,
    Dataset,
    Progress,
    Split,
    split_stratified,
)
from train.labelled import TEST, TRAIN, VALIDATION, part_of
from train.turned import look, put_right

# One digit is no wider than so many times its height: of MNIST's, 1 in 300 is; and of two that
# touch, most are.
WIDEST = 1.15


class _Picture(NamedTuple):
    path: Path
    name: str  # of its class
    glyph: NDArray[np.uint8]
    wide: bool  # whether it may show several digits


def load(folder: Path, progress: Progress) -> Dataset:
    """The pictures of a folder of class folders. What can't be read is left out, and named in
    `skipped`; so are pictures of several digits, where the classes are digits.

    Raises:
        DataError: no class folders, fewer than two, one without a picture that can be read, or too
            few pictures.
    """
    parts = _part_folders(folder)
    files = {part: _pictures_by_class(path) for part, path in parts.items()}
    classes = tuple(files[TRAIN])
    for part, pictures in files.items():
        if others := [name for name in pictures if name not in classes]:
            raise DataError(
                f"The class folder {parts[part] / others[0]} has no like in {parts[TRAIN]}; put "
                f"pictures to train on there, or delete it."
            )
    total = sum(len(some) for pictures in files.values() for some in pictures.values())
    done, faults = 0, dict[Path, str]()
    read = dict[str, list[_Picture]]()
    for part, pictures in files.items():
        read[part] = []
        for name, some in pictures.items():
            for path in some:
                progress(done / total, f"Reading pictures: {done:,} of {total:,}")
                done += 1
                try:
                    pieces = pieces_of(path)
                    read[part].append(_Picture(path, name, glyph_of(pieces), _looks_wide(pieces)))
                except ImageError as error:
                    faults[path] = str(error)
    names = np.array([picture.name for picture in read[TRAIN]], np.str_)
    seen = look(np.array([picture.glyph for picture in read[TRAIN]]), names)
    if set(classes) <= set(DIGITS):
        for picture in (picture for some in read.values() for picture in some):
            if digits := _digits_seen(picture, seen.way):
                faults[picture.path] = (
                    f"{len(digits)} digits are seen in it ({digits}), and one is wanted."
                )
    splits = {}
    for part, pictures in files.items():
        kept = [picture for picture in read[part] if picture.path not in faults]
        readable = {picture.name for picture in kept}
        if empty := [name for name in pictures if name not in readable]:
            last = pictures[empty[0]][-1]
            raise DataError(
                f"The class folder {parts[part] / empty[0]} has no picture that can be read "
                f"({last}: {faults[last]}); put some there, or delete it."
            )
        glyphs = put_right(np.array([picture.glyph for picture in kept]), seen.way)
        labels = np.array([classes.index(picture.name) for picture in kept], np.int32)
        splits[part] = Split(glyphs, labels)
    three = split_stratified(str(folder), splits[TRAIN], splits.get(VALIDATION), splits.get(TEST))
    skipped = tuple(f"{path}: {fault}" for path, fault in faults.items())
    return Dataset(str(folder), classes, *three, skipped, (seen.note,) if seen.note else ())


def _part_folders(folder: Path) -> dict[str, Path]:
    """The folders of a dataset's parts; of one without, itself as what there is to train on."""
    within = _folders(folder)
    parts = {part_of(path.name): path for path in within}
    if TRAIN not in parts or "" in parts or not all(map(_folders, within)):
        return {TRAIN: folder}
    if len(parts) < len(within):
        names = ", ".join(path.name for path in within)
        raise DataError(f"{folder} has two folders for one part ({names}); leave one of each.")
    return {part: parts[part] for part in (TRAIN, VALIDATION, TEST) if part in parts}


def _pictures_by_class(folder: Path) -> Mapping[str, list[Path]]:
    """The files in each class folder, which are at least two; raises DataError."""
    folders = _folders(folder)
    try:
        files = {
            path.name: by_name(
                file for file in path.iterdir() if file.is_file() and not is_hidden(file)
            )
            for path in folders
        }
    except OSError as error:
        raise DataError(f"{error.filename} can't be opened: {error.strerror}.") from error
    if len(folders) < 2:
        raise DataError(
            f"{folder} has {len(folders) or 'no'} class folder{'s' * (not folders)}; make one for "
            f"each class, at least two, with its pictures inside."
        )
    if empty := [name for name, pictures in files.items() if not pictures]:
        raise DataError(
            f"The class folder {folder / empty[0]} has no picture; put some there, or delete it."
        )
    return files


def _looks_wide(pieces: Pieces) -> bool:
    """Whether writing may be several digits, by the look of its pieces."""
    boxes = pieces.boxes()
    if not boxes:
        return False
    left, top = (min(box[axis] for box in boxes) for axis in (0, 1))
    right, bottom = (max(box[axis] + box[axis + 2] for box in boxes) for axis in (0, 1))
    return len(boxes) > 1 or right - left > WIDEST * (bottom - top)


def _digits_seen(picture: _Picture, way: str | None) -> str:
    """What digits a picture shows, where it shows several; "" where it is one of the class.

    Only what may be several is read: that takes a hundred times as long. And a digit of strokes
    that hang loosely together is one, where all of it is read as what it is.
    """
    source: Path | NDArray[np.uint8] = picture.path
    if way is not None:
        source = put_right(load_image(picture.path)[None], way)[0]
    if not (picture.wide if way is None else _looks_wide(pieces_of(source))):
        return ""
    (whole,) = _reader().read_glyphs(put_right(picture.glyph[None], way))
    if _reader().name(whole) == picture.name:
        return ""
    digits = [digit for digit in _reader().read(source).digits if digit.value is not None]
    return "".join(map(_reader().name, digits)) if len(digits) > 1 else ""


@functools.cache
def _reader() -> Recognizer:
    """The one that ships; not before a picture asks for it."""
    return Recognizer.load()


def _folders(folder: Path) -> list[Path]:
    try:
        return by_name(path for path in folder.iterdir() if path.is_dir() and not is_hidden(path))
    except OSError as error:
        raise DataError(f"{error.filename} can't be opened: {error.strerror}.") from error
