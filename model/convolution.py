"""A convolution whose gradients are cheap on a CPU, also inside a loop: what nnx.Conv calls."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax import lax
from jax.sharding import AbstractMesh, PartitionSpec

# Images at a time, at least and at most, and the pixels of their results, eight of 14 × 14: so many
# and their gradients still fit a core's cache (measured with benchmarks/throughput.py).
CHUNK, CHUNK_PIXELS = (2, 8), 1568
BATCH_AXIS = "data"  # of the mesh over which a batch is split, where there is one

Pair = tuple[int, int]
Pads = tuple[Pair, ...]  # zeros before and after, of height and width


def convolve(
    x: jax.Array,
    kernel: jax.Array,
    strides: Sequence[int],
    padding: str | Sequence[Pair],
    **options: Any,
) -> jax.Array:
    """lax.conv_general_dilated of (n, h, w, in) by (k, k, in, out): what nnx.Conv passes, and its
    result.

    On CPUs the gradients are computed in another way, on each device of the mesh for its part of
    the batch.
    """
    if jax.default_backend() != "cpu":
        return lax.conv_general_dilated(x, kernel, strides, padding, **options)
    if isinstance(padding, str):
        padding = lax.padtype_to_pads(x.shape[1:3], kernel.shape[:2], strides, padding)
    fixed = tuple(strides), tuple(padding)
    mesh = sharing_mesh(x)
    if mesh is None:
        return _convolve_chunked(x, kernel, *fixed)
    split = PartitionSpec(BATCH_AXIS)

    def part(x: jax.Array, kernel: jax.Array) -> jax.Array:
        return _convolve_chunked(x, lax.pcast(kernel, BATCH_AXIS, to="varying"), *fixed)

    return jax.shard_map(part, mesh=mesh, in_specs=(split, PartitionSpec()), out_specs=split)(
        x, kernel
    )


def sharing_mesh(batch: jax.Array) -> AbstractMesh | None:
    """The mesh whose devices share a batch evenly; None where one has all of it."""
    mesh = jax.sharding.get_abstract_mesh()
    devices = mesh.shape.get(BATCH_AXIS, 1)
    return None if devices == 1 or len(batch) % devices else mesh


def _convolve(
    x: jax.Array, kernel: jax.Array, strides: Sequence[int], padding: Sequence[Pair], **options: Any
) -> jax.Array:
    order = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, strides, padding, dimension_numbers=order, **options)


_convolve_chunked = jax.custom_vjp(_convolve, nondiff_argnums=(2, 3))


def _forward(
    x: jax.Array, kernel: jax.Array, strides: Pair, padding: Pads
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return _convolve_chunked(x, kernel, strides, padding), (x, kernel)


def _backward(
    strides: Pair, padding: Pads, saved: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """dL/dx and dL/dkernel, this as the sum of those of a few images each.

    A kernel's gradient is a convolution by a kernel as large as the image, in which the images are
    the channels: over a whole batch of them at a third of the forward pass' speed, over a few at
    three quarters of it.

    Both are what JAX derives, but with their operands turned to lie as the forward pass' do. JAX's
    rule leaves that to XLA, which leaves it undone inside a loop and then takes twenty times as
    long.
    """
    x, kernel = saved
    to_x_pads, to_kernel_pads = [], []
    sizes = x.shape[1:3], kernel.shape[:2], gradient.shape[1:3]
    for size, k, places, stride, (before, _) in zip(*sizes, strides, padding, strict=True):
        reach = (places - 1) * stride + 1  # from the first place of a kernel to the last
        to_x_pads.append((k - 1 - before, size + before - reach))
        to_kernel_pads.append((before, reach + k - 1 - size - before))
    turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    to_x = _convolve(gradient, turned, (1, 1), to_x_pads, lhs_dilation=strides)

    def to_kernel(x: jax.Array, gradient: jax.Array) -> jax.Array:
        images, kernels = x.transpose(3, 1, 2, 0), gradient.transpose(1, 2, 0, 3)
        return _convolve(images, kernels, (1, 1), to_kernel_pads, rhs_dilation=strides)

    def add(total: jax.Array, some: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        return total + to_kernel(*some), None

    pixels = gradient.shape[1] * gradient.shape[2]
    chunk = int(np.clip(CHUNK_PIXELS // pixels, *CHUNK))
    whole = len(x) // chunk * chunk

    def split(images: jax.Array) -> jax.Array:
        return images[:whole].reshape(-1, chunk, *images.shape[1:])

    rest = to_kernel(x[whole:], gradient[whole:])
    total, _ = lax.scan(add, rest, (split(x), split(gradient)))
    return to_x, total.transpose(1, 2, 0, 3)  # from (in, k, k, out)


_convolve_chunked.defvjp(_forward, _backward)
