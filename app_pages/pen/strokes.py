"""Strokes as the canvas keeps them → the picture that it would show: with some left out, with
another pen."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

FINER = 3  # times as many pixels a side to draw with, for smooth edges
STEPS = 8  # straight pieces that a curve is made of


def picture(
    strokes: Iterable[dict[str, Any]], width: int, height: int, pen: float = 1.0
) -> np.ndarray:
    """Strokes → (height, width) uint8, black on white.

    Args:
        strokes: the canvas' objects, each a `path` of SVG commands M, L, Q with absolute
            coordinates, and a `strokeWidth` in pixels.
        width, height: of the canvas, in pixels.
        pen: how many times as wide as they were drawn.
    """
    page = Image.new("L", (FINER * width, FINER * height), 255)
    draw = ImageDraw.Draw(page)
    for stroke in strokes:
        line = FINER * np.array(points(stroke["path"]))
        radius = max(0.5, FINER * pen * stroke["strokeWidth"] / 2)
        draw.line([tuple(point) for point in line], fill=0, width=max(1, round(2 * radius)))
        for x, y in line:  # round ends and joints
            # both ends are in it
            draw.ellipse((x - radius, y - radius, x + radius - 1, y + radius - 1), fill=0)
    return np.asarray(page.reduce(FINER))


def points(path: Sequence[Sequence]) -> list[tuple[float, float]]:
    """SVG path commands → points along it, in the path's own coordinates; curves as STEPS straight
    pieces."""
    found: list[tuple[float, float]] = []
    for kind, *numbers in path:
        end = tuple(numbers[-2:])
        if kind == "Q":
            (x, y), (mx, my) = found[-1], numbers[:2]
            for t in np.arange(1, STEPS) / STEPS:
                a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
                found.append((a * x + b * mx + c * end[0], a * y + b * my + c * end[1]))
        found.append(end)
    return found


def until(strokes: Sequence[dict[str, Any]], share: float) -> list[dict[str, Any]]:
    """What was drawn when the pen had gone a share in [0, 1] of its whole way: the last stroke may
    be cut short."""
    lines = [np.array(points(stroke["path"])) for stroke in strokes]
    left = share * sum(map(_length, lines))
    found: list[dict[str, Any]] = []
    for stroke, line in zip(strokes, lines, strict=True):
        if left <= 0:
            break
        if left < _length(line):
            done = np.append(0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
            end = [np.interp(left, done, axis) for axis in line.T]
            line = np.vstack([line[done < left], end])
            stroke = stroke | {"path": [["M", *line[0]], *(["L", *point] for point in line[1:])]}
        found.append(stroke)
        left -= _length(line)
    return found


def ends(strokes: Sequence[dict[str, Any]]) -> np.ndarray:
    """The share of the pen's whole way, in [0, 1], at which each stroke ends."""
    done = np.cumsum([_length(np.array(points(stroke["path"]))) for stroke in strokes])
    return done / done[-1]


def _length(line: np.ndarray) -> float:
    """Of (n, 2) points' line, in pixels; a mere dot has some, too."""
    return max(1.0, float(np.hypot(*np.diff(line, axis=0).T).sum()))
