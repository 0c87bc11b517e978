"""Ink map → single digits, in lines, in reading order.

Connected pieces of ink are sorted into lines, and each line is cut into atoms: a piece with the
small ones above or below it, or a slice of a piece that is wide enough to be two digits that touch.
Which neighbouring atoms make a digit is decided by the network: of all ways to group them, the one
whose digits it is surest of (over-segmentation and dynamic programming: Casey and Lecolinet, A
survey of methods and strategies in character segmentation, 1996).
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from model.glyph import INK, normalise
from model.network import GLYPH_SIZE

# Sizes are in units of the height of the writing, which is measured on the page.
SPECK = 0.2  # a piece smaller than this is dirt
# a piece at least so high is a digit or most of one; smaller ones are hats, dots, commas, dashes
MAIN = 0.45
NEAR = 0.6  # a small piece farther than this from any other is no part of a digit
STEEP = 0.3  # pixels down for each to the right: a line does not slope more
# of the height of a piece: it was broken off the one below or above if no more white lies between
BREAK = 0.2
# of the height of a piece: so little white breaks a stroke that goes on below it, however it slants
GAP = 0.12
# of the page: along a border, so much ink to such a depth is no writing
STRIP, STRIP_DEPTH = 0.5, 0.08
# of the page: where nothing else is as high, what seemed to be a frame is the writing
LEAST_WRITING = 0.01
ATOMS = 4  # a digit has at most so many, in a line that is longer than it is high
WIDEST = 1.7  # of its height: a digit is not wider
CUTTABLE = 0.55  # of its height: a narrower piece is one digit
# of its height, and confidence: what slices are not all below, where two digits touch
NARROW, LIKELY = 0.5, 0.5
CUTS = 3  # places at which a piece may be cut
# Costs are in nats, as the logarithms of the network's probabilities are.
# of each cut through ink: connected ink is one digit where the network is as sure of that
CUT_COST = 0.05
GAP_COST = 3.0  # of white between the parts of a digit, for each height of it
# a digit less high than so much of the writing costs so much for each height it lacks
LOW, LOW_COST = 0.6, 3.0
# of what may be a digit by itself, and stands under another's roof or beside its tail
BESIDE_COST = 0.15
SKIP_COST = 0.5  # of leaving a small piece out, as a dot or a dash
# What a picture may cost. A full page of writing has 1,000 digits; the worst tables that were seen
# have 450 pieces and 900 groups. benchmarks/worst_case.py measures what these allow.
# pixels of a picture for each piece, at least: the smallest digits that can be read take twice as
# many
ROOM = 100
DIRT = 3  # pixels: a smaller piece is none
MOST_PIECES = 3000  # larger than dirt
MOST_GROUPS = 1500  # of atoms, each to be looked at by the network
MOST_AREA = 16  # times the picture: what the boxes of all groups cover together
# pieces of which the mean doubt, in nats, is so large: worse than on any page of digits
MANY, HOPELESS = 100, 0.5
MOST_ATOMS = 60  # of one digit, be it drawn of dots

Box = tuple[int, int, int, int]


class TooMuchError(ValueError):
    """There is far too much on a picture to be writing."""

    def __init__(self):
        super().__init__("There is too much on this picture to be writing: nothing of it was read.")


class Detection(NamedTuple):
    """A digit that was found: its box (left, top, width, height), glyph (28, 28) and probabilities
    (classes,)."""

    box: Box
    glyph: np.ndarray
    probabilities: np.ndarray


class Piece(NamedTuple):
    """A connected piece of ink: its label, and the bounds of its box, right and bottom not
    included."""

    label: int
    left: int
    top: int
    right: int
    bottom: int
    area: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


class Pieces:
    """The connected pieces of an ink map; every step of a reading that asks what hangs together
    asks these.

    Attributes:
        ink: (h, w) float32, 0 paper to 1 full ink.
        labels: (h, w) int, the number of the piece at each pixel; 0 is paper.
        areas: (n + 1,) int pixels of each piece, by its number; 0 of paper.
        bounds: (n + 1, 4) int left, top, right, bottom of each that is no dirt.
        written: (n + 1,) bool, which may be writing.
        digits: of a page, what may be writing, from top to bottom, the parts of a broken stroke
            joined;
        joined: labels with the numbers of these, (h, w) int;
        unit: and the height of the writing in pixels.
    """

    def __init__(self, ink: np.ndarray, least: int = 1, most: float = np.inf):
        """All pieces of at least so many pixels; of few, all.

        Raises:
            TooMuchError: there are more than `most`.
        """
        self.ink, self.unit, self.digits = ink, 0.0, []
        mask = ink >= INK
        self.labels, count = (
            ndimage.label(mask, np.ones((3, 3)))
            if mask.any()
            else (np.zeros(ink.shape, np.int32), 0)
        )
        self.areas = np.bincount(self.labels.ravel(), minlength=count + 1)
        self.written = (self.areas >= least) | (count < 10)
        self.areas[0], self.written[0] = 0, False
        self.bounds = np.zeros((count + 1, 4), int)
        if self.written.sum() > most:
            raise TooMuchError
        if count:
            labels = (
                self.labels
                if self.written[1:].all()
                else np.where(self.written[self.labels], self.labels, 0)
            )
            places = [
                (c.start, r.start, c.stop, r.stop)
                for r, c in filter(None, ndimage.find_objects(labels))
            ]
            self.bounds[self.written] = np.array(places).reshape(-1, 4)

    @classmethod
    def of_page(cls, ink: np.ndarray) -> "Pieces":
        """Of a page, where dirt, and what lies along its border, is no writing.

        Raises:
            TooMuchError: there are more than MOST_PIECES, or too many for the room.
        """
        pieces = cls(ink, DIRT, max(10, ink.size / ROOM))
        pieces._find_writing()
        return pieces

    def writing(self) -> np.ndarray:
        """(h, w) float32 ink of what may be writing alone; all 0 where nothing is written."""
        return _of_pieces(self.written[self.labels], self.labels, self.ink)

    def boxes(self) -> list[Box]:
        """The boxes of the pieces that may be digits."""
        found = [piece for piece in self.digits if piece.height >= MAIN * self.unit]
        return [(piece.left, piece.top, piece.width, piece.height) for piece in found]

    def left_out(self, boxes: Sequence[Box]) -> list[Box]:
        """The boxes of what was read → those of the pieces, larger than dirt, that lie mostly
        elsewhere."""
        inside = [
            (left - 1, top - 1, left + width + 1, top + height + 1)
            for left, top, width, height in boxes
        ]
        out = self.outside(np.array(inside, int).reshape(-1, 4)) & (self.areas >= DIRT)
        return [
            (left, top, right - left, bottom - top)
            for left, top, right, bottom in self.bounds[out].tolist()
        ]

    def outside(self, boxes: np.ndarray) -> np.ndarray:
        """Which (n + 1,) of the pieces lie mostly outside of (m, 4) boxes, left, top, right,
        bottom."""
        if not len(boxes):
            return self.areas > 0
        taken = np.zeros(self.labels.shape, bool)
        for left, top, right, bottom in np.clip(boxes, 0, None):
            taken[top:bottom, left:right] = True
        inside = np.bincount(self.labels[taken], minlength=len(self.areas))
        return inside < 0.5 * self.areas

    def _find_writing(self) -> None:
        numbers = np.flatnonzero(self.written)
        # As an array, since there may be a hundred thousand of them; its columns are the fields of
        # Piece.
        table = np.column_stack([numbers, self.bounds[numbers], self.areas[numbers]])
        inner = table[~(_border_strips(table, self.ink.shape) | _frames(table, self.ink.shape))]
        if (_heights(inner) >= LEAST_WRITING * max(self.ink.shape)).any():
            table = inner
        whole, self.joined = np.arange(len(self.areas)), self.labels.copy()
        # where most digits are broken, the first time tells how high they are
        for _ in range(2 if len(table) else 0):
            self.unit = _unit(table)
            dirt = np.maximum(_widths(table), _heights(table)) < SPECK * self.unit
            if (~dirt).sum() > MOST_PIECES:
                raise TooMuchError
            mended = _mended(
                [Piece(*row) for row in table[~dirt].tolist()], self.joined, whole, self.unit
            )
            table = np.concatenate([np.array(mended, int).reshape(-1, 6), table[dirt]])
        if len(table):
            self.unit = _unit(table)
            table = table[np.maximum(_widths(table), _heights(table)) >= SPECK * self.unit]
        self.digits = [
            Piece(*row) for row in table[np.argsort(table[:, 2], kind="stable")].tolist()
        ]
        while (whole != whole[whole]).any():  # what joined another that has joined a third
            whole = whole[whole]
        self.written = np.isin(whole, table[:, 0])


class Atom(NamedTuple):
    """What is never divided: whole pieces, or one slice of a piece."""

    pieces: tuple[Piece, ...]
    left: int
    top: int
    right: int
    bottom: int
    cut: bool  # its left side is a cut through ink


# neighbouring atoms of a line: the number of the first, and of the first that follows
Group = tuple[int, int]


def read_lines(
    pieces: Pieces, classify: Callable[[np.ndarray], np.ndarray], share: float = 1.0
) -> list[list[Detection]]:
    """The pieces of a page → digits in lines, top to bottom and left to right.

    Args:
        pieces: as `Pieces.of_page` finds them.
        classify: (n, 28, 28) uint8 → (n, classes) probabilities, which decide where one digit ends.
        share: of what a picture may cost; with less than all of it, a page of which most pieces
            look like no digit is not read further, and empty.

    Raises:
        TooMuchError: there is far too much on it to be writing.
    """
    ink, labels, unit = pieces.ink, pieces.joined, pieces.unit
    work = [share * MOST_GROUPS, share * MOST_AREA * ink.size]  # groups, and pixels of their boxes

    def as_digits(groups: list[tuple[Atom, ...]]) -> list[Detection]:
        work[0] -= len(groups)
        work[1] -= sum(_area(atoms) for atoms in groups)
        if min(work) < 0:
            raise TooMuchError
        crops = [_crop(atoms, ink, labels) for atoms in groups]
        glyphs = np.array([normalise(crop) for _, crop in crops], np.uint8).reshape(
            -1, GLYPH_SIZE, GLYPH_SIZE
        )
        return list(map(Detection, (box for box, _ in crops), glyphs, classify(glyphs)))

    def added(
        lines: list[tuple[list[Atom], dict[Group, Detection]]], groups: list[list[Group]]
    ) -> None:
        """Reads groups of each line together: large batches are quick."""
        read = as_digits(
            [
                tuple(line[slice(*group)])
                for (line, _), new in zip(lines, groups, strict=True)
                for group in new
            ]
        )
        keys = (
            (found, group) for (_, found), new in zip(lines, groups, strict=True) for group in new
        )
        for (found, group), digit in zip(keys, read, strict=True):
            found[group] = digit

    lines = [_atoms(line, MAIN * unit) for line in _lines(pieces.digits, unit)]
    whole = as_digits([(atom,) for line in lines for atom in line])
    if share < 1 and len(whole) > MANY and np.mean([_doubt(digit) for digit in whole]) > HOPELESS:
        return []
    whole = iter(whole)
    cut = [_cut_up([(atom, next(whole)) for atom in line], ink, labels) for line in lines]
    added(
        cut,
        [[(n, n + 1) for n in range(len(line)) if (n, n + 1) not in found] for line, found in cut],
    )
    added(cut, [_neighbours(line, found, unit, work[0]) for line, found in cut])
    read = [
        [found[group] for group in _made_whole(_best(line, found, unit), line, found)]
        for line, found in cut
    ]
    return [line for line in read if line]


def clip_box(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in a picture of so many pixels; one that is wholly outside has no
    positive size."""
    left, top = max(0, box[0]), max(0, box[1])
    return left, top, min(width, box[0] + box[2]) - left, min(height, box[1] + box[3]) - top


