"""The pieces of a page → single digits, in lines, in reading order.

Each line of pieces is cut into atoms: a piece with the small ones above or below it, or a slice of
a piece that is wide enough to be two digits that touch. Which neighbouring atoms make a digit is
decided by the network: of all ways to group them, the one whose digits it is surest of
(over-segmentation and dynamic programming: Casey and Lecolinet, A survey of methods and strategies
in character segmentation, 1996).

Sizes are in units of the height of the writing, or of the piece; costs are in nats, as the
logarithms of the network's probabilities are. The constants were tuned with benchmarks/pages.py, on
pages composed of validation digits; those of cost with benchmarks/worst_case.py.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from model.boxes import Box
from model.glyph import GLYPH_SIZE, Classify, normalise
from model.lines import group_into_lines
from model.pieces import MAIN, Piece, Pieces, TooMuchError, ink_of

ATOMS = 4  # a digit has at most so many, in a line that is longer than it is high
MAX_ATOMS = 60  # of one digit, be it drawn of dots
WIDEST = 1.7  # of its height: a digit is not wider
CUTTABLE = 0.75  # of its height: a narrower piece is one digit
# A piece is cut at so many places at most for each height that it is wide, where its ink down the
# columns, smoothed over such a share of its height, is least, less than so much of its height, and
# so far from other cuts.
CUTS, SMOOTHING, MOST_INK, APART = 6, 1 / 80, 0.8, 0.045
MIN_CUTTABLE = 8  # pixels: a narrower piece has no two digits in it
# A piece lower than this, for the height of another, belongs to it if at least half of its width
# lies above, below or inside; as high as a digit, it must not be level with it for half its height.
SMALL_PIECE, COVERED, LEVEL = 0.6, 0.5, 0.5
# Slices that are all narrower, for their height, are bars; and a slice of which the network is less
# sure is no digit: then the piece is whole.
NARROW, LIKELY = 0.5, 0.5
# Of each cut through ink: connected ink is one digit where the network is as sure of that.
CUT_COST = 0.1
ALONE = 0.6  # doubt below which a piece is not cut where there is no other: most are one digit
# What is put together costs so much for each height that it is wider than such a share of its own:
# a network that reads digits under stray lines sees one in a pair, too.
WIDE, WIDE_COST = 0.9, 0.5
GAP_COST = 3.0  # of white between the parts of a digit, for each height of it
# A digit less high than so much of the writing costs so much for each height that it lacks.
LOW, LOW_COST = 0.6, 3.0
# Of what may be a digit by itself, and stands under another's roof or beside its tail.
BESIDE_COST = 0.15
SKIP_COST = 0.5  # of leaving a small piece out, as a dot or a dash
# What a picture may cost: the worst tables that were seen have 900 groups.
MAX_GROUPS = 1500  # of atoms, each to be looked at by the network
MAX_AREA = 16  # times the picture: what the boxes of all groups cover together
# With more pieces than so many, a mean doubt as large is worse than on any page of digits.
MANY, HOPELESS = 100, 0.5


class Detection(NamedTuple):
    """A digit as it was found: its box (left, top, width, height), glyph (28, 28) and probabilities
    (classes,); and whether it may be no digit for all that these say."""

    box: Box
    glyph: np.ndarray
    probabilities: np.ndarray
    in_doubt: bool = False


class Atom(NamedTuple):
    """What is never divided: whole pieces, or one slice of a piece."""

    pieces: tuple[Piece, ...]
    left: int
    top: int
    right: int
    bottom: int
    cut: bool  # its left side is a cut through ink


# Neighbouring atoms of a line: the number of the first, and of the first that follows.
Group = tuple[int, int]


class Line(NamedTuple):
    """A line's atoms, and what some groups of them are read as."""

    atoms: list[Atom]
    digits: dict[Group, Detection]


