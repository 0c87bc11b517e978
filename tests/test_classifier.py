"""What reads gives what the Flax network gives that was trained, of any shape."""

import os
import subprocess
import sys
from pathlib import Path

import cards
import numpy as np
import pytest
from flax import nnx

from model import checkpoint, flax_weights, weights
from model.classifier import BATCH, Classifier, certainty
from model.detection import load_page_network
from model.explainer import Explainer
from model.network import DigitCNN, Ensemble
from model.page_format import NAMES
from model.page_network import PageNetwork

SHAPES = [
    {},
    {"widths": (4, 5, 6), "depth": 1, "features": 7},
    {"widths": (3, 4, 5), "depth": 3, "features": 0, "dropout": 0.1},
    {"widths": (4, 5, 6), "depth": 1, "features": 7, "members": 2},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_has_flax_arrays_and_reads_as_flax_does(shape):
    kind = Ensemble if "members" in shape else DigitCNN
    network = cards.with_norms(kind(classes=3, **shape, rngs=nnx.Rngs(0)))
    network.eval()
    card = cards.card(network=shape, temperature=0.4)
    assert len(card.classes) == 3
    arrays = flax_weights.weights_of(network)
    assert {name: array.shape for name, array in arrays.items()} == weights.shapes(card)
    rng = np.random.default_rng(0)
    glyphs = np.stack([rng.integers(0, most, (28, 28), np.uint8) for most in (1, 5, 30, 255)])
    probabilities = Classifier(arrays, card).probabilities(glyphs)
    assert probabilities.std(0).max() > 1e-3  # it says something of them
    np.testing.assert_allclose(
        probabilities, Explainer(network, card).probabilities(glyphs), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("name", ["tiny", "default", "committee"])
def test_what_ships_reads_test_images_as_flax_does(mnist, name):
    glyphs = mnist.test.images[: BATCH + 72]
    here = Classifier.load(checkpoint.SHIPPED / name).probabilities(glyphs)
    there = Explainer(*checkpoint.load(checkpoint.SHIPPED / name)).probabilities(glyphs)
    np.testing.assert_allclose(here, there, rtol=0, atol=1e-5)


@pytest.mark.parametrize("widths", [None, (4, 5, 6, 7)])
def test_a_page_network_has_flax_arrays(widths):
    shape = {} if widths is None else {"widths": widths}
    arrays = flax_weights.weights_of(PageNetwork(**shape, rngs=nnx.Rngs(0)))
    card = cards.card(classes=NAMES, network=shape)
    assert {name: array.shape for name, array in arrays.items()} == weights.page_shapes(card)


def test_the_page_network_sees_what_flax_sees():
    pages = np.random.default_rng(0).integers(0, 256, (5, 64, 96), np.uint8)
    network, _ = checkpoint.load_page()
    # Noise is of much spread: what plain paper does to float32 is in docs/results.md.
    for here, there in zip(load_page_network()(pages), network(pages), strict=True):
        np.testing.assert_allclose(here, np.asarray(there), rtol=0, atol=2e-3)


def test_any_number_of_glyphs_and_threads():
    classifier = Classifier.load(checkpoint.SHIPPED / "tiny", threads=1)
    glyphs = np.random.default_rng(0).integers(0, 256, (2 * BATCH + 1, 28, 28), np.uint8)
    assert classifier.probabilities(glyphs[:0]).shape == (0, 10)
    together = classifier.probabilities(glyphs)
    np.testing.assert_allclose(together.sum(1), 1, atol=1e-5)
    alone = np.concatenate([classifier.probabilities(glyph[None]) for glyph in glyphs[-9:]])
    np.testing.assert_allclose(together[-9:], alone, rtol=0, atol=1e-6)
    for wrong in (glyphs.astype(float), glyphs[0], glyphs[:, :27]):
        with pytest.raises(ValueError, match=r"glyphs should be uint8 \(n, 28, 28\)"):
            classifier.probabilities(wrong)


def test_reading_tells_nobody(tmp_path):
    """ONNX Runtime would leave a number of this machine, and what it is about to send, at home; but
    not where it takes itself to be tested."""
    program = "from model import Recognizer; Recognizer.load()"
    command = [sys.executable, "-c", program]
    here = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    subprocess.run(command, cwd=Path(__file__).parents[1], env=here, check=True)
    assert list(tmp_path.rglob("*")) == []


def test_certainty_tells_two_from_all(recognizer):
    shares = np.zeros((4, 10), np.float32)
    shares[0, 3], shares[1, [4, 9]], shares[2], shares[3, 1:] = 1, 0.5, 0.1, 1 / 18
    shares[3, 0] = 0.5  # as much as the one that hesitates between two
    assert certainty(shares) == pytest.approx(1 - np.log([1, 2, 10, 6]) / np.log(10), abs=1e-5)
    assert recognizer.classifier.answers(shares).tolist() == [True, True, False, False]
    assert certainty(np.ones((2, 1))).tolist() == [1, 1]  # of one class, there is no doubt
    assert certainty(shares[0]).shape == ()
    rounded = np.random.default_rng(0).dirichlet([1e5] * 10, 100).astype(np.float32)
    rounded[50:] = 1.0000001 * np.eye(10, dtype=np.float32)[0]
    rounded[0] = 0.10000001  # a card takes nothing beyond 0 and 1
    assert certainty(rounded).min() >= 0 and certainty(rounded).max() <= 1
