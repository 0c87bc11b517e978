"""One digit's ink → the (28, 28) glyph that the network reads, made exactly as MNIST's digits were.

The recipe is that of MNIST's authors ("size normalized to fit in a 20x20 pixel box while preserving
their aspect ratio […] centered in a 28x28 image by computing the center of mass",
http://yann.lecun.com/exdb/mnist), in the details that Yadav and Bottou reconstructed for QMNIST
(Cold Case: The Lost MNIST Digits, 2019).
"""

import functools
from collections.abc import Callable

import numpy as np
from PIL import Image

GLYPH_SIZE = 28  # pixels a side: MNIST's format
BOX = 20  # pixels: the longer side of the digit
INK = 0.35  # of full ink: what counts for the digit's box
# Pixels by which strokes are thickened at most; ink that needs more, some 600 pixels high, is
# reduced first.
FINE = 20
# Pixels of a glyph: MNIST's thinnest strokes; a thinner pen would fade away when scaled down.
THINNEST = 1.4

# A spot is at least so round, and its "strokes" are so wide for its size: 2 of MNIST's 55,000
# training digits are, and each dot of a pen that was drawn.
ROUND, FILLED = 0.6, 0.43

Classify = Callable[[np.ndarray], np.ndarray]  # (n, 28, 28) uint8 → (n, classes) probabilities


def normalise(ink: np.ndarray) -> np.ndarray:
    """(h, w) float32 ink of one digit, in [0, 1] → (28, 28) uint8 glyph; all 0 where there is no
    ink."""
    rows, columns = np.flatnonzero((ink >= INK).any(1)), np.flatnonzero((ink >= INK).any(0))
    glyph = np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    if not len(rows):
        return glyph
    ink = thicken(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    image = Image.fromarray(np.ascontiguousarray(ink, np.float32))
    filter = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.HAMMING
    digit = np.maximum(np.asarray(image.resize((width, height), filter)), 0)
    digit = digit / digit.max()
    top, left = (_offset(digit.sum(1 - axis), digit.shape[axis]) for axis in (0, 1))
    glyph[top : top + height, left : left + width] = np.round(digit * 255)
    return glyph


def _offset(profile: np.ndarray, size: int) -> int:
    """Where a digit of that profile along an axis begins, so that its centre of mass falls on pixel
    14."""
    centre = (profile * (np.arange(size) + 0.5)).sum() / profile.sum()
    return max(0, min(int(GLYPH_SIZE / 2 + 1 - centre), GLYPH_SIZE - size))


def stroke_width(ink: np.ndarray) -> float:
    """(h, w) ink → width of its strokes in pixels: twice the area over the outline, exact for a
    long straight line."""
    mask, count = ink >= INK, np.count_nonzero
    # between the pixels of a column and of a row, and along the picture's border
    outline = count(mask[1:] ^ mask[:-1]) + count(mask[:, 1:] ^ mask[:, :-1])
    outline += sum(count(side) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    # Counting pixel sides overstates slanted outlines by 4/π on the average.
    return 2 * count(mask) / (outline * np.pi / 4) if outline else 0.0


def is_blot(glyph: np.ndarray) -> bool:
    """Whether a (28, 28) uint8 glyph is a filled spot, a mere dot of the pen, rather than strokes.

    To the network it is a 0, whose middle is gone.
    """
    ink = glyph / np.float32(255)
    rows, columns = np.flatnonzero((ink >= INK).any(1)), np.flatnonzero((ink >= INK).any(0))
    if not len(rows):
        return False
    short, long = sorted((int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1))
    return short >= ROUND * long and stroke_width(ink) >= FILLED * long


def thicken(ink: np.ndarray) -> np.ndarray:
    """The ink with strokes at least THINNEST wide once the digit is BOX high; others are left as
    they are."""
    wanted = THINNEST * max(ink.shape) / BOX
    missing = wanted - stroke_width(ink)
    if missing < 1:
        return ink
    if missing / 2 > FINE:
        # The disk grows with the ink, and the cost with both. At 15 pixels for one of a glyph's,
        # hardly a grey changes.
        every = round(missing / FINE)
        height, width = (-(-side // every) * every for side in ink.shape)
        ink = np.pad(ink, ((0, height - ink.shape[0]), (0, width - ink.shape[1])))
        ink = ink.reshape(height // every, every, width).max(1)
        ink = functools.reduce(np.maximum, [ink[:, column::every] for column in range(every)])
        missing = wanted / every - stroke_width(ink)
    radius = max(1, round(missing / 2))
    ink = np.pad(ink, radius)
    # The highest of each disk, which is a stack of rows: from the shortest on, each row's highest
    # tells the next one's.
    thick, rows, grown = np.zeros_like(ink), ink.copy(), 0
    for down in range(radius, -1, -1):
        half = int(np.sqrt((radius + 0.3) ** 2 - down**2))
        for step in range(grown + 1, half + 1):
            np.maximum(rows[:, step:], ink[:, :-step], out=rows[:, step:])
            np.maximum(rows[:, :-step], ink[:, step:], out=rows[:, :-step])
        grown = half
        np.maximum(thick[down:], rows[: len(rows) - down], out=thick[down:])
        np.maximum(thick[: len(rows) - down], rows[down:], out=thick[: len(rows) - down])
    return thick
