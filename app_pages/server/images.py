"""Test images by their numbers; and those that ship with the networks, for whoever has no more.

A test image of MNIST has the number that it has in `t10k-images-idx3-ubyte`, counted from 0.
"""

import functools
from typing import NamedTuple

import numpy as np

from model import checkpoint
from train import data

SHIPPED = checkpoint.SHIPPED / "test_images.npz"  # made by app_pages/evaluation/ship.py


class Images(NamedTuple):
    """Test images of a dataset, all of them or some."""

    numbers: np.ndarray  # (m,) int, ascending
    pixels: np.ndarray  # (m, 28, 28) uint8
    labels: np.ndarray  # (m,) int
    classes: tuple[str, ...]
    total: int  # test images that the dataset has; 0 where nobody knows

    @property
    def complete(self) -> bool:
        return 0 < self.total == len(self.numbers)

    def has(self, numbers: np.ndarray) -> np.ndarray:
        """(k,) numbers → (k,) bool: whether each is here."""
        return np.isin(numbers, self.numbers)

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """(k,) numbers, all of them here → (k, 28, 28) uint8."""
        return self.pixels[np.searchsorted(self.numbers, numbers)]

    def fit(self, labels: np.ndarray) -> bool:
        """Whether these can be the images of an evaluation with labels (n,)."""
        return bool((self.numbers < len(labels)).all()) and np.array_equal(
            labels[self.numbers], self.labels
        )


def whole(split: data.Split, classes: tuple[str, ...]) -> Images:
    """All test images of a dataset."""
    n = len(split.labels)
    return Images(np.arange(n), split.images, split.labels, classes, n)


def shipped(name: str) -> Images:
    """The test images of a dataset that ship, which may be none."""
    dataset, images = _read()
    if name == dataset:
        return images
    nothing = np.zeros(0, int)
    return Images(nothing, np.zeros((0, 28, 28), np.uint8), nothing, (), 0)


@functools.cache
def _read() -> tuple[str, Images]:
    with np.load(SHIPPED, allow_pickle=False) as arrays:
        return str(arrays["dataset"]), Images(
            arrays["numbers"].astype(int),
            arrays["pixels"],
            arrays["labels"].astype(int),
            tuple(arrays["classes"].tolist()),
            int(arrays["total"]),
        )


def by_number(
    name: str, labels: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,) and probabilities (n, classes) of a dataset's test images, by their numbers.

    Earlier versions had them in the order in which TFDS shuffles. Where the labels show that, they
    are put right.
    """
    some = shipped(name)
    if len(labels) == some.total and not some.fit(labels):
        order = data.idx_order("test", len(labels))
        if some.fit(labels[order]):
            return labels[order], probabilities[order]
    return labels, probabilities
