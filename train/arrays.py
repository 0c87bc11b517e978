"""NumPy's files of arrays, .npz, as Keras keeps MNIST."""

import math
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from train.bounded import INFLATION, check_size, said
from train.dataset import DataError
from train.labelled import TEST, TRAIN, VALIDATION, Labelled, Source

# Names of images and of their labels, in lower case, as people give them: MedMNIST, Keras, this
# project's own, mnist-original.mat, SVHN. "" is the part that the file's name tells.
PAIRS = (
    (TRAIN, "x_train", "y_train"),
    (VALIDATION, "x_val", "y_val"),
    (TEST, "x_test", "y_test"),
    (TRAIN, "train_images", "train_labels"),
    (VALIDATION, "val_images", "val_labels"),
    (TEST, "test_images", "test_labels"),
    (TRAIN, "trainx", "trainy"),
    (TEST, "testx", "testy"),
    ("", "glyphs", "labels"),
    ("", "images", "labels"),
    ("", "data", "label"),
    ("", "x", "y"),
)
WANTED = "x_train and y_train, perhaps with x_test and y_test, or glyphs and labels"
ENDING = ".npy"


def is_npz(path: Path) -> bool:
    """Whether a ZIP archive holds NumPy's arrays."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(ENDING) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def read_npz(path: Path) -> Source:
    """The parts in a .npz.

    Raises:
        DataError: its arrays have other names, need pickle, are damaged, or claim more than they
            hold.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            there = {
                entry.filename.removesuffix(ENDING).lower(): entry
                for entry in archive.infolist()
                if entry.filename.endswith(ENDING)
            }
            wanted = pairs_in(path, there, ".npz", WANTED)
            arrays = {
                name: _read_npy(path, archive, there[name]) for _, *pair in wanted for name in pair
            }
    except (
        OSError,
        EOFError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
    ) as error:
        raise DataError(f"{path} is not a whole .npz file ({said(error)}).") from error
    return Source(
        {part: Labelled(arrays[images], arrays[labels]) for part, images, labels in wanted}
    )


def pairs_in(
    path: Path, names: Collection[str], kind: str, wanted: str
) -> list[tuple[str, str, str]]:
    """Part, name of the images and name of the labels, for each part that is there; raises
    DataError where none is, or nobody can tell which."""
    found = [pair for pair in PAIRS if pair[1] in names and pair[2] in names]
    parts = [part for part, _, _ in found]
    if not found or len(set(parts)) < len(parts) or ("" in parts and len(parts) > 1):
        some = ", ".join(sorted(names)[:8]) or "nothing"
        raise DataError(f"{path} is a {kind} file that holds {some}; {wanted} are wanted.")
    return found


def _read_npy(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(entry) as file:
        version = npy.read_magic(file)
        head = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = head(file)
        if dtype.hasobject:
            raise DataError(
                f"{path}: '{entry.filename}' holds Python objects, which could run code when they "
                f"are read; save it as numbers or text."
            )
        size = math.prod(shape) * dtype.itemsize
        check_size(path, size)
        if size > entry.compress_size * INFLATION:
            raise ValueError(f"{entry.filename} claims more than it can hold")
        content = file.read(size + 1)
        if len(content) != size:
            raise ValueError(f"{entry.filename}: header and content disagree")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
