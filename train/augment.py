"""Distortions that turn MNIST's digits into digits as people draw, scan and photograph them.

Everything is a pure function of a key and one (28, 28) float32 image in [0, 1], ink high; `augment`
maps it over a batch of uint8 glyphs, and runs inside the jitted training step. Two families:

- `warp`, for nine images of ten: another hand. Rotation, scale, shear, shift, elastic bending; and
  for four of ten a thicker or thinner pen.
- `corrupt`, for a share of the images: another camera. Blur, noise, weak contrast, a grey or uneven
  background, stray lines, dots and blobs, missing pieces, outlines, few pixels.

Ranges follow what ../docs/results.md's table of damages is measured with: a little beyond what a
reader should bear.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from jax.typing import ArrayLike

SIZE = 28
CENTRE = (SIZE - 1) / 2
# of NumPy: importing this must not start JAX, see train/devices.py
GRID = np.arange(SIZE, dtype=np.float32)
BEND_KNOTS = 5  # a side: control points of the elastic bending


def chance(key: jax.Array, probability: float, changed: jax.Array, image: jax.Array) -> jax.Array:
    """`changed` with the probability given, else `image`."""
    return jnp.where(random.bernoulli(key, probability), changed, image)


def uniform(
    key: jax.Array, low: ArrayLike, high: ArrayLike, shape: tuple[int, ...] = ()
) -> jax.Array:
    """Uniform float32 in [low, high)."""
    return random.uniform(key, shape, minval=low, maxval=high)


def fraction(x: jax.Array) -> jax.Array:
    """What is above the whole number below."""
    return x - jnp.floor(x)


def sample(image: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    """Bilinear values of the image at float positions, 0 outside of it. All (28, 28) float32."""
    values: jax.Array = jax.scipy.ndimage.map_coordinates(
        image, [rows, columns], order=1, mode="constant"
    )
    return values


def bend(key: jax.Array) -> jax.Array:
    """A smooth random field (28, 28), of unit variance at its knots: cubic B-splines over a coarse
    grid."""
    knots = random.normal(key, (BEND_KNOTS, BEND_KNOTS))
    distance = jnp.abs(GRID[:, None] / (SIZE - 1) * (BEND_KNOTS - 1) - jnp.arange(BEND_KNOTS)[None])
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = jnp.clip(2 - distance, 0) ** 3 / 6
    weights = jnp.where(distance < 1, near, far)  # (28, knots)
    return 1.5 * weights @ knots @ weights.T  # 1.5 makes up for what the spline smooths away


def warp(key: jax.Array, image: jax.Array, strength: ArrayLike = 1.0) -> jax.Array:
    """Another hand: affine and elastic distortion, about the image's centre. Strength 1 is a usual
    hand."""
    keys = random.split(key, 8)
    angle = strength * jnp.deg2rad(uniform(keys[0], -14, 14))
    shear = strength * uniform(keys[1], -0.2, 0.2)
    scale = jnp.exp(strength * uniform(keys[2], -0.16, 0.16))
    aspect = jnp.exp(strength * uniform(keys[3], -0.12, 0.12))
    shift = strength * uniform(keys[4], -1.8, 1.8, (2,))
    bending = strength * uniform(keys[5], 0, 1.3)
    y, x = jnp.meshgrid(GRID - CENTRE, GRID - CENTRE, indexing="ij")
    x = x + shear * y
    y, x = y / (scale * aspect), x * aspect / scale
    rows = jnp.cos(angle) * y - jnp.sin(angle) * x + CENTRE + shift[0] + bending * bend(keys[6])
    columns = jnp.sin(angle) * y + jnp.cos(angle) * x + CENTRE + shift[1] + bending * bend(keys[7])
    return sample(image, rows, columns)


def extremes(image: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Two of (28, 28): the highest and the lowest value of each pixel and the eight around it."""
    # A window rather than nine shifts, into each of which XLA would copy the work that made the
    # image.
    highest, lowest = (
        jax.lax.reduce_window(image, start, choose, (3, 3), (1, 1), "SAME")
        for start, choose in ((-jnp.inf, jax.lax.max), (jnp.inf, jax.lax.min))
    )
    return highest, lowest


def thicken(key: jax.Array, image: jax.Array, strength: ArrayLike = 1.0) -> jax.Array:
    """A pen up to a pixel thicker or thinner on each side, at strength 1."""
    highest, lowest = extremes(image)
    amount = strength * uniform(key, -1, 1)
    return image + amount * jnp.where(amount > 0, highest - image, image - lowest)


def trace_outline(image: jax.Array) -> jax.Array:
    """Only the edges of the strokes, as an edge filter or a hollow pen leaves them."""
    highest, lowest = extremes(image)
    return jnp.clip(1.2 * (highest - lowest), 0, 1)


