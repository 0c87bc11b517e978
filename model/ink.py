"""RGB → ink map: how much ink lies on each pixel, whatever the light, the paper and the pen.

The paper's colour is a smooth surface over the picture, fitted so that ink does not pull it (robust regression). Ink
is what differs from it along the one direction in colour space in which this picture's ink differs: so dark on light,
light on dark and coloured pens are one case. SciPy does the rest; JAX brings it, so it costs no further install.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

SURFACE_SIDE = 96  # pixels of the longer side at which the paper is fitted: light changes slowly
WINDOW = 0.07  # σ of the local mean, of the longer side
BORDER = 0.06  # of each side: where a table's edge may show
SHADOWS = 0.6, 3.0  # how much the ink of brighter and darker places is evened out
DIRECTION_SIDE = 100  # pixels a side that are enough to tell the ink's colour
MIN_CONTRAST = 14  # of 255: less than this from the paper, and the eye sees nothing written
NOISE_FACTOR = 4.0  # ink differs from the paper by more than so many σ of the paper's noise


def ink_map(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 → (h, w) float32 in [0, 1]: 0 paper, 1 full ink; all 0 where nothing is written."""
    ground = paper(rgb)
    difference = ground - rgb  # (h, w, 3)
    direction = _ink_direction(difference)
    if direction is None:
        return np.zeros(rgb.shape[:2], np.float32)
    ink = difference @ direction  # (h, w), in grey levels of 255
    if np.ptp(ground[::8, ::8]) > 1:
        # Dark ink takes a share of the light: in a shadow the same ink differs by less; light ink, on a lighter ground.
        brightness = ground.mean(2)
        room = brightness if direction.sum() > 0 else 255 - brightness
        ink *= np.clip(room.mean() / np.maximum(room, 1), *SHADOWS)
    noise = _noise(ink)
    floor = NOISE_FACTOR * noise
    if noise > 2:
        # Grain would break thin strokes: average it away, and with it three quarters of the noise's variance.
        ink = ndimage.gaussian_filter(ink, 0.8)
        floor /= 2
    least = max(floor, MIN_CONTRAST)
    # What lies along the border, a table's edge, is darker than any ink: it must not say how dark ink is.
    rows, columns = (round(BORDER * side) for side in ink.shape)
    inner = ink[rows : len(ink) - rows, columns : ink.shape[1] - columns]
    written = inner[inner > least]
    if len(written) < 3:
        written = ink[ink > least]
    if len(written) < 3:
        return np.zeros(rgb.shape[:2], np.float32)
    full = _typical(written)
    low = min(floor, full / 2)
    return np.clip((ink - low) / (full - low), 0, 1).astype(np.float32)


def as_glyph(rgb: np.ndarray, size: int) -> np.ndarray:
    """(h, w, 3) uint8 → (size, size) uint8: the whole picture in grey, ink high and nothing taken away.

    For a picture that shows a single digit, so damaged that its ink can't be told from the rest: the network has seen
    such ones. All 0 where nothing is written.
    """
    direction = _ink_direction(paper(rgb) - rgb)
    if direction is None:
        return np.zeros((size, size), np.uint8)
    grey = Image.fromarray(rgb).convert("L").resize((size, size), Image.Resampling.BOX)
    return 255 - np.asarray(grey) if direction.sum() > 0 else np.asarray(grey)


