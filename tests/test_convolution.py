"""The convolution's own gradient is the one that JAX derives."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax, random

from model.convolution import CHUNK, convolve


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("images", [2 * CHUNK[1], 2 * CHUNK[1] + 3, 3])
@pytest.mark.parametrize("size", [3, 5])
def test_gradients_are_those_of_jax(padding, images, size):
    keys = random.split(random.key(0), 3)
    x = random.normal(keys[0], (images, 9, 7, 2))
    kernel = random.normal(keys[1], (size, size, 2, 4))
    options = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}

    def value_and_gradients(convolution):
        y, pull = jax.vjp(
            lambda x, kernel: convolution(x, kernel, (1, 1), padding, **options), x, kernel
        )
        return y, *pull(random.normal(keys[2], y.shape))

    for ours, theirs in zip(
        value_and_gradients(convolve), value_and_gradients(lax.conv_general_dilated), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
        assert jnp.isfinite(ours).all()


def test_gradient_is_one_that_xla_runs_fast_in_a_loop():
    """See findings/xla_kernel_gradient_in_loop.sh."""
    x, kernel = jnp.ones((4 * CHUNK[1], 14, 14, 2)), jnp.ones((3, 3, 2, 4))

    def total(kernel):
        return convolve(x, kernel, (1, 1), "SAME").sum()

    compiled = jax.jit(jax.grad(total)).lower(kernel).compile().as_text()
    orders = set(re.findall(r"dim_labels=(\S+?)[,\s]", compiled))
    assert orders == {"b01f_01io->b01f"} and "while(" in compiled
