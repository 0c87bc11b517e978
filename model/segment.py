"""Ink map → boxes of digits. For now a picture holds one digit: all the ink that is no speck."""

import numpy as np
from scipy import ndimage

from model.glyph import INK

SPECK = 0.02  # a piece with less than this share of the largest piece's pixels is dirt


def digit_boxes(ink: np.ndarray) -> tuple[list[tuple[int, int, int, int]], np.ndarray]:
    """(h, w) float32 ink → boxes (left, top, width, height) in reading order, and the ink without specks."""
    labels, count = ndimage.label(ink >= INK, np.ones((3, 3)))
    if not count:
        return [], np.zeros_like(ink)
    amounts = np.bincount(labels.ravel())
    amounts[0] = 0
    mask = (amounts >= SPECK * amounts.max())[labels]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    # The soft edges of what is kept belong to it; specks and grain don't.
    kept = np.zeros_like(ink)
    around = slice(max(0, rows[0] - 1), rows[-1] + 2), slice(max(0, columns[0] - 1), columns[-1] + 2)
    kept[around] = np.where(ndimage.maximum_filter(mask[around], 3), ink[around], 0)
    return [tuple(int(side) for side in box)], kept