def paper(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 → (h, w, 3) float32: the colour that each place would have without ink.

    First a quadratic surface by iteratively reweighted least squares (Holland and Welsch, 1977), Cauchy weights, begun
    at the colour that is the median along the border, since people write in the middle. Then a local mean with the
    same weights: a stroke is outweighed by the paper around it, while a shadow or a table's edge, larger than the
    window, is the paper there.
    """
    height, width = rgb.shape[:2]
    if (rgb[::4, ::4] == rgb[0, 0]).all(2).mean() > 0.5:  # drawn by a program: the same colour all over
        row = np.tile(rgb[0, 0].astype(np.float32), width)  # by rows, as NumPy is slow along an axis of three
        return np.broadcast_to(row, (height, 3 * width)).reshape(rgb.shape)
    scale = min(1, SURFACE_SIDE / max(height, width))
    size = max(2, round(width * scale)), max(2, round(height * scale))
    small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX), np.float32)
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    pixels = small.reshape(-1, 3)
    colour = np.median(border, axis=0)
    y, x = np.meshgrid(np.linspace(-1, 1, size[1]), np.linspace(-1, 1, size[0]), indexing="ij")
    terms = _terms(x.ravel(), y.ravel())
    fitted = np.broadcast_to(colour, pixels.shape)
    for flat in (True, True, False, False, False, False):
        weights = _weights(pixels - fitted) ** 2
        used = terms[:, :1] if flat else terms  # a surface fitted before the ink is outweighed would bend to it
        weighted = used * weights[:, None]
        fitted = used @ np.linalg.lstsq(weighted.T @ used, weighted.T @ pixels, rcond=None)[0]
    fitted = fitted.reshape(small.shape)
    sigma = WINDOW * max(size)
    for _ in range(3):
        weights = _weights((small - fitted).reshape(-1, 3)).reshape(*small.shape[:2], 1)
        total = ndimage.gaussian_filter(weights, (sigma, sigma, 0), mode="nearest")
        fitted = ndimage.gaussian_filter(weights * small, (sigma, sigma, 0), mode="nearest") / total
    channels = [Image.fromarray(fitted[..., c].astype(np.float32)) for c in range(3)]
    return np.dstack([np.asarray(c.resize((width, height), Image.Resampling.BILINEAR)) for c in channels])


def _weights(residuals: np.ndarray) -> np.ndarray:
    """(n, 3) → (n,) in (0, 1]: Cauchy's weights of residuals, in units of what is usual."""
    distance = _largest(residuals)
    spread = max(2.0, 1.5 * float(np.median(distance)))
    return 1 / (1 + (distance / spread) ** 2)


def _typical(written: np.ndarray) -> float:
    """The ink level below which half of all ink energy lies: grain is many pixels, but little energy."""
    values = np.sort(written)
    energy = np.cumsum(values.astype(np.float64) ** 2)
    return float(values[np.searchsorted(energy, energy[-1] / 2)])


def _terms(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([np.ones_like(x), x, y, x**2, y**2, x * y], axis=1)


def _ink_direction(difference: np.ndarray) -> np.ndarray | None:
    """(h, w, 3) → the unit vector (3,) along which ink differs from paper, towards ink; None where nothing does."""
    every = [max(1, round(side / DIRECTION_SIDE)) for side in difference.shape[:2]]
    sampled = difference[:: every[0], :: every[1]].reshape(-1, 3)
    size = _largest(sampled)
    noise = 1.4826 * np.median(size)
    if (size > max(MIN_CONTRAST, NOISE_FACTOR * noise)).sum() < 3:
        # Strokes that the sampling missed, or none: look at every pixel before saying so.
        sampled = difference.reshape(-1, 3)
        size = _largest(sampled)
    strong = sampled[size > max(MIN_CONTRAST, NOISE_FACTOR * noise)]
    if len(strong) < 3:
        return None
    _, vectors = np.linalg.eigh(strong.T @ strong)
    along = strong @ vectors[:, -1]
    # The side with more energy is ink: light between strokes is never as far from the paper as the strokes.
    sign = np.sign((along * np.abs(along)).sum())
    return (vectors[:, -1] * (sign or 1)).astype(np.float32)


def _largest(difference: np.ndarray) -> np.ndarray:
    """(n, 3) → (n,): the largest difference of a channel. NumPy's own max over so short an axis is slow."""
    red, green, blue = np.abs(difference).T
    return np.maximum(np.maximum(red, green), blue)


def _noise(ink: np.ndarray) -> float:
    """σ of the paper's noise, from the median difference of neighbours, which ink hardly touches."""
    steps = np.abs(np.diff(ink[:: max(1, len(ink) // 100)], axis=1))
    return float(np.median(steps)) * 1.4826 / np.sqrt(2)
