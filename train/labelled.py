"""Labelled pictures as files have them → a dataset: whatever their type, size, polarity and
orientation.

Grey pictures of 28 × 28 pixels are glyphs as they are, but that a bright background is made dark,
and that they are turned upright (train/turned.py). Smaller ones are enlarged and normalised as
MNIST's were; larger ones, and those in colour, are read by the steps of the reader.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.card import DIGITS, MAX_CLASSES, MAX_NAME
from model.glyph import GLYPH_SIZE, normalise
from model.image import MIN_SIDE, ImageError, load_image
from model.names import in_counting_order
from model.recognizer import as_single_glyph
from train.dataset import (
    DataError,
    Dataset,
    Progress,
    Split,
    split_stratified,
)
from train.turned import look, put_right

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS: Mapping[str, tuple[str, ...]] = {  # a part → the words by which files and folders name it
    TRAIN: ("train", "training"),
    VALIDATION: ("validation", "valid", "val", "dev"),
    TEST: ("test", "testing", "t10k"),
}
PER_REPORT = 500  # pictures between two reports of progress
MOST_COLOURS = 4  # channels of a picture
# Values from 0 to more than this and at most 255 are bytes. Below are such as 0 to 1, or 0 to 16 of
# scikit-learn's digits, which are stretched.
FEWEST_GREYS = 16
ENLARGED = 4  # times: a picture smaller than a glyph, before it is normalised
BORDERS = 1000  # pictures whose borders tell the background


NO_LABEL = np.iinfo(np.int64).min  # among labels that are numbers; among names, it is ""


class Labelled(NamedTuple):
    """Pictures as a file has them, and what they show.

    Attributes:
        images: (n, h, w), (n, h, w, c), (n, c, h, w) or (n, h · w) numbers; or n files' contents.
        labels: (n,) or (n, 1) whole numbers or names, or (n, classes) with a one in each row.
    """

    images: NDArray[Any] | Sequence[bytes]
    labels: NDArray[Any]


class Source(NamedTuple):
    """What files hold.

    Attributes:
        parts: "train" and perhaps "validation" and "test" → their pictures.
        names: a number that is a label → the name of its class, where the files say.
        emnist: whether the files are EMNIST's, which are known to hold pictures transposed.
        notes: what is to be told, a sentence each.
    """

    parts: Mapping[str, Labelled]
    names: Mapping[int, str] = {}
    emnist: bool = False
    notes: tuple[str, ...] = ()


def name_of_character(code: int) -> str:
    """The class that EMNIST gives the code of a character."""
    return chr(code) if 32 < code < 127 else str(code)


def part_of(name: str) -> str:
    """The part of a dataset that a file's or folder's name speaks of; "" where it speaks of
    none."""
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    return next((part for part, known in PARTS.items() if words & set(known)), "")


def as_dataset(name: str, source: Source, progress: Progress, validation: int) -> Dataset:
    """The dataset that labelled pictures make up. What can't be read is left out, and named in
    `skipped`.

    Args:
        name: of the dataset.
        source: what its files hold.
        progress: called while pictures are read.
        validation: how many images of the validation split to put aside where there is none, but
            at most a sixth of the training images.

    Raises:
        DataError: pictures and labels don't go together, or are none, or are too few.
    """
    if TRAIN not in source.parts:
        raise DataError(f"{name} has no training images, only those for {', '.join(source.parts)}.")
    notes, skipped = list(source.notes), list[str]()
    pictures = {part: _as_pictures(name, part, found) for part, found in source.parts.items()}
    labels, classes = _classes(name, source, notes)
    arrays = {part: some for part, some in pictures.items() if isinstance(some, np.ndarray)}
    if arrays:
        pictures |= _as_bytes(name, arrays, notes)
    total, done = sum(map(len, pictures.values())), 0
    glyphs, raw, kept = {}, {}, {}
    for part, some in pictures.items():
        label = f"{name}, {part} image"

        def report(count: int, done: int = done) -> None:
            progress(
                (done + count) / max(total, 1),
                f"Reading pictures: {done + count:,} of {total:,}",
            )

        glyphs[part], raw[part], faults = _as_glyphs(some, report)
        kept[part] = (labels[part] >= 0) & np.isin(np.arange(len(some)), list(faults), invert=True)
        skipped += [f"{label} {index}: {fault}" for index, fault in faults.items()]
        done += len(some)
    if any(raw[part].any() and _is_bright(glyphs[part][raw[part]]) for part in (TRAIN,)):
        notes.append("The images are dark on a bright background; they are inverted.")
        for part, some_glyphs in glyphs.items():
            some_glyphs[raw[part]] = 255 - some_glyphs[raw[part]]
    for part, some_glyphs in glyphs.items():
        blank = kept[part] & ~some_glyphs.any((1, 2))
        skipped += [
            f"{name}, {part} image {index}: Nothing is written in the picture."
            for index in np.flatnonzero(blank)
        ]
        kept[part] &= ~blank
    splits = {part: Split(glyphs[part][kept[part]], labels[part][kept[part]]) for part in glyphs}
    if not len(splits[TRAIN].labels):
        why = f" ({skipped[0]})" if skipped else ""
        raise DataError(f"{name} has no picture to train on that can be read{why}.")
    missing = np.setdiff1d(
        np.concatenate([split.labels for split in splits.values()]), splits[TRAIN].labels
    )
    if len(missing):
        raise DataError(
            f"{name} has no training image of the class {classes[missing[0]]}, but others of it; "
            f"leave these out, or give some to train on."
        )
    train = splits[TRAIN]
    seen = look(train.images, np.array(classes)[train.labels], source.emnist)
    if seen.note:
        notes.append(seen.note)
    if classes == DIGITS and seen.digits is False:
        classes = tuple(f"class {number}" for number in classes)
        notes.append(
            "The labels are 0 to 9, but the images show no digits that the network tiny can read; "
            "the classes are called class 0 to class 9, so that nothing takes them for digits."
        )
    upright = {
        part: Split(put_right(split.images, seen.way), split.labels)
        for part, split in splits.items()
    }
    parts = split_stratified(
        name, upright[TRAIN], upright.get(VALIDATION), upright.get(TEST), validation
    )
    return Dataset(name, classes, *parts, tuple(skipped), tuple(notes))


def _classes(
    name: str, source: Source, notes: list[str]
) -> tuple[dict[str, NDArray[np.int32]], tuple[str, ...]]:
    """Of each part, (n,) labels from 0, -1 where there is none; and the names of the classes."""
    found = {part: _as_labels(name, part, some) for part, some in source.parts.items()}
    kinds = {labels.dtype.kind == "U" for labels in found.values()}
    if len(kinds) > 1:
        raise DataError(f"{name} has names as labels in one part, and numbers in another.")
    every = np.unique(np.concatenate(list(found.values())))
    own: list[Any] = every.tolist()
    if kinds == {True}:
        own = sorted(filter(None, own), key=in_counting_order)
    else:
        known = source.names or own
        own = [number for number in own if number in known and number != NO_LABEL]
    names = tuple(str(source.names.get(value, value)) for value in own)
    if not 2 <= len(names) <= MAX_CLASSES:
        raise DataError(
            f"{name} has {len(names)} class{'es' * (len(names) != 1)}; from 2 to {MAX_CLASSES:,} "
            f"can be told apart."
        )
    if len(set(names)) < len(names) or max(map(len, names)) > MAX_NAME:
        raise DataError(f"{name} has classes of the same name, or names that are too long.")
    numbers = {value: number for number, value in enumerate(own)}
    labels = {}
    for part, values in found.items():
        distinct, places = np.unique(values, return_inverse=True)
        mapped = np.array([numbers.get(value, -1) for value in distinct.tolist()], np.int32)
        labels[part] = mapped[places.reshape(-1)]
        if count := int((labels[part] < 0).sum()):
            are = "images have no label and are" if count > 1 else "image has no label and is"
            notes.append(f"{count:,} {part} {are} left out.")
    return labels, names


def _as_labels(name: str, part: str, some: Labelled) -> NDArray[Any]:
    """(n,) int64 or str; raises DataError."""
    labels, n = np.asarray(some.labels), len(some.images)
    if labels.dtype.kind in "SO":
        try:
            labels = np.array([_as_text(value) for value in labels.ravel().tolist()])
        except (TypeError, UnicodeDecodeError) as error:
            raise DataError(f"The {part} labels of {name} are no numbers and no names.") from error
    if (
        labels.ndim == 2
        and 1 < labels.shape[1]
        and len(labels) == n
        and labels.dtype.kind in "iufb"
    ):
        if not ((labels != 0).sum(1) == 1).all():
            raise DataError(
                f"The {part} labels of {name} are {labels.shape[1]} numbers a picture, and not one "
                f"of them alone is set."
            )
        labels = labels.argmax(1)
    labels = labels.ravel()
    if len(labels) != n:
        raise DataError(f"{name} has {n:,} {part} images and {len(labels):,} labels of them.")
    if labels.dtype.kind == "U":
        return labels
    if (
        labels.dtype.kind not in "iufb"
        or not ((labels >= NO_LABEL) & (labels < -float(NO_LABEL))).all()
        or (labels.dtype.kind == "f" and not (np.mod(labels, 1) == 0).all())
    ):
        raise DataError(f"The {part} labels of {name} should be whole numbers or names.")
    return labels.astype(np.int64)


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str):
        raise TypeError
    return value


def _as_pictures(name: str, part: str, some: Labelled) -> NDArray[Any] | Sequence[bytes]:
    """The pictures of a part as (n, h, w) or (n, h, w, c) numbers, or as they are; raises
    DataError."""
    images = some.images
    if np.size(images) == 0:
        raise DataError(f"{name} has no {part} images.")
    if not isinstance(images, np.ndarray):
        return images
    if images.dtype.kind not in "iufb":
        raise DataError(f"The {part} images of {name} are of type {images.dtype}, not numbers.")
    side = round(images.shape[1] ** 0.5) if images.ndim == 2 else 0
    if side and side * side == images.shape[1]:
        images = images.reshape(-1, side, side)
    if images.ndim == 4 and images.shape[1] <= MOST_COLOURS < images.shape[3]:
        images = np.moveaxis(images, 1, 3)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    colours = images.shape[3] if images.ndim == 4 else 3
    sides = images.shape[1:3]
    if (
        images.ndim not in (3, 4)
        or colours not in (3, 4)
        or max(sides) < MIN_SIDE
        or not min(sides)
    ):
        raise DataError(
            f"The {part} images of {name} have the shape {images.shape}; pictures of at least "
            f"{MIN_SIDE} × {MIN_SIDE} pixels are wanted, grey or in colour."
        )
    return images


def _as_bytes(
    name: str, arrays: Mapping[str, NDArray[Any]], notes: list[str]
) -> dict[str, NDArray[np.uint8]]:
    """Numbers of any type and range as uint8; raises DataError."""
    low = min(float(images.min()) for images in arrays.values())
    high = max(float(images.max()) for images in arrays.values())
    if not np.isfinite([low, high]).all():
        raise DataError(f"{name} has pixels that are no numbers (NaN or infinite).")
    if low == high:
        raise DataError(f"{name} has nothing in its images: all of their pixels are {low:g}.")
    if 0 <= low and FEWEST_GREYS < high <= 255:
        return {part: _round(images, 0.0, 1.0) for part, images in arrays.items()}
    low = min(low, 0.0)
    notes.append(f"The pixels are from {low:g} to {high:g}; they are stretched to 0 to 255.")
    return {part: _round(images, low, 255 / (high - low)) for part, images in arrays.items()}


def _round(images: NDArray[Any], low: float, scale: float) -> NDArray[np.uint8]:
    if images.dtype == np.uint8 and (low, scale) == (0.0, 1.0):
        return images
    rounded = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), PER_REPORT):  # at once, it would take much memory
        some = np.s_[start : start + PER_REPORT]
        rounded[some] = np.round((images[some].astype(np.float64) - low) * scale)
    return rounded


def _as_glyphs(
    pictures: NDArray[np.uint8] | Sequence[bytes], report: Any
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], dict[int, str]]:
    """Pictures → (n, 28, 28) uint8; (n,) bool, which of them are grey pictures of that size, whose
    polarity nobody has looked at; and what is wrong with those that can't be read, by number."""
    n = len(pictures)
    if (
        isinstance(pictures, np.ndarray)
        and pictures.ndim == 4
        and not np.ptp(pictures[..., :3], axis=3).any()
    ):
        pictures = pictures[..., 0]  # grey, as three colours
    if isinstance(pictures, np.ndarray) and pictures.shape[1:] == (GLYPH_SIZE, GLYPH_SIZE):
        return pictures.copy(), np.ones(n, bool), {}
    bright = False
    if isinstance(pictures, np.ndarray) and _is_small(pictures[0]):
        pictures = np.array([_grey(picture) for picture in pictures])
        bright = _is_bright(pictures)
    glyphs, raw = np.zeros((n, GLYPH_SIZE, GLYPH_SIZE), np.uint8), np.zeros(n, bool)
    faults = {}
    for index, picture in enumerate(pictures):
        if index % PER_REPORT == 0:
            report(index)
        try:
            if isinstance(picture, bytes):
                picture = load_image(picture)
                if not np.ptp(picture, axis=2).any():
                    picture = picture[..., 0]
                if _is_small(picture):
                    bright = _is_bright(_grey(picture)[None])
            if picture.shape == (GLYPH_SIZE, GLYPH_SIZE):
                glyphs[index], raw[index] = picture, True
            elif _is_small(picture):
                glyphs[index] = _enlarged(_grey(picture), bright)
            else:
                glyphs[index] = as_single_glyph(picture)
        except ImageError as error:
            faults[index] = str(error)
    return glyphs, raw, faults


def _is_small(picture: NDArray[np.uint8]) -> bool:
    return max(picture.shape[:2]) < GLYPH_SIZE


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.ndim == 2:
        return picture
    return np.asarray(Image.fromarray(picture).convert("L"))


def _is_bright(pictures: NDArray[np.uint8]) -> bool:
    """Whether the background of (n, h, w) grey pictures is brighter than what they show: their
    borders tell."""
    pictures = pictures[:: -(-len(pictures) // BORDERS)]
    inner = np.ones(pictures.shape[1:], bool)
    inner[1:-1, 1:-1] = False
    return bool(np.median(pictures[:, inner].mean(1)) > 127)


def _enlarged(picture: NDArray[np.uint8], bright: bool) -> NDArray[np.uint8]:
    """(h, w), smaller than a glyph → a glyph as MNIST's were made; all 0 where nothing is written.

    Of scikit-learn's digits of 8 × 8 pixels, the network that ships reads 99 % right so, and 20 %
    by the reader's steps, to which so few pixels are dirt.
    """
    ink = 255 - picture if bright else picture
    height, width = picture.shape
    size = (width * ENLARGED, height * ENLARGED)
    large = Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC)
    return normalise(np.asarray(large) / np.float32(255))
