"""Boxes of digits in lines → numbers, as a person sees them: what stands together, in rows and
columns.

Digits make one number where little white lies between them. How little differs from hand to hand:
where the gaps of a page are of two kinds, the white between both tells them apart. Columns are
found as sequences are aligned: the fullest row first, then each row so that its numbers lie below
those they overlap with most (Needleman and Wunsch, 1970).

The constants were set on the tables of tests/test_numbers.py.
"""

import itertools
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.boxes import Box, Sign, bounding_box

# White between digits, in units of their height. Where the gaps of a page, within GAPS, are of two
# kinds, a number ends at the middle between the two neighbours that differ most, if they differ by
# CLEAR and the larger is at least LEAST; else at GAP. On a page of ROWS rows or more with most
# digits APART, each stands by itself, as in a sudoku.
GAP, GAPS, CLEAR, LEAST = 0.8, (0.0, 1.6), 0.4, 0.5
APART, ROWS = 0.6, 3
BESIDE = 1.0  # heights of white at most between a sign and its digits
LOW = 0.55  # of its digit's height lies above a decimal point
MIDDLE = (0.15, 0.85)  # of its digit's height: there a minus stands
# Heights of white at most between a dash and the digit before it, from which it then takes away.
OPERATOR = 1.0
SLACK = 0.4  # heights on each side of a number: so far it may lie beside its column
OVERLAP = 0.15  # of the narrower of two numbers in a column, with that slack

COMMA = 1.6  # times as high as it is wide: a point is not
# Of the digits' height: so far below its digits a point may lie, and so much of a digit's width
# may a minus reach into it.
BELOW, REACH = 0.4, 0.2

Span = tuple[float, float]  # left and right
Cell = tuple[int, int]  # a number's row, and its place in that


class NumberGroup(NamedTuple):
    """A number: its digits; which sign stands before each of them, by its place among them; row and
    column from 0."""

    digits: list[int]
    signs: dict[int, int]
    row: int
    column: int


def group_into_numbers(
    lines: Sequence[Sequence[Box]], signs: Sequence[Sign] = ()
) -> list[NumberGroup]:
    """The numbers of a page.

    Args:
        lines: boxes (left, top, width, height) of digits in lines, as they are read. A digit's
            number counts through.
        signs: boxes of points and commas, "." or ",", and of dashes, "−".

    Returns:
        the numbers in reading order. A sign that belongs to none is in none.
    """
    if not any(lines):
        return []
    joined = [_decimal_points(line, signs) for line in lines]
    gaps = [_gaps(line) for line in lines]
    limit = _limit(gaps)
    first, rows = 0, []
    for line, points, white in zip(lines, joined, gaps, strict=True):
        groups: list[tuple[list[int], dict[int, int]]] = []
        for at in range(len(line)):
            minus = _minus(line, at, signs)
            if at and (white[at - 1] <= limit or at - 1 in points) and minus is None:
                if at - 1 in points:
                    groups[-1][1][len(groups[-1][0])] = points[at - 1]
                groups[-1][0].append(at)
            else:
                groups.append(([at], {0: minus[0]} if minus is not None and minus[1] else {}))
        rows.append([([first + at for at in digits], own) for digits, own in groups])
        first += len(line)
    boxes = [box for line in lines for box in line]
    columns = _columns(
        [[bounding_box([boxes[at] for at in digits]) for digits, _ in row] for row in rows],
        _tilt(lines),
    )
    return [
        NumberGroup(digits, own, number, column)
        for number, (row, of_row) in enumerate(zip(rows, columns, strict=True))
        for (digits, own), column in zip(row, of_row, strict=True)
    ]


def point_sign(width: float, height: float) -> str:
    """A decimal point of that size: "." or ","."""
    return "," if height >= COMMA * width else "."


def _height(line: Sequence[Box]) -> float:
    return statistics.median(max(width, height) for _, _, width, height in line)


def _decimal_points(line: Sequence[Box], signs: Sequence[Sign]) -> dict[int, int]:
    """Which sign is the decimal point behind a digit, by the digit's place in its line."""
    points, size = {}, _height(line)
    for number, ((left, top, width, height), sign) in enumerate(signs):
        middle = left + width / 2, top + height / 2
        for at in range(len(line) - 1):
            before, after = line[at], line[at + 1]
            between = before[0] + before[2] / 2 < middle[0] < after[0] + after[2] / 2
            near = (
                left - before[0] - before[2] <= BESIDE * size
                and after[0] - left - width <= BESIDE * size
            )
            low = (
                middle[1] >= before[1] + LOW * before[3]
                and middle[1] <= before[1] + before[3] + BELOW * size
            )
            if sign != "−" and between and near and low:
                points[at] = number
    return points


