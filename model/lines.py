"""Lines of writing: which pieces of ink stand in one line.

Sizes are in units of the height of the writing. The constants were set on
tests/test_segmentation.py and tuned with benchmarks/pages.py, on pages composed of validation
digits.
"""

from collections.abc import Sequence

import numpy as np

from model.boxes import Box
from model.pieces import MAIN, Piece

NEAR = 0.6  # a small piece farther than this from any other is no part of a digit
STEEP = 0.3  # pixels down for each to the right: a line does not slope more
LEVEL = 0.4  # of the lower of two pieces: with so much in common, they stand in one line


def sort_into_lines(boxes: Sequence[Box]) -> list[list[int]]:
    """Boxes of digits → their numbers in reading order: lines from top to bottom, each from left to
    right."""
    pieces = [
        Piece(number, left, top, left + width, top + height, width * height)
        for number, (left, top, width, height) in enumerate(boxes)
    ]
    lines = group_into_lines(pieces, unit=0)  # no box is too small to be a digit
    return [
        [piece.label for piece in sorted(line, key=lambda piece: piece.left + piece.right)]
        for line in lines
    ]


def group_into_lines(pieces: list[Piece], unit: float) -> list[list[Piece]]:
    """Pieces in lines of writing, from top to bottom. A line may slope: it goes on where its last
    pieces point to."""
    main = sorted((p for p in pieces if p.height >= MAIN * unit), key=lambda p: p.left + p.right)
    if not main:
        main, pieces = pieces, []
    lines: list[list[Piece]] = []
    tilt = _tilt(main)
    # of each line: middle (twice), top, bottom and height of its last piece, and slope
    last = np.empty((len(main), 5))
    line_of = []
    for piece in main:
        number = len(lines)
        if lines:
            middle, top, bottom, height, slope = last[:number].T
            shift = slope * (piece.left + piece.right - middle) / 2
            shared = np.minimum(piece.bottom, bottom + shift) - np.maximum(piece.top, top + shift)
            overlaps = shared / np.minimum(piece.height, height)
            best = int(np.argmax(overlaps))
            number = best if overlaps[best] >= LEVEL else number
        if number == len(lines):
            lines.append([])
        lines[number].append(piece)
        line_of.append(number)
        last[number] = (
            piece.left + piece.right,
            piece.top,
            piece.bottom,
            piece.height,
            _slope(lines[number], tilt),
        )
    small = [p for p in pieces if p.height < MAIN * unit]
    # first those of the lines, then what joined them
    placed = np.array(main + small).reshape(-1, 6)[:, 1:5]
    of_line, count = np.array(line_of + [0] * len(small), int), len(main)
    for piece in small:
        left, top, right, bottom = placed[:count].T
        across = np.maximum(0, np.maximum(piece.left - right, left - piece.right))
        down = np.maximum(0, np.maximum(piece.top - bottom, top - piece.bottom))
        white = np.hypot(across, down)
        if white.min() <= NEAR * unit:
            nearest = of_line[:count][white == white.min()].min()
            lines[nearest].append(piece)
            placed[count], of_line[count] = piece[1:5], nearest
            count += 1
    return sorted(
        lines, key=lambda line: sum(piece.top + piece.bottom for piece in line) / len(line)
    )


def _slope(line: list[Piece], tilt: float) -> float:
    """Of a line at its last pieces, at most STEEP either way; of few that stand closely, nearly
    that of the page."""
    x, y = np.array([((p.left + p.right) / 2, (p.top + p.bottom) / 2) for p in line[-4:]]).T
    x, y = x - x.mean(), y - y.mean()
    slope = tilt + x @ (y - tilt * x) / (x @ x + line[-1].height ** 2)
    return min(max(slope, -STEEP), STEEP)


def _tilt(pieces: list[Piece]) -> float:
    """The slope of a page's lines: what is usual between a piece and the nearest to its right."""
    if len(pieces) < 4:
        return 0.0
    left, top, right, bottom = np.array([piece[1:5] for piece in pieces], float).T
    x, y, height = (left + right) / 2, (top + bottom) / 2, bottom - top
    near = _nearest(x, 2 * y, min(9, len(pieces)))
    across, down = x[near] - x[:, None], y[near] - y[:, None]
    beside = (across > 0.3 * height[:, None]) & (
        abs(down) < 0.5 * np.minimum(height[near], height[:, None])
    )
    first = beside.argmax(1)
    some = beside.any(1)
    if some.sum() < 3:
        return 0.0
    rows = np.flatnonzero(some)
    return float(
        np.clip(np.median(down[rows, first[rows]] / across[rows, first[rows]]), -STEEP, STEEP)
    )


def _nearest(x: np.ndarray, y: np.ndarray, count: int) -> np.ndarray:
    """(n,) places → (n, count) numbers of those nearest to each, itself first.

    SciPy's k-d trees take longer to be imported than this takes for a page.
    """
    distances = np.subtract.outer(x, x) ** 2 + np.subtract.outer(y, y) ** 2
    near = distances.argpartition(count - 1)[:, :count]
    order = np.take_along_axis(distances, near, 1).argsort(1, kind="stable")
    return np.take_along_axis(near, order, 1)
