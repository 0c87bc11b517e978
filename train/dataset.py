"""What a dataset is, wherever it comes from: its splits, its classes, and what is said where it
can't be had."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# the last images of the training split, never trained on: five of them are 0.1 %
VALIDATION = 5000

Progress = Callable[[float, str], None]  # (share done in [0, 1], what is being done)


class DataError(Exception):
    """A dataset can't be had; the message is one sentence that says why and what to do."""


class Split(NamedTuple):
    """Images and what they show."""

    images: NDArray[np.uint8]  # (n, 28, 28)
    labels: NDArray[np.int32]  # (n,)


class Dataset(NamedTuple):
    """A dataset in three splits, with the names of its classes."""

    name: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    skipped: tuple[str, ...] = ()  # what could not be read, a sentence each
