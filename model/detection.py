"""A grey picture → what a PageNetwork finds in it, at several scales, tile by tile.

The constants were tuned with benchmarks/pages.py, on pages composed of validation digits, and
benchmarks/real_pages.py, on the team's own pages; those of cost with benchmarks/worst_case.py.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from model import checkpoint
from model.glyph import GLYPH_SIZE, INK, normalise
from model.ink_ownership import cut_out_nearby
from model.onnx_graph import to_onnx
from model.page_format import REACH, UNIT
from model.peaks import FOUND, Peaks, find_peaks, strongest_of, suppress_overlaps
from model.runtime import Program

SIDES = (32, 64, 128, 256)  # pixels of a tile; a picture is laid out in the smallest that holds it
BATCH = 4  # tiles at once
ENLARGED = 400  # pixels: the longer side of a picture that is looked at twice as large, too
LITTLE = 1.15  # a scale that needs a tile by so much larger is made smaller
EXPLAINS = 17.0  # pixels of a level: what was found and is as large needs no nearer look
SURE = 0.5  # heat from which what was found explains the ink in its box
# Grey levels: with less between the darkest and the lightest pixel of a tile, nothing is written
# there.
PLAIN = 12

# (n, side, side) uint8 → heat, classes, boxes, as PageNetwork gives them
PageProgram = Callable[[np.ndarray], Sequence[np.ndarray]]


class Tile(NamedTuple):
    """A part of a picture that the page network looks at.

    Attributes:
        pixels: (side, side) uint8 grey.
        x, y: where it begins.
        core: left, top, right, bottom of the part of it in which what is found counts; beyond, the
            next tile sees more.
    """

    pixels: np.ndarray
    x: int
    y: int
    core: tuple[int, int, int, int]


@functools.cache
def load_page_network(threads: int | None = None) -> PageProgram:
    """The page network that ships, compiled; once a process. Of the argument, see Classifier.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    weights, card = checkpoint.load_page_weights()
    return Program(to_onnx(weights, card, places=False), BATCH, threads)


def detect(grey: np.ndarray, ink: np.ndarray, network: PageProgram) -> Peaks:
    """What the page network finds in a picture at all scales, surest first, boxes in the picture's
    pixels.

    The picture is looked at from far away first. What is found there explains the ink in its box;
    nearer looks are taken at tiles that hold ink which nothing has explained yet, or which differ
    from plain paper and hold no ink.

    Args:
        grey: (h, w) uint8.
        ink: (h, w) float32, its ink map.
        network: the page network.
    """
    inky = ink >= INK
    unexplained, has_ink = inky.copy(), bool(inky.any())
    levels = []
    for scale, level in make_pyramid(grey):
        tiles = cut_tiles(level, unexplained, ink if has_ink else None, scale)
        peaks = detect_in_tiles(tiles, network)
        peaks = peaks._replace(boxes=peaks.boxes / scale)
        if has_ink:
            parts = [inside_of(box) for box in peaks.boxes]
            new = [unexplained[part].any() or not inky[part].any() for part in parts]
            peaks = peaks.select(np.array(new, bool))
        levels.append(peaks)
        sizes = scale * (peaks.boxes[:, 2:] - peaks.boxes[:, :2]).max(1)
        for box in peaks.boxes[(peaks.heats >= SURE) & (sizes >= EXPLAINS)]:
            margin = 0.1 * (box[2:] - box[:2]).max()
            unexplained[inside_of(np.concatenate([box[:2] - margin, box[2:] + margin]))] = False
        if has_ink and not unexplained.any():
            break
    peaks = strongest_of(levels)
    height, width = grey.shape
    boxes = np.clip(peaks.boxes, 0, np.array([width, height, width, height], np.float32))
    there = (boxes[:, 2:] - boxes[:, :2] >= 1).all(1)
    return suppress_overlaps(peaks._replace(boxes=boxes).select(there))


def detect_in_tiles(tiles: Sequence[Tile], network: PageProgram) -> Peaks:
    """What the page network finds in the tiles of one level; boxes in the level's pixels."""
    if not tiles:
        return strongest_of([])
    answers = network(np.array([tile.pixels for tile in tiles], np.uint8))
    several = []
    for tile, *answer in zip(tiles, *answers, strict=True):
        peaks = find_peaks(*answer)
        middles = (peaks.boxes[:, :2] + peaks.boxes[:, 2:]) / 2
        counts = ((middles >= tile.core[:2]) & (middles < tile.core[2:])).all(1)
        offset = np.array([tile.x, tile.y, tile.x, tile.y], np.float32)
        several.append(peaks._replace(boxes=peaks.boxes + offset).select(counts))
    return strongest_of(several)


