"""A convolution whose weights' gradient is cheap on a CPU: what nnx.Conv calls for strides of 1."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax import lax
from jax.sharding import PartitionSpec

# Images at a time, at least and at most, and their pixels, eight of 14 × 14: so many and their
# gradients still fit a core's cache (measured with benchmarks/throughput.py).
CHUNK, CHUNK_PIXELS = (2, 8), 1568
BATCH_AXIS = "data"  # of the mesh over which a batch is split, where there is one

Padding = str | Sequence[tuple[int, int]]


def convolve(
    x: jax.Array, kernel: jax.Array, strides: Sequence[int], padding: Padding, **options: Any
) -> jax.Array:
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
        return _convolve_chunked(x, kernel, padding)
    split = PartitionSpec(BATCH_AXIS)

    def part(x: jax.Array, kernel: jax.Array) -> jax.Array:
        return _convolve_chunked(x, lax.pcast(kernel, BATCH_AXIS, to="varying"), padding)

    return jax.shard_map(part, mesh=mesh, in_specs=(split, PartitionSpec()), out_specs=split)(
        x, kernel
    )


def _convolve(x: jax.Array, kernel: jax.Array, padding: Padding) -> jax.Array:
    return lax.conv_general_dilated(
        x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


_convolve_chunked = jax.custom_vjp(_convolve, nondiff_argnums=(2,))


def _forward(
    x: jax.Array, kernel: jax.Array, padding: Padding
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return _convolve_chunked(x, kernel, padding), (x, kernel)


def _backward(
    padding: Padding, saved: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """dL/dx by JAX's rule, and so dL/dkernel, but as the sum of those of a few images each.

    A kernel's gradient is a convolution by a kernel as large as the image, in which the images are
    the channels: over a whole batch of them at a third of the forward pass' speed, over a few at
    three quarters of it.
    """
    x, kernel = saved
    _, to_x = jax.vjp(lambda x: _convolve(x, kernel, padding), x)

    pads = padding
    if isinstance(padding, str):
        pads = lax.padtype_to_pads(x.shape[1:3], kernel.shape[:2], (1, 1), padding)
    chunk = int(np.clip(CHUNK_PIXELS // (x.shape[1] * x.shape[2]), *CHUNK))
    whole = len(x) // chunk * chunk

    def to_kernel(x: jax.Array, gradient: jax.Array) -> jax.Array:
        # Transposed here, as the forward pass' operands lie: what JAX's rule leaves to XLA, XLA
        # leaves undone inside a loop, and then takes twenty times as long.
        images, kernels = x.transpose(3, 1, 2, 0), gradient.transpose(1, 2, 0, 3)
        return _convolve(images, kernels, pads)  # (in, k, k, out)

    def add(total: jax.Array, some: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        return total + to_kernel(*some), None

    def split(images: jax.Array) -> jax.Array:
        return images[:whole].reshape(-1, chunk, *images.shape[1:])

    rest = to_kernel(x[whole:], gradient[whole:])
    total, _ = lax.scan(add, rest, (split(x), split(gradient)))
    return *to_x(gradient), total.transpose(1, 2, 0, 3)


_convolve_chunked.defvjp(_forward, _backward)
