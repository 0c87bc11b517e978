"""A compiled program takes inputs of one shape; this feeds it any number of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from model import interruption

FILLED = 0.6  # of a batch; with less, several smaller ones are quicker (benchmarks/throughput.py)


def in_batches(
    program: Callable[[np.ndarray], Any],
    inputs: np.ndarray,
    sizes: Sequence[int],
    filled: float = FILLED,
) -> Iterator[Any]:
    """What a program gives for inputs, batch by batch; a point of interruption before each.

    Args:
        program: (size, …) → arrays with as many rows, in any structure.
        inputs: (n, …), any n ≥ 0.
        sizes: of the batches for which it is compiled, the largest first. The last batch is padded
            with zeros, whose results are cut off.
        filled: share of a batch that must be filled, where there is a smaller one.
    """
    start = 0
    while start < len(inputs):
        interruption.check()
        left = len(inputs) - start
        size = next((size for size in sizes if left >= filled * size), sizes[-1])
        batch = inputs[start : start + size]
        padded = np.zeros((size, *inputs.shape[1:]), inputs.dtype)
        padded[: len(batch)] = batch
        rows = slice(len(batch))
        yield jax.tree.map(lambda part, rows=rows: np.asarray(part)[rows], program(padded))
        start += size
