"""Pen files: their sheets, and the pictures of them that the reader sees.

A sheet is drawn as a canvas draws it, black on white, with a pen as wide for its digits as the
reader knows best. That was chosen on the 7,494 training digits of UCI's pendigits
(benchmarks/pens.py).
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from model.pen import inkml, remarkable, unipen, xournal
from model.pen.sheets import TOO_MUCH, PenError, Sheet
from model.strokes import FINER, Stroke, picture

HEIGHT = 96  # pixels of what is written on a sheet, if there is room for that
PEN = 0.14  # of that height: the pen's width
MAX_PIXELS = 16_000_000  # of a sheet's picture
MOST = 80  # heights of what is written that a sheet is wide or high, at most
MAX_WAY = 30_000  # such heights that the pen goes on a sheet: ten full pages
MARGIN = 0.5  # of a digit's height, around all
TALL = 0.4  # of the tallest strokes but few: a smaller one is a dot, a dash, a part
KEPT = 4  # files whose sheets, and sheets whose drawings are remembered

_FORMS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], list[Sheet]]], ...] = (
    (remarkable.is_remarkable, remarkable.read),
    (xournal.is_xournal, xournal.read),
    (inkml.is_inkml, inkml.read),
    (unipen.is_unipen, unipen.read),
)


class Drawing(NamedTuple):
    """A sheet, in pixels of its picture."""

    strokes: tuple[Stroke, ...]
    width: int
    height: int

    @property
    def decoding_bytes(self) -> int:
        """Bytes that drawing the picture takes."""
        return (FINER * FINER + 1) * self.width * self.height

    def picture(self) -> np.ndarray:
        """(height, width) uint8, black on white."""
        return picture(self.strokes, self.width, self.height)


def is_pen(content: bytes) -> bool:
    """Whether a file is one that a pen wrote."""
    return any(fits(content) for fits, _ in _FORMS)


@functools.lru_cache(KEPT)
def sheets(content: bytes) -> list[Sheet]:
    """The sheets of a pen file, those without a stroke left out; raises PenError."""
    read = next(read for fits, read in _FORMS if fits(content))
    written = [sheet for sheet in read(content) if sheet]
    if not written:
        raise PenError("The file has no stroke of a pen.")
    return written


@functools.lru_cache(KEPT)
def drawing(content: bytes, number: int) -> Drawing:
    """A sheet of a pen file, counted from 0, as a canvas would have it; PenError where it can't be
    read or there is far too much on it."""
    return _draw(sheets(content)[number])


def _draw(sheet: Sheet) -> Drawing:
    places = np.concatenate(sheet)
    low, extent = places.min(0), float(np.ptp(places, axis=0).max()) or 1.0
    strokes = [(points - low) / extent for points in sheet]  # from 0 to 1
    height = max(_height(strokes), 1 / MOST)
    if sum(np.hypot(*np.diff(points, axis=0).T).sum() for points in strokes) > MAX_WAY * height:
        raise PenError(TOO_MUCH)
    sides = np.concatenate(strokes).max(0) / height + 2 * MARGIN
    scale = HEIGHT * min(1.0, (MAX_PIXELS / (HEIGHT**2 * sides.prod())) ** 0.5)
    width, below = np.ceil(scale * sides).astype(int).tolist()
    drawn = (_stroke(scale * (points / height + MARGIN), PEN * scale) for points in strokes)
    return Drawing(tuple(drawn), width, below)


def _height(strokes: Sequence[np.ndarray]) -> float:
    """How high digits are: most of a digit is one stroke."""
    heights = np.array([np.ptp(points[:, 1]) for points in strokes])
    tall = float(np.median(heights[heights >= TALL * np.quantile(heights, 0.9)]))
    return tall or 1.0


def _stroke(points: np.ndarray, width: float) -> Stroke:
    first, *others = points.tolist()
    return Stroke((("M", *first), *(("L", *point) for point in others)), width)
