"""DigitCNN: the convolutional network that tells which digit a glyph shows."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import DTypeLike
from numpy.typing import NDArray

from model.batch_norm import NormRelu
from model.convolution import convolve
from model.glyph import GLYPH_SIZE
from model.weights import DEPTH, EPSILON, FEATURES, WIDTHS, fold, margin


def max_pool(x: jax.Array) -> jax.Array:
    """(n, h, w, c) → (n, h/2, w/2, c), h and w even. A reshape, as its gradient is cheaper than a
    window's."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


def lecun_normal(key: jax.Array, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> jax.Array:
    """Random weights of variance 1 / fan-in (LeCun et al., 1998: Efficient BackProp), the outputs
    last in the shape.

    NumPy draws them, also inside jit: JAX would compile a program for each shape, which takes
    seconds.
    """

    def draw(seed: jax.Array) -> NDArray[Any]:
        generator = np.random.default_rng(np.asarray(seed))
        return generator.normal(0, math.prod(shape[:-1]) ** -0.5, shape).astype(dtype)

    seed = jax.random.key_data(key)
    if not isinstance(key, jax.core.Tracer):
        return jnp.asarray(draw(seed))
    return jax.pure_callback(draw, jax.ShapeDtypeStruct(shape, dtype), seed)


class ConvNorm(nnx.Module):
    """Convolution → batch norm → ReLU: (n, h, w, in) → (n, h', w', out), sizes as padding and
    strides make them."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        size: int = 3,
        strides: int = 1,
        padding: str = "SAME",
        *,
        rngs: nnx.Rngs,
    ):
        self.size, self.strides = size, strides
        # The norm subtracts any bias again, so the convolution has none.
        self.conv = nnx.Conv(
            channels_in,
            channels_out,
            (size, size),
            strides=strides,
            padding=padding,
            use_bias=False,
            kernel_init=lecun_normal,
            conv_general_dilated=convolve,
            rngs=rngs,
        )
        self.norm = NormRelu(channels_out, momentum=0.9, epsilon=EPSILON, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.norm(self.conv(x))

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        """The (h, w, in, out) kernel and (out,) bias of the one convolution that does, once
        trained, what convolution and norm do."""
        norm = self.norm
        assert norm.scale is not None and norm.bias is not None
        parts = (self.conv.kernel, norm.scale, norm.bias, norm.mean, norm.var)
        return fold(*(np.asarray(part[...]) for part in parts))

    @property
    def margin(self) -> tuple[int, int]:
        """Zeros before and after each side."""
        return margin(self.size, self.strides, self.conv.padding == "SAME")


class DigitCNN(nnx.Module):
    """A strided 5×5 convolution, 3×3 convolutions in two stages, a hidden layer, then one logit a
    class.

    Striding at once costs no information, since four pixels become one place of 32 channels, and
    saves the convolutions at full resolution, which are the slowest to train on a CPU.

    Args:
        classes: number of classes, one logit each.
        widths: channels of the stem and of the two stages.
        depth: convolutions in each of the two stages.
        features: units of the hidden layer, the network's own description of a glyph. 0: there is
            none, and each channel's mean over its places is that description, as in a network that
            is to be tiny.
        dropout: share of the hidden layer's inputs, or of these means, that are dropped while
            training.
        rngs: source of the initial weights and of the dropout's masks.
    """

    def __init__(
        self,
        classes: int = 10,
        widths: tuple[int, int, int] = WIDTHS,
        depth: int = DEPTH,
        features: int = FEATURES,
        dropout: float = 0.4,
        *,
        rngs: nnx.Rngs,
    ):
        stem, first, second = widths
        channels = [stem, *[first] * depth, *[second] * depth]
        self.depth = depth
        self.conv1 = ConvNorm(1, stem, size=5, strides=2, rngs=rngs)
        # conv2, conv3, ...
        for number, (before, after) in enumerate(itertools.pairwise(channels), 2):
            padding = "VALID" if number == len(channels) else "SAME"
            setattr(self, f"conv{number}", ConvNorm(before, after, padding=padding, rngs=rngs))
        side = GLYPH_SIZE // 4 - 2
        self.dropout = nnx.Dropout(dropout, rngs=rngs)
        self.features = features
        if features:
            self.hidden = nnx.Linear(
                side * side * second, features, kernel_init=lecun_normal, rngs=rngs
            )
        self.head = nnx.Linear(features or second, classes, kernel_init=lecun_normal, rngs=rngs)

    def layer_outputs(self, images: jax.Array) -> Iterator[tuple[str, jax.Array]]:
        """(n, 28, 28) uint8 glyphs → the name and the output of each layer in turn, from "image" to
        what embed gives.

        Floats from 0 to 255 are read alike, so that gradients can be taken with respect to them.
        """
        x = images[..., None].astype(jnp.float32) / 255  # (n, 28, 28, 1) in [0, 1]
        yield "image", x
        for number in range(1, 2 * self.depth + 2):
            if number == self.depth + 2:
                x = max_pool(x)
                yield "pool", x  # (n, 7, 7, 48)
            x = getattr(self, f"conv{number}")(x)
            yield f"conv{number}", x  # at first (n, 14, 14, 32), in the end (n, 5, 5, 96)
        if self.features:
            # Not len(x): an exported program takes any n, which has no number yet.
            x = self.dropout(x.reshape(x.shape[0], -1))  # (n, 2400)
            yield "hidden", nnx.relu(self.hidden(x))  # (n, 128)
        else:
            yield "mean", self.dropout(x.mean((1, 2)))

    def embed(self, images: jax.Array) -> jax.Array:
        """(n, 28, 28) uint8 glyphs → (n, features) float32, ≥ 0: what the last layer decides from.

        Without a hidden layer, they are as many as the last stage's channels.
        """
        *_, (_, x) = self.layer_outputs(images)
        return x

    def __call__(self, images: jax.Array) -> jax.Array:
        """(n, 28, 28) uint8 glyphs → (n, classes) float32 logits."""
        return self.head(self.embed(images))


class Ensemble(nnx.Module):
    """Several networks, of one shape but trained from other seeds, that decide together: their
    probabilities' mean.

    Args:
        members: how many.
        classes, rngs, arguments: DigitCNN's, for each.
    """

    def __init__(self, members: int, classes: int = 10, *, rngs: nnx.Rngs, **arguments: Any):
        self.members = nnx.List([DigitCNN(classes, **arguments, rngs=rngs) for _ in range(members)])

    def embed(self, images: jax.Array) -> jax.Array:
        """(n, 28, 28) uint8 glyphs → (n, members * features) float32, ≥ 0: what each decides from,
        side by side."""
        return jnp.concatenate([member.embed(images) for member in self.members], axis=-1)

    def __call__(self, images: jax.Array) -> jax.Array:
        """(n, 28, 28) uint8 glyphs → (n, classes) float32, the logarithm of the mean of their
        probabilities."""
        each = jnp.stack([nnx.log_softmax(member(images)) for member in self.members])
        return nnx.logsumexp(each, axis=0) - jnp.log(len(each))
