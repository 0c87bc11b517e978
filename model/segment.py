"""Ink map → single digits, in lines, in reading order.

Connected pieces of ink are sorted into lines, and each line is cut into atoms: a piece with the small ones above or
below it, or a slice of a piece that is wide enough to be two digits that touch. Which neighbouring atoms make a digit
is decided by the network: of all ways to group them, the one whose digits it is surest of (over-segmentation and
dynamic programming: Casey and Lecolinet, A survey of methods and strategies in character segmentation, 1996).
"""

import itertools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from model.glyph import INK, normalise
from model.network import GLYPH_SIZE

# Sizes are in units of the height of the writing, which is measured on the page.
SPECK = 0.2  # a piece smaller than this is dirt
MAIN = 0.45  # a piece at least so high is a digit or most of one; smaller ones are hats, dots, commas, dashes
NEAR = 0.6  # a small piece farther than this from any other is no part of a digit
BREAK = 0.2  # of the height of a piece: it was broken off the one below or above if no more white lies between
GAP = 0.12  # of the height of a piece: so little white breaks a stroke that goes on below it, however it slants
STRIP, STRIP_DEPTH = 0.5, 0.08  # of the page: along a border, so much ink to such a depth is no writing
LEAST_WRITING = 0.01  # of the page: where nothing else is as high, what seemed to be a frame is the writing
ATOMS = 4  # a digit has at most so many, in a line that is longer than it is high
WIDEST = 1.7  # of its height: a digit is not wider
CUTTABLE = 0.55  # of its height: a narrower piece is one digit
NARROW, LIKELY = 0.5, 0.5  # of its height, and confidence: what slices are not all below, where two digits touch
CUTS = 3  # places at which a piece may be cut
# Costs are in nats, as the logarithms of the network's probabilities are.
CUT_COST = 0.05  # of each cut through ink: connected ink is one digit where the network is as sure of that
GAP_COST = 3.0  # of white between the parts of a digit, for each height of it
LOW, LOW_COST = 0.75, 3.0  # a digit less high than so much of the writing costs so much for each height it lacks
SKIP_COST = 0.5  # of leaving a small piece out, as a dot or a dash

Box = tuple[int, int, int, int]


class Found(NamedTuple):
    """A digit that was found: its box (left, top, width, height), glyph (28, 28) and probabilities (classes,)."""

    box: Box
    glyph: np.ndarray
    probabilities: np.ndarray


class Piece(NamedTuple):
    """A connected piece of ink: its label, and the bounds of its box, right and bottom not included."""

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


class Atom(NamedTuple):
    """What is never divided: whole pieces, or one slice of a piece."""

    pieces: tuple[Piece, ...]
    left: int
    right: int
    cut: bool  # its left side is a cut through ink

    @property
    def top(self) -> int:
        return min(piece.top for piece in self.pieces)

    @property
    def bottom(self) -> int:
        return max(piece.bottom for piece in self.pieces)


def read_lines(ink: np.ndarray, classify: Callable[[np.ndarray], np.ndarray]) -> list[list[Found]]:
    """(h, w) float32 ink → digits in lines, top to bottom and left to right.

    Args:
        ink: 0 paper to 1 full ink.
        classify: (n, 28, 28) uint8 → (n, classes) probabilities, which decide where one digit ends.
    """
    labels, pieces, unit = _pieces(ink)

    def as_digits(groups: set[tuple[Atom, ...]]) -> dict[tuple[Atom, ...], Found]:
        crops = [_crop(atoms, ink, labels) for atoms in groups]
        glyphs = np.array([normalise(crop) for _, crop in crops], np.uint8).reshape(-1, GLYPH_SIZE, GLYPH_SIZE)
        return dict(zip(groups, map(Found, (box for box, _ in crops), glyphs, classify(glyphs)), strict=True))

    lines = [_atoms(line) for line in _lines(pieces, unit)]
    found = as_digits({(atom,) for line in lines for atom in line})
    for line in lines:
        # A piece that costs less as one digit than a cut through it does is not cut.
        parts = [[atom] if _doubt(found[atom,]) < CUT_COST else _slices(atom, ink, labels) for atom in line]
        line[:] = sorted(itertools.chain(*parts), key=lambda atom: atom.left + atom.right)
    found |= as_digits({atoms for line in lines for atoms in _neighbours(line)} - found.keys())
    read = [[found[atoms] for atoms in _made_whole(_best(line, found, unit), found)] for line in lines]
    return [line for line in read if line]


