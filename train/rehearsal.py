"""Which images a training rehearses: those that a network knew before, among those that it learns.

Trained further on a few images alone, a network forgets what it knew (McCloskey and Cohen, 1989:
Catastrophic interference in connectionist networks). So an epoch mixes old images in:

- of `--rehearse`, a share of what the checkpoint to start from was trained on;
- with `--corrections`, of the training images of --data, in whose place they are.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model import checkpoint
from train import data
from train.config import Config
from train.dataset import DataError, Dataset, Split
from train.transfer import TransferError

# times that an epoch shows a correction, at most, but for what fills up its last batch: few of them
# should not drown what is rehearsed
MOST_SHOWN = 10


class Mixture(NamedTuple):
    """What a training shows: images to learn and, among them, images to rehearse.

    Attributes:
        split: all of them; those to learn come first.
        learned: (m,) int32, the images of `split` that an epoch learns, some several times.
        old: the images of `split` that may be rehearsed.
        rehearsed: how many of these an epoch shows.
    """

    split: Split
    learned: NDArray[np.int32]
    old: range
    rehearsed: int

    @property
    def epoch_images(self) -> int:
        """How many images an epoch shows."""
        return len(self.learned) + self.rehearsed


def check(config: Config) -> None:
    """Sees that there is something to rehearse, before any data are read.

    Raises:
        TransferError: it is to come from a checkpoint, and there is none.
    """
    if config.rehearse and not config.corrections:
        _require_source(config.from_)


def mix(config: Config, dataset: Dataset, original: Dataset) -> Mixture:
    """What a training shows.

    Args:
        config: of the training.
        dataset: whose training images are to be learned.
        original: the same one before corrections took the place of its training images.

    Raises:
        CheckpointError: the checkpoint to start from is missing or damaged.
        TransferError: there is none, or its images are not to be had.
    """
    split = dataset.train
    if config.train_limit:
        split = Split(split.images[: config.train_limit], split.labels[: config.train_limit])
    count = len(split.labels)
    least, most = config.epoch_images, None
    if config.corrections:
        least, most = min(least, MOST_SHOWN * count), MOST_SHOWN
    learned = epoch_indices(split.labels, least, most)
    if not config.rehearse:
        return Mixture(split, learned, range(0), 0)
    old = original.train
    if not config.corrections:
        old = images_of(config.from_, dataset.classes, config.validation)
    whole = max(len(learned), config.epoch_images) / (1 - config.rehearse)
    rehearsed = round(whole) - len(learned) if len(old.labels) else 0
    return Mixture(
        Split(
            np.concatenate([split.images, old.images]), np.concatenate([split.labels, old.labels])
        ),
        learned,
        range(count, count + len(old.labels)),
        rehearsed,
    )


def images_of(source: str, classes: tuple[str, ...], validation: int) -> Split:
    """The training images of a checkpoint, of those classes that a new network has too.

    Args:
        source: the folder of the checkpoint.
        classes: those of the network to train.
        validation: how many of the last images are never trained on.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        TransferError: there is no checkpoint, or its images are not to be had.
    """
    _require_source(source)
    try:
        dataset = data.load(checkpoint.read_card(source).dataset, validation=validation)
    except DataError as error:
        raise TransferError(
            f"{error} {source} was trained on it; --rehearse 0 goes without."
        ) from error
    number = np.array(
        [classes.index(name) if name in classes else -1 for name in dataset.classes], np.int32
    )
    labels = number[dataset.train.labels]
    return Split(dataset.train.images[labels >= 0], labels[labels >= 0])


def epoch_indices(
    labels: NDArray[np.int32], epoch_images: int, most: int | None = None
) -> NDArray[np.int32]:
    """(n,) labels → (m,): the images that an epoch learns, each at least once.

    Images of rare classes are shown several times: every class comes up at least half as often as
    the largest. So that m ≥ epoch_images, all are shown again.

    Args:
        labels: of the images.
        epoch_images: how many the epoch should learn.
        most: how often an image is shown at most, for the sake of which all of this may fail.
    """
    counts = np.bincount(labels)
    repeats = np.ceil(counts.max() / (2 * np.maximum(counts, 1))).astype(int)
    images = np.arange(len(labels), dtype=np.int32)
    times = -(-max(epoch_images, 1) // repeats[labels].sum())
    left = np.full(len(counts), times * repeats.max() if most is None else most)
    rounds = []
    for _ in range(times):
        shown = np.minimum(repeats, left)
        rounds.append(np.repeat(images, shown[labels]))
        left -= shown
    return np.concatenate(rounds)


def shuffle_into_batches(
    mixture: Mixture, batch_size: int, seed: int, epoch: int
) -> NDArray[np.int32]:
    """(batches, batch_size): an epoch's own order of a mixture's images; the first fill up the last
    batch.

    The images to rehearse are chosen at random, for each epoch anew.
    """
    generator = np.random.default_rng((seed, epoch))
    images = mixture.learned
    if mixture.rehearsed:
        old = np.asarray(mixture.old, np.int32)
        images = np.concatenate([images, generator.choice(old, mixture.rehearsed)])
    batches = -(-len(images) // batch_size)
    return np.resize(generator.permutation(images), (batches, batch_size))


def _require_source(source: str) -> None:
    if not source:
        raise TransferError(
            "--rehearse mixes in what a checkpoint was trained on; say which one with --from."
        )
