"""The lines along which a picture was cut out of a table, a form or a row of boxes.

Who cuts a digit out of its cell seldom meets paper alone: some of the cell's lines stay, along the
picture's border or, between several cells, from one border to the other. They are no paper, which
is looked for at the border, and no ink of a digit.

The constants were set on cells of validation digits (benchmarks/cells.py --validation).
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from model.paper import mean_channel

# Pixels of the shorter side: in a smaller picture, strokes along the border look the same; a larger
# one, or one that is longer, is no cell or row of these, but a page (model/rulings.py).
LEAST, MOST, LONGEST = 32, 400, 1000
COARSE = 400  # pixels of a side that are enough to find lines in
SAMPLES = 64  # places along a line that are looked at
# Of the longer side: how thick a line is at most, and within how much of a border it is that
# border's; and how far one falls, of its length.
THICK, NEAR, SLANT = 0.06, 0.06, 0.07
# Of a line: how much of it is seen at least, and how much lies in the picture.
SEEN, INSIDE = 0.94, 0.6
# Of one that leaves the picture, how much lies in it, where others tell the direction: to so many
# pixels from side to side.
LEAVING, UNSURE = 0.15, 1.5
DIFFERS = 25  # of 255: a line differs from both its sides by more
FEWEST = 2  # lines, along borders or side by side: one is a stroke
# Of the picture: where what is left reaches as far from border to border, lines in between are
# strokes, too; where it reaches less far, lines are all there is.
HIGHEST, LOWEST = 0.9, 0.35


class Line(NamedTuple):
    """A nearly level line from the left to the right of a picture, in pixels.

    Attributes:
        start, end: its row at the first and at the last column; beyond the picture where it leaves
            it.
        above, below: how far its ink reaches from there.
    """

    start: float
    end: float
    above: int
    below: int

    @property
    def fall(self) -> float:
        """From the first column to the last."""
        return self.end - self.start


def without_cell_lines(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 → the same with what is beside the lines of cells in their place; itself
    where there are none."""
    height, width = rgb.shape[:2]
    if not LEAST <= min(height, width) <= MOST or max(height, width) > LONGEST:
        return rgb
    grey = mean_channel(rgb.astype(np.float32))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    # Nothing reaches it, as on most drawings: looking closer takes ten times as long.
    if np.abs(border - np.median(grey)).max() <= DIFFERS:
        return rgb
    near = NEAR * max(height, width)
    every = find_lines(grey), find_lines(grey.T)
    outer = tuple(
        _along_border(lines, side, near) for lines, side in zip(every, (height, width), strict=True)
    )
    if sum(map(len, outer)) >= FEWEST:
        choices = [every, outer]
    elif max(map(len, every)) >= FEWEST:  # a 4 or a 7 has one of each, too
        choices = [every]
    else:
        return rgb
    for level, upright in choices:
        painted = _paint_over(_paint_over(rgb, level, near), upright, near, upright=True)
        high, wide = _reach(painted)
        through = [wide] * (len(level) > len(outer[0])) + [high] * (len(upright) > len(outer[1]))
        if max(high, wide) >= LOWEST and max(through, default=0) < HIGHEST:
            return _without_leaving(painted, level, upright, near)
    return rgb


def _without_leaving(
    rgb: np.ndarray, level: list[Line], upright: list[Line], near: float
) -> np.ndarray:
    """An (h, w, 3) uint8 picture without those lines along its border that leave it, in the
    direction of the ones that were in it: of a row cut out a little turned, pieces of them show."""
    height, width = rgb.shape[:2]
    # The longer, the better they tell it.
    length, slopes = max(
        (width, [line.fall / width for line in level]),
        (height, [-line.fall / height for line in upright]),
        key=lambda some: (bool(some[1]), some[0]),
    )
    slope, unsure = float(np.median(slopes)), UNSURE / length
    grey = mean_channel(rgb.astype(np.float32))
    for across, along, is_upright in (grey, slope, False), (grey.T, -slope, True):
        lines = find_lines(across, LEAVING, (along - unsure, along + unsure))
        rgb = _paint_over(rgb, _along_border(lines, len(across), near), near, is_upright)
    return rgb


