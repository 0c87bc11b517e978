"""Whose ink is whose: boxes of digits side by side → each digit's own ink.

The constants were tuned with benchmarks/pages.py, on pages composed of validation digits, and
benchmarks/real_pages.py, on the team's own pages.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from model.boxes import Box
from model.glyph import INK
from model.ink import local_ink_map
from model.pieces import Pieces, ink_of

SLACK = 0.06  # of a box' longer side: so much farther its digit's ink may reach
PARTLY = 0.2  # of a piece: with less of it, it is another's
MOSTLY = 0.6  # of a piece: with more of it in a box, all of it is that digit's
# Longer sides of a box: a piece that is no larger, and lies mostly outside, is none of its digit's.
LETTER = 3.0
AROUND = 0.6  # of a box' longer side: so much around it says what is paper there


class OwnInk(NamedTuple):
    """A digit's own ink: the box around it, and (height, width) float32, 0 to 1."""

    box: Box
    ink: np.ndarray


def assign_ink(
    pieces: Pieces, boxes: np.ndarray, left_out: np.ndarray | None = None
) -> list[OwnInk | None]:
    """The ink of digits that lie side by side.

    A piece that lies mostly in one box is that digit's, as far as it goes; of one that runs through
    several boxes, as where digits touch or a line was drawn through them, each has what lies in its
    box.

    Args:
        pieces: the ink. Only what may be writing counts.
        boxes: (n, 4) left, top, right, bottom in pixels, as good as they were found, the surest
            first.
        left_out: (n,) bool, which boxes are to be dropped if no piece of writing lies in them.

    Returns:
        Of each its ink; where there is none, the box as it was and zeros; and None where all the
        ink is another's, so that no digit is there.
    """
    height, width = pieces.ink.shape
    margins = np.maximum(1, SLACK * (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0))[:, None]
    low, high = np.floor(boxes[:, :2] - margins), np.ceil(boxes[:, 2:] + margins)
    sides = np.clip(np.concatenate([low, high], 1).astype(int), 0, [width, height, width, height])
    shares = [_shares(pieces, side) for side in sides]
    owner = _owners(shares, boxes)
    explained: dict[int, float] = defaultdict(float)
    for share_of in shares:
        for label, share in share_of.items():
            explained[label] += share
    lengths = (pieces.bounds[:, 2:] - pieces.bounds[:, :2]).max(1)
    inks = []
    for number, (left, top, right, bottom) in enumerate(sides):
        # Of a letter or a drawing, a part may look like a digit; of a table, a part may be one.
        most = LETTER * max(right - left, bottom - top)
        foreign = {
            label
            for label in shares[number]
            if explained[label] < MOSTLY and lengths[label] <= most and label not in owner
        }
        rest = shares[number].keys() - foreign
        lost = foreign or (left_out is not None and left_out[number])
        own, shared = {label for label in rest if owner.get(label) == number}, rest - owner.keys()
        gone = lost and not rest
        inks.append(None if gone else _cut_out(pieces, sides[number], own, shared, bool(rest)))
    return inks


def cut_out_nearby(box: np.ndarray, rgb: np.ndarray) -> OwnInk | None:
    """A digit's ink from its surroundings alone: what lies farther away, a desk, a shadow or a
    bolder pen, does not say there what is paper and what is ink.

    Args:
        box: (4,) left, top, right, bottom.
        rgb: (h, w, 3) uint8, the picture.
    """
    left, top, right, bottom = box.round().astype(int).tolist()
    margin = max(4, round(AROUND * max(right - left, bottom - top)))
    x, y = max(0, left - margin), max(0, top - margin)
    pieces = Pieces(local_ink_map(rgb[y : bottom + margin, x : right + margin]))
    (own,) = assign_ink(pieces, box[None] - [x, y, x, y])
    if own is None:
        return None
    (inner_x, inner_y, width, height), ink = own
    return OwnInk((x + inner_x, y + inner_y, width, height), ink)


def own_ink_mask(ink: np.ndarray, inside: tuple[slice, slice]) -> np.ndarray:
    """(h, w) ink and the part of it in a box → bool, where the box' ink is not a neighbour's that
    reaches into it.

    Of the pieces in the box, those that lie mostly outside are a neighbour's, but never the
    largest.
    """
    labels, count = ndimage.label(ink >= INK, np.ones((3, 3)))
    own = np.bincount(labels[inside].ravel(), minlength=count + 1)
    strange = own < 0.5 * np.bincount(labels.ravel(), minlength=count + 1)
    strange[[0, 1 + int(own[1:].argmax()) if count else 0]] = False
    return ~strange[labels[inside]]


def _shares(pieces: Pieces, corner: np.ndarray) -> dict[int, float]:
    """How much of each piece of writing lies in a box, by its label."""
    left, top, right, bottom = corner
    counts = np.bincount(pieces.labels[top:bottom, left:right].ravel())
    labels = np.flatnonzero(counts.astype(bool) & pieces.written[: len(counts)])
    return dict(zip(labels.tolist(), (counts[labels] / pieces.areas[labels]).tolist(), strict=True))


def _owners(shares: list[dict[int, float]], boxes: np.ndarray) -> dict[int, int]:
    """Which box has all of a piece, by its label: that which holds most of it."""
    owner: dict[int, int] = {}
    for number, shared in enumerate(shares):
        for label, share in shared.items():
            if share >= MOSTLY and (label not in owner or share > shares[owner[label]][label]):
                owner[label] = number
    for label in {label for shared in shares for label in shared} - owner.keys():
        among = [number for number, shared in enumerate(shares) if shared.get(label, 0) >= PARTLY]
        if len(among) > 1 and sum(shares[number][label] for number in among) >= MOSTLY:
            left, right = boxes[among, 0], boxes[among, 2]
            if right.min() - left.max() >= MOSTLY * (right - left).min():
                owner[label] = among[0]  # one above the other, of one stroke: it is the surest's
    return owner


def _cut_out(
    pieces: Pieces, sides: np.ndarray, own: set[int], shared: set[int], others: bool
) -> OwnInk | None:
    """All of a digit's own pieces, and what lies in its box of those that it shares.

    Without any, nothing where there is ink of others, else the box as it is.
    """
    left, top, right, bottom = (int(side) for side in sides)
    if own:
        bounds = pieces.bounds[list(own)]
        left, top = min(left, int(bounds[:, 0].min())), min(top, int(bounds[:, 1].min()))
        right, bottom = max(right, int(bounds[:, 2].max())), max(bottom, int(bounds[:, 3].max()))
    labels = pieces.labels[top:bottom, left:right]
    mask = np.isin(labels, list(own))
    if shared:
        part = np.s_[sides[1] - top : sides[3] - top, sides[0] - left : sides[2] - left]
        mask[part] |= np.isin(labels[part], list(shared))
    rows, columns = np.flatnonzero(mask.any(1)).tolist(), np.flatnonzero(mask.any(0)).tolist()
    if not rows:
        nothing = OwnInk(
            (left, top, right - left, bottom - top), np.zeros(labels.shape, np.float32)
        )
        return None if others else nothing
    ink = ink_of(mask, labels, pieces.ink[top:bottom, left:right])
    width, height = columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    box = left + columns[0], top + rows[0], width, height
    return OwnInk(box, ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
