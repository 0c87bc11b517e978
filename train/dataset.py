"""What a dataset is, wherever it comes from: its splits, its classes, and what is said where it
can't be had."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# the last images of the training split, never trained on: five of them are 0.1 %
VALIDATION = 5000
# of what is drawn to be put aside: not a run's, so that runs of several seeds see the same images
SPLIT_SEED = 0

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
    notes: tuple[str, ...] = ()  # what was found of the pictures and put right, a sentence each


def put_aside(
    labels: NDArray[np.int32], share: float, spare_pairs: bool = False
) -> NDArray[np.bool_]:
    """(n,) labels → (n,) bool: a share of each class, drawn at random but always alike; of a class
    of two or more at least one, and never all.

    Args:
        labels: of the images.
        share: of each class.
        spare_pairs: take nothing from every other class of two, for there is more to put aside.
    """
    generator, pairs = np.random.default_rng(SPLIT_SEED), 0
    aside = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        count = min(max(1, round(share * len(members))), len(members) - 1)
        if len(members) == 2:
            pairs += 1
            count = 0 if spare_pairs and pairs % 2 == 0 else 1
        aside[members[:count]] = True
    return aside


def split_stratified(
    name: str, train: Split, validation: Split | None, test: Split | None, most: int = VALIDATION
) -> tuple[Split, Split, Split]:
    """All three parts, those that are missing being put aside from the training images: for each a
    sixth of every class, as far as its count allows.

    Args:
        name: of the dataset.
        train, validation, test: what there is.
        most: how many images of validation there are to be, about.

    Raises:
        DataError: there are too few.
    """
    share = 1 / 6
    if test is None:
        train, test = _divide(train, share, spare_pairs=validation is None)
        share = 1 / 5  # of what is left
    if validation is None:
        train, validation = _divide(train, min(share, most / max(1, len(train.labels))))
    if not all(len(split.labels) for split in (train, validation, test)):
        count = sum(len(split.labels) for split in (train, validation, test))
        raise DataError(
            f"{name} has {count} picture{'s' * (count != 1)}: too few to train, validate and test "
            f"with."
        )
    return train, validation, test


def _divide(split: Split, share: float, spare_pairs: bool = False) -> tuple[Split, Split]:
    aside = put_aside(split.labels, share, spare_pairs)
    return (
        Split(split.images[~aside], split.labels[~aside]),
        Split(split.images[aside], split.labels[aside]),
    )
