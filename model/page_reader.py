"""A grey picture → the digits and marks in it, by a PageNetwork at several scales."""

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import jax
import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from model import checkpoint, interruption
from model.glyph import INK, normalise
from model.ink import local_ink_map
from model.network import GLYPH_SIZE
from model.page_network import CLASSES, MINUS, POINT, REACH, STRIDE, UNIT
from model.segmentation import Box, Detection, Pieces, sort_into_lines

SIDES = (32, 64, 128, 256)  # pixels of a tile; a picture is laid out in the smallest that holds it
BATCH = 4  # tiles at a time
ENLARGED = 400  # pixels: the longer side of a picture that is looked at twice as large, too
LITTLE = 1.15  # a scale that needs a tile by so much larger is made smaller
SLACK = 0.06  # of a box' longer side: so much farther its digit's ink may reach
# of the vote on a glyph: with less, or another answer than the page network's, its ink is looked
# for again
DOUBT = 0.6
CLEAR = 0.6  # of the vote: with less, it is not clear that a digit is there,
KNOWN = 0.4  # of the vote on a glyph: with less, that network has no answer
TWO = 0.9  # of each vote
HOT = 0.6  # if the heat is not above this
MOST = 1500  # things on a page, at most: a person writes fewer
LOOKS = 60  # digits on a page that are looked at again, at most
PARTLY = 0.2  # of a piece: with less of it, it is another's
# longer sides of a box: a piece that is no larger, and lies mostly outside, is none of its digit's
LETTER = 3.0
MOSTLY = 0.6  # of a piece: with more of it in a box, all of it is that digit's
EXPLAINS = 17.0  # pixels of a level: what was found and is as large needs no nearer look
SURE = 0.5  # heat from which what was found explains the ink in its box
# grey levels: less between the darkest and the lightest pixel of a tile, and nothing is written
# there
PLAIN = 12
FOUND = 0.48  # heat of a place from which something lies there
FAINT = 0.3  # the same, of a digit beside others, if both networks are sure which it is,
BAR = 0.4  # and it is wider, for its height, than any stroke, which looks like a 1
NEAR = 3.0  # heights of the higher one: another digit lies no farther beside it
OVERLAP = 0.45  # intersection over union of two boxes from which they are of one digit
X_HEIGHT = 0.4  # of a high letter or a figure: a low one is not smaller
# of the higher one: so much white lies at most between two letters, or a figure and a word
WORD_GAP = 0.5
WORD = 8.0  # heights: a longer piece is no word
# make a word, if twice as many as the digits in it; and a line of text, if as many
LETTERS, TEXT = 3, 8
COMMA = 1.6  # times as high as it is wide: a point is not
SMALL_SIGN = 0.4  # of a digit's box: a point or dash within it is smaller
LEVEL = 0.4  # of the lower one: marks with so much in common are on one line
WITHIN = 0.7  # of the smaller box: with more of it in another, it is a part of what is there


class Peaks(NamedTuple):
    """What was found, surest first: boxes (n, 4) float32 left, top, right, bottom in pixels, heats
    (n,) in [0, 1], and probabilities (n, CLASSES)."""

    boxes: np.ndarray
    heats: np.ndarray
    probabilities: np.ndarray


def find_peaks(
    heat: np.ndarray, classes: np.ndarray, boxes: np.ndarray, least: float = FAINT
) -> Peaks:
    """The peaks of one heat map.

    Args:
        heat, classes, boxes: (h, w), (h, w, CLASSES) and (h, w, 4), as PageNetwork gives them for
            one picture.
        least: the heat of a peak.
    """
    heat = 1 / (1 + np.exp(-heat))
    y, x = np.nonzero((heat >= least) & (heat >= ndimage.maximum_filter(heat, 3, mode="constant")))
    order = np.argsort(-heat[y, x])
    y, x = y[order], x[order]
    middle = STRIDE * (np.stack([x, y], 1) + 0.5)
    reach = np.maximum(boxes[y, x], 0.02) * UNIT
    logits = classes[y, x]
    probabilities = np.exp(logits - logits.max(1, keepdims=True, initial=-1e9))
    return Peaks(
        np.concatenate([middle - reach[:, :2], middle + reach[:, 2:]], 1).astype(np.float32),
        heat[y, x],
        probabilities / probabilities.sum(1, keepdims=True),
    )


