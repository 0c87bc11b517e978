"""PageNetwork: the fully convolutional network that finds digits in a picture.

It looks at a grey picture at one scale and says, for every fourth pixel in both directions, whether
the middle of a digit or of a mark lies there, which, and how far its box reaches (Zhou, Wang and
Krähenbühl, Objects as Points, 2019). It finds digits of SMALLEST to LARGEST pixels; a picture is
shown to it at several scales (model/page_reader.py).
"""

import jax
import jax.numpy as jnp
from flax import nnx

from model.network import ConvNorm, lecun_normal, max_pool
from model.page_format import ALIGNED, CLASSES, LEAST_SPREAD, MOST_SPREADS
from model.weights import PAGE_WIDTHS


class PageNetwork(nnx.Module):
    """A small U-net: (n, h, w) uint8 grey → heat, classes and boxes for every fourth pixel.

    Args:
        widths: channels at a half, a quarter, an eighth and a sixteenth of the resolution.
        rngs: source of the initial weights.
    """

    def __init__(self, widths: tuple[int, int, int, int] = PAGE_WIDTHS, *, rngs: nnx.Rngs):
        half, quarter, eighth, sixteenth = widths
        self.stem = ConvNorm(8, half, rngs=rngs)
        self.quarter1 = ConvNorm(half, quarter, rngs=rngs)
        self.quarter2 = ConvNorm(quarter, quarter, rngs=rngs)
        self.eighth1 = ConvNorm(quarter, eighth, rngs=rngs)
        self.eighth2 = ConvNorm(eighth, eighth, rngs=rngs)
        self.sixteenth1 = ConvNorm(eighth, sixteenth, rngs=rngs)
        self.sixteenth2 = ConvNorm(sixteenth, sixteenth, rngs=rngs)
        self.sixteenth3 = ConvNorm(sixteenth, sixteenth, rngs=rngs)
        self.up1 = ConvNorm(sixteenth + eighth, eighth, rngs=rngs)
        self.up2 = ConvNorm(eighth, quarter, size=1, rngs=rngs)
        self.merged = ConvNorm(2 * quarter, 2 * quarter, rngs=rngs)
        self.head = nnx.Linear(2 * quarter, 1 + CLASSES + 4, kernel_init=lecun_normal, rngs=rngs)
        # Hardly any place is a middle: to begin there spares the first steps (Lin et al., 2017:
        # Focal Loss).
        bias = self.head.bias
        assert bias is not None
        bias[...] = bias[...].at[0].set(-4.0)

    def __call__(self, grey: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """(n, h, w) uint8, h and w multiples of ALIGNED → what lies at each of (h/4, w/4) places.

        Returns:
            heat: (n, h/4, w/4) float32 logits, high at the middle of what is to be read.
            classes: (n, h/4, w/4, CLASSES) float32 logits.
            boxes: (n, h/4, w/4, 4) float32, how far the box reaches to the left, up, right and down
                of the place's middle, in UNITs.
        """
        x = self.stem(_space_to_depth(_normalise(grey)))
        quarter = self.quarter2(self.quarter1(max_pool(x)))
        eighth = self.eighth2(self.eighth1(max_pool(quarter)))
        x = self.sixteenth3(self.sixteenth2(self.sixteenth1(max_pool(eighth))))
        x = self.up1(jnp.concatenate([_upsample(x), eighth], -1))
        x = self.merged(jnp.concatenate([_upsample(self.up2(x)), quarter], -1))
        x = self.head(x)
        return x[..., 0], x[..., 1 : 1 + CLASSES], x[..., 1 + CLASSES :]


def _normalise(grey: jax.Array) -> jax.Array:
    """(n, h, w) uint8 → (n, h, w, 2): grey about -1 to 1, and how it differs from what is around,
    in its spread."""
    x = grey.astype(jnp.float32) / 255
    n, h, w = x.shape
    blocks = x.reshape(n, h // ALIGNED, ALIGNED, w // ALIGNED, ALIGNED)
    # The mean and the spread over blocks, smoothed over the blocks around, and between them.
    mean, square = (_smooth(m) for m in (blocks.mean((2, 4)), (blocks**2).mean((2, 4))))
    spread = jnp.sqrt(jnp.maximum(square - mean**2, 0)) + LEAST_SPREAD
    mean, spread = (jax.image.resize(m, (n, h, w), "linear") for m in (mean, spread))
    return jnp.stack([2 * x - 1, jnp.clip((x - mean) / spread, -MOST_SPREADS, MOST_SPREADS)], -1)


def _smooth(blocks: jax.Array) -> jax.Array:
    """(n, h, w) → the mean of each and the eight around it; at the border, of those that are
    there."""

    def total(x: jax.Array) -> jax.Array:
        return jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 3, 3), (1, 1, 1), "SAME")

    return total(blocks) / total(jnp.ones_like(blocks))


def _space_to_depth(x: jax.Array) -> jax.Array:
    """(n, h, w, c) → (n, h/2, w/2, 4c): four pixels side by side. Nothing is lost, and no
    convolution has to stride, whose gradient is slow on a CPU."""
    n, h, w, c = x.shape
    return (
        x.reshape(n, h // 2, 2, w // 2, 2, c)
        .transpose(0, 1, 3, 2, 4, 5)
        .reshape(n, h // 2, w // 2, 4 * c)
    )


def _upsample(x: jax.Array) -> jax.Array:
    """(n, h, w, c) → (n, 2h, 2w, c), each value four times."""
    n, h, w, c = x.shape
    return jnp.broadcast_to(x[:, :, None, :, None], (n, h, 2, w, 2, c)).reshape(n, 2 * h, 2 * w, c)
