"""A network beside the one that it started from: what each reads right of the same images.

before → after, of 33 test images of my_digits: 81.82% (…) → 96.97% (…)
"""

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
from flax import nnx
from jax.sharding import Mesh
from numpy.typing import NDArray

from model import checkpoint
from model.card import DIGITS
from model.checkpoint import CheckpointError
from model.network import DigitCNN, Ensemble
from train import data
from train.calibration import predict
from train.dataset import DataError, Dataset, Split
from train.devices import replicate_on
from train.metrics import Comparison, compare, describe_share

MNIST = "mnist"

Right = NDArray[np.bool_]


def compare_with_source(
    source: str, network: DigitCNN | Ensemble, dataset: Dataset, right: Right, mesh: Mesh
) -> dict[str, Comparison]:
    """How a network does beside the checkpoint it started from, on the test images of what it was
    trained on and, where its classes are MNIST's digits and MNIST is here, on MNIST's.

    Args:
        source: the folder of that checkpoint.
        network: as it was trained.
        dataset: what it was trained on.
        right: (n,), which of the test images it reads right.
        mesh: the devices that it is on.

    Returns:
        The name of a dataset → the comparison.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
    """
    former, card = checkpoint.load(source)
    nnx.update(former, replicate_on(mesh)(nnx.state(former)))
    comparisons = {}
    for name, classes, split in _test_images(dataset, card.classes):
        after = right
        if name != dataset.name:
            after = _is_right(network, dataset.classes, classes, split)
        before = _kept_answers(source, name, classes, split)
        if before is None:
            before = _is_right(former, card.classes, classes, split)
        comparisons[name] = compare(before, after)
    return comparisons


def describe(name: str, comparison: Comparison) -> str:
    """A comparison as it is printed."""
    n = comparison.n
    return (
        f"Before → after, of {n:,} test images of {name}: {describe_share(comparison.before, n)} → "
        f"{describe_share(comparison.after, n)}; {comparison.gained:,} gained, "
        f"{comparison.lost:,} lost, {'more' if comparison.p < 0.05 else 'no more'} than chance "
        f"would explain (McNemar's exact test, p = {comparison.p:.2g})."
    )


def _test_images(
    dataset: Dataset, former: Sequence[str]
) -> Iterator[tuple[str, Sequence[str], Split]]:
    """The test images on which to compare, with the names of datasets and classes."""
    yield dataset.name, dataset.classes, dataset.test
    both_read = dataset.classes == DIGITS and set(DIGITS) <= set(former)
    if both_read and dataset.name != MNIST and data.is_here(MNIST):
        with contextlib.suppress(DataError):  # what there is of it is damaged
            mnist = data.load(MNIST)
            yield MNIST, mnist.classes, mnist.test


def _kept_answers(source: str, name: str, classes: Sequence[str], split: Split) -> Right | None:
    """Which images a checkpoint reads right by the answers it was kept with; None where these are
    of other images."""
    try:
        card = checkpoint.read_card(source)
        labels, probabilities = checkpoint.read_evaluation(source)
    except CheckpointError:  # it has none
        return None
    # what lies at a path may have changed
    if card.dataset != name or card.classes != tuple(classes) or data.is_path(name):
        return None
    if not np.array_equal(labels, split.labels):
        return None
    return np.asarray(probabilities.argmax(1) == labels)


def _is_right(
    network: DigitCNN | Ensemble, own: Sequence[str], classes: Sequence[str], split: Split
) -> Right:
    read = np.array(own)[predict(network, split.images).argmax(1)]
    return np.asarray(read == np.array(classes)[split.labels])
