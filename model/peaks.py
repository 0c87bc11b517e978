"""A heat map's peaks: what a PageNetwork says lies where, and which of two that overlap is meant.

The constants were tuned with benchmarks/pages.py, on pages composed of validation digits, and
benchmarks/real_pages.py, on the team's own pages.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from model.boxes import box_overlaps
from model.page_format import CLASSES, MINUS, POINT, STRIDE, UNIT

FOUND = 0.48  # heat of a place from which something lies there
FAINT = 0.3  # the same, of a digit beside others; both networks must be sure which it is
OVERLAP = 0.45  # intersection over union of two boxes from which they are of one digit
WITHIN = 0.7  # of the smaller box: with more of it in another, it is a part of what is there
SMALL_SIGN = 0.4  # of a digit's box: a point or dash within it is smaller
LEAST_REACH = 0.02  # UNITs from a digit's middle to a side of its box, at least
MAX_PEAKS = 1500  # peaks of a page, at most: a person writes fewer digits


class Peaks(NamedTuple):
    """What lies on a picture, surest first.

    Attributes:
        boxes: (n, 4) float32 left, top, right, bottom in pixels.
        heats: (n,) float32 in [0, 1], how sure it is that something lies there.
        probabilities: (n, CLASSES) float32, which class it is.
    """

    boxes: np.ndarray
    heats: np.ndarray
    probabilities: np.ndarray

    def select(self, which: np.ndarray | slice) -> "Peaks":
        """Those of an index, a mask or a slice."""
        return Peaks(self.boxes[which], self.heats[which], self.probabilities[which])

    @property
    def is_sign(self) -> np.ndarray:
        """(n,) bool: it is a dash, a point or a comma."""
        return np.isin(self.probabilities.argmax(1), (MINUS, POINT))

    @property
    def digit_share(self) -> np.ndarray:
        """(n,) how likely each is a digit, in [0, 1]."""
        # a sum of float32 may be a hair more than 1
        return np.minimum(1, self.probabilities[:, :10].sum(1))

    @property
    def digit_votes(self) -> np.ndarray:
        """(n, 10) which digit each is, if it is one."""
        return self.probabilities[:, :10] / np.maximum(self.digit_share[:, None], 1e-6)


def find_peaks(
    heat: np.ndarray, classes: np.ndarray, boxes: np.ndarray, least: float = FAINT
) -> Peaks:
    """The peaks of one heat map.

    Args:
        heat, classes, boxes: (h, w), (h, w, CLASSES) and (h, w, 4), as PageNetwork gives them for
            one picture.
        least: the heat of a peak.
    """
    heat = 1 / (1 + np.exp(-heat))
    y, x = np.nonzero((heat >= least) & (heat >= ndimage.maximum_filter(heat, 3, mode="constant")))
    order = np.argsort(-heat[y, x])
    y, x = y[order], x[order]
    middle = STRIDE * (np.stack([x, y], 1) + 0.5)
    reach = np.maximum(boxes[y, x], LEAST_REACH) * UNIT
    logits = classes[y, x]
    probabilities = np.exp(logits - logits.max(1, keepdims=True, initial=-1e9))
    return Peaks(
        np.concatenate([middle - reach[:, :2], middle + reach[:, 2:]], 1).astype(np.float32),
        heat[y, x],
        probabilities / probabilities.sum(1, keepdims=True),
    )


def suppress_overlaps(peaks: Peaks) -> Peaks:
    """The peaks less those that overlap with a surer one (non-maximum suppression)."""
    union, within = box_overlaps(peaks.boxes, peaks.boxes)
    areas = np.maximum((peaks.boxes[:, 2:] - peaks.boxes[:, :2]).prod(1), 1e-6)
    small = np.minimum.outer(areas, areas) < SMALL_SIGN * np.maximum.outer(areas, areas)
    # A sign may lie under a digit's tail.
    apart = small & (peaks.is_sign[:, None] ^ peaks.is_sign[None])
    same = (union >= OVERLAP) | ((within >= WITHIN) & ~apart)
    distinct: list[int] = []
    for number in range(len(peaks.boxes)):
        if not same[number, distinct].any():
            distinct.append(number)
    return peaks.select(np.array(distinct, int))


def strongest_of(several: Sequence[Peaks]) -> Peaks:
    """All peaks together, surest first, and of far too many the surest."""
    none = Peaks(
        np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, CLASSES), np.float32)
    )
    together = Peaks(*(np.concatenate(field) for field in zip(none, *several, strict=True)))
    return together.select(np.argsort(-together.heats, kind="stable")[:MAX_PEAKS])
