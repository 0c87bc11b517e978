"""RGB → ink: how much ink lies on each pixel, whatever the light, the paper and the pen.

Ink is what differs from the paper (model/paper.py) along the one direction in colour space in which
this picture's ink differs: so dark on light, light on dark and coloured pens are one case. SciPy
does the rest.

The constants were set on pictures of one sheet in many lights (tests/test_ink.py) and kept where
benchmarks/real_pages.py read the team's photographed pages best.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from model.cell_lines import without_cell_lines
from model.image import enlarge_picture
from model.paper import add_margin, estimate_paper, is_cut_close, largest_difference, mean_channel
from model.rulings import LENGTH, find_rulings

Part = tuple[slice, slice]
WHOLE: Part = np.s_[:, :]
NORMAL = NormalDist()

BORDER = 0.06  # of each side: where a table's edge may show
SHADOWS = 0.6, 3.0  # how much the ink of brighter and of darker places is evened out
DIRECTION_SIDE = 100  # pixels a side that are enough to tell the ink's colour
FLATTER = 0.8  # of the mean difference from the paper: then another paper is the better one
RULED_PAGE = 400  # pixels: a smaller picture has no room for writing on lines
MIN_CONTRAST = 14  # of 255: less than this from the paper, and the eye sees nothing written
# Pixels: larger than grains of paper, so that neighbours so far apart have nothing in common.
GRAIN = 5
FEW_PIXELS = 100  # a side: in no larger a picture, places so far apart are a digit's, mostly
# There, so many of all neighbours differ by noise alone; unless they tell of more σ, of 255.
NEIGHBOURS, PLAIN = 0.4, 24.0
NOISE_FACTOR = 3.0  # ink differs from the paper by more than so many σ of the paper's noise


class Ink(NamedTuple):
    """A picture's ink.

    Attributes:
        map: (h, w) float32 in [0, 1]: 1 full ink, 0 paper and rulings; all 0 where nothing is
            written.
        is_dark: whether it is darker than its paper; True where nothing is written.
    """

    map: np.ndarray
    is_dark: bool

    def turned(self, degrees: int) -> "Ink":
        """That of the picture turned back, counterclockwise, by a multiple of 90 degrees."""
        return Ink(np.rot90(self.map, degrees // 90), self.is_dark)

    def enlarged(self, times: int) -> "Ink":
        """That of the picture, enlarged so many times."""
        return Ink(np.clip(enlarge_picture(self.map, times), 0, 1), self.is_dark)


def ink_map(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 → (h, w) float32 in [0, 1], as `find_ink` has it."""
    return find_ink(rgb).map


def find_ink(rgb: np.ndarray, cells: bool = True) -> Ink:
    """(h, w, 3) uint8 → the ink on it, without the lines of cells, where it may show some."""
    return _find_ink(without_cell_lines(rgb) if cells else rgb)


def _find_ink(rgb: np.ndarray, inside: Part = WHOLE) -> Ink:
    """(h, w, 3) uint8, without the lines of cells, of which a part was given and the rest is laid
    around → the ink on it."""
    if is_cut_close(rgb):
        # Ink that is cut off by the border can't be told from a shadow or a table there: with paper
        # around, it can.
        around, inside = add_margin(rgb)
        ink = _find_ink(around, inside)
        return ink._replace(map=ink.map[inside])
    paper = estimate_paper(rgb)
    ink = _ink(paper - rgb, paper, inside=inside)
    if max(rgb.shape) < RULED_PAGE or not (lines := find_rulings(ink.map)).any():
        return ink
    # Once more without them: there may be more ruling than writing, and of another colour.
    unruled = ~ndimage.binary_dilation(lines, np.ones((3, 3)))
    # Lines lighter than the paper may have been taken for it; the better paper is the nearer to
    # the picture.
    without = estimate_paper(rgb, unruled)
    if _mean_size(without - rgb, unruled) < FLATTER * _mean_size(paper - rgb, unruled):
        paper = without
    ink = _ink(paper - rgb, paper, unruled)
    # Where a stroke crosses a ruling, the line is darker than around there, or thicker than
    # rulings are.
    line, window = np.where(lines, ink.map, 0), round(LENGTH * max(ink.map.shape))
    total, squares = (ndimage.uniform_filter(values, window) for values in (line, line**2))
    lines &= ink.map < 1.5 * (squares / np.maximum(total, 1e-3))
    ink.map[lines] = 0
    return ink