def writing(ink: np.ndarray) -> np.ndarray:
    """(h, w) ink → (h, w) ink without dirt and what lies along the picture's border; all 0 where nothing is written."""
    labels, pieces, _ = _pieces(ink)
    return _of_pieces(np.isin(labels, [piece.label for piece in pieces]), labels, ink)


def clipped(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in a picture of so many pixels; one that is wholly outside has no positive size."""
    left, top = max(0, box[0]), max(0, box[1])
    return left, top, min(width, box[0] + box[2]) - left, min(height, box[1] + box[3]) - top


def in_lines(boxes: Sequence[Box]) -> list[list[int]]:
    """Boxes of digits → their numbers in reading order: lines from top to bottom, each from left to right."""
    pieces = [
        Piece(number, left, top, left + width, top + height, width * height)
        for number, (left, top, width, height) in enumerate(boxes)
    ]
    lines = _lines(pieces, unit=0)  # no box is too small to be a digit
    return [[piece.label for piece in sorted(line, key=lambda piece: piece.left + piece.right)] for line in lines]


def own_ink(ink: np.ndarray, inside: tuple[slice, slice]) -> np.ndarray:
    """(h, w) ink and the part of it in a box → bool, where the box' ink is not a neighbour's that reaches into it.

    Of the pieces in the box, those that lie mostly outside are a neighbour's, but never the largest.
    """
    labels, count = ndimage.label(ink >= INK, np.ones((3, 3)))
    own = np.bincount(labels[inside].ravel(), minlength=count + 1)
    strange = own < 0.5 * np.bincount(labels.ravel(), minlength=count + 1)
    strange[[0, 1 + int(own[1:].argmax()) if count else 0]] = False
    return ~strange[labels[inside]]


def _pieces(ink: np.ndarray) -> tuple[np.ndarray, list[Piece], float]:
    """Labels (h, w) of the ink's pieces, the pieces that are no dirt and no frame, and the height of the writing."""
    mask = ink >= INK
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    pieces = [
        Piece(label, columns.start, rows.start, columns.stop, rows.stop, int(areas[label]))
        for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1)
        if areas[label] >= 3 or count < 10
    ]
    strange = _border_strips(pieces, ink.shape) | _frames(pieces, ink.shape)
    inner = [piece for piece in pieces if piece not in strange]
    if any(piece.height >= LEAST_WRITING * max(ink.shape) for piece in inner):
        pieces = inner
    if not pieces:
        return labels, [], 0.0
    for _ in range(2):  # where most digits are broken, the first time tells how high they are
        pieces = _mended(pieces, labels, _unit(pieces))
    unit = _unit(pieces)
    return labels, [piece for piece in pieces if max(piece.width, piece.height) >= SPECK * unit], unit


def _unit(pieces: list[Piece]) -> float:
    """The height of the writing: of the pieces below which half of the ink lies. Many specks have little ink."""
    heights = np.array([max(piece.height, piece.width / 3) for piece in pieces])
    order = np.argsort(heights)
    ink_below = np.cumsum([pieces[i].area for i in order])
    return float(heights[order[np.searchsorted(ink_below, ink_below[-1] / 2)]])


