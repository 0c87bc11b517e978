"""Batch norm and ReLU with sums and gradients of their own are what Flax and JAX make of them.

Devices that share a batch: see test_distributed.py.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax import random

from model.batch_norm import SIDE_BY_SIDE, NormRelu


def trained(norm, x, ahead):
    """What the layer makes of x, its gradients, and the statistics that it keeps."""

    def loss(norm, x):
        y = norm(x)
        return (y * ahead).sum(), y

    (_, y), (slopes, to_x) = nnx.value_and_grad(loss, argnums=(0, 1), has_aux=True)(norm, x)
    return y, to_x, slopes["scale"][...], slopes["bias"][...], norm.mean[...], norm.var[...]


class Reference(nnx.BatchNorm):
    def __call__(self, x):
        return nnx.relu(super().__call__(x))


def example(kind, channels):
    norm = kind(channels, momentum=0.9, epsilon=1e-3, rngs=nnx.Rngs(0))
    norm.scale[...] = random.normal(random.key(1), (channels,))
    norm.bias[...] = random.normal(random.key(2), (channels,))
    return norm


@pytest.mark.parametrize("shape", [(6, 4, 5, 3), (3, 1, 1, 2), (2, 6, SIDE_BY_SIDE // 8, 4)])
def test_values_gradients_and_statistics_are_those_of_flax(shape):
    x = 3 * random.normal(random.key(3), shape) + 1
    ahead = random.normal(random.key(4), shape)
    ours = trained(example(NormRelu, shape[-1]), x, ahead)
    theirs = trained(example(Reference, shape[-1]), x, ahead)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * np.abs(other).max())


def test_a_trained_one_has_the_statistics_that_it_kept():
    norm = example(NormRelu, 3)
    norm.mean[...], norm.var[...] = jnp.array([1.0, 2, 3]), jnp.array([1.0, 4, 9])
    x = random.normal(random.key(5), (1, 2, 2, 3))
    reads = nnx.view(norm, use_running_average=True)
    normal = (x - norm.mean[...]) / jnp.sqrt(norm.var[...] + 1e-3)
    wanted = normal * norm.scale[...] + norm.bias[...]
    np.testing.assert_allclose(reads(x), jnp.maximum(wanted, 0), rtol=1e-5, atol=1e-6)
