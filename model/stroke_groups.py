"""Digits that run into each other, told apart by the strokes that made them.

In a picture, ink that meets is one piece. Where strokes are known, whoever writes mostly ends a
digit before the next: so a digit is some strokes in a row, and which ones is what both networks are
surest of.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from model.boxes import Box, Sign
from model.glyph import normalise
from model.page_reader import combine_votes
from model.pen_reader import PenReader
from model.reading import Digit
from model.strokes import Stroke, StrokeMap, picture, strokes_in

MOST = 4  # strokes of a digit
WIDEST = 1.5  # times as wide as digits are high: no stroke of one
FLAT = 0.3  # times as high as these
SIDE = 128  # pixels: as large is a digit drawn at most, of which a glyph has 28
# Strokes that run into each other, and their points: more are no number, and would take long.
MOST_IN_A_RUN, MOST_POINTS = 60, 20_000
MOST_PAIRS = 4_000_000  # of a stroke and a digit on a picture
# Nats: what each digit costs, so that two strokes are rather one digit; what a stroke does that no
# digit is made of; and a digit that costs more may be none, or several.
DIGIT, UNTOLD, SURE = 0.05, 1.5, 0.1
# What a digit may cost that strokes are told apart for; and where their picture tells none, which
# may show a letter. Chosen on pairs of pendigits' training digits and on UNIPEN's letters.
MOST_A_DIGIT, MOST_OF_UNKNOWN = 0.75, 0.16
# Of the tallest digit: how high each is at least, and how far its middle is from the one before.
LEAST_HEIGHT, LEAST_STEP = 0.5, 0.2


class Group(NamedTuple):
    """Strokes that are a digit: their box in the picture, their glyph, what the network of glyphs
    makes of it, and they themselves."""

    box: Box
    glyph: np.ndarray
    by_picture: np.ndarray
    strokes: tuple[Stroke, ...]


def without_marks(strokes: StrokeMap, signs: Iterable[Sign], height: float) -> StrokeMap:
    """The strokes but for those of signs, and what underlines digits of so many pixels or strikes
    them out: far wider than they are high, and flat."""
    marks = {id(mark) for box, _ in signs for mark in strokes_in(strokes.near(box), box)}
    for stroke in strokes.strokes:
        left, top, right, bottom = stroke.sides
        if right - left > WIDEST * height and bottom - top - stroke.width < FLAT * height:
            marks.add(id(stroke))
    return StrokeMap(stroke for stroke in strokes.strokes if id(stroke) not in marks)


def by_line(strokes: StrokeMap, lines: Sequence[Sequence[Digit]]) -> list[list[Stroke]]:
    """The strokes of each line of digits, in their order: a stroke is of the line of the digit that
    it is nearest to. None where there are far too many of both."""
    found: list[list[Stroke]] = [[] for _ in lines]
    boxes = [digit.box for line in lines for digit in line]
    if not boxes or len(strokes.strokes) * len(boxes) > MOST_PAIRS:
        return found
    numbers = [number for number, line in enumerate(lines) for _ in line]
    for stroke, at in zip(strokes.strokes, strokes.nearest(boxes), strict=True):
        found[numbers[at]].append(stroke)
    return found


def made_by(run: Sequence[Stroke], line: Iterable[Digit], strokes: StrokeMap) -> list[Digit] | None:
    """The digits of a line that some of its strokes made; None where other strokes made a part of
    one, too."""
    own = set(map(id, run))
    digits = []
    for digit in line:
        made = set(map(id, digit.strokes or strokes.near(digit.box)))
        if made and made <= own:
            digits.append(digit)
        elif made & own:
            return None
    return digits


def price(digits: Sequence[Digit], run: Sequence[Stroke]) -> float:
    """Nats that some digits cost, as what some strokes made; 0 where all of it is sure."""
    told = sum(len(digit.strokes) for digit in digits)
    costs = [cost(digit.probabilities) for digit in digits]
    if told == len(run) and max(costs) < SURE:
        return 0.0
    return sum(costs) + UNTOLD * (len(run) - told)


def middle(box: Box) -> float:
    """Of a box, from left to right."""
    return box[0] + box[2] / 2


def cost(probabilities: np.ndarray) -> float:
    """Nats that a digit of (classes,) probabilities costs."""
    return DIGIT - float(np.log(probabilities.max()))


def runs_of(strokes: Sequence[Stroke], height: float) -> list[list[Stroke]]:
    """The strokes of a line, in their order, in runs: what lies beside all others is a run of its
    own.

    Args:
        strokes: of the line, in the order in which they were written.
        height: of its digits, in pixels. What is far wider made several, and is in none.
    """
    narrow = [s for s in strokes if s.sides[2] - s.sides[0] <= WIDEST * height]
    runs: list[list[int]] = []
    end = -np.inf
    for number in sorted(range(len(narrow)), key=lambda number: narrow[number].sides[0]):
        left, _, right, _ = narrow[number].sides
        if left >= end:
            runs.append([])
        runs[-1].append(number)
        end = max(end, right)
    return [[narrow[number] for number in sorted(run)] for run in runs]


def split(
    strokes: Sequence[Stroke],
    classify: Callable[[np.ndarray], np.ndarray],
    pen_reader: PenReader,
    most: float,
    known: bool = True,
) -> list[Group]:
    """The digits that strokes in a row make, from left to right; none where they would cost more.

    Args:
        strokes: in the order in which they were written, upright, in pixels of the picture.
        classify: the network of glyphs.
        pen_reader: the pen network.
        most: nats that they may cost.
        known: whether their picture tells one of them.
    """
    n = len(strokes)
    if n > MOST_IN_A_RUN or sum(len(stroke.points) for stroke in strokes) > MOST_POINTS:
        return []
    spans = [(i, j) for i in range(n) for j in range(i + 1, min(i + MOST, n) + 1)]
    groups = [tuple(strokes[i:j]) for i, j in spans]
    boxes = [_box(group) for group in groups]
    glyphs = np.stack([_glyph(group, box) for group, box in zip(groups, boxes, strict=True)])
    by_picture = classify(glyphs)
    together = combine_votes(by_picture, pen_reader.read(groups))
    costs = [*map(cost, together)]
    best: list[tuple[float, list[int]]] = [(0.0, [])]  # of the first strokes: cost, and their spans
    for end in range(1, n + 1):
        best.append(
            min(
                (best[i][0] + costs[at], [*best[i][1], at])
                for at, (i, j) in enumerate(spans)
                if j == end
            )
        )
    total, chosen = best[-1]
    most_each = MOST_A_DIGIT if known else MOST_OF_UNKNOWN
    if total >= most or max(costs[at] for at in chosen) > most_each:
        return []
    digits = [Group(boxes[at], glyphs[at], by_picture[at], groups[at]) for at in chosen]
    digits.sort(key=lambda digit: middle(digit.box))
    return digits if _is_number([digit.box for digit in digits]) else []


def _is_number(boxes: Sequence[Box]) -> bool:
    """Whether boxes, from left to right, stand beside each other as digits do: about as high, and
    neither upon nor within one another."""
    tallest = max(box[3] for box in boxes)
    steps = np.diff([middle(box) for box in boxes])
    tops, bottoms = zip(*((box[1], box[1] + box[3]) for box in boxes), strict=True)
    shared = min(bottoms) - max(tops)
    return bool(
        min(box[3] for box in boxes) >= LEAST_HEIGHT * tallest
        and (steps >= LEAST_STEP * tallest).all()
        and shared >= LEAST_HEIGHT * tallest / 2
    )


def _box(strokes: Sequence[Stroke]) -> Box:
    sides = np.array([stroke.sides for stroke in strokes])
    left, top = np.floor(sides[:, :2].min(0)).astype(int).tolist()
    right, bottom = np.ceil(sides[:, 2:].max(0)).astype(int).tolist()
    return left, top, right - left, bottom - top


def _glyph(strokes: Sequence[Stroke], box: Box) -> np.ndarray:
    """(28, 28) uint8, as if nothing else were there."""
    left, top, width, height = box
    scale = min(1.0, SIDE / max(width, height))
    moved = [
        replace(stroke.along(scale * (stroke.points - [left, top])), width=scale * stroke.width)
        for stroke in strokes
    ]
    drawn = picture(moved, math.ceil(scale * width), math.ceil(scale * height))
    return normalise(1 - drawn.astype(np.float32) / 255)
