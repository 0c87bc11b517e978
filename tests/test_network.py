"""Shapes, scaling and size of the network."""

import jax
import numpy as np
import pytest
from flax import nnx

from model.network import DigitCNN, max_pool
from train.config import NETWORK, PRESETS


@pytest.fixture(scope="module")
def network() -> DigitCNN:
    network = DigitCNN(rngs=nnx.Rngs(0))
    network.eval()
    return network


def test_shapes(network):
    images = np.zeros((3, 28, 28), np.uint8)
    assert network(images).shape == (3, 10)
    assert network.embed(images).shape == (3, 128)
    assert DigitCNN(4, widths=(8, 8, 16), features=20, rngs=nnx.Rngs(0)).embed(images).shape == (
        3,
        20,
    )


def test_without_a_hidden_layer_the_channels_means_are_the_description():
    shape = {name: getattr(PRESETS["tiny"], name) for name in NETWORK}
    tiny = nnx.view(DigitCNN(**shape, rngs=nnx.Rngs(0)), deterministic=True)
    assert sum(p.size for p in jax.tree.leaves(nnx.state(tiny, nnx.Param))) <= 7500
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    assert tiny.embed(images).shape == (3, 13)
    assert tiny(images).shape == (3, 10)


def test_an_image_is_read_alike_in_any_batch(network):
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    np.testing.assert_allclose(network(images)[2], network(images[2:3])[0], rtol=1e-4, atol=1e-5)


def test_training_uses_the_batch_and_moves_the_statistics():
    network = DigitCNN(rngs=nnx.Rngs(0))
    before = np.asarray(network.conv1.norm.mean[...])
    network(np.full((4, 28, 28), 255, np.uint8))
    assert np.abs(np.asarray(network.conv1.norm.mean[...]) - before).max() > 0


def test_less_than_five_megabytes(network):
    assert sum(p.size for p in jax.tree.leaves(nnx.state(network, nnx.Param))) * 4 < 5e6


def test_max_pool_of_a_worked_example():
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(max_pool(x)[0, ..., 0], [[5, 7], [13, 15]])