def box_overlaps(one: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 4) and (m, 4) boxes → (n, m) intersection over union, and intersection over the smaller
    of both."""
    low = np.maximum(one[:, None, :2], others[None, :, :2])
    high = np.minimum(one[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1) for boxes in (one, others)]
    total, smaller = (
        areas[0][:, None] + areas[1][None],
        np.minimum(areas[0][:, None], areas[1][None]),
    )
    return shared / np.maximum(total - shared, 1e-6), shared / np.maximum(smaller, 1e-6)


def corners(digits: Iterable[Detection]) -> np.ndarray:
    """(n, 4) left, top, right, bottom of n digits' boxes."""
    return np.array(
        [(left, top, left + width, top + height) for (left, top, width, height), *_ in digits]
    )


def suppress_overlaps(found: Peaks) -> Peaks:
    """What was found less whatever overlaps with something surer (non-maximum suppression)."""
    kept: list[int] = []
    union, within = box_overlaps(found.boxes, found.boxes)
    sign = np.isin(found.probabilities.argmax(1), (MINUS, POINT))
    areas = np.maximum((found.boxes[:, 2:] - found.boxes[:, :2]).prod(1), 1e-6)
    small = np.minimum.outer(areas, areas) < SMALL_SIGN * np.maximum.outer(areas, areas)
    apart = small & (sign[:, None] ^ sign[None])  # a sign may lie under a digit's tail
    same = (union >= OVERLAP) | ((within >= WITHIN) & ~apart)
    for number in range(len(found.boxes)):
        if not same[number, kept].any():
            kept.append(number)
    return Peaks(*(part[kept] for part in found))


@functools.cache
def load_shipped() -> Callable[[np.ndarray], tuple[jax.Array, ...]]:
    """The page network that ships, compiled for each size of tile when it first comes up; once a
    process.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    network, _ = checkpoint.load_page()
    return jax.jit(lambda grey: network(grey))


def detect(grey: np.ndarray, ink: np.ndarray, network: Callable) -> Peaks:
    """What a PageNetwork finds in a picture at all scales, surest first, boxes in the picture's
    pixels.

    The picture is looked at from far away first. What is found there explains the ink in its box;
    nearer looks are taken at tiles that hold ink which nothing has explained yet, or which differ
    from plain paper and hold no ink.

    Args:
        grey: (h, w) uint8.
        ink: (h, w) float32, its ink map.
        network: (n, side, side) uint8 → heat, classes, boxes, as PageNetwork gives them.
    """
    found, inky = [], ink >= INK
    open_ink, some = inky.copy(), inky.any()
    for scale, level in make_pyramid(grey):
        one = detect_in_tiles(*cut_tiles(level, open_ink, ink if some else None, scale), network)
        one = one._replace(boxes=one.boxes / scale)
        if some:
            new = [
                open_ink[_inside(box)].any() or not inky[_inside(box)].any() for box in one.boxes
            ]
            one = Peaks(*(part[new] for part in one))
        found.append(one)
        sides = scale * (one.boxes[:, 2:] - one.boxes[:, :2]).max(1)
        for box in found[-1].boxes[(one.heats >= SURE) & (sides >= EXPLAINS)]:
            margin = 0.1 * (box[2:] - box[:2]).max()
            left, top, right, bottom = (
                np.concatenate([box[:2] - margin, box[2:] + margin]).round().astype(int)
            )
            open_ink[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = False
        if some and not open_ink.any():
            break
    every = _surest(found)
    height, width = grey.shape
    inside = np.clip(every.boxes, 0, np.array([width, height, width, height], np.float32))
    there = (inside[:, 2:] - inside[:, :2] >= 1).all(1)
    return suppress_overlaps(Peaks(inside[there], every.heats[there], every.probabilities[there]))


def detect_in_tiles(tiles: np.ndarray, places: list, network: Callable) -> Peaks:
    """What a PageNetwork finds in the tiles of one level, as `tiled` gives them; boxes in the
    level's pixels."""
    found = []
    for start in range(0, len(tiles), BATCH):
        interruption.check()
        batch = tiles[start : start + BATCH]
        padded = np.zeros((BATCH if len(batch) > 1 else 1, *batch.shape[1:]), np.uint8)
        padded[: len(batch)] = batch
        answers = [np.asarray(part) for part in network(padded)]
        for number, ((x, y), core) in enumerate(places[start : start + BATCH]):
            one = find_peaks(*(part[number] for part in answers))
            middles = (one.boxes[:, :2] + one.boxes[:, 2:]) / 2
            inside = ((middles >= core[:2]) & (middles < core[2:])).all(1)
            boxes = one.boxes + np.array([x, y, x, y], np.float32)
            found.append(Peaks(boxes[inside], one.heats[inside], one.probabilities[inside]))
    return _surest(found)