def sort_into_lines(boxes: Sequence[Box]) -> list[list[int]]:
    """Boxes of digits → their numbers in reading order: lines from top to bottom, each from left to
    right."""
    pieces = [
        Piece(number, left, top, left + width, top + height, width * height)
        for number, (left, top, width, height) in enumerate(boxes)
    ]
    lines = _lines(pieces, unit=0)  # no box is too small to be a digit
    return [
        [piece.label for piece in sorted(line, key=lambda piece: piece.left + piece.right)]
        for line in lines
    ]


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


def _widths(table: np.ndarray) -> np.ndarray:
    """(n, 6) pieces → (n,)."""
    return table[:, 3] - table[:, 1]


def _heights(table: np.ndarray) -> np.ndarray:
    """(n, 6) pieces → (n,)."""
    return table[:, 4] - table[:, 2]


def _unit(table: np.ndarray) -> float:
    """The height of the writing: of the pieces below which half of the ink lies. Many specks have
    little ink."""
    heights = np.maximum(_heights(table), _widths(table) / 3)
    order = np.argsort(heights)
    ink_below = np.cumsum(table[order, 5])
    return float(heights[order[np.searchsorted(ink_below, ink_below[-1] / 2)]])


def _mended(pieces: list[Piece], labels: np.ndarray, whole: np.ndarray, unit: float) -> list[Piece]:
    """Pieces that are no dirt, those joined that were broken: one right above the other, together
    no higher than a digit.

    What joins another takes its number in (h, w) labels, and in (n + 1,) `whole`, which has the
    piece that each joined.
    """
    pieces = sorted(pieces, key=lambda piece: piece.top)
    if len(pieces) < 2:
        return pieces
    _, left, top, right, bottom, _ = np.array(pieces).T
    # what begins below is no part of the digit
    ends = np.searchsorted(top, top + 2.2 * unit, "right")
    free = np.ones(len(pieces), bool)
    number = 0
    while number < len(pieces):
        upper = pieces[number]
        low, high, aside = upper.bottom - BREAK * unit, upper.top + 2.2 * unit, 2.2 * GAP * unit + 4
        below = slice(number + 1, ends[number])
        near = (top[below] >= low) & (bottom[below] <= high) & free[below]
        # as far as strokes slant
        near &= (left[below] <= upper.right + aside) & (right[below] >= upper.left - aside)
        for other in np.flatnonzero(near).tolist() if free[number] and upper.bottom <= high else ():
            lower = pieces[number + 1 + other]
            shared = min(upper.right, lower.right) - max(upper.left, lower.left)
            if lower.top - upper.bottom <= BREAK * max(upper.height, lower.height) and (
                shared >= 0.5 * min(upper.width, lower.width) or _goes_on(upper, lower, labels)
            ):
                area = labels[lower.top : lower.bottom, lower.left : lower.right]
                area[area == lower.label] = upper.label
                whole[lower.label] = upper.label
                pieces[number] = Piece(
                    upper.label,
                    min(upper.left, lower.left),
                    upper.top,
                    max(upper.right, lower.right),
                    max(upper.bottom, lower.bottom),
                    upper.area + lower.area,
                )
                free[number + 1 + other] = False
                break
        else:
            number += 1
    return [piece for piece, own in zip(pieces, free.tolist(), strict=True) if own]


