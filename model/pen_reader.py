"""How the pen moved, where a canvas or a tablet tells it, has a say in which digit it wrote.

A network of pictures and one of paths see different things: a 7 with a bar that looks like a 2 is
two strokes, and a 2 is one. What both say together is the geometric mean of their probabilities
(logarithmic opinion pool: Genest and Zidek, 1986, Combining probability distributions).
"""

import functools
from collections.abc import Sequence

import numpy as np

from model import checkpoint
from model.boxes import Box
from model.onnx_graph import to_onnx
from model.pen.path import as_path
from model.runtime import Program
from model.strokes import Stroke, strokes_in

# Of what both say together: below, it is no digit. Chosen on pendigits' training digits and
# UNIPEN's, of which 0.3% are below, and on UNIPEN's letters, of which nine of ten are.
LEAST_CERTAINTY = 0.35
OFF = 0.2  # of a box's longer side: how far its strokes may end from its sides
BATCH = 128  # paths at once


class PenReader:
    """The pen network that ships, compiled. Threads may share one.

    Args:
        threads: with which it computes; None: as many as there are cores.

    Raises:
        CheckpointError: it is missing or damaged.
    """

    def __init__(self, threads: int | None = None):
        weights, card = checkpoint.load_pen_weights()
        self._places = card.network["places"]
        self._program = Program(to_onnx(weights, card), BATCH, threads)

    def read(self, digits: Sequence[Sequence[Stroke]], turn: int = 0) -> np.ndarray:
        """The strokes of n digits, at least one each, in the order in which they were written →
        (n, 10) float32 probabilities.

        Args:
            digits: n > 0 of them.
            turn: degrees clockwise by which they are turned: 0, 90, 180 or 270.
        """
        paths = []
        for strokes in digits:
            every = [stroke.points for stroke in strokes]
            for _ in range(turn // 90):
                every = [np.stack([points[:, 1], -points[:, 0]], 1) for points in every]
            paths.append(as_path(every, self._places))
        (probabilities,) = self._program(np.stack(paths))
        return probabilities


@functools.cache
def load_pen_reader(threads: int | None = None) -> PenReader:
    """The one of this process; raises as PenReader."""
    return PenReader(threads)


def strokes_of_digit(strokes: Sequence[Stroke], box: Box) -> list[Stroke]:
    """The strokes that made what is in a box; none where they reach farther or less far than it, as
    of a stroke that made several digits."""
    inside = strokes_in(strokes, box)
    if not inside:
        return []
    left, top, width, height = box
    every = np.array([stroke.sides for stroke in inside])
    reach = np.concatenate([every[:, :2].min(0), every[:, 2:].max(0)])
    off = np.abs(reach - [left, top, left + width, top + height]).max()
    return inside if off <= OFF * max(width, height) else []