def gaussian_blur(key: jax.Array, image: jax.Array) -> jax.Array:
    """Out of focus or moved: σ of 0.3 to 2.2 pixels down and across, each on its own."""

    def kernel(sigma: jax.Array) -> jax.Array:
        weights = jnp.exp(-((GRID[:, None] - GRID[None]) ** 2) / (2 * sigma**2))
        return weights / weights.sum(1, keepdims=True)

    sigma = uniform(key, 0.3, 2.2, (2,))
    return kernel(sigma[0]) @ image @ kernel(sigma[1]).T


def gaussian_noise(key: jax.Array, image: jax.Array) -> jax.Array:
    """Sensor noise of σ up to 0.35."""
    level, noise = random.split(key)
    return image + uniform(level, 0.03, 0.35) * random.normal(noise, image.shape)


def impulse_noise(key: jax.Array, image: jax.Array) -> jax.Array:
    """Up to a fifth of the pixels set to black or white."""
    level, where, what = random.split(key, 3)
    hit = random.uniform(where, image.shape) < uniform(level, 0.01, 0.2)
    return jnp.where(hit, random.bernoulli(what, 0.5, image.shape).astype(image.dtype), image)


def fade(key: jax.Array, image: jax.Array) -> jax.Array:
    """Weak ink: down to a fifth of the contrast."""
    return image * uniform(key, 0.2, 0.9)


def add_background(key: jax.Array, image: jax.Array) -> jax.Array:
    """A grey ground, uneven or not, that leaves the ink between a quarter and all of the range
    above it."""
    keys = random.split(key, 4)
    ground = uniform(keys[0], 0.05, 0.7) + 0.3 * random.bernoulli(keys[1], 0.6) * bend(keys[2])
    ground = jnp.clip(ground, 0, 0.75)
    return ground + (1 - ground) * image * uniform(keys[3], 0.5, 1)


def add_stripes(key: jax.Array, image: jax.Array) -> jax.Array:
    """Ruling through the picture: parallel bands at any angle, brighter than the ground or
    inverting it."""
    keys = random.split(key, 6)
    angle = uniform(keys[0], 0, jnp.pi)
    period = uniform(keys[1], 4, 16)
    phase = (
        jnp.cos(angle) * GRID[:, None] + jnp.sin(angle) * GRID[None] + uniform(keys[2], 0, period)
    )
    band = (fraction(phase / period) < uniform(keys[3], 0.1, 0.35)).astype(image.dtype)
    added = jnp.maximum(image, band * uniform(keys[4], 0.2, 1))
    return chance(keys[5], 0.25, jnp.abs(image - band), added)


def add_lines(key: jax.Array, image: jax.Array) -> jax.Array:
    """One to three straight strokes that don't belong to the digit, whole or dotted."""

    def line(key: jax.Array) -> jax.Array:
        keys = random.split(key, 5)
        start, end = uniform(keys[0], 0, SIZE, (2,)), uniform(keys[1], 0, SIZE, (2,))
        y, x = jnp.meshgrid(GRID, GRID, indexing="ij")
        along = end - start
        length = jnp.sum(along**2) + 1e-3
        t = jnp.clip(((y - start[0]) * along[0] + (x - start[1]) * along[1]) / length, 0, 1)
        distance = jnp.sqrt((y - start[0] - t * along[0]) ** 2 + (x - start[1] - t * along[1]) ** 2)
        stroke = jnp.clip(uniform(keys[2], 0.8, 1.6) - distance, 0, 1)
        dotted = jnp.where(fraction(t * jnp.sqrt(length) / 4) < 0.5, stroke, 0)
        return chance(keys[3], 0.3, dotted, stroke) * uniform(keys[4], 0.4, 1)

    count, *keys = random.split(key, 4)
    there = jnp.arange(3) < random.randint(count, (), 1, 4)
    for number, key in enumerate(keys):  # not vmap and max, which XLA makes slow code of
        image = jnp.maximum(image, line(key) * there[number])
    return image


def add_blobs(key: jax.Array, image: jax.Array) -> jax.Array:
    """Two to six round specks or stains; each adds ink or, as often, wipes it out."""
    keys = random.split(key, 5)
    centres = uniform(keys[0], 0, SIZE, (6, 2))
    radii = uniform(keys[1], 0.6, 2.6, (6,))
    down, across = GRID[:, None] - centres[:, 0, None, None], GRID[None] - centres[:, 1, None, None]
    there = jnp.arange(6) < random.randint(keys[2], (), 2, 7)
    adds = random.bernoulli(keys[3], 0.5, (6,))
    ink, left = jnp.zeros(()), jnp.ones(())
    for number in range(6):  # one after the other, as in lines
        distance = jnp.sqrt(down[number] ** 2 + across[number] ** 2)
        spot = jnp.clip(radii[number] + 0.5 - distance, 0, 1) * there[number]
        ink = jnp.maximum(ink, spot * adds[number])
        left = jnp.minimum(left, 1 - spot * ~adds[number])
    return jnp.maximum(image * left, ink * uniform(keys[4], 0.4, 1))


