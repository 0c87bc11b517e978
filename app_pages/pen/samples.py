"""Ten digits as pen strokes, for the canvas to draw by itself and for tests to draw by mouse."""

import math

from model.strokes import Point, Stroke, brush

# Each digit's strokes, point by point, as "x,y" in hundredths of a square. A point given twice is a
# corner, all others are rounded.
SHAPES = (
    ("55,16 38,20 28,42 30,68 44,84 60,80 71,60 70,34 60,18 50,17",),
    ("44,26 53,16 53,16 51,50 49,84",),
    ("32,32 38,18 54,14 68,24 66,42 50,60 30,82 30,82 50,80 72,82",),
    ("34,22 48,14 64,20 66,34 56,45 44,48 44,48 60,50 70,62 64,78 48,85 32,78",),
    ("42,16 36,36 30,56 30,56 50,56 72,54", "62,34 60,60 58,86"),
    ("66,17 40,18 40,18 38,32 36,44 36,44 52,40 66,50 68,66 58,80 44,84 32,78",),
    ("62,15 46,26 35,46 33,66 42,82 56,84 67,72 64,57 52,52 40,58 34,68",),
    ("30,20 50,19 70,18 70,18 60,40 50,62 44,86",),
    ("62,24 50,15 38,22 38,36 50,46 64,58 66,74 52,85 36,78 34,62 46,50 60,40 64,28 58,18",),
    ("66,30 56,17 42,18 34,32 38,45 50,50 62,42 66,28 66,28 65,50 60,70 54,86",),
)


def lines(
    digit: int, size: float, tilt: float = 0, left: float = 0, top: float = 0
) -> list[list[Point]]:
    """The strokes of a digit as points, in a square of `size` pixels at (left, top), turned
    clockwise by `tilt` degrees."""
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))

    def place(point: str) -> Point:
        x, y = (int(number) / 100 - 0.5 for number in point.split(","))
        return left + size * (0.5 + cos * x - sin * y), top + size * (0.5 + sin * x + cos * y)

    return [[place(point) for point in shape.split()] for shape in SHAPES[digit]]


def strokes(
    digit: int, size: float, width: float, tilt: float = 0, left: float = 0, top: float = 0
) -> list[Stroke]:
    """The strokes of a digit as a brush of `width` pixels draws them; the rest as for `lines`."""
    return [brush(points, width) for points in lines(digit, size, tilt, left, top)]
