"""A convolution whose weights' gradient is cheap on a CPU: what nnx.Conv calls for strides of 1."""

import jax
import jax.numpy as jnp
from jax import lax

CHUNK = 8  # images whose patches, all k² shifts of them, still fit a core's cache


def convolve(x, kernel, strides, padding, **options):
    """lax.conv_general_dilated of (n, h, w, in) by (k, k, in, out), strides 1: what nnx.Conv passes, and its result.

    Where a batch is whole chunks on one CPU, the gradient is computed chunk by chunk; elsewhere by JAX's own rule.
    """
    alone = jax.default_backend() == "cpu" and jax.device_count() == 1
    if alone and len(x) % CHUNK == 0 and set(strides) == {1}:
        return _chunked(x, kernel, padding)
    return lax.conv_general_dilated(x, kernel, strides, padding, **options)


def _plain(x, kernel, padding):
    return lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


_chunked = jax.custom_vjp(_plain, nondiff_argnums=(2,))


def _forward(x, kernel, padding):
    return _chunked(x, kernel, padding), (x, kernel)


def _backward(padding, saved, gradient):
    """dL/dx by JAX's rule; dL/dkernel = Σ patchᵀ · dL/dy over places and images.

    XLA computes that sum on CPUs as a convolution by a kernel as large as the image, at a fifth of the speed of the
    forward pass. A product of matrices is faster, if the patches stay in the cache: hence a few images at a time.
    """
    x, kernel = saved
    (size, _, channels_in, channels_out), (height, width) = kernel.shape, gradient.shape[1:3]
    _, to_x = jax.vjp(lambda x: _plain(x, kernel, padding), x)
    pads = lax.padtype_to_pads(x.shape[1:3], (size, size), (1, 1), padding)
    padded = jnp.pad(x, ((0, 0), *pads, (0, 0)))

    def add_chunk(total, chunk):
        images, gradients = chunk
        shifts = [images[:, i : i + height, j : j + width] for i in range(size) for j in range(size)]
        patches = jnp.concatenate(shifts, -1).reshape(-1, size * size * channels_in)
        return total + patches.T @ gradients.reshape(-1, channels_out), None

    chunks = jax.tree.map(lambda a: a.reshape(-1, CHUNK, *a.shape[1:]), (padded, gradient))
    total, _ = lax.scan(add_chunk, jnp.zeros((size * size * channels_in, channels_out), x.dtype), chunks)
    return *to_x(gradient), total.reshape(kernel.shape)


_chunked.defvjp(_forward, _backward)