def cut_out(key: jax.Array, image: jax.Array) -> jax.Array:
    """A rectangle of 3 to 9 pixels a side is missing."""
    place, size = random.split(key)
    top, left = uniform(place, 0, SIZE - 3, (2,))
    height, width = uniform(size, 3, 9, (2,))
    rows, columns = (GRID >= top) & (GRID < top + height), (GRID >= left) & (GRID < left + width)
    return jnp.where(rows[:, None] & columns[None], 0, image)


def coarsen(key: jax.Array, image: jax.Array) -> jax.Array:
    """Few pixels, as of a small picture, a fax or a form's scan: cells of 1.2 to 2.6 pixels a side,
    each as grey as what is in it, or black or white; often stretched, as where a box is cut out
    and made a square."""
    keys = random.split(key, 6)
    stretch = chance(keys[0], 0.6, jnp.exp(uniform(keys[1], -0.25, 0.75)), jnp.ones(()))
    y, x = jnp.meshgrid(GRID, (GRID - CENTRE) / stretch + CENTRE, indexing="ij")
    image = sample(image, y, x)
    # of each axis, the cell that each pixel is in; pixels of one cell share what all of them hold
    cells = jnp.floor(GRID / uniform(keys[2], 1.2, 2.6) + uniform(keys[3], 0, 1, (2, 1)))
    same = (cells[:, :, None] == cells[:, None]).astype(image.dtype)
    down, across = same / same.sum(-1, keepdims=True)
    image = down @ image @ across.T
    level = uniform(keys[4], 0.2, 0.6)
    return chance(keys[5], 0.6, (image > level).astype(image.dtype), image)


def corrupt(key: jax.Array, image: jax.Array) -> jax.Array:
    """Another camera: each kind of damage by itself with a small probability, so that some come
    together."""
    keys = random.split(key, 26)
    image = chance(keys[0], 0.04, trace_outline(image), image)
    image = chance(keys[1], 0.20, add_lines(keys[2], image), image)
    image = chance(keys[3], 0.15, add_blobs(keys[4], image), image)
    image = chance(keys[5], 0.25, cut_out(keys[6], image), image)
    image = chance(keys[7], 0.10, add_stripes(keys[8], image), image)
    image = chance(keys[24], 0.25, coarsen(keys[25], image), image)
    image = chance(keys[9], 0.20, fade(keys[10], image), image)
    image = chance(keys[11], 0.30, gaussian_blur(keys[12], image), image)
    image = chance(keys[13], 0.25, add_background(keys[14], image), image)
    image = chance(keys[15], 0.30, gaussian_noise(keys[16], image), image)
    image = chance(keys[17], 0.12, impulse_noise(keys[18], image), image)
    return image


def vary_hand(key: jax.Array, image: jax.Array, strength: ArrayLike) -> jax.Array:
    """One image: warped by a usual hand, or by a wild one, or not; then by another pen, or not."""
    keys = random.split(key, 5)
    wild = strength * jnp.where(random.bernoulli(keys[0], 0.15), 1.9, 1.0)
    image = chance(keys[1], 0.9, warp(keys[2], image, wild), image)
    return chance(keys[3], 0.4, thicken(keys[4], image, strength), image)


def augment(
    key: jax.Array, images: jax.Array, damage_share: float, strength: float = 1.0
) -> jax.Array:
    """(n, 28, 28) uint8 glyphs → (n, 28, 28) uint8, each distorted in its own way.

    Args:
        key: a JAX random key; the same key and images give the same result.
        images: white ink on black.
        damage_share: share of the images, in [0, 1], that are damaged beyond being warped. Not
            traced: the others are spared the work.
        strength: of the warps; 1 is as hands differ, 0 none.
    """
    hands, cameras, choice = random.split(key, 3)
    changed = images.astype(jnp.float32) / 255
    changed = jax.vmap(vary_hand, (0, 0, None))(random.split(hands, len(images)), changed, strength)
    if count := round(damage_share * len(images)):
        chosen = random.permutation(choice, len(images))[:count]
        damaged = jax.vmap(corrupt)(random.split(cameras, count), changed[chosen])
        changed = changed.at[chosen].set(damaged)
    return jnp.round(jnp.clip(changed, 0, 1) * 255).astype(jnp.uint8)