def _mended(pieces: list[Piece], labels: np.ndarray, unit: float) -> list[Piece]:
    """Pieces, those joined that were broken: one right above the other, and together no higher than a digit."""
    pieces = sorted(pieces, key=lambda piece: piece.top)
    number = 0
    while number < len(pieces):
        upper = pieces[number]
        for other in range(number + 1, len(pieces)):
            lower = pieces[other]
            if lower.top > upper.top + 2.2 * unit:
                number += 1  # as are all that follow
                break
            shared = min(upper.right, lower.right) - max(upper.left, lower.left)
            white = lower.top - upper.bottom
            if (
                (shared >= 0.5 * min(upper.width, lower.width) or _goes_on(upper, lower, labels))
                and -BREAK * unit <= white <= BREAK * max(upper.height, lower.height)
                and max(upper.bottom, lower.bottom) - upper.top <= 2.2 * unit
                and min(max(upper.width, upper.height), max(lower.width, lower.height)) >= SPECK * unit
            ):
                area = labels[lower.top : lower.bottom, lower.left : lower.right]
                area[area == lower.label] = upper.label
                pieces[number] = Piece(
                    upper.label,
                    min(upper.left, lower.left),
                    upper.top,
                    max(upper.right, lower.right),
                    max(upper.bottom, lower.bottom),
                    upper.area + lower.area,
                )
                del pieces[other]
                break
        else:
            number += 1
    return pieces


def _goes_on(upper: Piece, lower: Piece, labels: np.ndarray) -> bool:
    """Whether a stroke of one piece ends where one of the piece below begins, with hardly any white between."""
    if not 0 <= lower.top - upper.bottom <= GAP * max(upper.height, lower.height):
        return False
    above = np.flatnonzero(labels[upper.bottom - 1, upper.left : upper.right] == upper.label) + upper.left
    below = np.flatnonzero(labels[lower.top, lower.left : lower.right] == lower.label) + lower.left
    near = lower.top - upper.bottom + 2  # pixels: a stroke may slant
    return len(above) > 0 < len(below) and above[0] - near <= below[-1] and below[0] - near <= above[-1]


def _border_strips(pieces: list[Piece], shape: tuple[int, int]) -> set[Piece]:
    """The pieces of what lies along a border, where the paper's lines cut it up: rows of cells, or a broken line."""
    height, width = shape
    near = max(2, round(0.01 * max(shape)))  # a line between two rows, or outside of the first, is no wider
    strips: set[Piece] = set()
    for length, across, extents in (  # how far from the border each piece begins and ends, and how long it is along it
        (width, height, [(p.top, p.bottom, p.width, p) for p in pieces]),
        (width, height, [(height - p.bottom, height - p.top, p.width, p) for p in pieces]),
        (height, width, [(p.left, p.right, p.height, p) for p in pieces]),
        (height, width, [(width - p.right, width - p.left, p.height, p) for p in pieces]),
    ):
        depth, shallow = 0, [extent for extent in extents if extent[1] <= STRIP_DEPTH * across]
        line = [(along, p) for start, end, along, p in shallow if end - start <= min(near, along / 3)]
        if sum(along for along, _ in line) > STRIP * length:
            strips.update(piece for _, piece in line)
        while True:
            row = [(end, along, piece) for start, end, along, piece in shallow if depth <= start <= depth + near]
            if sum(along for _, along, _ in row) <= STRIP * length:
                break
            strips.update(piece for _, _, piece in row)
            depth = max(end for end, _, _ in row)
    return strips


def _frames(pieces: list[Piece], shape: tuple[int, int]) -> set[Piece]:
    """Rulings through the picture, and what lies along its border: a table's edge, a shadow.

    A digit that touches the border, in a picture cut close, is no higher than those that don't.
    """
    height, width = shape
    along, rulings = set(), set()
    for piece in pieces:
        touches = piece.left == 0 or piece.top == 0 or piece.right == width or piece.bottom == height
        if touches and max(piece.width / width, piece.height / height) > 0.5:
            along.add(piece)
        elif piece.width > 0.6 * width and piece.height < 0.1 * piece.width:
            rulings.add(piece)
    inner = max((piece.height for piece in pieces if piece not in along | rulings), default=height)
    return rulings | {piece for piece in along if max(piece.width, piece.height) > 1.5 * inner}