def read_lines(pieces: Pieces, classify: Classify, share: float = 1.0) -> list[list[Detection]]:
    """The pieces of a page → digits in lines, top to bottom and left to right.

    Args:
        pieces: as `Pieces.of_page` finds them.
        classify: the network, which decides where one digit ends.
        share: of what a picture may cost; with less than all of it, a page of which most pieces
            look like no digit is not read further, and empty.

    Raises:
        TooMuchError: there is far too much on it to be writing.
    """
    ink, labels, unit = pieces.ink, pieces.joined, pieces.unit
    work = [share * MAX_GROUPS, share * MAX_AREA * ink.size]  # groups, and pixels of their boxes

    def read(groups: Sequence[Sequence[Atom]]) -> list[Detection]:
        work[0] -= len(groups)
        work[1] -= sum(_area(atoms) for atoms in groups)
        if min(work) < 0:
            raise TooMuchError
        crops = [_crop(atoms, ink, labels) for atoms in groups]
        glyphs = np.array([normalise(crop) for _, crop in crops], np.uint8)
        glyphs = glyphs.reshape(-1, GLYPH_SIZE, GLYPH_SIZE)
        return list(map(Detection, (box for box, _ in crops), glyphs, classify(glyphs)))

    def read_groups(lines: Sequence[Line], groups: Sequence[Sequence[Group]]) -> None:
        """Reads groups of all lines together: large batches are quick."""
        pairs = [
            (line, group) for line, of_line in zip(lines, groups, strict=True) for group in of_line
        ]
        digits = read([line.atoms[slice(*group)] for line, group in pairs])
        for (line, group), digit in zip(pairs, digits, strict=True):
            line.digits[group] = digit

    atoms = [_atoms(line, MAIN * unit) for line in group_into_lines(pieces.digits, unit)]
    wholes = read([[atom] for line in atoms for atom in line])
    if share < 1 and len(wholes) > MANY and np.mean([_doubt(digit) for digit in wholes]) > HOPELESS:
        return []
    whole = iter(wholes)
    doubt = CUT_COST if len(pieces.digits) > 1 else ALONE
    lines = [_cut_up([(atom, next(whole)) for atom in line], ink, labels, doubt) for line in atoms]
    singles = [[(n, n + 1) for n in range(len(line.atoms))] for line in lines]
    read_groups(
        lines,
        [
            [group for group in groups if group not in line.digits]
            for line, groups in zip(lines, singles, strict=True)
        ],
    )
    read_groups(lines, [candidate_groups(line, unit, work[0]) for line in lines])
    digits = [
        [line.digits[group] for group in _rejoin_slices(_best(line, unit), line)] for line in lines
    ]
    return [line for line in digits if line]


def candidate_groups(line: Line, unit: float, most: float = MAX_GROUPS) -> list[Group]:
    """Which neighbouring atoms of a line may be one digit, of those that are not known yet.

    What costs more as one digit than atom by atom, even if the network were quite sure of it, is
    left out: where digits stand apart, that is all. So the cost of a line grows with its length
    alone.

    Raises:
        TooMuchError: there are more than `most`.
    """
    atoms, digits = line
    single = [_cost(digits[n, n + 1], atoms[n : n + 1], unit) for n in range(len(atoms))]
    groups: list[Group] = []
    for start, first in enumerate(atoms):
        left, top, right, bottom, _ = first[1:]
        apart, white = single[start], 0
        for end in range(start + 2, min(start + MAX_ATOMS, len(atoms)) + 1):
            last = atoms[end - 1]
            left, right = min(left, last.left), max(right, last.right)
            top, bottom = min(top, last.top), max(bottom, last.bottom)
            width, height = right - left, bottom - top
            if width > WIDEST * height or (end - start > ATOMS and width > height):
                break
            apart += single[end - 1]
            white += max(0, last.left - atoms[end - 2].right)
            least = GAP_COST * white / max(height, width / 2) + LOW_COST * max(
                0, LOW - height / unit
            )
            least += CUT_COST * first.cut
            one_piece = first.pieces is last.pieces  # its slices may be made whole again
            if (least <= apart or one_piece) and (start, end) not in digits:
                groups.append((start, end))
        if len(groups) > most:
            raise TooMuchError
    return groups


def _atoms(line: list[Piece], main: float) -> list[Atom]:
    """A line's atoms, from left to right, before any piece is cut; what is as high as `main` may be
    a digit."""
    groups: list[list[Piece]] = []
    bounds = np.empty((len(line), 2), int)  # left and right of each group
    higher = 0  # groups of which a piece is but a small part: they come by height
    for piece in sorted(line, key=lambda p: -p.height):
        # A small piece above, below or inside another belongs to it: a loose hat, the rest of a
        # stroke. But beside a long tail, it may be a digit.
        while higher < len(groups) and piece.height < SMALL_PIECE * groups[higher][0].height:
            higher += 1
        left, right = bounds[:higher].T
        fits = (
            np.minimum(piece.right, right) - np.maximum(piece.left, left) >= COVERED * piece.width
        )
        if piece.height >= main:
            tops, bottoms = (
                np.array([(group[0].top, group[0].bottom) for group in groups[:higher]])
                .reshape(-1, 2)
                .T
            )
            fits &= (
                np.minimum(piece.bottom, bottoms) - np.maximum(piece.top, tops)
                < LEVEL * piece.height
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
    line: list[tuple[Atom, Detection]], ink: np.ndarray, labels: np.ndarray, doubt: float
) -> Line:
    """A line's atoms and what each is read as → all its atoms, some of them cut, and what is known
    of their groups.

    A piece that is read as one digit with less doubt than `doubt` is not cut.
    """
    # Each slice with the number of its atom, which tells where the whole is found again.
    slices = [
        (part, number)
        for number, (atom, digit) in enumerate(line)
        for part in ([atom] if _doubt(digit) < doubt else _slices(atom, ink, labels))
    ]
    slices.sort(key=lambda pair: pair[0].left + pair[0].right)
    places: dict[int, list[int]] = {}
    for place, (_, number) in enumerate(slices):
        places.setdefault(number, []).append(place)
    digits: dict[Group, Detection] = {}
    for number, own in places.items():
        atom, digit = line[number]
        narrow = len(own) == 1 or atom.right - atom.left <= WIDEST * (atom.bottom - atom.top)
        if narrow and own[-1] - own[0] == len(own) - 1:
            digits[own[0], own[-1] + 1] = digit
    return Line([part for part, _ in slices], digits)


