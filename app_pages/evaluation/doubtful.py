"""What people see in test images of MNIST whose labels were doubted: doubtful.csv, which says where
it comes from."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

FILE = Path(__file__).with_suffix(".csv")
DATASET = "mnist"
MAJORITY = 3  # of the five people who were asked about each image


class Doubtful(NamedTuple):
    """A test image whose label was doubted, and how many people see what in it."""

    number: int
    label: str
    other: str  # the other digit that they were asked for; "" where that was none
    for_label: int
    for_other: int
    for_neither: int

    @property
    def most(self) -> str | None:
        """What most people see: the "label", the "other" digit or "neither"; None where no three
        agree."""
        votes = {"label": self.for_label, "other": self.for_other, "neither": self.for_neither}
        return next((what for what, count in votes.items() if count >= MAJORITY), None)

    @property
    def words(self) -> str:
        """The votes, the most first: "3×6, 2×0"; "–" stands for neither."""
        votes = (self.for_label, self.label), (self.for_other, self.other), (self.for_neither, "–")
        cast = sorted((vote for vote in votes if vote[0]), key=lambda vote: -vote[0])
        return ", ".join(f"{count}×{what}" for count, what in cast)


@functools.cache
def read() -> tuple[Doubtful, ...]:
    """All of them, by number."""
    rows = pd.read_csv(FILE, comment="#", dtype={"label": str, "other": str}, na_filter=False)
    return tuple(Doubtful(*row) for row in rows.itertuples(index=False, name=None))


def numbers() -> np.ndarray:
    """(n,) int, ascending."""
    return np.array([each.number for each in read()])
