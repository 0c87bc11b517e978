"""Datasets as uint8 arrays, by their name: a folder's, a file's, or TensorFlow Datasets' own.

    from train import data
    mnist = data.load("mnist")
    mnist.train.images  # (55000, 28, 28) uint8

The front of train/dataset.py, folder.py, files.py and tfds.py: who needs data imports this.
"""

import os
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.glyph import GLYPH_SIZE
from train import tfds
from train.dataset import VALIDATION, DataError, Dataset, Progress, Split
from train.tfds import idx_order

__all__ = [
    "DataError",
    "Dataset",
    "Split",
    "idx_order",
    "is_cached",
    "is_here",
    "is_path",
    "load",
    "read_glyphs",
    "shuffle_test",
]


def load(
    name: str = "mnist", progress: Progress | None = None, validation: int = VALIDATION
) -> Dataset:
    """The dataset of that name: a folder's, a file's, or TFDS's, downloaded and prepared first
    where it isn't yet.

    Args:
        name: the path of a folder of class folders (train/folder.py), of a file, or of a folder of
            such files (train/files.py), which go first; or a TFDS name, such as `mnist` or
            `emnist/digits`, of an image classification dataset.
        progress: called while the dataset is prepared and decoded.
        validation: how many training images make up the validation split where there is none, but
            at most a sixth of them; of TFDS's, the last. A folder of class folders has a sixth.

    Raises:
        DataError: no such dataset, no network, a broken archive, a builder that needs TensorFlow,
            a folder without class folders, or a file of another kind.
    """
    progress = progress or (lambda share, what: None)
    path = Path(name)
    if is_path(name):
        from train import files, folder  # and with them the reader, which no other dataset needs

        if path.is_file() or files.find(path):
            return files.load(path, progress, validation)
        return folder.load(path, progress)
    if name.startswith((".", "/", "~")) or "\\" in name:
        raise DataError(f"There is no folder {name}.")
    return tfds.load(name, progress, validation)


def is_path(name: str) -> bool:
    """Whether a name means a folder or a file, rather than a dataset of TFDS."""
    return bool(name) and (Path(name).is_dir() or Path(name).is_file())


def is_cached(name: str) -> bool:
    """Whether `load` would come without preparing or decoding anything."""
    return not is_path(name) and tfds.is_cached(name)


def is_here(name: str) -> bool:
    """Whether `load` would come without fetching anything."""
    return is_path(name) or tfds.is_prepared(name)


def shuffle_test(split: Split) -> Split:
    """The test images of MNIST as TFDS shuffles them, which is in no order of writers: the first
    few are a fair sample of all."""
    order = np.argsort(idx_order("test", len(split.labels)))
    return Split(split.images[order], split.labels[order])


def read_glyphs(path: os.PathLike[str] | str) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """A file of glyphs and what they show: (n, 28, 28) uint8, white on black, and (n,) str, n > 0.

    It is an npz with `glyphs` and `labels` of these shapes, as the dashboard's collection exports
    it.

    Raises:
        DataError: no such file, or another one.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            glyphs, labels = arrays["glyphs"], arrays["labels"]
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} is not an npz file with 'glyphs' and 'labels', such as the page Teach it "
            "exports."
        ) from error
    if (
        glyphs.dtype != np.uint8
        or glyphs.ndim != 3
        or glyphs.shape[1:] != (GLYPH_SIZE, GLYPH_SIZE)
        or not len(glyphs)
    ):
        raise DataError(
            f"{path}: 'glyphs' should be uint8 (n, 28, 28) with n > 0, not {glyphs.dtype} "
            f"{glyphs.shape}."
        )
    if labels.dtype.kind != "U" or labels.shape != glyphs.shape[:1]:
        raise DataError(
            f"{path}: 'labels' should be {len(glyphs)} names, not {labels.dtype} {labels.shape}."
        )
    return glyphs, labels
