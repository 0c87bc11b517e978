"""Ten digits as pen strokes, for the canvas to draw by itself and for tests to draw by mouse."""

import itertools
import math

Point = tuple[float, float]

# In a unit square, x to the right and y down. A point given twice is a corner, all others are
# rounded.
STROKES: tuple[tuple[tuple[Point, ...], ...], ...] = (
    (((0.55, 0.16), (0.38, 0.2), (0.28, 0.42), (0.3, 0.68), (0.44, 0.84), (0.6, 0.8), (0.71, 0.6),
      (0.7, 0.34), (0.6, 0.18), (0.5, 0.17)),),
    (((0.44, 0.26), (0.53, 0.16), (0.53, 0.16), (0.51, 0.5), (0.49, 0.84)),),
    (((0.32, 0.32), (0.38, 0.18), (0.54, 0.14), (0.68, 0.24), (0.66, 0.42), (0.5, 0.6), (0.3, 0.82),
      (0.3, 0.82), (0.5, 0.8), (0.72, 0.82)),),
    (((0.34, 0.22), (0.48, 0.14), (0.64, 0.2), (0.66, 0.34), (0.56, 0.45), (0.44, 0.48),
      (0.44, 0.48), (0.6, 0.5), (0.7, 0.62), (0.64, 0.78), (0.48, 0.85), (0.32, 0.78)),),
    (((0.42, 0.16), (0.36, 0.36), (0.3, 0.56), (0.3, 0.56), (0.5, 0.56), (0.72, 0.54)),
      ((0.62, 0.34), (0.6, 0.6), (0.58, 0.86))),
    (((0.66, 0.17), (0.4, 0.18), (0.4, 0.18), (0.38, 0.32), (0.36, 0.44), (0.36, 0.44), (0.52, 0.4),
      (0.66, 0.5), (0.68, 0.66), (0.58, 0.8), (0.44, 0.84), (0.32, 0.78)),),
    (((0.62, 0.15), (0.46, 0.26), (0.35, 0.46), (0.33, 0.66), (0.42, 0.82), (0.56, 0.84),
      (0.67, 0.72), (0.64, 0.57), (0.52, 0.52), (0.4, 0.58), (0.34, 0.68)),),
    (((0.3, 0.2), (0.5, 0.19), (0.7, 0.18), (0.7, 0.18), (0.6, 0.4), (0.5, 0.62), (0.44, 0.86)),),
    (((0.62, 0.24), (0.5, 0.15), (0.38, 0.22), (0.38, 0.36), (0.5, 0.46), (0.64, 0.58),
      (0.66, 0.74), (0.52, 0.85), (0.36, 0.78), (0.34, 0.62), (0.46, 0.5), (0.6, 0.4), (0.64, 0.28),
      (0.58, 0.18)),),
    (((0.66, 0.3), (0.56, 0.17), (0.42, 0.18), (0.34, 0.32), (0.38, 0.45), (0.5, 0.5), (0.62, 0.42),
      (0.66, 0.28), (0.66, 0.28), (0.65, 0.5), (0.6, 0.7), (0.54, 0.86)),),
)  # fmt: skip


def placed(
    digit: int, size: float, tilt: float = 0, left: float = 0, top: float = 0
) -> list[list[Point]]:
    """The strokes of a digit in a square of `size` pixels at (left, top), turned clockwise by
    `tilt` degrees."""
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))

    def place(x: float, y: float) -> Point:
        x, y = x - 0.5, y - 0.5
        return left + size * (0.5 + cos * x - sin * y), top + size * (0.5 + sin * x + cos * y)

    return [[place(*point) for point in stroke] for stroke in STROKES[digit]]


def path(stroke: list[Point]) -> list[list]:
    """A stroke → SVG path commands: curves from the middle of each two points to the next, as a
    brush draws them."""
    commands: list[list] = [["M", *stroke[0]]]
    for (x, y), (next_x, next_y) in itertools.pairwise(stroke[1:]):
        commands.append(["Q", x, y, (x + next_x) / 2, (y + next_y) / 2])
    return [*commands, ["L", *stroke[-1]]]