def _minus(line: Sequence[Box], at: int, signs: Sequence[Sign]) -> tuple[int, bool] | None:
    """The dash before a digit, and whether it is a minus: none that stands behind another digit
    is."""
    size, digit = _height(line), line[at]
    for number, ((left, top, width, height), sign) in enumerate(signs):
        high = MIDDLE[0] <= (top + height / 2 - digit[1]) / digit[3] <= MIDDLE[1]
        before = (
            left + width / 2 < digit[0] + REACH * digit[2]
            and digit[0] - left - width <= BESIDE * size
        )
        if sign == "−" and high and before:
            last = line[at - 1] if at else None
            if last and last[0] + last[2] / 2 > left + width / 2:
                continue  # it stands before an earlier digit
            return number, not (last and left - last[0] - last[2] < OPERATOR * size)
    return None


def _gaps(line: Sequence[Box]) -> list[float]:
    """The white between a line's digits, in heights."""
    size = _height(line)
    return [(after[0] - before[0] - before[2]) / size for before, after in itertools.pairwise(line)]


def _limit(gaps: list[list[float]]) -> float:
    """From how much white on a number ends, by the gaps of each line."""
    every = np.array([gap for line in gaps for gap in line])
    if not len(every):
        return GAP
    sizes = np.unique(np.clip(every, *GAPS))
    steps = np.where(sizes[1:] >= LEAST, np.diff(sizes), 0)
    if len(steps) and steps.max() >= CLEAR:
        return float(sizes[steps.argmax()] + steps.max() / 2)
    return 0.0 if len(gaps) >= ROWS and np.median(every) >= APART else GAP


def _tilt(lines: Sequence[Sequence[Box]]) -> float:
    """By how much the lines of a page slope: pixels down for each to the right."""
    slopes = []
    for line in lines:
        x, y = np.array(
            [(left + width / 2, top + height / 2) for left, top, width, height in line]
        ).T
        if len(line) > 2 and np.ptp(x) > 3 * _height(line):
            slopes.append(np.polyfit(x, y, 1)[0])
    return float(np.median(slopes)) if slopes else 0.0


def _columns(rows: list[list[Box]], tilt: float) -> list[list[int]]:
    """The column of each number of each row."""
    size = statistics.median(height for row in rows for _, _, _, height in row)
    spans: list[list[Span]] = []  # of each number, as if the lines were level
    for row in rows:
        ends = [(left + tilt * (top + height / 2), width) for left, top, width, height in row]
        spans.append([(left - SLACK * size, left + width + SLACK * size) for left, width in ends])
    columns: list[list[Cell]] = []  # which numbers lie in each
    for number in sorted(range(len(rows)), key=lambda number: -len(rows[number])):
        row_spans = spans[number]
        column_spans = [_mean([spans[r][at] for r, at in column]) for column in columns]
        merged: list[list[Cell]] = []
        at, column_at = 0, 0
        for place, below in [
            *_align(row_spans, column_spans),
            (len(row_spans), len(columns)),
        ]:
            # What lies between two that are aligned goes in the order of its middles.
            between = [(sum(row_spans[n]), [(number, n)]) for n in range(at, place)]
            between += [(sum(column_spans[n]), columns[n]) for n in range(column_at, below)]
            merged += [column for _, column in sorted(between, key=lambda pair: pair[0])]
            if place < len(row_spans):
                merged.append([*columns[below], (number, place)])
            at, column_at = place + 1, below + 1
        columns = merged
    column_of = {cell: number for number, column in enumerate(columns) for cell in column}
    return [[column_of[row, at] for at in range(len(rows[row]))] for row in range(len(rows))]


def _mean(spans: list[Span]) -> Span:
    left, right = np.mean(spans, axis=0).tolist()
    return left, right


def _align(row: list[Span], columns: list[Span]) -> list[tuple[int, int]]:
    """Which of a row's spans lies in which column, so that as much as can be overlaps, in the order
    of both."""
    best = np.zeros((len(row) + 1, len(columns) + 1))
    left, right = np.array(row)[:, :, None].transpose(1, 0, 2)
    start, end = np.array(columns).reshape(-1, 2).T
    overlaps = (np.minimum(right, end) - np.maximum(left, start)) / np.minimum(
        right - left, end - start
    )
    overlaps = np.where(overlaps > OVERLAP, overlaps, 0)
    for at in range(len(row)):
        best[at + 1, 1:] = np.maximum.accumulate(
            np.maximum(best[at, 1:], best[at, :-1] + overlaps[at])
        )
    pairs, at, number = [], len(row), len(columns)
    while at and number:
        if (
            overlaps[at - 1, number - 1]
            and best[at, number] == best[at - 1, number - 1] + overlaps[at - 1, number - 1]
        ):
            at, number = at - 1, number - 1
            pairs.append((at, number))
        elif best[at, number] == best[at - 1, number]:
            at -= 1
        else:
            number -= 1
    return pairs[::-1]
