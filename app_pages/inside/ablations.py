"""A digit with a part of it left out, in several ways: which one would be read as something
else?"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from app_pages.pen import canvas
from app_pages.theme import ORANGE, rgb
from model import glyph as glyphs
from model import strokes
from model.image import ImageError
from model.recognizer import as_single_glyph
from model.strokes import Stroke

MAX_STROKES = 8  # strokes that are left out in turn: the longest
QUARTERS = "first", "second", "third", "last"
PATCHES = 6  # that connected ink is cut into
SMALLEST = 8  # pixels of a glyph: less is no piece
SIDE = 140  # pixels of a picture


class Ablation(NamedTuple):
    """A digit without one part, or several."""

    part: str  # in words: "stroke 2", "the first quarter and the last quarter"
    picture: np.ndarray  # (SIDE, SIDE, 3) uint8: what is left in black, the part striped
    glyph: np.ndarray  # (28, 28) uint8: what is left, centred anew


def of_drawing(drawing: Sequence[Stroke], together: int = 1) -> list[Ablation]:
    """A drawing on the square canvas without each stroke, or its only stroke without each quarter
    of its length.

    So many of them are left out `together`, in every combination, where something remains.
    """
    drawing = list(drawing)
    if len(drawing) == 1:
        if drawing[0].length < drawing[0].width:  # a dot
            return []
        drawing = quarters(drawing[0])
        parts = {number: f"the {name} quarter" for number, name in enumerate(QUARTERS)}
    else:
        longest = sorted(range(len(drawing)), key=lambda number: -drawing[number].length)[
            :MAX_STROKES
        ]
        parts = {number: f"stroke {number + 1}" for number in sorted(longest)}
    ablations = []
    for chosen in itertools.combinations(parts, together):
        remaining = [stroke for number, stroke in enumerate(drawing) if number not in chosen]
        left = strokes.picture(remaining, canvas.SIZE, canvas.SIZE)
        gone = strokes.picture([drawing[number] for number in chosen], canvas.SIZE, canvas.SIZE)
        try:
            glyph = as_single_glyph(left)
        except ImageError:  # nothing is left
            continue
        ablations.append(
            Ablation(
                _joined(parts[number] for number in chosen), _shown(255 - left, 255 - gone), glyph
            )
        )
    return ablations


def of_glyph(glyph: np.ndarray, together: int = 1) -> list[Ablation]:
    """(28, 28) uint8 → it without each connected piece, or, where there is one piece, without each
    patch of it.

    So many of them are left out `together`, in every combination, where something remains.
    """
    pieces = _pieces(glyph)
    names = [f"piece {number}" for number in range(1, len(pieces) + 1)]
    if len(pieces) == 1:
        pieces = _patches(glyph)
        names = [
            f"part {number} ({_whereabouts(piece, glyph)})"
            for number, piece in enumerate(pieces, 1)
        ]
    ablations = []
    for chosen in itertools.combinations(zip(names, pieces, strict=True), together):
        gone = np.any([piece for _, piece in chosen], axis=0)
        left = np.where(gone, 0, glyph)
        if (left >= glyphs.INK * 255).any():
            cut = glyphs.normalise((left / 255).astype(np.float32))
            ablations.append(
                Ablation(
                    _joined(name for name, _ in chosen), _shown(left, np.where(gone, glyph, 0)), cut
                )
            )
    return ablations


def _joined(names: Iterable[str]) -> str:
    return " and ".join(names)


def quarters(stroke: Stroke) -> list[Stroke]:
    """A stroke cut where a quarter, a half and three quarters of its length are."""
    line = stroke.points
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    cuts = np.linspace(0, along[-1], len(QUARTERS) + 1)
    parts = []
    for start, end in itertools.pairwise(cuts):
        places = np.concatenate([[start], along[(along > start) & (along < end)], [end]])
        parts.append(
            stroke.along(np.stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)], 1))
        )
    return parts


def _pieces(glyph: np.ndarray) -> list[np.ndarray]:
    """(28, 28) → connected pieces as masks, with the faint ink that is nearest to each."""
    labels, count = ndimage.label(glyph >= glyphs.INK * 255, np.ones((3, 3)))
    large = [number for number in range(1, count + 1) if (labels == number).sum() >= SMALLEST]
    if not large:
        return []
    labels = np.where(np.isin(labels, large), labels, 0)
    nearest = ndimage.distance_transform_edt(
        labels == 0, return_distances=False, return_indices=True
    )
    return [(labels[tuple(nearest)] == number) & (glyph > 0) for number in large]


def _patches(glyph: np.ndarray) -> list[np.ndarray]:
    """(28, 28) → its ink in compact patches as masks, from top to bottom: k-means, begun with
    points far apart."""
    places = np.argwhere(glyph > 0).astype(float)
    centres = places[:1]
    while len(centres) < min(PATCHES, len(places)):
        distances = np.linalg.norm(places[:, None] - centres[None], axis=-1).min(1)
        centres = np.concatenate([centres, places[distances.argmax()][None]])
    for _ in range(10):
        labels = np.linalg.norm(places[:, None] - centres[None], axis=-1).argmin(1)
        for number in np.unique(labels):
            centres[number] = places[labels == number].mean(0)
    patches = []
    for number in np.lexsort((centres[:, 1], np.round(centres[:, 0]))):
        patch = np.zeros(glyph.shape, bool)
        patch[tuple(places[labels == number].astype(int).T)] = True
        patches.append(patch)
    return patches


def _whereabouts(piece: np.ndarray, glyph: np.ndarray) -> str:
    """Where a piece lies in a glyph's box, in words."""
    rows, columns = np.nonzero(glyph)
    y, x = (
        (places.mean() - lines.min()) / max(1, np.ptp(lines))
        for places, lines in zip(np.nonzero(piece), (rows, columns), strict=True)
    )
    upright = "at the top" if y < 1 / 3 else "at the bottom" if y > 2 / 3 else "in the middle"
    sideways = "on the left" if x < 1 / 3 else "on the right" if x > 2 / 3 else ""
    return f"{upright} {sideways}".strip()


def _shown(left: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """(h, w) uint8 inks, what is left and what is gone → a picture of both, the one black, the
    other striped orange."""
    sharp = Image.Resampling.NEAREST if len(left) < SIDE else Image.Resampling.BOX
    left, gone = (
        np.asarray(Image.fromarray(ink).resize((SIDE, SIDE), sharp)) / 255 for ink in (left, gone)
    )
    y, x = np.indices(left.shape)
    gone = gone * (0.25 + 0.75 * ((x + y) % 8 < 3))
    orange = np.array(rgb(ORANGE))
    paper = 255 - gone[..., None] * (255 - orange)
    return np.round(paper * (1 - left[..., None])).astype(np.uint8)
