"""A digit that was cut out and stretched to a square → the proportions that it may have had.

Who cuts a digit out of its picture and resizes that to a square, as many a guide to MNIST tells,
makes a 1 as wide as it is high. Which proportions it had, nothing tells; but in some of them the
network knows it, and in the others it is in doubt.

The constants were chosen on MNIST's validation images, so cut out and stretched.
"""

import numpy as np
from PIL import Image

from model.glyph import INK, normalise
from model.ink import ink_map

WIDTHS = 1.0, 0.7, 0.55, 0.3  # of its height, that the digit may have had
FLOOR = 1e-4  # what is added to each probability, lest one width rule a class out
CLOSE = 0.12  # of the picture, or a pixel: no farther from each side ends a digit that was cut out
PAPER = 5  # percent of the pixels that are at least as light, or dark, as paper
FINE = 112  # pixels: as high it is made, so that a narrow one keeps its strokes


def ink_with_margin(rgb: np.ndarray, is_dark: bool) -> np.ndarray:
    """(h, w, 3) uint8, and whether ink is dark there → (h, w) float32 ink. A digit that fills its
    picture may leave less paper than ink, so more is laid around it."""
    paper = np.percentile(rgb, 100 - PAPER if is_dark else PAPER, axis=(0, 1)).astype(np.uint8)
    height, width, _ = rgb.shape
    around = np.full((2 * height, 2 * width, 3), paper)
    inside = np.s_[height // 2 : height // 2 + height, width // 2 : width // 2 + width]
    around[inside] = rgb
    return ink_map(around)[inside]


def is_stretched(ink: np.ndarray) -> bool:
    """Whether (h, w) ink may be that of a digit which was stretched: a square, with ink along all
    sides."""
    height, width = ink.shape
    mask, depth = ink >= INK, 1 + max(1, round(CLOSE * height))
    reached = all(np.rot90(mask, turn)[:depth].any() for turn in range(4))
    return height == width and reached


def narrow(ink: np.ndarray) -> np.ndarray:
    """(h, w) float32 ink of a digit → (n, 28, 28) uint8 glyphs, one of each width."""
    image = Image.fromarray(np.ascontiguousarray(ink, np.float32))
    sizes = [(round(FINE * width), FINE) for width in WIDTHS]
    some = [np.asarray(image.resize(size, Image.Resampling.BICUBIC)) for size in sizes]
    return np.stack([normalise(np.clip(each, 0, 1)) for each in some])


def combine(some: np.ndarray) -> np.ndarray:
    """(n, classes) probabilities of a digit's n widths → (classes,) float32: their geometric mean
    (logarithmic opinion pool: Genest and Zidek, 1986, Combining probability distributions)."""
    together = np.exp(np.log(some + FLOOR).mean(0))
    return (together / together.sum()).astype(np.float32)
