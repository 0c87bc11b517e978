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
    places of their sum last.

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
    rows, channels = _rows(x), len(scale)
    mean, square = _means(lambda row: (row, row * row), channels, rows)
    variance = jnp.maximum(square - mean * mean, 0)
    slope = lax.rsqrt(variance + epsilon)
    factor, offset = slope * scale, bias - mean * slope * scale
    y = jnp.maximum(_spread(factor, rows) * rows + _spread(offset, rows), 0)
    return (y.reshape(x.shape), mean, variance), (rows, y, scale, mean, slope)


def _backward(epsilon: float, saved: tuple[jax.Array, ...], gradients: Triple) -> Triple:
    rows, y, scale, mean, slope = saved
    channels, places = len(scale), rows.size // len(scale)

    def before_relu(y: jax.Array, gradient: jax.Array) -> jax.Array:
        return jnp.where(y > 0, gradient, 0)

    def terms(row: jax.Array, y: jax.Array, gradient: jax.Array) -> Sums:
        gradient = before_relu(y, gradient)
        return gradient, gradient * row

    gradient = _rows(gradients[0])
    by_bias, by_row = _means(terms, channels, rows, y, gradient)
    by_scale = slope * (by_row - mean * by_bias)
    factor = slope * scale
    along_row = -factor * slope * by_scale
    offset = -factor * by_bias - along_row * mean
    to_rows = _spread(factor, rows) * before_relu(y, gradient)
    to_rows += _spread(along_row, rows) * rows + _spread(offset, rows)
    return to_rows.reshape(gradients[0].shape), by_scale * places, by_bias * places


norm_relu.defvjp(_forward, _backward)


def _rows(x: jax.Array) -> jax.Array:
    """(n, h, w, c) → (rows, numbers): each row one image, or as many lines of it as are added side
    by side."""
    _, h, w, c = x.shape
    limit = max(SIDE_BY_SIDE, w * c)
    lines = max(n for n in range(1, h + 1) if h % n == 0 and n * w * c <= limit)
    return x.reshape(-1, lines * w * c)


def _spread(values: jax.Array, rows: jax.Array) -> jax.Array:
    """(c,), one for each channel → (numbers,), one for each number of a row."""
    return jnp.tile(values, rows.shape[-1] // len(values))


def _means(terms: Callable[..., Sums], channels: int, *rows: jax.Array) -> jax.Array:
    """The (2, c) means, over all places of all images, of the two terms that `terms` makes of a row
    of each of the arrays."""

    def add(sums: Sums, row: tuple[jax.Array, ...]) -> tuple[Sums, None]:
        one, other = terms(*row)
        return (sums[0] + one, sums[1] + other), None

    def total(*rows: jax.Array) -> jax.Array:
        nothing = jnp.zeros_like(rows[0][0])
        sums, _ = lax.scan(add, (nothing, nothing), rows)
        return jnp.stack([each.reshape(-1, channels).sum(0) for each in sums])

    mesh, share = sharing_mesh(rows[0]), total
    if mesh:
        split, whole = PartitionSpec(BATCH_AXIS), PartitionSpec()
        share = jax.shard_map(
            lambda *rows: lax.psum(total(*rows), BATCH_AXIS),
            mesh=mesh,
            in_specs=(split,) * len(rows),
            out_specs=whole,
        )
    return share(*rows) * (channels / rows[0].size)
