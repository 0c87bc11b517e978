"""A convolution whose weights' gradient is cheap on a CPU: what nnx.Conv calls for strides of 1."""

import jax
import numpy as np
from jax import lax
from jax.sharding import PartitionSpec

# images at a time, at least and at most: so many and their gradients still fit a core's cache
CHUNK = 2, 8
CHUNK_PIXELS = 1568  # and at most so many pixels: eight images of 14 × 14
BATCH_AXIS = "data"  # of the mesh over which a batch is split, where there is one


def convolve(x, kernel, strides, padding, **options):
    """lax.conv_general_dilated of (n, h, w, in) by (k, k, in, out), strides 1: what nnx.Conv
    passes, and its result.

    On CPUs the kernel's gradient is computed in another way, on each device of the mesh for its
    part of the batch.
    """
    if jax.default_backend() != "cpu" or set(strides) != {1}:
        return lax.conv_general_dilated(x, kernel, strides, padding, **options)
    mesh = jax.sharding.get_abstract_mesh()
    devices = mesh.shape.get(BATCH_AXIS, 1)
    if devices == 1 or len(x) % devices:
        return _chunked(x, kernel, padding)
    split = PartitionSpec(BATCH_AXIS)

    def part(x, kernel):
        return _chunked(x, lax.pcast(kernel, BATCH_AXIS, to="varying"), padding)

    return jax.shard_map(part, mesh=mesh, in_specs=(split, PartitionSpec()), out_specs=split)(
        x, kernel
    )


def _plain(x, kernel, padding):
    return lax.conv_general_dilated(
        x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


_chunked = jax.custom_vjp(_plain, nondiff_argnums=(2,))


def _forward(x, kernel, padding):
    return _chunked(x, kernel, padding), (x, kernel)


def _backward(padding, saved, gradient):
    """dL/dx by JAX's rule, and so dL/dkernel, but as the sum of those of a few images each.

    XLA computes dL/dkernel as a convolution by a kernel as large as the image, in which the images
    are the channels: over a whole batch of them at a third of the forward pass' speed, over a few
    at three quarters of it.
    """
    x, kernel = saved
    _, to_x = jax.vjp(lambda x: _plain(x, kernel, padding), x)

    chunk = int(np.clip(CHUNK_PIXELS // (x.shape[1] * x.shape[2]), *CHUNK))

    def to_kernel(start):
        some = slice(start, start + chunk)
        return jax.vjp(lambda kernel: _plain(x[some], kernel, padding), kernel)[1](gradient[some])[
            0
        ]

    return *to_x(gradient), sum(to_kernel(start) for start in range(0, len(x), chunk))


_chunked.defvjp(_forward, _backward)