def _slices(atom: Atom, ink: np.ndarray, labels: np.ndarray) -> list[Atom]:
    """An atom cut wherever it may be, through the largest of its pieces."""
    bounds = [atom.left, *_cuts(atom.pieces[0], ink, labels), atom.right]
    return [
        atom._replace(left=start, right=end, cut=number > 0)
        for number, (start, end) in enumerate(itertools.pairwise(bounds))
    ]


def _cuts(piece: Piece, ink: np.ndarray, labels: np.ndarray) -> list[int]:
    """Columns at which a piece may be two digits that touch: where it has least ink."""
    if piece.width < max(CUTTABLE * piece.height, MIN_CUTTABLE):
        return []
    inside = labels[piece.top : piece.bottom, piece.left : piece.right] == piece.label
    profile = np.where(inside, ink[piece.top : piece.bottom, piece.left : piece.right], 0).sum(0)
    profile = ndimage.gaussian_filter1d(profile, piece.height * SMOOTHING)
    margin = max(2, round(APART * piece.height))
    least = (profile == ndimage.minimum_filter1d(profile, 2 * margin + 1)) & (
        profile < MOST_INK * piece.height
    )
    lowest = np.flatnonzero(least[margin : piece.width - margin]) + margin
    most = round(CUTS * piece.width / piece.height)
    chosen: list[int] = []
    for x in sorted(lowest.tolist(), key=lambda x: profile[x]):
        if len(chosen) < most and all(abs(x - other) >= margin for other in chosen):
            chosen.append(x)
    return sorted(piece.left + x for x in chosen)


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
        part = np.s_[:, atom.left - left : atom.right - left]
        if len(atom.pieces) == 1:
            own[part] |= inside[part] == atom.pieces[0].label
        else:
            own[part] |= np.isin(inside[part], [piece.label for piece in atom.pieces])
    rows, columns = np.flatnonzero(own.any(1)).tolist(), np.flatnonzero(own.any(0)).tolist()
    if not rows:
        return (left, top, right - left, bottom - top), np.zeros(inside.shape, np.float32)
    width, height = columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    box = left + columns[0], top + rows[0], width, height
    return box, ink_of(own, inside, ink[top:bottom, left:right])


def _best(line: Line, unit: float) -> list[Group]:
    """The way to group a line's atoms into digits that costs least (Viterbi's recursion over the
    places between)."""
    atoms, digits = line
    # Of the groups that end at each place.
    starts: list[list[int]] = [[] for _ in range(len(atoms) + 1)]
    for start, end in sorted(digits):
        starts[end].append(start)
    costs: list[float] = [0.0]
    # Where the digit begins that ends at each atom; at its end where the atom is left out.
    choices: list[int] = []
    for end, last in enumerate(atoms, start=1):
        options = [
            (costs[start] + _cost(digits[start, end], atoms[start:end], unit), start)
            for start in starts[end]
        ]
        if last.bottom - last.top < MAIN * unit:
            options.append((costs[end - 1] + SKIP_COST, end))
        cost, start = min(options, key=lambda option: option[0])
        costs.append(cost)
        choices.append(start)
    groups, end = [], len(atoms)
    while end:
        start = choices[end - 1]
        if start < end:
            groups.append((start, end))
        end = min(start, end - 1)
    return groups[::-1]


def _rejoin_slices(groups: list[Group], line: Line) -> Iterator[Group]:
    """The groups, each piece whole again whose slices are all bars, or one of which looks like no
    digit.

    So are the slices of a letter or a drawing, since any slice of a stroke looks like a 1.
    """
    atoms, digits = line
    for _, same_piece in itertools.groupby(groups, key=lambda group: id(atoms[group[0]].pieces)):
        slices = list(same_piece)
        whole = slices[0][0], slices[-1][1]
        parts = [digits[group] for group in slices]
        bars = all(digit.box[2] < NARROW * digit.box[3] for digit in parts)
        # Nothing was left out.
        unbroken = all(before[1] == after[0] for before, after in itertools.pairwise(slices))
        alike = bars or min(digit.probabilities.max() for digit in parts) < LIKELY
        if len(slices) > 1 and alike and unbroken and whole in digits:
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
    if len(atoms) > 1:
        cost += WIDE_COST * max(0, digit.box[2] / digit.box[3] - WIDE)
    for before, after in itertools.pairwise(atoms):
        cost += GAP_COST * max(0, after.left - before.right) / height
        cost += BESIDE_COST * _is_beside(before, after, MAIN * unit)
    return cost


def _is_beside(atom: Atom, other: Atom, main: float) -> bool:
    """Whether an atom as high as `main` lies mostly in the columns of another, and not above or
    below it."""
    across = min(atom.right, other.right) - max(atom.left, other.left)
    down = min(atom.bottom, other.bottom) - max(atom.top, other.top)
    low = min(atom.bottom - atom.top, other.bottom - other.top)
    return (
        low >= main
        and down >= 0.5 * low
        and across >= 0.5 * min(atom.right - atom.left, other.right - other.left)
    )