def _lines(pieces: list[Piece], unit: float) -> list[list[Piece]]:
    """Pieces in lines of writing, from top to bottom. A line may slope: it goes on where its last pieces point to."""
    main = sorted((p for p in pieces if p.height >= MAIN * unit), key=lambda p: p.left + p.right)
    if not main:
        main, pieces = pieces, []
    lines: list[list[Piece]] = []
    for piece in main:
        overlaps = [_overlap(line, piece) for line in lines]
        if overlaps and max(overlaps) >= 0.4:
            lines[int(np.argmax(overlaps))].append(piece)
        else:
            lines.append([piece])
    for piece in (p for p in pieces if p.height < MAIN * unit):
        gaps = [min(_distance(piece, other) for other in line) for line in lines]
        nearest = int(np.argmin(gaps))
        if gaps[nearest] <= NEAR * unit:
            lines[nearest].append(piece)
    return sorted(lines, key=lambda line: np.mean([piece.top + piece.bottom for piece in line]))


def _overlap(line: list[Piece], piece: Piece) -> float:
    """How much of the lower of two heights a piece shares with where the line is at its place; at most 1."""
    last = line[-1]
    x, y = zip(*[((p.left + p.right) / 2, (p.top + p.bottom) / 2) for p in line[-4:]], strict=True)
    slope = 0.0
    if max(x) - min(x) > last.height / 2:
        slope = min(max(statistics.linear_regression(x, y).slope, -0.3), 0.3)
    shift = slope * (piece.left + piece.right - last.left - last.right) / 2
    shared = min(piece.bottom, last.bottom + shift) - max(piece.top, last.top + shift)
    return shared / min(piece.height, last.height)


def _distance(one: Piece, other: Piece) -> float:
    """White between two pieces' boxes, in pixels."""
    across = max(0, one.left - other.right, other.left - one.right)
    down = max(0, one.top - other.bottom, other.top - one.bottom)
    return float(np.hypot(across, down))


def _atoms(line: list[Piece]) -> list[Atom]:
    """A line's atoms, from left to right, before any piece is cut."""
    groups: list[list[Piece]] = []
    for piece in sorted(line, key=lambda p: -p.height):
        # A small piece above, below or inside another belongs to it: a loose hat, a broken stroke.
        for group in groups:
            shared = min(piece.right, max(p.right for p in group)) - max(piece.left, min(p.left for p in group))
            if shared >= 0.5 * piece.width and piece.height < 0.6 * group[0].height:
                group.append(piece)
                break
        else:
            groups.append([piece])
    atoms = [Atom(tuple(group), min(p.left for p in group), max(p.right for p in group), False) for group in groups]
    return sorted(atoms, key=lambda atom: atom.left + atom.right)


def _slices(atom: Atom, ink: np.ndarray, labels: np.ndarray) -> list[Atom]:
    """An atom cut wherever it may be, through the largest of its pieces."""
    bounds = [atom.left, *_cuts(atom.pieces[0], ink, labels), atom.right]
    return [Atom(atom.pieces, start, end, number > 0) for number, (start, end) in enumerate(itertools.pairwise(bounds))]


def _cuts(piece: Piece, ink: np.ndarray, labels: np.ndarray) -> list[int]:
    """Columns at which a piece may be two digits that touch: where it has least ink."""
    if piece.width < CUTTABLE * piece.height or piece.width < 8:
        return []
    inside = labels[piece.top : piece.bottom, piece.left : piece.right] == piece.label
    profile = np.where(inside, ink[piece.top : piece.bottom, piece.left : piece.right], 0).sum(0)
    profile = ndimage.gaussian_filter1d(profile, piece.height / 40)
    margin = max(2, round(0.12 * piece.height))
    lowest = [
        x
        for x in range(margin, piece.width - margin)
        if profile[x] == profile[max(0, x - margin) : x + margin + 1].min() and profile[x] < 0.5 * piece.height
    ]
    chosen: list[int] = []
    for x in sorted(lowest, key=lambda x: profile[x]):
        if len(chosen) < CUTS and all(abs(x - other) >= margin for other in chosen):
            chosen.append(x)
    return sorted(piece.left + x for x in chosen)


