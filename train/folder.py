"""A folder of class folders of pictures → a dataset, its glyphs made by the very steps of the
reader.

    digits/0/a.png  digits/0/b.jpg  digits/1/c.png  …

The folders' names are the classes. Of six pictures, four are for training, one for validation and
one for testing.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.image import ImageError
from model.recognizer import as_single_glyph
from train.dataset import DataError, Dataset, Progress, Split

# where one picture after the other goes; four of them reach every split
SPLITS = ("validation", "train", "train", "test", "train", "train")


def load(folder: Path, progress: Progress) -> Dataset:
    """The pictures of a folder of class folders. What can't be read is left out, and named in
    `skipped`.

    Raises:
        DataError: no class folders, fewer than two, one without a picture that can be read, or too
            few pictures.
    """
    try:
        folders = _by_name(
            path for path in folder.iterdir() if path.is_dir() and not _is_hidden(path)
        )
        files = {
            path.name: _by_name(
                file for file in path.iterdir() if file.is_file() and not _is_hidden(file)
            )
            for path in folders
        }
    except OSError as error:
        raise DataError(f"{error.filename} can't be opened: {error.strerror}.") from error
    if len(folders) < 2:
        raise DataError(
            f"{folder} has {len(folders) or 'no'} class folder{'s' * (not folders)}; make one for "
            f"each class, at least "
            "two, with its pictures inside."
        )
    if empty := [name for name, pictures in files.items() if not pictures]:
        raise DataError(
            f"The class folder {folder / empty[0]} has no picture; put some there, or delete it."
        )
    members: dict[str, list[tuple[NDArray[np.uint8], int]]] = {split: [] for split in SPLITS}
    skipped, done, total, shared = [], 0, sum(map(len, files.values())), 0
    for label, (name, pictures) in enumerate(files.items()):
        glyphs = []
        for picture in pictures:
            progress(done / total, f"Reading pictures: {done:,} of {total:,}")
            done += 1
            try:
                glyphs.append(as_single_glyph(picture))
            except ImageError as error:
                skipped.append(f"{picture}: {error}")
        if not glyphs:
            raise DataError(
                f"The class folder {folder / name} has no picture that can be read "
                f"({skipped[-1]}); put some there, or "
                "delete it."
            )
        # The first one of a class is trained on, however few there are.
        members["train"].append((glyphs[0], label))
        for glyph in glyphs[1:]:
            members[SPLITS[shared % len(SPLITS)]].append((glyph, label))
            shared += 1
    if not all(members.values()):
        raise DataError(
            f"{folder} has {total - len(skipped)} pictures: too few to train, validate and test "
            f"with."
        )
    train, validation, test = (
        _as_split(members[split]) for split in ("train", "validation", "test")
    )
    return Dataset(str(folder), tuple(files), train, validation, test, tuple(skipped))


def _as_split(members: list[tuple[NDArray[np.uint8], int]]) -> Split:
    glyphs, labels = zip(*members, strict=True)
    return Split(np.array(glyphs), np.array(labels, np.int32))


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name in ("Thumbs.db", "desktop.ini")


def _by_name(paths: Iterable[Path]) -> list[Path]:
    """Paths as people count: 2 before 10."""
    return sorted(
        paths,
        key=lambda path: [
            (not part.isdigit(), int(part) if part.isdigit() else 0, part)
            for part in re.split(r"(\d+)", path.name)
        ],
    )