def _goes_on(upper: Piece, lower: Piece, labels: np.ndarray) -> bool:
    """Whether a stroke of one piece ends where one of the piece below begins, with hardly any white
    between."""
    if not 0 <= lower.top - upper.bottom <= GAP * max(upper.height, lower.height):
        return False
    above = (
        np.flatnonzero(labels[upper.bottom - 1, upper.left : upper.right] == upper.label)
        + upper.left
    )
    below = np.flatnonzero(labels[lower.top, lower.left : lower.right] == lower.label) + lower.left
    near = lower.top - upper.bottom + 2  # pixels: a stroke may slant
    return (
        len(above) > 0 < len(below)
        and above[0] - near <= below[-1]
        and below[0] - near <= above[-1]
    )


def _border_strips(table: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which (n,) of (n, 6) pieces lie along a border, where the paper's lines cut it up: rows of
    cells, or a broken line."""
    height, width = shape
    # a line between two rows, or outside of the first, is no wider
    near = max(2, round(0.01 * max(shape)))
    strips = np.zeros(len(table), bool)
    _, left, top, right, bottom, _ = table.T
    # how far from the border each begins and ends, how long it is along it
    for length, across, start, end, along in (
        (width, height, top, bottom, right - left),
        (width, height, height - bottom, height - top, right - left),
        (height, width, left, right, bottom - top),
        (height, width, width - right, width - left, bottom - top),
    ):
        depth, shallow = 0, end <= STRIP_DEPTH * across
        line = shallow & (end - start <= np.minimum(near, along / 3))
        if along[line].sum() > STRIP * length:
            strips |= line
        while True:
            row = shallow & (depth <= start) & (start <= depth + near)
            if along[row].sum() <= STRIP * length:
                break
            strips |= row
            depth = end[row].max()
    return strips


def _frames(table: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which (n,) of (n, 6) pieces are rulings through the picture, or lie along its border: a
    table's edge, a shadow.

    A digit that touches the border, in a picture cut close, is no higher than those that don't.
    """
    height, width = shape
    _, left, top, right, bottom, _ = table.T
    widths, heights = right - left, bottom - top
    touches = (left == 0) | (top == 0) | (right == width) | (bottom == height)
    along = touches & (np.maximum(widths / width, heights / height) > 0.5)
    rulings = ~along & (widths > 0.6 * width) & (heights < 0.1 * widths)
    inner = heights[~(along | rulings)].max(initial=0) or height
    return rulings | along & (np.maximum(widths, heights) > 1.5 * inner)


def _lines(pieces: list[Piece], unit: float) -> list[list[Piece]]:
    """Pieces in lines of writing, from top to bottom. A line may slope: it goes on where its last
    pieces point to."""
    main = sorted((p for p in pieces if p.height >= MAIN * unit), key=lambda p: p.left + p.right)
    if not main:
        main, pieces = pieces, []
    lines: list[list[Piece]] = []
    tilt = _tilt(main)
    # of each line: middle (twice), top, bottom and height of its last piece, and slope
    last = np.empty((len(main), 5))
    line_of = []
    for piece in main:
        number = len(lines)
        if lines:
            middle, top, bottom, height, slope = last[:number].T
            shift = slope * (piece.left + piece.right - middle) / 2
            shared = np.minimum(piece.bottom, bottom + shift) - np.maximum(piece.top, top + shift)
            overlaps = shared / np.minimum(piece.height, height)
            best = int(np.argmax(overlaps))
            number = best if overlaps[best] >= 0.4 else number
        if number == len(lines):
            lines.append([])
        lines[number].append(piece)
        line_of.append(number)
        last[number] = (
            piece.left + piece.right,
            piece.top,
            piece.bottom,
            piece.height,
            _slope(lines[number], tilt),
        )
    small = [p for p in pieces if p.height < MAIN * unit]
    # first those of the lines, then what joined them
    placed = np.array(main + small).reshape(-1, 6)[:, 1:5]
    line_of, count = np.array(line_of + [0] * len(small), int), len(main)
    for piece in small:
        left, top, right, bottom = placed[:count].T
        across = np.maximum(0, np.maximum(piece.left - right, left - piece.right))
        down = np.maximum(0, np.maximum(piece.top - bottom, top - piece.bottom))
        white = np.hypot(across, down)
        if white.min() <= NEAR * unit:
            nearest = line_of[:count][white == white.min()].min()
            lines[nearest].append(piece)
            placed[count], line_of[count] = piece[1:5], nearest
            count += 1
    return sorted(
        lines, key=lambda line: sum(piece.top + piece.bottom for piece in line) / len(line)
    )


def _slope(line: list[Piece], tilt: float) -> float:
    """Of a line at its last pieces, at most STEEP either way; of few that stand closely, nearly
    that of the page."""
    x, y = np.array([((p.left + p.right) / 2, (p.top + p.bottom) / 2) for p in line[-4:]]).T
    x, y = x - x.mean(), y - y.mean()
    slope = tilt + x @ (y - tilt * x) / (x @ x + line[-1].height ** 2)
    return min(max(slope, -STEEP), STEEP)


def _tilt(pieces: list[Piece]) -> float:
    """The slope of a page's lines: what is usual between a piece and the nearest to its right."""
    if len(pieces) < 4:
        return 0.0
    left, top, right, bottom = np.array([piece[1:5] for piece in pieces], float).T
    x, y, height = (left + right) / 2, (top + bottom) / 2, bottom - top
    _, near = cKDTree(np.stack([x, 2 * y], 1)).query(np.stack([x, 2 * y], 1), min(9, len(pieces)))
    across, down = x[near] - x[:, None], y[near] - y[:, None]
    beside = (across > 0.3 * height[:, None]) & (
        abs(down) < 0.5 * np.minimum(height[near], height[:, None])
    )
    first = beside.argmax(1)
    some = beside.any(1)
    if some.sum() < 3:
        return 0.0
    rows = np.flatnonzero(some)
    return float(
        np.clip(np.median(down[rows, first[rows]] / across[rows, first[rows]]), -STEEP, STEEP)
    )


def _atoms(line: list[Piece], main: float) -> list[Atom]:
    """A line's atoms, from left to right, before any piece is cut; what is as high as `main` may be
    a digit."""
    groups: list[list[Piece]] = []
    bounds = np.empty((len(line), 2), int)  # left and right of each group
    higher = 0  # groups of which a piece is but a small part: they come by height
    for piece in sorted(line, key=lambda p: -p.height):
        # A small piece above, below or inside another belongs to it: a loose hat, a broken stroke.
        # But beside a long tail, it may be a digit.
        while higher < len(groups) and piece.height < 0.6 * groups[higher][0].height:
            higher += 1
        left, right = bounds[:higher].T
        fits = np.minimum(piece.right, right) - np.maximum(piece.left, left) >= 0.5 * piece.width
        if piece.height >= main:
            tops, bottoms = (
                np.array([(group[0].top, group[0].bottom) for group in groups[:higher]])
                .reshape(-1, 2)
                .T
            )
            fits &= (
                np.minimum(piece.bottom, bottoms) - np.maximum(piece.top, tops) < 0.5 * piece.height
            )
        if fits.any():
            number = int(fits.argmax())
            groups[number].append(piece)
            bounds[number] = min(left[number], piece.left), max(right[number], piece.right)
        else:
            bounds[len(groups)] = piece.left, piece.right
            groups.append([piece])
    atoms = [
        Atom(
            tuple(group),
            left,
            min(p.top for p in group),
            right,
            max(p.bottom for p in group),
            False,
        )
        for group, (left, right) in zip(groups, bounds.tolist(), strict=False)
    ]
    return sorted(atoms, key=lambda atom: atom.left + atom.right)


def _cut_up(
    line: list[tuple[Atom, Detection]], ink: np.ndarray, labels: np.ndarray
) -> tuple[list[Atom], dict[Group, Detection]]:
    """A line's atoms and what each is read as → all its atoms, some of them cut, and what is known
    of their groups.

    A piece that costs less as one digit than a cut through it does is not cut.
    """
    parts = [
        (atom, digit, [atom] if _doubt(digit) < CUT_COST else _slices(atom, ink, labels))
        for atom, digit in line
    ]
    # Each slice with the number of its atom, which tells where the whole is found again.
    slices = [(one, number) for number, (_, _, ones) in enumerate(parts) for one in ones]
    slices.sort(key=lambda one: one[0].left + one[0].right)
    places: dict[int, list[int]] = {}
    for place, (_, number) in enumerate(slices):
        places.setdefault(number, []).append(place)
    found = {}
    for number, own in places.items():
        atom, digit, _ = parts[number]
        narrow = len(own) == 1 or atom.right - atom.left <= WIDEST * (atom.bottom - atom.top)
        if narrow and own[-1] - own[0] == len(own) - 1:
            found[own[0], own[-1] + 1] = digit
    return [one for one, _ in slices], found


def _slices(atom: Atom, ink: np.ndarray, labels: np.ndarray) -> list[Atom]:
    """An atom cut wherever it may be, through the largest of its pieces."""
    bounds = [atom.left, *_cuts(atom.pieces[0], ink, labels), atom.right]
    return [
        atom._replace(left=start, right=end, cut=number > 0)
        for number, (start, end) in enumerate(itertools.pairwise(bounds))
    ]


def _cuts(piece: Piece, ink: np.ndarray, labels: np.ndarray) -> list[int]:
    """Columns at which a piece may be two digits that touch: where it has least ink."""
    if piece.width < CUTTABLE * piece.height or piece.width < 8:
        return []
    inside = labels[piece.top : piece.bottom, piece.left : piece.right] == piece.label
    profile = np.where(inside, ink[piece.top : piece.bottom, piece.left : piece.right], 0).sum(0)
    profile = ndimage.gaussian_filter1d(profile, piece.height / 40)
    margin = max(2, round(0.12 * piece.height))
    least = (profile == ndimage.minimum_filter1d(profile, 2 * margin + 1)) & (
        profile < 0.5 * piece.height
    )
    lowest = np.flatnonzero(least[margin : piece.width - margin]) + margin
    chosen: list[int] = []
    for x in sorted(lowest.tolist(), key=lambda x: profile[x]):
        if len(chosen) < CUTS and all(abs(x - other) >= margin for other in chosen):
            chosen.append(x)
    return sorted(piece.left + x for x in chosen)


def _neighbours(
    line: list[Atom], found: Mapping[Group, Detection], unit: float, most: float = MOST_GROUPS
) -> list[Group]:
    """Which neighbouring atoms of a line may be one digit, of those that are not known yet.

    What costs more as one digit than atom by atom, even if the network were quite sure of it, is
    left out: where digits stand apart, that is all. So the cost of a line grows with its length
    alone.

    Raises:
        TooMuchError: there are more than `most`.
    """
    single = [_cost(found[n, n + 1], line[n : n + 1], unit) for n in range(len(line))]
    groups: list[Group] = []
    for start, first in enumerate(line):
        left, top, right, bottom, _ = first[1:]
        apart, white = single[start], 0
        for end in range(start + 2, min(start + MOST_ATOMS, len(line)) + 1):
            last = line[end - 1]
            left, right = min(left, last.left), max(right, last.right)
            top, bottom = min(top, last.top), max(bottom, last.bottom)
            width, height = right - left, bottom - top
            if width > WIDEST * height or (end - start > ATOMS and width > height):
                break
            apart += single[end - 1]
            white += max(0, last.left - line[end - 2].right)
            least = GAP_COST * white / max(height, width / 2) + LOW_COST * max(
                0, LOW - height / unit
            )
            least += CUT_COST * first.cut
            one_piece = first.pieces is last.pieces  # its slices may be made whole again
            if (least <= apart or one_piece) and (start, end) not in found:
                groups.append((start, end))
        if len(groups) > most:
            raise TooMuchError
    return groups


def _area(atoms: Sequence[Atom]) -> int:
    """Pixels of the box of some atoms."""
    width = max(atom.right for atom in atoms) - min(atom.left for atom in atoms)
    return width * (max(atom.bottom for atom in atoms) - min(atom.top for atom in atoms))


def _crop(atoms: Sequence[Atom], ink: np.ndarray, labels: np.ndarray) -> tuple[Box, np.ndarray]:
    """The box of some neighbouring atoms, and the ink in it that is theirs."""
    left, right = min(atom.left for atom in atoms), max(atom.right for atom in atoms)
    top, bottom = min(atom.top for atom in atoms), max(atom.bottom for atom in atoms)
    inside = labels[top:bottom, left:right]
    own = np.zeros(inside.shape, bool)
    for atom in atoms:
        columns = slice(atom.left - left, atom.right - left)
        if len(atom.pieces) == 1:
            own[:, columns] |= inside[:, columns] == atom.pieces[0].label
        else:
            own[:, columns] |= np.isin(inside[:, columns], [piece.label for piece in atom.pieces])
    rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
    if not len(rows):
        return (left, top, right - left, bottom - top), np.zeros(inside.shape, np.float32)
    box = left + columns[0], top + rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    return tuple(int(side) for side in box), _of_pieces(own, inside, ink[top:bottom, left:right])


def _of_pieces(own: np.ndarray, labels: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """The ink of some pieces, (h, w) bool. The soft edge of a stroke belongs to it; a neighbour's
    ink doesn't."""
    near = own.copy()  # and its eight neighbours
    near[1:] |= own[:-1]
    near[:-1] |= own[1:]
    across = near.copy()
    near[:, 1:] |= across[:, :-1]
    near[:, :-1] |= across[:, 1:]
    return np.where(near & (own | (labels == 0)), ink, 0)


def _best(line: list[Atom], found: Mapping[Group, Detection], unit: float) -> list[Group]:
    """The way to group a line's atoms into digits that costs least (Viterbi's recursion over the
    places between)."""
    # of the groups that end at each place
    starts: list[list[int]] = [[] for _ in range(len(line) + 1)]
    for start, end in sorted(found):
        starts[end].append(start)
    costs: list[float] = [0.0]
    # where the digit begins that ends at each atom; at its end where the atom is left out
    choices: list[int] = []
    for end, last in enumerate(line, start=1):
        options = [
            (costs[start] + _cost(found[start, end], line[start:end], unit), start)
            for start in starts[end]
        ]
        if last.bottom - last.top < MAIN * unit:
            options.append((costs[end - 1] + SKIP_COST, end))
        cost, start = min(options, key=lambda option: option[0])
        costs.append(cost)
        choices.append(start)
    read, end = [], len(line)
    while end:
        start = choices[end - 1]
        if start < end:
            read.append((start, end))
        end = min(start, end - 1)
    return read[::-1]


def _made_whole(
    groups: list[Group], line: list[Atom], found: Mapping[Group, Detection]
) -> Iterator[Group]:
    """The groups, each piece whole again whose slices are all bars, or one of which looks like no
    digit.

    So are the slices of a letter or a drawing, since any slice of a stroke looks like a 1.
    """
    for _, slices in itertools.groupby(groups, key=lambda group: id(line[group[0]].pieces)):
        slices = list(slices)
        whole = slices[0][0], slices[-1][1]
        digits = [found[group] for group in slices]
        bars = all(digit.box[2] < NARROW * digit.box[3] for digit in digits)
        # nothing was left out
        unbroken = all(one[1] == other[0] for one, other in itertools.pairwise(slices))
        alike = bars or min(d.probabilities.max() for d in digits) < LIKELY
        if len(slices) > 1 and alike and unbroken and whole in found:
            slices = [whole]
        yield from slices


def _doubt(digit: Detection) -> float:
    """How unlikely the network takes its own answer to be, in nats."""
    return -float(np.log(max(digit.probabilities.max(), 1e-6)))


def _cost(digit: Detection, atoms: Sequence[Atom], unit: float) -> float:
    """What it costs to read some atoms as one digit, where the writing is `unit` pixels high."""
    height = max(digit.box[3], digit.box[2] / 2)
    cost = _doubt(digit)
    cost += LOW_COST * max(0, LOW - digit.box[3] / unit)
    if atoms[0].cut:
        cost += CUT_COST
    for one, other in itertools.pairwise(atoms):
        cost += GAP_COST * max(0, other.left - one.right) / height
        cost += BESIDE_COST * _is_beside(one, other, MAIN * unit)
    return cost


def _is_beside(one: Atom, other: Atom, main: float) -> bool:
    """Whether an atom as high as `main` lies mostly in the columns of another, and not above or
    below it."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    low = min(one.bottom - one.top, other.bottom - other.top)
    return (
        low >= main
        and down >= 0.5 * low
        and across >= 0.5 * min(one.right - one.left, other.right - other.left)
    )
