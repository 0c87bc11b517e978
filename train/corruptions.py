"""Damages for digits, made with NumPy, SciPy and Pillow: what a network has to bear.

They are made apart from `train.augment`, by which networks are trained: so a figure says how a
network bears what it has not seen. benchmarks/robustness.py prints the table of them in
docs/results.md, the Evaluation page shows any checkpoint's.
"""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Glyph = NDArray[np.floating[Any]]  # (28, 28) in [0, 1]
# an image → a damaged one, to be clipped
Corruption = Callable[[np.random.Generator, Glyph], Glyph]


def affine(
    matrix: Sequence[Sequence[float]], shift: tuple[float, float] = (0.0, 0.0)
) -> Corruption:
    """About the image's middle."""
    forward = np.array(matrix, float)

    def corruption(rng: np.random.Generator, image: Glyph) -> Glyph:
        sign = rng.choice([-1, 1])  # either way, as often
        turned = np.array(
            [[forward[0, 0], sign * forward[0, 1]], [sign * forward[1, 0], forward[1, 1]]]
        )
        middle = np.array([13.5, 13.5])
        offset = middle - turned @ middle + sign * np.array(shift)
        damaged: Glyph = ndimage.affine_transform(image, turned, offset, order=1)
        return damaged

    return corruption


def rotation(degrees: float) -> Corruption:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return affine([[c, -s], [s, c]])


def stray_line(rng: np.random.Generator, image: Glyph) -> Glyph:
    page = Image.fromarray(np.uint8(255 * image))
    (x0, y0), (x1, y1) = rng.uniform(0, 27, (2, 2))
    ImageDraw.Draw(page).line((x0, y0, x1, y1), fill=255, width=2)
    return np.asarray(page) / 255


def stray_dots(rng: np.random.Generator, image: Glyph) -> Glyph:
    image = image.copy()
    for y, x in rng.integers(0, 27, (8, 2)):
        image[y : y + 2, x : x + 2] = 1
    return image


def blob(rng: np.random.Generator, image: Glyph) -> Glyph:
    y, x = np.mgrid[:28, :28]
    cy, cx = rng.uniform(3, 25, 2)
    spot = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * 2.2**2))
    return np.asarray(np.maximum(image, spot))


def missing_piece(rng: np.random.Generator, image: Glyph) -> Glyph:
    image = image.copy()
    y, x = rng.integers(4, 17, 2)
    image[y : y + 7, x : x + 7] = 0
    return image


def stripes(rng: np.random.Generator, image: Glyph) -> Glyph:
    band = ((np.arange(28) + rng.integers(0, 7)) % 7 < 2)[:, None] * np.ones(28)
    return np.maximum(image, 0.7 * (band if rng.random() < 0.5 else band.T))


def grey_gradient(rng: np.random.Generator, image: Glyph) -> Glyph:
    ramp = np.linspace(0, 0.7, 28)[:, None] * np.ones(28)
    ground = np.rot90(ramp, int(rng.integers(4)))
    return ground + (1 - ground) * image


def impulses(rng: np.random.Generator, image: Glyph) -> Glyph:
    hit = rng.random((28, 28)) < 0.12
    return np.where(hit, rng.integers(0, 2, (28, 28)), image)


def jpeg(rng: np.random.Generator, image: Glyph) -> Glyph:
    file = io.BytesIO()
    Image.fromarray(np.uint8(255 * image)).save(file, "JPEG", quality=8)
    return np.asarray(Image.open(file)) / 255


def few_pixels(rng: np.random.Generator, image: Glyph) -> Glyph:
    """As of a small picture that was made black and white."""
    small = Image.fromarray(np.uint8(255 * image)).resize((16, 16), Image.Resampling.BOX)
    black = small.point(lambda grey: 255 * (grey > 100))
    return np.asarray(black.resize((28, 28), Image.Resampling.NEAREST)) / 255


def motion_blur(rng: np.random.Generator, image: Glyph) -> Glyph:
    blurred: Glyph = ndimage.uniform_filter1d(image, 7, axis=int(rng.integers(2)))
    return blurred


# A kind's place here is the seed of its damages: new ones go to the end, else the figures that
# docs/results.md has of those behind them change.
CORRUPTIONS: dict[str, Corruption] = {
    "none": lambda rng, image: image,
    "noise, σ 0.2": lambda rng, image: image + rng.normal(0, 0.2, image.shape),
    "noise, σ 0.4": lambda rng, image: image + rng.normal(0, 0.4, image.shape),
    "12 % of pixels black or white": impulses,
    "blur, σ 1.5": lambda rng, image: ndimage.gaussian_filter(image, 1.5),
    "motion blur, 7 pixels": motion_blur,
    "contrast of a fifth": lambda rng, image: 0.2 * image,
    "grey ground": lambda rng, image: 0.5 + 0.5 * image,
    "bright, uneven ground": grey_gradient,
    "stripes": stripes,
    "a stray line": stray_line,
    "stray dots": stray_dots,
    "a blob": blob,
    "a missing piece": missing_piece,
    "thick strokes": lambda rng, image: ndimage.grey_dilation(image, (3, 3)),
    "thin strokes": lambda rng, image: ndimage.grey_erosion(
        image, footprint=[[0, 1, 0], [1, 1, 1], [0, 0, 0]]
    ),
    "slant of 20°": affine([[1, 0], [np.tan(np.deg2rad(20)), 1]]),
    "rotation by 15°": rotation(15),
    "rotation by 25°": rotation(25),
    "shift by 3 pixels": affine([[1, 0], [0, 1]], (3, 3)),
    "scale of 0.7": affine([[1 / 0.7, 0], [0, 1 / 0.7]]),
    "scale of 1.25": affine([[1 / 1.25, 0], [0, 1 / 1.25]]),
    "JPEG of quality 8": jpeg,
    "16 × 16 pixels, black or white": few_pixels,
}


def corrupt(kind: str, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 28, 28) uint8 → the same with one of CORRUPTIONS done to each; the same images are always
    damaged alike."""
    rng = np.random.default_rng(list(CORRUPTIONS).index(kind))
    corruption = CORRUPTIONS[kind]
    damaged = np.stack([np.clip(corruption(rng, image), 0, 1) for image in images / 255])
    return np.round(255 * damaged).astype(np.uint8)
