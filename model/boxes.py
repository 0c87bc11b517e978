"""Boxes around digits and pieces of ink, and what lies where."""

from collections.abc import Iterable, Sequence

import numpy as np

Box = tuple[int, int, int, int]  # left, top, width, height in pixels
Sign = tuple[Box, str]  # where it is, and which: ".", "," or "−"


def clip_box(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in a picture of so many pixels; one that is wholly outside has no
    positive size."""
    left, top = max(0, box[0]), max(0, box[1])
    return left, top, min(width, box[0] + box[2]) - left, min(height, box[1] + box[3]) - top


def enlarge(box: Box, reduction: int, picture: np.ndarray) -> Box:
    """A box in a reduced picture → the box in the (h, w, 3) picture as given."""
    left, top, width, height = (side * reduction for side in box)
    return clip_box((left, top, width, height), picture.shape[1], picture.shape[0])


def shrink(box: Box, times: int) -> Box:
    """A box in an enlarged picture → the box in the picture as given, rounded up."""
    left, top = box[0] // times, box[1] // times
    right, bottom = (-(-(box[side] + box[side + 2]) // times) for side in (0, 1))
    return left, top, right - left, bottom - top


def turn_back(box: Box, turn: int, picture: np.ndarray) -> Box:
    """A box in the picture turned upright → the box in the picture as given, whose writing is
    turned clockwise by so many degrees."""
    left, top, width, height = box
    for quarter in range(turn // 90, 0, -1):
        across = picture.shape[quarter % 2]  # width of the picture a quarter turn before
        left, top, width, height = across - top - height, left, height, width
    return left, top, width, height


def touch(box: Box, other: Box) -> bool:
    """Whether two boxes have pixels in common."""
    return all(box[k] < other[k] + other[k + 2] and other[k] < box[k] + box[k + 2] for k in (0, 1))


def bounding_box(boxes: Sequence[Box]) -> Box:
    """The box around some boxes."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return left, top, right - left, bottom - top


def surroundings(picture: np.ndarray, box: Box) -> tuple[np.ndarray, tuple[int, int]]:
    """The part of a picture in and around a box, a box' longer side on each side, and where (y, x)
    the box starts."""
    left, top, width, height = box
    margin = max(width, height)
    y, x = max(0, top - margin), max(0, left - margin)
    return picture[y : top + height + margin, x : left + width + margin], (top - y, left - x)


def typical_size(boxes: Sequence[Sequence[float]]) -> float:
    """The median of the boxes' longer sides."""
    return float(np.median([max(box[2:]) for box in boxes]))


def corners(boxes: Iterable[Box]) -> np.ndarray:
    """n boxes → (n, 4) int left, top, right, bottom."""
    return np.array(
        [(left, top, left + width, top + height) for left, top, width, height in boxes], int
    ).reshape(-1, 4)


def box_overlaps(some: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 4) and (m, 4) left, top, right, bottom → (n, m) intersection over union, and intersection
    over the smaller of both."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1) for boxes in (some, others)]
    total = areas[0][:, None] + areas[1][None]
    smaller = np.minimum(areas[0][:, None], areas[1][None])
    return shared / np.maximum(total - shared, 1e-6), shared / np.maximum(smaller, 1e-6)
