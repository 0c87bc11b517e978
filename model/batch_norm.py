"""Batch norm and ReLU whose sums are cheap on a CPU: what ConvNorm trains with."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jax.sharding import PartitionSpec

from model.convolution import BATCH_AXIS, sharing_mesh

# Numbers of an image that are added side by side, at most, where one of its lines has no more:
# their sums fit a core's first cache together with what is added.
SIDE_BY_SIDE = 10_000

Sums = tuple[jax.Array, jax.Array]
Triple = tuple[jax.Array, jax.Array, jax.Array]


class NormRelu(nnx.BatchNorm):
    """nnx.BatchNorm, then ReLU: (n, h, w, c) → (n, h, w, c). On CPUs, it trains by `norm_relu`."""

    def __call__(self, x: jax.Array) -> jax.Array:  # type: ignore[override]
        if self.use_running_average or jax.default_backend() != "cpu":
            return nnx.relu(super().__call__(x))
        assert self.scale is not None and self.bias is not None
        y, mean, variance = norm_relu(x, self.scale[...], self.bias[...], self.epsilon)
        for running, now in (self.mean, mean), (self.var, variance):
            running[...] = self.momentum * running[...] + (1 - self.momentum) * now
        return y


@functools.partial(jax.custom_vjp, nondiff_argnums=(3,))
def norm_relu(x: jax.Array, scale: jax.Array, bias: jax.Array, epsilon: float) -> Triple:
    """Batch norm by the statistics of the batch, and ReLU, with the gradients of Ioffe and Szegedy
    (2015: Batch normalization). No gradient goes through the statistics that it returns.

    XLA's CPU backend is slow to add up what it works out on the way, such as squares (see
    findings/xla_sum_of_squares.sh). Here images are added to each other, as they lie, and the
    places of their sum last. The channels stay an axis of all of it: of images as flat rows, each
    number's channel takes XLA's loops a division.

    Args:
        x: (n, h, w, c) float32.
        scale, bias: (c,) float32.
        epsilon: added to the variance.

    Returns:
        (n, h, w, c), what comes out, and the batch's (c,) mean and variance.
    """
    return _forward(x, scale, bias, epsilon)[0]


def _forward(
    x: jax.Array, scale: jax.Array, bias: jax.Array, epsilon: float
) -> tuple[Triple, tuple[jax.Array, ...]]:
    mean, square = _means(lambda x: (x, x * x), x)
    variance = jnp.maximum(square - mean * mean, 0)
    slope = lax.rsqrt(variance + epsilon)
    factor, offset = slope * scale, bias - mean * slope * scale
    y = jnp.maximum(factor * x + offset, 0)
    return (y, mean, variance), (x, y, scale, mean, slope)


def _backward(epsilon: float, saved: tuple[jax.Array, ...], gradients: Triple) -> Triple:
    x, y, scale, mean, slope = saved
    gradient, places = gradients[0], x.size // len(scale)

    def before_relu(y: jax.Array, gradient: jax.Array) -> jax.Array:
        return jnp.where(y > 0, gradient, 0)

    def terms(x: jax.Array, y: jax.Array, gradient: jax.Array) -> Sums:
        gradient = before_relu(y, gradient)
        return gradient, gradient * x

    by_bias, by_x = _means(terms, x, y, gradient)
    by_scale = slope * (by_x - mean * by_bias)
    factor = slope * scale
    along_x = -factor * slope * by_scale
    offset = -factor * by_bias - along_x * mean
    to_x = factor * before_relu(y, gradient) + (along_x * x + offset)
    return to_x, by_scale * places, by_bias * places


norm_relu.defvjp(_forward, _backward)


def _means(terms: Callable[..., Sums], *arrays: jax.Array) -> jax.Array:
    """The (2, c) means, over all places of all images, of the two terms that `terms` makes of each
    of the (n, h, w, c) arrays."""

    def add(sums: Sums, some: tuple[jax.Array, ...]) -> tuple[Sums, None]:
        one, other = terms(*some)
        return (sums[0] + one, sums[1] + other), None

    def total(*arrays: jax.Array) -> jax.Array:
        lines = tuple(map(_lines, arrays))
        nothing = jnp.zeros_like(lines[0][0])
        sums, _ = lax.scan(add, (nothing, nothing), lines)
        return jnp.stack([each.sum((0, 1)) for each in sums])

    mesh, share = sharing_mesh(arrays[0]), total
    if mesh:
        split, whole = PartitionSpec(BATCH_AXIS), PartitionSpec()
        share = jax.shard_map(
            lambda *arrays: lax.psum(total(*arrays), BATCH_AXIS),
            mesh=mesh,
            in_specs=(split,) * len(arrays),
            out_specs=whole,
        )
    return share(*arrays) * (arrays[0].shape[-1] / arrays[0].size)


def _lines(x: jax.Array) -> jax.Array:
    """(n, h, w, c) → (m, lines, w, c): each an image, or as many lines of it as are added side by
    side."""
    _, h, w, c = x.shape
    limit = max(SIDE_BY_SIDE, w * c)
    lines = max(n for n in range(1, h + 1) if h % n == 0 and n * w * c <= limit)
    return x.reshape(-1, lines, w, c)
