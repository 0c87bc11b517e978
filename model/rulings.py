"""The lines of ruled and squared paper, which are no writing.

The constants were set on ruled and squared pages of tests/test_ink.py and benchmarks/pages.py.
"""

import numpy as np
from scipy import ndimage

LENGTH = 1 / 14  # of the page: a ruling runs straight and level for longer
MIN_INK = 0.15  # of full ink: a ruling is seldom paler
THROUGH = 0.9  # of the page: a line by itself is a ruling if it runs for longer
ONES = 5  # uprights: so few that don't run through, where no line runs across, may be as many 1s
WIDTH = 1 / 120  # of the page: a ruling is thinner, a large digit's stroke is not


def find_rulings(ink: np.ndarray) -> np.ndarray:
    """(h, w) ink → (h, w) bool: the lines of ruled or squared paper, less the strokes across
    them."""
    mask = ink >= MIN_INK
    level, upright = _level_lines(mask), _level_lines(mask.T).T
    if upright.any() and not level.any():
        upright = _level_lines(mask.T, ONES).T  # without lines across, a few may be as many 1s
    if not (level.any() and upright.any()):
        return level | upright
    # Where two lines cross, each is as thick as the other is long.
    gap = 2 * round(WIDTH * max(ink.shape)) + 1
    return (
        level | upright | _close_gaps(level, gap, axis=1) & _close_gaps(upright, gap, axis=0) & mask
    )


def _close_gaps(marked: np.ndarray, gap: int, axis: int) -> np.ndarray:
    """Marks, and gaps between them along an axis that are narrower than so many pixels."""
    wide = ndimage.maximum_filter1d(marked.view(np.uint8), gap, axis)
    return ndimage.minimum_filter1d(wide, gap, axis) > 0


def _level_lines(mask: np.ndarray, few: int = 1) -> np.ndarray:
    """(h, w) bool → (h, w) bool: pixels of lines that run level through half of the page, less
    strokes across them.

    So few lines, none of which runs through all of the page, are no rulings, but 1s or strokes
    under numbers.
    """
    width, lines = mask.shape[1], np.zeros_like(mask)
    # odd: an even window lies beside the pixel that it is of
    long = round(LENGTH * max(mask.shape)) | 1
    if width < 4 * long:
        return lines
    inky = np.flatnonzero(mask.sum(1) >= long)
    if not len(inky):
        return lines
    band = slice(inky[0], inky[-1] + 1)
    marked = mask[band]
    runs = _long_runs(marked, long)
    if not runs.any():
        return lines
    # Thicker than any line: a shadow's border or a stroke, which would link all lines that it
    # meets.
    thick, widest = _run_lengths(marked.T).T, max(2, WIDTH * max(mask.shape))
    runs &= thick <= widest
    linked, count = ndimage.label(ndimage.maximum_filter(runs, (3, long)), np.ones((3, 3)))
    areas = np.bincount(linked[runs], minlength=count + 1)
    spans = [columns.stop - columns.start for _, columns in ndimage.find_objects(linked)]
    lengths = np.array([0, *spans]) - long + 1  # linking made them longer
    thin = areas <= lengths * widest
    runs &= thin[linked]
    # A line is there from side to side; or, where writing stands on it, before and after that. Not
    # the sum over rows: a stroke five pixels thick and a tenth of the page long would pass for half
    # of it.
    in_row = ndimage.maximum_filter1d(runs.sum(1), 5)
    runs &= (lengths > 0.5 * width)[linked] | (in_row > 0.5 * width)[:, None]
    if not runs.any():
        return lines
    rows, columns = runs.any(1), np.flatnonzero(runs.any(0))
    count = ndimage.label(ndimage.maximum_filter1d(rows.view(np.uint8), 5))[1]
    if count <= few and np.ptp(columns) < THROUGH * width:
        return lines
    # As thick as its line, or a stroke stands on it there.
    line = np.median(thick[runs])
    lines[band] = ndimage.maximum_filter1d(runs, 3, axis=0) & marked & (thick <= line + 2)
    return lines


def _run_lengths(mask: np.ndarray) -> np.ndarray:
    """(h, w) bool → (h, w) int32: of each marked pixel, how many marked ones lie beside it in its
    row without a gap, itself among them."""
    edges = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    edges[:, 1:-1] = mask
    starts, ends = (np.flatnonzero(np.diff(edges.ravel()) == step) for step in (1, -1))
    lengths = np.zeros(mask.shape, np.int32)
    lengths[mask] = np.repeat(ends - starts, ends - starts)
    return lengths


def _long_runs(mask: np.ndarray, least: int) -> np.ndarray:
    """(h, w) bool → (h, w) bool: pixels in runs of at least so many along their row, or of more
    than half as many at the border, beyond which a line may go on."""
    lengths = _run_lengths(mask)
    runs = lengths >= least
    for border in (0, -1):
        for row in np.flatnonzero(lengths[:, border] > least // 2):
            length = lengths[row, border]
            runs[row, slice(length) if border == 0 else slice(-length, None)] = True
    return runs
