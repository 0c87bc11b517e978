"""A grey picture → the digits and marks in it, by a PageNetwork at several scales."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from model.page_network import STRIDE, UNIT

FOUND = 0.3  # heat of a place from which something lies there
OVERLAP = 0.45  # intersection over union of two boxes from which they are of one digit


class Spots(NamedTuple):
    """What was found, surest first: boxes (n, 4) float32 left, top, right, bottom in pixels, heats (n,) in [0, 1], and
    probabilities (n, CLASSES)."""

    boxes: np.ndarray
    heats: np.ndarray
    probabilities: np.ndarray


def spots(heat: np.ndarray, classes: np.ndarray, boxes: np.ndarray, least: float = FOUND) -> Spots:
    """The peaks of one heat map.

    Args:
        heat, classes, boxes: (h, w), (h, w, CLASSES) and (h, w, 4), as PageNetwork gives them for one picture.
        least: heat from which a peak counts.
    """
    heat = 1 / (1 + np.exp(-heat))
    y, x = np.nonzero((heat >= least) & (heat >= ndimage.maximum_filter(heat, 3, mode="constant")))
    order = np.argsort(-heat[y, x])
    y, x = y[order], x[order]
    middle = STRIDE * (np.stack([x, y], 1) + 0.5)
    reach = np.maximum(boxes[y, x], 0.02) * UNIT
    logits = classes[y, x]
    probabilities = np.exp(logits - logits.max(1, keepdims=True, initial=-1e9))
    return Spots(
        np.concatenate([middle - reach[:, :2], middle + reach[:, 2:]], 1).astype(np.float32),
        heat[y, x],
        probabilities / probabilities.sum(1, keepdims=True),
    )


def overlaps(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n, 4) and (m, 4) boxes → (n, m) intersection over union."""
    low = np.maximum(one[:, None, :2], others[None, :, :2])
    high = np.minimum(one[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1) for boxes in (one, others)]
    return shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-6)


def distinct(found: Spots) -> Spots:
    """What was found less whatever overlaps with something surer (non-maximum suppression)."""
    kept: list[int] = []
    shared = overlaps(found.boxes, found.boxes)
    for number in range(len(found.boxes)):
        if not kept or shared[number, kept].max() < OVERLAP:
            kept.append(number)
    return Spots(*(part[kept] for part in found))