def local_ink_map(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8, a digit and a little around it → (h, w) float32 ink; there, the paper is of
    one colour."""
    ground = np.broadcast_to(np.median(rgb, axis=(0, 1)).astype(np.float32), rgb.shape)
    return _ink(ground - rgb, ground).map


def whole_picture_glyph(rgb: np.ndarray, size: int, is_dark: bool) -> np.ndarray:
    """(h, w, 3) uint8 → (size, size) uint8: the whole picture in grey, ink high and nothing taken
    away.

    For a picture that shows a single digit, so damaged that its ink can't be told from the rest:
    the network has seen such ones.
    """
    image = Image.fromarray(rgb).convert("L").resize((size, size), Image.Resampling.BOX)
    grey = np.asarray(image)
    return 255 - grey if is_dark else grey


def _ink(
    difference: np.ndarray,
    ground: np.ndarray,
    where: np.ndarray | None = None,
    inside: Part = WHOLE,
) -> Ink:
    """Differences from the paper (h, w, 3), and the paper → the ink, going by the pixels `where`;
    what is not `inside` was laid around, and is without noise."""
    direction = _ink_direction(difference, where)
    if direction is None:
        return Ink(np.zeros(difference.shape[:2], np.float32), True)
    is_dark = bool(direction.sum() > 0)
    ink = difference @ direction  # (h, w), in grey levels of 255
    if np.ptp(ground[::8, ::8]) > 1:
        # Dark ink takes a share of the light: in a shadow the same ink differs by less; light ink,
        # on a lighter ground.
        brightness = mean_channel(ground)
        room = brightness if is_dark else 255 - brightness
        ink *= np.clip(room.mean() / np.maximum(room, 1), *SHADOWS)
    noise = _noise(ink, inside)
    if noise > 2:
        ink = ndimage.gaussian_filter(ink, 0.8)  # grain would break thin strokes
        noise = _noise(ink, inside)
    floor = NOISE_FACTOR * noise
    least = max(floor, MIN_CONTRAST)
    # What lies along the border, a table's edge, is darker than any ink: it must not say how dark
    # ink is.
    rows, columns = (round(BORDER * side) for side in ink.shape)
    inner = slice(rows, len(ink) - rows), slice(columns, ink.shape[1] - columns)
    strong = ink > least
    written = ink[inner][strong[inner] if where is None else strong[inner] & where[inner]]
    if len(written) < 3:
        written = ink[strong]
    if len(written) < 3:
        return Ink(np.zeros(ink.shape, np.float32), is_dark)
    full = _typical(written)
    low = min(floor, full / 2)
    # in place: to ask for memory takes longer than to compute
    ink -= low
    ink /= full - low
    return Ink(np.clip(ink, 0, 1, out=ink), is_dark)


def _mean_size(difference: np.ndarray, where: np.ndarray) -> float:
    """The mean absolute difference of pixels `where`, from a sixteenth of them."""
    return float(np.abs(difference[::4, ::4][where[::4, ::4]]).mean())


def _typical(written: np.ndarray) -> float:
    """The ink level below which half of all ink energy lies: grain is many pixels, but little
    energy."""
    values = np.sort(written)
    energy = np.cumsum(values.astype(np.float64) ** 2)
    return float(values[np.searchsorted(energy, energy[-1] / 2)])


def _ink_direction(difference: np.ndarray, where: np.ndarray | None = None) -> np.ndarray | None:
    """(h, w, 3) → the unit vector (3,) along which ink differs from paper, towards ink; None where
    nothing does."""
    if where is None and not difference.any():  # an empty sheet of a program
        return None
    down, across = (max(1, round(side / DIRECTION_SIDE)) for side in difference.shape[:2])
    sampled = _pixels(difference, where, np.s_[::down, ::across])
    size = largest_difference(sampled)
    noise = 1.4826 * np.median(size)
    if (size > max(MIN_CONTRAST, NOISE_FACTOR * noise)).sum() < 3:
        # Strokes that the sampling missed, or none: look at every pixel before saying so.
        sampled = _pixels(difference, where, np.s_[:, :])
        size = largest_difference(sampled)
    strong = sampled[size > max(MIN_CONTRAST, NOISE_FACTOR * noise)]
    if len(strong) < 3:
        return None
    _, vectors = np.linalg.eigh(strong.T @ strong)
    along = strong @ vectors[:, -1]
    # The side with more energy is ink: light between strokes is never as far from the paper as the
    # strokes.
    sign = np.sign((along * np.abs(along)).sum())
    return (vectors[:, -1] * (sign or 1)).astype(np.float32)


def _pixels(values: np.ndarray, where: np.ndarray | None, part: tuple[slice, slice]) -> np.ndarray:
    """(h, w, 3) → (n, 3) those of a part, 0 but for pixels `where`."""
    chosen = values[part] if where is None else np.where(where[part][..., None], values[part], 0)
    return chosen.reshape(-1, 3)


def _noise(ink: np.ndarray, inside: Part) -> float:
    """σ of the paper's noise, from the median difference of places GRAIN pixels apart, which ink
    hardly touches; in few pixels, where it does, from neighbours that are alike."""
    given = ink[inside]
    if max(given.shape) <= FEW_PIXELS:
        near = _spread(given, 1, NEIGHBOURS)
        if near <= PLAIN:
            return near
    return _spread(ink[:: max(1, len(ink) // 100)], GRAIN, 0.5)


def _spread(ink: np.ndarray, apart: int, share: float) -> float:
    """σ of the normal noise of which that share, so many columns apart, differs as little."""
    steps = np.abs(ink[:, apart:] - ink[:, :-apart])
    if not steps.size:
        return 0.0
    return float(np.quantile(steps, share)) / (NORMAL.inv_cdf((1 + share) / 2) * np.sqrt(2))
