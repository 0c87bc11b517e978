"""The connected pieces of an ink map: which are writing, and which are dirt, frames or borders.

Sizes are in units of the height of the writing, which is measured on the page, unless they say
otherwise. The constants were set on tests/test_segmentation.py and tuned with benchmarks/pages.py,
on pages composed of validation digits; those of cost with benchmarks/worst_case.py.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from model.boxes import Box
from model.glyph import INK

SPECK = 0.2  # a piece smaller than this is dirt
# A piece at least so high is a digit or most of one; smaller ones are hats, dots, commas, dashes.
MAIN = 0.45
# Of the height of a piece: it was broken off the one below or above if no more white lies between.
BREAK = 0.2
# Of the height of a piece: so little white breaks a stroke that goes on below it, however it
# slants.
GAP = 0.12
HIGHEST = 2.2  # two pieces that are joined are no higher together
# Of the page: along a border, so much ink to such a depth is no writing.
STRIP, STRIP_DEPTH = 0.5, 0.08
NEAR = 0.01  # of the page: a line between two rows of cells, or outside of the first, is no wider
# A frame runs along so much of a border, and is so many times as large as all within; a ruling runs
# through so much of the page, and is no thicker than such a share of its length.
ALONG, LARGER, THROUGH, THIN = 0.5, 1.5, 0.6, 0.1
# Of the page: where nothing else is as high, what seemed to be a frame is the writing.
MIN_WRITING = 0.01
# What a picture may cost: a full page of writing has 1,000 digits; the worst tables that were seen
# have 450 pieces.
MAX_PIECES = 3000  # larger than dirt
# Pixels of a picture for each piece, at least: the smallest digits that can be read take twice as
# many.
MIN_PIXELS_PER_PIECE = 100
ELSEWHERE = 0.2  # of a piece: with more outside of some boxes, these are not all of it
DIRT = 3  # pixels: a smaller piece is none,
FEW = 10  # but where there are fewer pieces, each counts


class TooMuchError(ValueError):
    """There is far too much on a picture to be writing."""

    def __init__(self) -> None:
        super().__init__("There is too much on this picture to be writing: nothing of it was read.")


class Piece(NamedTuple):
    """A connected piece of ink: its label, and the bounds of its box, right and bottom not
    included."""

    label: int
    left: int
    top: int
    right: int
    bottom: int
    area: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


class Pieces:
    """The connected pieces of an ink map; every step of a reading that asks what hangs together
    asks these.

    Attributes:
        ink: (h, w) float32, 0 paper to 1 full ink.
        labels: (h, w) int, the number of the piece at each pixel; 0 is paper.
        areas: (n + 1,) int pixels of each piece, by its number; 0 of paper.
        bounds: (n + 1, 4) int left, top, right, bottom of each that is no dirt.
        written: (n + 1,) bool, which may be writing.
        digits: of a page, what may be writing, from top to bottom, the parts of a broken stroke
            joined;
        joined: labels with the numbers of these, (h, w) int;
        unit: and the height of the writing in pixels.
    """

    def __init__(self, ink: np.ndarray, least: int = 1, most: float = np.inf):
        """The pieces of at least so many pixels; if there are fewer than FEW in all, every one.

        Raises:
            TooMuchError: there are more than `most`.
        """
        self.ink, self.unit = ink, 0.0
        self.digits: list[Piece] = []
        self.labels: np.ndarray = np.zeros(ink.shape, np.int32)
        mask, count = ink >= INK, 0
        if mask.any():
            self.labels, count = ndimage.label(mask, np.ones((3, 3)))
        self.areas = np.bincount(self.labels[mask], minlength=count + 1)
        self.written = (self.areas >= least) | (count < FEW)
        self.written[0] = False
        self.bounds = np.zeros((count + 1, 4), int)
        if self.written.sum() > most:
            raise TooMuchError
        if count:
            labels = self.labels
            if not self.written[1:].all():
                labels = np.where(self.written[labels], labels, 0)
            places = [
                (c.start, r.start, c.stop, r.stop)
                for r, c in filter(None, ndimage.find_objects(labels))
            ]
            self.bounds[self.written] = np.array(places).reshape(-1, 4)

    @classmethod
    def of_page(cls, ink: np.ndarray) -> "Pieces":
        """Of a page, where dirt, and what lies along its border, is no writing.

        Raises:
            TooMuchError: there are more than MAX_PIECES, or too many for the room.
        """
        pieces = cls(ink, DIRT, max(10, ink.size / MIN_PIXELS_PER_PIECE))
        pieces._find_writing()
        return pieces

    def writing(self) -> np.ndarray:
        """(h, w) float32 ink of what may be writing alone; all 0 where nothing is written."""
        return ink_of(self.written[self.labels], self.labels, self.ink)

    def boxes(self) -> list[Box]:
        """The boxes of the pieces that may be digits."""
        high = [piece for piece in self.digits if piece.height >= MAIN * self.unit]
        return [(piece.left, piece.top, piece.width, piece.height) for piece in high]

    def is_one(self, boxes: Sequence[Box]) -> bool:
        """Whether boxes on a page hold one piece, joined, hardly any of which lies elsewhere."""
        owners = {self._owner(box) for box in boxes}
        if len(owners) != 1:
            return False
        elsewhere = self.joined == owners.pop()
        area = elsewhere.sum()
        for left, top, width, height in boxes:
            elsewhere[top : top + height, left : left + width] = False
        return bool(elsewhere.sum() <= ELSEWHERE * area)

    def left_out(self, boxes: Sequence[Box]) -> list[Box]:
        """The boxes of what was read → those of the pieces, larger than dirt, that lie mostly
        elsewhere."""
        inside = [
            (left - 1, top - 1, left + width + 1, top + height + 1)
            for left, top, width, height in boxes
        ]
        out = self.outside(np.array(inside, int).reshape(-1, 4)) & (self.areas >= DIRT)
        return [
            (left, top, right - left, bottom - top)
            for left, top, right, bottom in self.bounds[out].tolist()
        ]

    def outside(self, boxes: np.ndarray) -> np.ndarray:
        """Which (n + 1,) of the pieces lie mostly outside of (m, 4) boxes, left, top, right,
        bottom."""
        if not len(boxes):
            return self.areas > 0
        covered = np.zeros(self.labels.shape, bool)
        for left, top, right, bottom in np.clip(boxes, 0, None):
            covered[top:bottom, left:right] = True
        inside = np.bincount(self.labels[covered], minlength=len(self.areas))
        return inside < 0.5 * self.areas

    def _owner(self, box: Box) -> int:
        """The number in `joined` of which most lies in a box; 0 where there is no ink."""
        left, top, width, height = box
        inside = np.bincount(self.joined[top : top + height, left : left + width].ravel())
        return int(inside[1:].argmax()) + 1 if len(inside) > 1 else 0

    def _find_writing(self) -> None:
        numbers = np.flatnonzero(self.written)
        # As an array, since there may be a hundred thousand of them; its columns are the fields of
        # Piece.
        table = np.column_stack([numbers, self.bounds[numbers], self.areas[numbers]])
        inner = table[~(_border_strips(table, self.ink.shape) | _frames(table, self.ink.shape))]
        if (_heights(inner) >= MIN_WRITING * max(self.ink.shape)).any():
            table = inner
        whole, self.joined = np.arange(len(self.areas)), self.labels.copy()
        # where most digits are broken, the first time tells how high they are
        for _ in range(2 if len(table) else 0):
            self.unit = _unit(table)
            dirt = np.maximum(_widths(table), _heights(table)) < SPECK * self.unit
            if (~dirt).sum() > MAX_PIECES:
                raise TooMuchError
            mended = _join_broken(
                [Piece(*row) for row in table[~dirt].tolist()], self.joined, whole, self.unit
            )
            table = np.concatenate([np.array(mended, int).reshape(-1, 6), table[dirt]])
        if len(table):
            self.unit = _unit(table)
            table = table[np.maximum(_widths(table), _heights(table)) >= SPECK * self.unit]
        self.digits = [
            Piece(*row) for row in table[np.argsort(table[:, 2], kind="stable")].tolist()
        ]
        while (whole != whole[whole]).any():  # what joined another that has joined a third
            whole = whole[whole]
        self.written = np.isin(whole, table[:, 0])


def _widths(table: np.ndarray) -> np.ndarray:
    """(n, 6) pieces → (n,)."""
    return table[:, 3] - table[:, 1]


def _heights(table: np.ndarray) -> np.ndarray:
    """(n, 6) pieces → (n,)."""
    return table[:, 4] - table[:, 2]


def _unit(table: np.ndarray) -> float:
    """The height of the writing: of the pieces below which half of the ink lies. Many specks have
    little ink."""
    heights = np.maximum(_heights(table), _widths(table) / 3)
    order = np.argsort(heights)
    ink_below = np.cumsum(table[order, 5])
    return float(heights[order[np.searchsorted(ink_below, ink_below[-1] / 2)]])


def _join_broken(
    pieces: list[Piece], labels: np.ndarray, whole: np.ndarray, unit: float
) -> list[Piece]:
    """Pieces that are no dirt, those joined that were broken: one right above the other, together
    no higher than a digit.

    What joins another takes its number in (h, w) labels, and in (n + 1,) `whole`, which has the
    piece that each joined.
    """
    pieces = sorted(pieces, key=lambda piece: piece.top)
    if len(pieces) < 2:
        return pieces
    _, left, top, right, bottom, _ = np.array(pieces).T
    # what begins below is no part of the digit
    ends = np.searchsorted(top, top + HIGHEST * unit, "right")
    free = np.ones(len(pieces), bool)
    number = 0
    while number < len(pieces):
        upper = pieces[number]
        low, high, aside = (
            upper.bottom - BREAK * unit,
            upper.top + HIGHEST * unit,
            HIGHEST * GAP * unit + 4,
        )
        below = slice(number + 1, ends[number])
        near = (top[below] >= low) & (bottom[below] <= high) & free[below]
        # as far as strokes slant
        near &= (left[below] <= upper.right + aside) & (right[below] >= upper.left - aside)
        for other in np.flatnonzero(near).tolist() if free[number] and upper.bottom <= high else ():
            lower = pieces[number + 1 + other]
            shared = min(upper.right, lower.right) - max(upper.left, lower.left)
            if lower.top - upper.bottom <= BREAK * max(upper.height, lower.height) and (
                shared >= 0.5 * min(upper.width, lower.width) or _goes_on(upper, lower, labels)
            ):
                area = labels[lower.top : lower.bottom, lower.left : lower.right]
                area[area == lower.label] = upper.label
                whole[lower.label] = upper.label
                pieces[number] = Piece(
                    upper.label,
                    min(upper.left, lower.left),
                    upper.top,
                    max(upper.right, lower.right),
                    max(upper.bottom, lower.bottom),
                    upper.area + lower.area,
                )
                free[number + 1 + other] = False
                break
        else:
            number += 1
    return [piece for piece, own in zip(pieces, free.tolist(), strict=True) if own]


def _goes_on(upper: Piece, lower: Piece, labels: np.ndarray) -> bool:
    """Whether a stroke of one piece ends where one of the piece below begins, with hardly any white
    between."""
    if not 0 <= lower.top - upper.bottom <= GAP * max(upper.height, lower.height):
        return False
    above = (
        np.flatnonzero(labels[upper.bottom - 1, upper.left : upper.right] == upper.label)
        + upper.left
    )
    below = np.flatnonzero(labels[lower.top, lower.left : lower.right] == lower.label) + lower.left
    near = lower.top - upper.bottom + 2  # pixels: a stroke may slant
    return (
        len(above) > 0 < len(below)
        and above[0] - near <= below[-1]
        and below[0] - near <= above[-1]
    )


def _border_strips(table: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which (n,) of (n, 6) pieces lie along a border, where the paper's lines cut it up: rows of
    cells, or a broken line."""
    height, width = shape
    near = max(2, round(NEAR * max(shape)))
    strips = np.zeros(len(table), bool)
    _, left, top, right, bottom, _ = table.T
    # how far from the border each begins and ends, how long it is along it
    for length, across, start, end, along in (
        (width, height, top, bottom, right - left),
        (width, height, height - bottom, height - top, right - left),
        (height, width, left, right, bottom - top),
        (height, width, width - right, width - left, bottom - top),
    ):
        depth, shallow = 0, end <= STRIP_DEPTH * across
        line = shallow & (end - start <= np.minimum(near, along / 3))
        if along[line].sum() > STRIP * length:
            strips |= line
        while True:
            row = shallow & (depth <= start) & (start <= depth + near)
            if along[row].sum() <= STRIP * length:
                break
            strips |= row
            depth = end[row].max()
    return strips


def _frames(table: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which (n,) of (n, 6) pieces are rulings through the picture, or lie along its border: a
    table's edge, a shadow.

    A digit that touches the border, in a picture cut close, is no higher than those that don't.
    """
    height, width = shape
    _, left, top, right, bottom, _ = table.T
    widths, heights = right - left, bottom - top
    touches = (left == 0) | (top == 0) | (right == width) | (bottom == height)
    along = touches & (np.maximum(widths / width, heights / height) > ALONG)
    rulings = ~along & (widths > THROUGH * width) & (heights < THIN * widths)
    inner = heights[~(along | rulings)].max(initial=0) or height
    return rulings | along & (np.maximum(widths, heights) > LARGER * inner)


def ink_of(own: np.ndarray, labels: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """The ink of some pieces, (h, w) bool. The soft edge of a stroke belongs to it; a neighbour's
    ink doesn't."""
    near = own.copy()  # and its eight neighbours
    near[1:] |= own[:-1]
    near[:-1] |= own[1:]
    across = near.copy()
    near[:, 1:] |= across[:, :-1]
    near[:, :-1] |= across[:, 1:]
    return np.where(near & (own | (labels == 0)), ink, 0)
