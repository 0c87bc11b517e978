"""Strokes of a pen, and the pictures that a canvas shows of them: with some left out, with another
pen, at another place."""

import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from model import interruption
from model.boxes import Box
from model.pen.path import distances_along

FINER = 3  # times as many pixels a side to draw with, for smooth edges
FILLED = 0.64  # of a square: what one draws on a canvas leaves so much around
PIECES = 8  # straight ones that a curve is made of

Point = tuple[float, float]  # x to the right, y down
# An SVG command with absolute coordinates: "M", x, y, where the pen goes down; "L", x, y, a line to
# there; "Q", x, y of the control point, then x, y, a curve to there.
Step = tuple[str, *tuple[float, ...]]


@dataclass(frozen=True)
class Stroke:
    """What a pen draws without being lifted; hashable."""

    path: tuple[Step, ...]  # at least one, the first an "M"
    width: float  # pixels

    @functools.cached_property
    def points(self) -> np.ndarray:
        """(n, 2) float, along it, never to be changed; a curve is PIECES straight pieces."""
        points: list[Point] = []
        for command, *numbers in self.path:
            end = numbers[-2], numbers[-1]
            if command == "Q":
                (x, y), (middle_x, middle_y) = points[-1], numbers[:2]
                for t in np.arange(1, PIECES) / PIECES:
                    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
                    points.append(
                        (a * x + b * middle_x + c * end[0], a * y + b * middle_y + c * end[1])
                    )
            points.append(end)
        return np.array(points, float)

    @functools.cached_property
    def sides(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of its ink."""
        (left, top), (right, bottom) = self.points.min(0).tolist(), self.points.max(0).tolist()
        radius = self.width / 2
        return left - radius, top - radius, right + radius, bottom + radius

    @property
    def length(self) -> float:
        """Pixels that the pen goes; 0 of a mere dot."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())

    def along(self, points: np.ndarray) -> "Stroke":
        """The same pen along straight lines between (n, 2) points."""
        (start, *others) = points.tolist()
        return replace(self, path=(("M", *start), *(("L", *point) for point in others)))


def brush(points: Sequence[Point], width: float) -> Stroke:
    """Points as a brush connects them: by curves from the middle of each two to that of the
    next."""
    first, *others = points
    curves = (
        ("Q", x, y, (x + next_x) / 2, (y + next_y) / 2)
        for (x, y), (next_x, next_y) in itertools.pairwise(others)
    )
    return Stroke((("M", *first), *curves, ("L", *points[-1])), width)


def picture(strokes: Iterable[Stroke], width: int, height: int, pen: float = 1.0) -> np.ndarray:
    """Strokes → (height, width) uint8, black on white.

    Args:
        strokes: in pixels of the canvas.
        width, height: of the canvas, in pixels.
        pen: how many times as wide as they were drawn.
    """
    page = Image.new("L", (FINER * width, FINER * height), 255)
    draw = ImageDraw.Draw(page)
    for stroke in strokes:
        interruption.check()
        line = FINER * stroke.points
        radius = max(0.5, FINER * pen * stroke.width / 2)
        draw.line([tuple(point) for point in line], fill=0, width=max(1, round(2 * radius)))
        for x, y in line:  # round ends and joints
            # both ends are in it
            draw.ellipse((x - radius, y - radius, x + radius - 1, y + radius - 1), fill=0)
    return np.asarray(page.reduce(FINER))


def fit(strokes: Sequence[Stroke], side: float) -> tuple[Stroke, ...]:
    """The same strokes in the middle of a square of that side, of which they take FILLED."""
    if not strokes:
        return ()
    points = np.concatenate([stroke.points for stroke in strokes])
    low, high = points.min(0), points.max(0)
    scale = FILLED * side / max(float((high - low).max()), 1.0)
    x, y = (side / 2 - scale * (low + high) / 2).tolist()

    def moved(step: Step) -> Step:
        command, *numbers = step
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return command, *(n for a, b in pairs for n in (scale * a + x, scale * b + y))

    return tuple(Stroke(tuple(map(moved, stroke.path)), scale * stroke.width) for stroke in strokes)


class StrokeMap:
    """Strokes of a picture, found by where they lie: there may be thousands, and as many digits.

    Args:
        strokes: in pixels of the picture, in the order in which they were written.
    """

    def __init__(self, strokes: Iterable[Stroke]):
        self.strokes = tuple(strokes)
        self._sides = np.array([stroke.sides for stroke in self.strokes], float).reshape(-1, 4)

    def near(self, box: Box) -> list[Stroke]:
        """Those that may reach into a box, in their order."""
        left, top, width, height = box
        left_of, above, right_of, below = self._sides.T
        reaching = (right_of >= left) & (left_of <= left + width)
        reaching &= (below >= top) & (above <= top + height)
        return [self.strokes[number] for number in np.flatnonzero(reaching)]

    def nearest(self, boxes: Sequence[Box]) -> np.ndarray:
        """(strokes,) int: of each, which box the middle of its ink is nearest to; of several that
        it lies in, whose middle is."""
        sides = np.array(boxes, float)
        low, high = sides[:, :2], sides[:, :2] + sides[:, 2:]
        middles = (self._sides[:, None, :2] + self._sides[:, None, 2:]) / 2
        outside = np.maximum(np.maximum(low - middles, middles - high), 0)
        off = np.abs(middles - (low + high) / 2)
        return (np.hypot(*outside.T) + 1e-3 * np.hypot(*off.T)).argmin(0)


def strokes_in(strokes: Iterable[Stroke], box: Box) -> list[Stroke]:
    """The strokes of whose points most lie in a box."""
    left, top, width, height = box
    low, high = np.array([left, top]), np.array([left + width, top + height])
    return [
        stroke
        for stroke in strokes
        if ((stroke.points >= low) & (stroke.points <= high)).all(1).mean() > 0.5
    ]


def until(strokes: Sequence[Stroke], share: float) -> list[Stroke]:
    """What was drawn when the pen had gone a share in [0, 1] of its whole way: the last stroke may
    be cut short."""
    left = share * sum(map(_way, strokes))
    begun = []
    for stroke in strokes:
        if left <= 0:
            break
        way = _way(stroke)
        begun.append(_cut(stroke, left) if left < way else stroke)
        left -= way
    return begun


def ends(strokes: Sequence[Stroke]) -> np.ndarray:
    """The share of the pen's whole way, in [0, 1], at which each stroke ends."""
    ways = np.cumsum([_way(stroke) for stroke in strokes])
    return ways / ways[-1]


def _cut(stroke: Stroke, length: float) -> Stroke:
    """The beginning of a stroke, so many pixels long."""
    points = stroke.points
    distances = distances_along(points)
    end = [np.interp(length, distances, axis) for axis in points.T]
    return stroke.along(np.vstack([points[distances < length], end]))


def _way(stroke: Stroke) -> float:
    """How far the pen goes, in pixels; for a mere dot it goes some way, too."""
    return max(1.0, stroke.length)