def find_lines(
    grey: np.ndarray, inside: float = INSIDE, slopes: tuple[float, float] = (-SLANT, SLANT)
) -> list[Line]:
    """(h, w) float32 → its dark, nearly level lines from side to side, the surest first.

    Args:
        grey: the picture.
        inside: how much of a line lies in the picture at least.
        slopes: how much a line falls for each pixel to the right, at least and at most.
    """
    height, width = grey.shape
    thick = max(2, round(THICK * max(height, width)))
    # A closing fills what is dark and thin; beyond the border, there is paper.
    margin = 2 * thick
    closed = ndimage.grey_closing(np.pad(grey, margin, constant_values=255), (margin + 1,) * 2)
    darkness = closed[margin:-margin, margin:-margin] - grey
    dark = darkness > DIFFERS
    # Lines from each row at the left, falling by so many: where they pass each of some columns.
    reduction = -(-max(height, width) // COARSE)
    columns = np.linspace(0, width - 1, min(width, SAMPLES)).round().astype(int)
    coarse = ndimage.maximum_filter1d(dark[:, columns].view(np.uint8), max(3, reduction), axis=0)
    coarse = coarse[::reduction] > 0
    fall = max(1, round(SLANT * width / reduction))
    falls, rows = np.arange(-fall, fall + 1), np.arange(-fall, len(coarse) + fall)
    least, most = (slope * width / reduction for slope in slopes)
    falls = falls[(falls >= np.floor(least)) & (falls <= np.ceil(most))]
    steps = np.round(falls[:, None] * np.linspace(0, 1, len(columns))).astype(int)
    places = rows[:, None, None] + steps
    within = (places >= 0) & (places < len(coarse))
    hits = coarse[np.clip(places, 0, len(coarse) - 1), np.arange(len(columns))] & within
    count, seen = within.sum(2), hits.sum(2)
    likely = (seen >= SEEN * count) & (count >= inside * len(columns))
    # of those that lie within one thick line, the level ones rather
    quality = np.where(likely, seen - 0.01 * np.abs(falls), 0)
    ends, near = rows[:, None] + falls, thick / reduction
    lines: list[Line] = []
    while (best := quality.max(initial=0)) > 0:
        row, fall = np.argwhere(quality == best)[0]
        off = np.maximum(np.abs(rows - rows[row])[:, None], np.abs(ends - ends[row, fall]))
        same = (off <= near) & (quality == best)
        start, end = (
            reduction * float(np.broadcast_to(each, same.shape)[same].mean())
            for each in (rows[:, None], ends)
        )
        start, end = _fitted(darkness, start, end, 2 * reduction)
        line = _measured(dark, start, end, 2 * thick)
        visible = min(line.above, start + 1, end + 1) + min(line.below, height - max(start, end))
        if visible <= thick + 3:  # as a closing's window is wider
            lines.append(line)
        quality[off <= 2 * near] = 0
    return lines


def _rows(start: float, end: float, width: int) -> np.ndarray:
    """(width,) int, the row of a line at each column."""
    return np.linspace(start, end, width).round().astype(int)


def _fitted(darkness: np.ndarray, start: float, end: float, most: int) -> tuple[float, float]:
    """Where a line starts and ends, at most so many pixels from there, if it is darkest along its
    middle."""
    height, width = darkness.shape
    moves = np.arange(-most, most + 1)
    ends = [(start + a, end + b) for a in moves for b in moves]
    along = np.array([_rows(*pair, width) for pair in ends])
    inside = (along >= 0) & (along < height)
    values = np.where(inside, darkness[np.clip(along, 0, height - 1), np.arange(width)], 0)
    sums = values.sum(1)
    best = np.flatnonzero(sums >= 0.98 * sums.max())
    first, last = np.array(ends)[best].mean(0).tolist()
    return first, last


def _measured(dark: np.ndarray, start: float, end: float, most: int) -> Line:
    """A line, with how far its ink reaches at most of its columns within the picture."""
    height, width = dark.shape
    rows = _rows(start, end, width)
    columns = np.flatnonzero((rows >= 0) & (rows < height))
    reach = []
    for step in (-1, 1):
        places = rows[columns] + step * np.arange(most)[:, None]
        ink = dark[np.clip(places, 0, height - 1), columns]
        ink |= (places < 0) | (places >= height)
        ends = np.argmin(np.vstack([ink, np.zeros(len(columns), bool)]), axis=0)
        reach.append(int(np.median(ends)) if len(ends) else 0)
    return Line(start, end, *reach)


def _along_border(lines: list[Line], height: int, near: float) -> list[Line]:
    """Those that run along the upper or the lower border."""
    middles = ((line, (line.start + line.end) / 2) for line in lines)
    return [line for line, middle in middles if min(middle, height - 1 - middle) <= near]


def _paint_over(
    rgb: np.ndarray, lines: list[Line], near: float, upright: bool = False
) -> np.ndarray:
    """An (h, w, 3) uint8 picture, where what is on both sides of each line goes on to the other, so
    that strokes across it stay; along a border, what is within. Upright lines are those of the
    transposed picture."""
    painted = (rgb.transpose(1, 0, 2) if upright else rgb).astype(np.float32)
    height, width = painted.shape[:2]
    for line in lines:
        rows = _rows(line.start, line.end, width)
        upper, lower = rows - line.above - 1, rows + line.below + 1
        if rows.mean() <= near:
            upper[:] = -1
        elif height - 1 - rows.mean() <= near:
            lower[:] = height
        for column, (top, bottom) in enumerate(zip(upper.tolist(), lower.tolist(), strict=True)):
            ends = [painted[row, column].copy() for row in (top, bottom) if 0 <= row < height]
            between = painted[max(0, top + 1) : max(0, bottom), column]
            if ends and len(between):
                between[:] = np.linspace(ends[0], ends[-1], len(between))
    painted = painted.astype(np.uint8)
    return painted.transpose(1, 0, 2) if upright else painted


def _reach(rgb: np.ndarray) -> tuple[float, float]:
    """How high and how wide what is on an (h, w, 3) picture is at most, as shares of it."""
    grey = mean_channel(rgb.astype(np.float32))
    step = -(-max(grey.shape) // SAMPLES)
    grey = grey[::step, ::step]
    marked = np.abs(grey - ndimage.median_filter(grey, 15, mode="nearest")) > DIFFERS
    labels, _ = ndimage.label(marked, np.ones((3, 3)))
    places = ndimage.find_objects(labels)
    sizes = [(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in places]
    high, wide = (np.array(sizes).reshape(-1, 2) / grey.shape).max(0, initial=0).tolist()
    return high, wide
