"""A network beside the one that it started from, on the same images."""

import cards
import jax
import numpy as np
import pytest
from flax import nnx
from jax.sharding import Mesh

from model import checkpoint
from model.convolution import BATCH_AXIS
from model.network import DigitCNN
from train import comparison, data
from train.comparison import compare_with_source, describe
from train.dataset import DataError, Dataset, Split
from train.metrics import Comparison

MESH = Mesh(np.array(jax.devices()[:1]), (BATCH_AXIS,))


def some_split(classes: int, n: int = 40, seed: int = 0) -> Split:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, 28, 28), np.uint8)
    return Split(images, rng.integers(0, classes, n).astype(np.int32))


def some_dataset(name: str, classes: tuple[str, ...], seed: int = 0) -> Dataset:
    split = some_split(len(classes), seed=seed)
    return Dataset(name, classes, split, split, split)


def reads(network: DigitCNN, images: np.ndarray) -> np.ndarray:
    network = nnx.view(network, deterministic=True, use_running_average=True)
    return np.asarray(network(images).argmax(1))


def test_both_are_asked_by_the_names_of_classes(source):
    """The source knows a, b and c; the new network d and b."""
    dataset = some_dataset("own", ("d", "b"))
    network = DigitCNN(2, **cards.SHAPE, rngs=nnx.Rngs(5))
    right = reads(network, dataset.test.images) == dataset.test.labels
    found = compare_with_source(str(source), network, dataset, right, MESH)
    former = np.array(["a", "b", "c"])[reads(checkpoint.load(source)[0], dataset.test.images)]
    before = former == np.array(dataset.classes)[dataset.test.labels]
    assert list(found) == ["own"]
    assert 0 < before.sum() + right.sum() and found["own"].n == 40
    assert (found["own"].before, found["own"].after) == (before.sum(), right.sum())
    assert found["own"].gained == (right & ~before).sum()


@pytest.fixture
def of_digits(tmp_path, monkeypatch):
    """A checkpoint that knows the digits, with the answers that it was kept with; MNIST is another
    dataset."""
    mnist = some_dataset("mnist", tuple("0123456789"), seed=1)
    monkeypatch.setattr(data, "load", lambda name: mnist)
    monkeypatch.setattr(data, "is_here", lambda name: True)
    network = DigitCNN(10, **cards.SHAPE, rngs=nnx.Rngs(1))
    answers = np.eye(10, dtype=np.float32)[np.where(np.arange(40) < 7, mnist.test.labels, -1)]
    card = cards.card(classes=mnist.classes, network=cards.SHAPE, data={"name": "mnist"})
    checkpoint.save(tmp_path / "digits", network, card, (mnist.test.labels, answers))
    return str(tmp_path / "digits"), mnist


def test_of_digits_mnist_is_told_too_and_kept_answers_are_taken(of_digits, monkeypatch):
    source, mnist = of_digits
    network = DigitCNN(10, **cards.SHAPE, rngs=nnx.Rngs(6))
    own = some_dataset("own", mnist.classes)
    found = compare_with_source(source, network, own, np.zeros(40, bool), MESH)
    assert list(found) == ["own", "mnist"] and found["own"].after == 0
    right = (mnist.test.labels == 9) | (np.arange(40) < 7)
    assert found["mnist"].before == right.sum()
    assert found["mnist"].after == (reads(network, mnist.test.images) == mnist.test.labels).sum()
    monkeypatch.setattr(comparison, "predict", None)  # trained on MNIST itself, nothing is read
    found = compare_with_source(source, network, mnist, right, MESH)
    assert list(found) == ["mnist"] and found["mnist"].gained == found["mnist"].lost == 0


def test_mnist_is_left_out_where_it_is_not_here_or_damaged(of_digits, monkeypatch):
    source, mnist = of_digits
    network = DigitCNN(10, **cards.SHAPE, rngs=nnx.Rngs(6))
    own, right = some_dataset("own", mnist.classes), np.zeros(40, bool)

    def damaged(name):
        raise DataError("It is damaged.")

    monkeypatch.setattr(data, "load", damaged)
    assert list(compare_with_source(source, network, own, right, MESH)) == ["own"]
    monkeypatch.setattr(data, "is_here", lambda name: False)
    assert list(compare_with_source(source, network, own, right, MESH)) == ["own"]


def test_it_is_told_with_intervals():
    assert describe("own", Comparison(33, 27, 32, 6, 1, 0.125)) == (
        "Before → after, of 33 test images of own: 81.82% (95 % interval 65.61% to 91.39%) → "
        "96.97% (95 % interval 84.68% to 99.46%); 6 gained, 1 lost, no more than chance would "
        "explain (McNemar's exact test, p = 0.12)."
    )