def _surest(found: list[Peaks]) -> Peaks:
    """All that was found, surest first, and of far too much the surest."""
    none = Peaks(
        np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, CLASSES), np.float32)
    )
    every = Peaks(*(np.concatenate(part) for part in zip(none, *found, strict=True)))
    order = np.argsort(-every.heats, kind="stable")[:MOST]
    return Peaks(*(part[order] for part in every))


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
    level = Image.fromarray(_grey(rgb)).resize((width, height), Image.Resampling.BILINEAR)
    level = np.pad(level, ((0, max(0, side - height)), (0, max(0, side - width))), "edge")
    chosen = boxes[np.unique(np.linspace(0, len(boxes) - 1, most).astype(int))]
    starts = (scale * (chosen[:, :2] + chosen[:, 2:] / 2)).astype(int) - side // 2
    starts = np.clip(starts, 0, [level.shape[1] - side, level.shape[0] - side])
    return np.array([level[y : y + side, x : x + side] for x, y in np.unique(starts, axis=0)])


def detect_in_samples(
    tiles: np.ndarray, network: Callable, most: int = 0
) -> tuple[float, np.ndarray]:
    """What a PageNetwork finds in some tiles by themselves.

    Args:
        tiles: (n, side, side) uint8.
        network: see `find`.
        most: glyphs.

    Returns:
        how sure it is of each digit, in all, and glyphs of the surest of each tile, (m, 28, 28)
            uint8, m ≤ most.
    """
    core, sure, glyphs = np.array([0, 0, *tiles.shape[1:]]), 0.0, []
    for tile in tiles:
        found = suppress_overlaps(detect_in_tiles(tile[None], [((0, 0), core)], network))
        digits = (found.probabilities.argmax(1) < 10) & (found.heats >= FOUND)
        sure += float((found.heats * found.probabilities.max(1, initial=0))[digits].sum())
        rgb = np.repeat(tile[..., None], 3, 2)
        boxes = np.clip(found.boxes[digits], 0, len(tile))[: -(-most // len(tiles))]
        looks = (_second_look(box, rgb) for box in boxes)
        glyphs += [normalise(look[1]) for look in looks if look]
    return sure, np.array(glyphs, np.uint8).reshape(-1, GLYPH_SIZE, GLYPH_SIZE)


def _grey(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).convert("L"))


def make_pyramid(grey: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """(h, w) uint8 → the picture at scales about an octave apart, the smallest first, each with its
    scale."""
    longest, image = max(grey.shape), Image.fromarray(grey)
    sides = [2 * longest if longest <= ENLARGED else longest]
    while sides[-1] >= 2 * SIDES[0]:
        sides.append(sides[-1] // 2)
    scaled = []
    for side in sorted({_snapped(side) for side in sides}):
        scale = side / longest
        size = [max(1, round(scale * length)) for length in image.size]
        filter = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
        scaled.append((scale, np.asarray(image.resize(size, filter)) if scale != 1 else grey))
    return scaled


def _snapped(side: int) -> int:
    """A side, or that of a tile which it exceeds by little."""
    return next((tile for tile in SIDES if tile < side <= LITTLE * tile), side)


def cut_tiles(
    level: np.ndarray, open_ink: np.ndarray, ink: np.ndarray | None, scale: float
) -> tuple[np.ndarray, list]:
    """The tiles of one level that are worth a look.

    Args:
        level: (h, w) uint8 the picture at a scale.
        open_ink: (H, W) bool, where the picture as given has ink that nothing has explained.
        ink: (H, W) float32 all its ink, or None where it has none.
        scale: pixels of the level for one of the picture.

    Returns:
        (n, side, side) uint8, and of each where it begins (x, y), and in which part of it (left,
        top, right, bottom) what is found counts; beyond, the next tile sees more.
    """
    height, width = level.shape
    side = next((side for side in SIDES if max(height, width) <= side), SIDES[-1])
    tiles, places = [], []
    for y, top, bottom in _starts(height, side):
        for x, left, right in _starts(width, side):
            part = level[y : y + side, x : x + side]
            core = part[top:bottom, left:right]
            if not core.size or int(core.max()) - int(core.min()) < PLAIN:
                continue
            if ink is not None:
                rows, columns = (
                    slice(int(a / scale), int(np.ceil(b / scale)))
                    for a, b in ((y + top, y + bottom), (x + left, x + right))
                )
                if not open_ink[rows, columns].any() and (ink[rows, columns] >= INK).any():
                    continue
            tiles.append(
                np.pad(part, ((0, side - part.shape[0]), (0, side - part.shape[1])), "edge")
            )
            places.append(((x, y), np.array([left, top, right, bottom])))
    return np.array(tiles, np.uint8).reshape(-1, side, side), places


def _starts(length: int, side: int) -> list[tuple[int, int, int]]:
    """Where tiles begin along an axis, and from where to where in each counts."""
    step = side - 2 * REACH
    starts = [0] if length <= side else list(range(0, length - 2 * REACH, step))
    return [
        (start, REACH if start else 0, side if start == starts[-1] else side - REACH)
        for start in starts
    ]


def assign_ink(
    pieces: Pieces, boxes: np.ndarray, left_out: np.ndarray | None = None
) -> list[tuple[Box, np.ndarray] | None]:
    """The ink of digits that lie side by side.

    A piece that lies mostly in one box is that digit's, as far as it goes; of one that runs through
    several boxes, as where digits touch or a line was drawn through them, each has what lies in its
    box.

    Args:
        pieces: the ink. Only what may be writing counts.
        boxes: (n, 4) left, top, right, bottom in pixels, as good as they were found, the surest
            first.
        left_out: (n,) bool, of which boxes nothing is left where none of the ink is in a piece.

    Returns:
        Of each the box around its ink, (left, top, width, height), and the (height, width) float32
        ink; where there is none, the box as it was and zeros; and None where all the ink is
        another's, so that no digit is there.
    """
    height, width = pieces.ink.shape
    margins = np.maximum(1, SLACK * (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0))
    corners = np.stack([np.floor(boxes[:, 0] - margins), np.floor(boxes[:, 1] - margins)], 1)
    corners = np.concatenate([corners, np.ceil(boxes[:, 2:] + margins[:, None])], 1).astype(int)
    corners = np.clip(corners, 0, [width, height, width, height])
    shares = [_shares(pieces, corner) for corner in corners]
    owner = _owners(shares, boxes)
    explained: dict[int, float] = defaultdict(float)
    for shared in shares:
        for label, share in shared.items():
            explained[label] += share
    sides = pieces.bounds[:, 2:] - pieces.bounds[:, :2]
    cut = []
    for number, (left, top, right, bottom) in enumerate(corners):
        # Of a letter or a drawing, a part may look like a digit; of a table, a part may be one.
        most = LETTER * max(right - left, bottom - top)
        strange = [
            label
            for label in shares[number]
            if explained[label] < MOSTLY and sides[label].max() <= most and label not in owner
        ]
        rest = {label for label in shares[number] if label not in strange}
        lost = strange or (left_out is not None and left_out[number])
        own, shared = {label for label in rest if owner.get(label) == number}, rest - owner.keys()
        cut.append(
            None if lost and not rest else _cut(pieces, corners[number], own, shared, bool(rest))
        )
    return cut


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


def _cut(
    pieces: Pieces, corner: np.ndarray, own: set[int], shared: set[int], some: bool
) -> tuple[Box, np.ndarray] | None:
    """A digit's box and ink: all of its `own` pieces, and what lies in its box, as `inked` found
    it, of `shared` ones.

    Without any, nothing where there is `some` ink of others, else the box as it is."""
    left, top, right, bottom = corner
    if own:
        bounds = pieces.bounds[list(own)]
        left, top = min(left, bounds[:, 0].min()), min(top, bounds[:, 1].min())
        right, bottom = max(right, bounds[:, 2].max()), max(bottom, bounds[:, 3].max())
    labels = pieces.labels[top:bottom, left:right]
    mask = np.isin(labels, list(own))
    if shared:
        part = np.s_[corner[1] - top : corner[3] - top, corner[0] - left : corner[2] - left]
        mask[part] |= np.isin(labels[part], list(shared))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        box = tuple(int(side) for side in (left, top, right - left, bottom - top))
        return None if some else (box, np.zeros(labels.shape, np.float32))
    # The soft edge of a stroke belongs to it; a neighbour's ink doesn't.
    soft = np.where(
        ndimage.maximum_filter(mask, 3) & (mask | (labels == 0)),
        pieces.ink[top:bottom, left:right],
        0,
    )
    cut = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = left + columns[0], top + rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    return tuple(int(side) for side in box), soft[cut]


def combine_votes(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n, classes) probabilities of two networks → (n, classes), as likely as both say: their
    geometric mean."""
    both = np.sqrt(one * other) + 1e-9  # where each is certain of another class, all are as likely
    return both / both.sum(-1, keepdims=True)


def is_in_word(
    boxes: np.ndarray, others: np.ndarray, faint: np.ndarray | Literal[False] = False
) -> np.ndarray:
    """Which (n,) of some digits stand in words: in a row of letters, closely, of which there are
    more.

    Args:
        boxes: (n, 4) left, top, right, bottom of digits.
        others: (m, 4) of pieces of ink that are no digits.
        faint: (n,) bool, which of the digits may be letters, too.
    """
    every = np.concatenate([boxes, others]).astype(float)
    digit = np.arange(len(every)) < len(boxes)
    digit[: len(boxes)] &= ~np.broadcast_to(faint, len(boxes))
    left, top, right, bottom = every.T
    height = np.maximum(bottom - top, 1)
    smaller, larger = np.minimum.outer(height, height), np.maximum.outer(height, height)
    level = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top) >= 0.5 * smaller
    white = np.maximum.outer(left, left) - np.minimum.outer(right, right)
    near = level & (smaller >= X_HEIGHT * larger) & (white <= WORD_GAP * larger)
    near &= (right - left < WORD * height)[:, None] & (right - left < WORD * height)[None]
    _, word = connected_components(near, directed=False)
    letters = np.where(digit, 0, np.maximum(1, np.round((right - left) / (0.8 * height))))
    letters, digits = np.bincount(word, letters), np.bincount(word, digit)
    text = (letters >= LETTERS) & (letters >= 2 * digits) | (letters >= TEXT) & (letters >= digits)
    return text[word[: len(boxes)]]


def _inside(box: np.ndarray) -> tuple[slice, slice]:
    left, top, right, bottom = np.clip(box.round().astype(int), 0, None)
    return slice(top, bottom), slice(left, right)


def _second_look(
    box: np.ndarray, rgb: np.ndarray
) -> tuple[tuple[int, int, int, int], np.ndarray] | None:
    """A digit's box and its ink, as `inked` gives them, from its surroundings alone: what lies
    farther away, a desk, a shadow or a bolder pen, does not say there what paper is and what
    ink."""
    left, top, right, bottom = box.round().astype(int).tolist()
    margin = max(4, round(0.6 * max(right - left, bottom - top)))
    x, y = max(0, left - margin), max(0, top - margin)
    ink = local_ink_map(rgb[y : bottom + margin, x : right + margin])
    (one,) = assign_ink(Pieces(ink), box[None] - [x, y, x, y])
    if one is None:
        return None
    (inner_x, inner_y, width, height), cut = one
    return (x + inner_x, y + inner_y, width, height), cut


def read_page(
    rgb: np.ndarray, pieces: Pieces, network: Callable, classify: Callable[[np.ndarray], np.ndarray]
) -> tuple[list[list[Detection]], list[tuple[Box, str]]]:
    """A picture of a page → its digits in lines, top to bottom and left to right; and its signs,
    ".", "," or "−".

    Where a digit is, the page network says; which it is, half of the vote is its own, half that of
    the network that reads glyphs. A mark is left out, but between digits, where it is one on which
    all classes are as likely.

    Args:
        rgb: (h, w, 3) uint8.
        pieces: its ink, as `Pieces.of_page` finds it.
        network: a PageNetwork, see `find`.
        classify: (n, 28, 28) uint8 → (n, 10) probabilities.
    """
    found = detect(_grey(rgb), pieces.ink, network)
    sign = np.isin(found.probabilities.argmax(1), (MINUS, POINT))
    clear = sign & (found.heats >= FOUND)
    signs = [
        _sign(*one) for one in zip(found.boxes[clear], found.probabilities[clear], strict=True)
    ]
    found = Peaks(*(part[~sign] for part in found))
    # What has no ink of writing is a table's edge or dirt; or a digit that touches it, where it is
    # a hot one.
    inky = np.array([(pieces.ink[_inside(box)] >= INK).any() for box in found.boxes], bool)
    cut = assign_ink(pieces, found.boxes, inky & (found.heats < HOT))
    there = [number for number, one in enumerate(cut) if one is not None]
    if not there:
        return [], signs
    found, cut = Peaks(*(part[there] for part in found)), [cut[number] for number in there]
    digits, votes = _voted(found, cut, rgb, classify)
    present = np.flatnonzero((found.heats >= FOUND) | _beside(digits, votes, found))
    found, digits, votes = (
        Peaks(*(part[present] for part in found)),
        [digits[n] for n in present],
        votes[present],
    )
    if not digits:
        return [], signs
    return _laid_out(digits, *_kept(digits, votes, found, pieces)), signs


def _voted(
    found: Peaks, cut: list, rgb: np.ndarray, classify: Callable
) -> tuple[list[Detection], np.ndarray]:
    """What both networks say of n digits, whose ink `inked` gave; and what the one says that reads
    glyphs."""
    glyphs = np.array([normalise(part) for _, part in cut], np.uint8)
    votes, (digit, own) = classify(glyphs), _own(found)
    doubtful = np.flatnonzero(
        (votes.argmax(1) != own.argmax(1)) | (votes.max(1) < DOUBT) | ~glyphs.any((1, 2))
    )
    looks = [
        (number, one)
        for number in doubtful[:LOOKS]
        if (one := _second_look(found.boxes[number], rgb))
    ]
    if looks:
        others = np.array([normalise(part) for _, (_, part) in looks], np.uint8)
        for (number, one), other, vote in zip(looks, others, classify(others), strict=True):
            # It counts where both networks then agree better.
            if other.any() and (
                not glyphs[number].any() or vote @ own[number] > votes[number] @ own[number]
            ):
                cut[number], glyphs[number], votes[number] = one, other, vote
    inked = glyphs.any((1, 2))[:, None]
    probabilities = np.where(inked, combine_votes(own, votes), own)
    # What is a mark by the one network, or to which the other has no answer, is no digit that one
    # can be sure of.
    known = digit * np.where(inked, np.minimum(1, votes.max(1, keepdims=True) / KNOWN), 1)
    probabilities = (known * probabilities + (1 - known) / 10).astype(np.float32)
    return [
        Detection(box, glyph, p)
        for (box, _), glyph, p in zip(cut, glyphs, probabilities, strict=True)
    ], votes


def _own(found: Peaks) -> tuple[np.ndarray, np.ndarray]:
    """How likely each of n spots is a digit, (n, 1), and which it is then, (n, 10)."""
    digit = found.probabilities[:, :10].sum(1, keepdims=True)
    return digit, found.probabilities[:, :10] / np.maximum(digit, 1e-6)


def _beside(digits: list[Detection], votes: np.ndarray, found: Peaks) -> np.ndarray:
    """Which (n,) of the digits, however faint, stand beside clear ones and are of one kind with
    them: both networks are sure of the same digit, as high, and none that any stroke looks like."""
    digit, own = _own(found)
    sure = (np.minimum(votes.max(1), digit[:, 0] * own.max(1)) >= TWO) & (
        votes.argmax(1) == own.argmax(1)
    )
    clear = (np.array([one.probabilities.max() for one in digits]) >= CLEAR) & (
        found.heats >= FOUND
    )
    left, top, right, bottom = corners(digits).T
    height = bottom - top
    larger = np.maximum.outer(height, height)
    level = np.abs(np.subtract.outer(top + bottom, top + bottom)) < larger
    near = np.maximum.outer(left, left) - np.minimum.outer(right, right) < NEAR * larger
    beside = level & near & (larger < 2 * np.minimum.outer(height, height))
    return sure & (right - left >= BAR * height) & (beside & clear[None]).any(1)


def _kept(
    digits: list[Detection], votes: np.ndarray, found: Peaks, pieces: Pieces
) -> tuple[np.ndarray, np.ndarray]:
    """Which (n,) of the digits are clear, and which are told wherever they stand; the others are
    print or dirt, but between digits."""
    clear = np.array([digit.probabilities.max() for digit in digits]) >= CLEAR
    digit, own = _own(found)
    # Two networks that are sure of different digits are sure of a digit.
    doubted = np.minimum(votes.max(1), digit[:, 0] * own.max(1)) >= TWO
    told = clear | doubted | ((found.heats >= HOT) & (found.probabilities.argmax(1) < 10))
    boxes = corners(digits)
    others = pieces.bounds[pieces.written & pieces.outside(boxes)]
    word = is_in_word(boxes, others[:MOST], found.heats < FOUND)
    return clear & ~word, told & ~word


def _laid_out(
    digits: list[Detection], clear: np.ndarray, told: np.ndarray
) -> list[list[Detection]]:
    """Digits in lines, each with something clear in it if anything is; a mark is told where it
    stands between two."""
    main = np.flatnonzero(told)
    lines = [
        main[line].tolist() for line in sort_into_lines([digits[number].box for number in main])
    ]
    lines = [line for line in lines if clear[line].any() or not clear.any()]
    ends = corners(digits)
    spans = np.array([(*ends[line, :2].min(0), *ends[line, 2:].max(0)) for line in lines]).reshape(
        -1, 4
    )
    for number in np.flatnonzero(~told).tolist():
        left, top, width, height = digits[number].box
        around = (spans[:, :2] < [left + width, top + height]).all(1) & (
            spans[:, 2:] > [left, top]
        ).all(1)
        for line in (lines[at] for at in np.flatnonzero(around)):
            at = sum(
                digits[other].box[0] + digits[other].box[2] / 2 < left + width / 2 for other in line
            )
            beside = [digits[other].box for other in line[max(0, at - 1) : at + 1]]
            level = [
                min(top + height, y + h) - max(top, y) >= LEVEL * min(height, h)
                for _, y, _, h in beside
            ]
            if 0 < at < len(line) and all(level):
                line.insert(at, number)
                break
    return [[digits[number] for number in line] for line in lines]


def _sign(box: np.ndarray, probabilities: np.ndarray) -> tuple[Box, str]:
    """A box as found, left, top, right, bottom → (left, top, width, height), and which sign it
    is."""
    left, top, right, bottom = box.round().astype(int).tolist()
    dash = probabilities[MINUS] > probabilities[POINT]
    return (left, top, right - left, bottom - top), "−" if dash else point_sign(
        right - left, bottom - top
    )


def point_sign(width: float, height: float) -> str:
    """A decimal point of that size: "." or ","."""
    return "," if height >= COMMA * width else "."
