"""The convolution's own gradients are those that JAX derives."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax, random

from model.convolution import CHUNK, convolve


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("images", [2 * CHUNK[1], 2 * CHUNK[1] + 3, 3])
@pytest.mark.parametrize(("size", "strides"), [(3, (1, 1)), (5, (1, 1)), (5, (2, 2)), (3, (2, 3))])
def test_gradients_are_those_of_jax(padding, images, size, strides):
    keys = random.split(random.key(0), 3)
    x = random.normal(keys[0], (images, 9, 8, 2))
    kernel = random.normal(keys[1], (size, size, 2, 4))
    options = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}

    def value_and_gradients(convolution):
        y, pull = jax.vjp(
            lambda x, kernel: convolution(x, kernel, strides, padding, **options), x, kernel
        )
        return y, *pull(random.normal(keys[2], y.shape))

    for ours, theirs in zip(
        value_and_gradients(convolve), value_and_gradients(lax.conv_general_dilated), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
        assert jnp.isfinite(ours).all()


@pytest.mark.parametrize("strides", [(1, 1), (2, 2)])
def test_gradients_are_what_xla_runs_fast_in_a_loop(strides):
    """See findings/xla_kernel_gradient_in_loop.sh."""
    x, kernel = jnp.ones((4 * CHUNK[1], 14, 14, 2)), jnp.ones((3, 3, 2, 4))

    def total(x, kernel):
        return (convolve(x, kernel, strides, "SAME") ** 2).sum()

    def descend(_, xs):
        return jax.tree.map(lambda x, slope: x - slope, xs, jax.grad(total, (0, 1))(*xs))

    looped = jax.jit(lambda *xs: lax.fori_loop(0, 9, descend, xs))
    compiled = looped.lower(x, kernel).compile().as_text()
    orders = set(re.findall(r"dim_labels=(\S+?)[,\s]", compiled))
    assert orders == {"b01f_01io->b01f"} and "while(" in compiled
