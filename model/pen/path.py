"""What a PenNetwork sees of a digit: the pen's path, in the order in which it was written."""

from collections.abc import Sequence

import numpy as np

PLACES = 32  # along a path
DOT = 0.05  # of the longer side: as long as this counts what is shorter, such as a dot


def as_path(strokes: Sequence[np.ndarray], places: int = PLACES) -> np.ndarray:
    """Strokes → (places, 3) float32: x and y from -0.5 to 0.5 along the longer side of all, and 0
    where a stroke begins, 1 elsewhere.

    Each stroke has its share of the places, by its length, evenly from its beginning to its end. Of
    more strokes than places, those that were written first count.

    Args:
        strokes: (n, 2) float each, at least one, x to the right and y down, in any unit.
        places: how many there are.
    """
    strokes = strokes[:places]
    every = np.concatenate(strokes)
    low, high = every.min(0), every.max(0)
    side = float((high - low).max()) or 1.0
    middle = (low + high) / 2
    path = []
    distances = [distances_along(points) / side for points in strokes]
    shares = _share(np.maximum(DOT, [along[-1] for along in distances]), places)
    for points, along, share in zip(strokes, distances, shares, strict=True):
        places_along = np.linspace(0, along[-1], share)
        rows = np.ones((share, 3))
        for axis in range(2):
            values = (points[:, axis] - middle[axis]) / side
            rows[:, axis] = np.interp(places_along, along, values)
        rows[0, 2] = 0
        path.append(rows)
    return np.concatenate(path).astype(np.float32)


def distances_along(points: np.ndarray) -> np.ndarray:
    """(n, 2) points of a stroke → (n,) how far the pen has gone at each."""
    return np.append(0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))


def _share(lengths: np.ndarray, places: int) -> np.ndarray:
    """(n,) int: that many places, one for each at least, by length."""
    shares = np.maximum(1, np.round(places * lengths / lengths.sum())).astype(int)
    while (over := shares.sum() - places) != 0:
        shares[shares.argmax()] -= np.sign(over)
    return shares