def sample_tiles(rgb: np.ndarray, boxes: np.ndarray, most: int) -> np.ndarray:
    """Tiles of a picture at the scale at which its digits are best found, around some of them.

    Args:
        rgb: (h, w, 3) uint8.
        boxes: (n, 4) left, top, width, height of its digits, n > 0.
        most: tiles.

    Returns:
        (m, side, side) uint8 grey, m ≤ most.
    """
    scale, side = UNIT / np.median(boxes[:, 2:].max(1)), SIDES[-1]
    height, width = (max(1, round(length * scale)) for length in rgb.shape[:2])
    scaled = Image.fromarray(to_grey(rgb)).resize((width, height), Image.Resampling.BILINEAR)
    margins = (0, max(0, side - height)), (0, max(0, side - width))
    level = np.pad(np.asarray(scaled), margins, "edge")
    chosen = boxes[np.unique(np.linspace(0, len(boxes) - 1, most).astype(int))]
    starts = (scale * (chosen[:, :2] + chosen[:, 2:] / 2)).astype(int) - side // 2
    starts = np.clip(starts, 0, [level.shape[1] - side, level.shape[0] - side])
    return np.array([level[y : y + side, x : x + side] for x, y in np.unique(starts, axis=0)])


def detect_in_samples(
    samples: np.ndarray, network: PageProgram, most: int = 0
) -> tuple[float, np.ndarray]:
    """What the page network finds in some tiles by themselves.

    Args:
        samples: (n, side, side) uint8.
        network: the page network.
        most: glyphs.

    Returns:
        how sure it is of each digit, in all, and glyphs of the surest of each tile, (m, 28, 28)
            uint8, m ≤ most.
    """
    sureness, glyphs = 0.0, []
    for pixels in samples:
        core = 0, 0, pixels.shape[1], pixels.shape[0]
        peaks = suppress_overlaps(detect_in_tiles([Tile(pixels, 0, 0, core)], network))
        digits = (peaks.probabilities.argmax(1) < 10) & (peaks.heats >= FOUND)
        sureness += float((peaks.heats * peaks.probabilities.max(1, initial=0))[digits].sum())
        rgb = np.repeat(pixels[..., None], 3, 2)
        boxes = np.clip(peaks.boxes[digits], 0, len(pixels))[: -(-most // len(samples))]
        looks = (cut_out_nearby(box, rgb) for box in boxes)
        glyphs += [normalise(look.ink) for look in looks if look]
    return sureness, np.array(glyphs[:most], np.uint8).reshape(-1, GLYPH_SIZE, GLYPH_SIZE)


def make_pyramid(grey: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """(h, w) uint8 → the picture at scales about an octave apart, the smallest first, each with its
    scale."""
    longest, picture = max(grey.shape), Image.fromarray(grey)
    sides = [2 * longest if longest <= ENLARGED else longest]
    while sides[-1] >= 2 * SIDES[0]:
        sides.append(sides[-1] // 2)
    pyramid = []
    for side in sorted({_snap(side) for side in sides}):
        scale = side / longest
        size = tuple(max(1, round(scale * length)) for length in picture.size)
        resample = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
        level = np.asarray(picture.resize(size, resample)) if scale != 1 else grey
        pyramid.append((scale, level))
    return pyramid


def _snap(side: int) -> int:
    """A side, or that of a tile which it exceeds by little."""
    return next((tile for tile in SIDES if tile < side <= LITTLE * tile), side)


def cut_tiles(
    level: np.ndarray, unexplained: np.ndarray, ink: np.ndarray | None, scale: float
) -> list[Tile]:
    """The tiles of one level that are worth a look.

    Args:
        level: (h, w) uint8 the picture at a scale.
        unexplained: (H, W) bool, where the picture as given has ink that nothing has explained.
        ink: (H, W) float32 all its ink, or None where it has none.
        scale: pixels of the level for one of the picture.
    """
    height, width = level.shape
    side = next((side for side in SIDES if max(height, width) <= side), SIDES[-1])
    tiles = []
    for y, top, bottom in _starts(height, side):
        for x, left, right in _starts(width, side):
            part = level[y : y + side, x : x + side]
            core = part[top:bottom, left:right]
            if not core.size or int(core.max()) - int(core.min()) < PLAIN:
                continue
            if ink is not None:
                rows, columns = (
                    slice(int(low / scale), int(np.ceil(high / scale)))
                    for low, high in ((y + top, y + bottom), (x + left, x + right))
                )
                if not unexplained[rows, columns].any() and (ink[rows, columns] >= INK).any():
                    continue
            margins = (0, side - part.shape[0]), (0, side - part.shape[1])
            tiles.append(Tile(np.pad(part, margins, "edge"), x, y, (left, top, right, bottom)))
    return tiles


def _starts(length: int, side: int) -> list[tuple[int, int, int]]:
    """Where tiles begin along an axis, and from where to where in each counts."""
    step = side - 2 * REACH
    starts = [0] if length <= side else list(range(0, length - 2 * REACH, step))
    return [
        (start, REACH if start else 0, side if start == starts[-1] else side - REACH)
        for start in starts
    ]


def to_grey(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 → (h, w) uint8, as Pillow has it."""
    return np.asarray(Image.fromarray(rgb).convert("L"))


def inside_of(box: np.ndarray) -> tuple[slice, slice]:
    """(4,) left, top, right, bottom → the rows and columns of a picture that lie in it."""
    left, top, right, bottom = np.clip(box.round().astype(int), 0, None).tolist()
    return slice(top, bottom), slice(left, right)