def _neighbours(line: list[Atom]) -> list[tuple[Atom, ...]]:
    """Which neighbouring atoms of a line may be one digit."""
    groups = []
    for start in range(len(line)):
        for end in range(start + 1, len(line) + 1):
            atoms = tuple(line[start:end])
            width = max(atom.right for atom in atoms) - min(atom.left for atom in atoms)
            height = max(atom.bottom for atom in atoms) - min(atom.top for atom in atoms)
            if len(atoms) > 1 and (width > WIDEST * height or (len(atoms) > ATOMS and width > height)):
                break
            groups.append(atoms)
    return groups


def _crop(atoms: Sequence[Atom], ink: np.ndarray, labels: np.ndarray) -> tuple[Box, np.ndarray]:
    """The box of some neighbouring atoms, and the ink in it that is theirs."""
    left, right = min(atom.left for atom in atoms), max(atom.right for atom in atoms)
    top, bottom = min(atom.top for atom in atoms), max(atom.bottom for atom in atoms)
    inside = labels[top:bottom, left:right]
    own = np.zeros(inside.shape, bool)
    for atom in atoms:
        columns = slice(atom.left - left, atom.right - left)
        for piece in atom.pieces:
            own[:, columns] |= inside[:, columns] == piece.label
    rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
    if not len(rows):
        return (left, top, right - left, bottom - top), np.zeros(inside.shape, np.float32)
    box = left + columns[0], top + rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    return tuple(int(side) for side in box), _of_pieces(own, inside, ink[top:bottom, left:right])


def _of_pieces(own: np.ndarray, labels: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """The ink of some pieces, (h, w) bool. The soft edge of a stroke belongs to it; a neighbour's ink doesn't."""
    return np.where(ndimage.maximum_filter(own, 3) & (own | (labels == 0)), ink, 0)


def _best(line: list[Atom], found: Mapping[tuple[Atom, ...], Found], unit: float) -> list[tuple[Atom, ...]]:
    """The way to group a line's atoms into digits that costs least (Viterbi's recursion over the places between)."""
    costs: list[float] = [0.0]
    choices: list[tuple[Atom, ...]] = []  # the digit that ends at each atom; none where the atom is left out
    for end, last in enumerate(line, start=1):
        options = [
            (costs[start] + _cost(found[atoms], atoms, unit), atoms)
            for start in range(end)
            if (atoms := tuple(line[start:end])) in found
        ]
        if last.bottom - last.top < MAIN * unit:
            options.append((costs[end - 1] + SKIP_COST, ()))
        cost, atoms = min(options, key=lambda option: option[0])
        costs.append(cost)
        choices.append(atoms)
    read, end = [], len(line)
    while end:
        atoms = choices[end - 1]
        if atoms:
            read.append(atoms)
        end -= max(1, len(atoms))
    return read[::-1]


def _made_whole(groups: list[tuple[Atom, ...]], found: Mapping[tuple[Atom, ...], Found]) -> Iterator[tuple[Atom, ...]]:
    """The groups, each piece whole again whose slices are all bars, or one of which looks like no digit.

    So are the slices of a letter or a drawing, since any slice of a stroke looks like a 1.
    """
    for _, slices in itertools.groupby(groups, key=lambda atoms: atoms[0].pieces):
        slices = list(slices)
        whole = tuple(itertools.chain(*slices))
        digits = [found[atoms] for atoms in slices]
        bars = all(digit.box[2] < NARROW * digit.box[3] for digit in digits)
        if len(slices) > 1 and whole in found and (bars or min(d.probabilities.max() for d in digits) < LIKELY):
            slices = [whole]
        yield from slices


def _doubt(digit: Found) -> float:
    """How unlikely the network takes its own answer to be, in nats."""
    return -float(np.log(max(digit.probabilities.max(), 1e-6)))


def _cost(digit: Found, atoms: Sequence[Atom], unit: float) -> float:
    """What it costs to read some atoms as one digit, where the writing is `unit` pixels high."""
    height = max(digit.box[3], digit.box[2] / 2)
    cost = _doubt(digit)
    cost += LOW_COST * max(0, LOW - max(digit.box[2:]) / unit)
    if atoms[0].cut:
        cost += CUT_COST
    for one, other in itertools.pairwise(atoms):
        cost += GAP_COST * max(0, other.left - one.right) / height
    return cost
