"""A picture of a page → its digits in lines, by the page network and the network of glyphs.

Where a digit is, the page network says; which it is, both vote. What stands in words is print, and
what both doubt is left out.

The constants were tuned with benchmarks/pages.py, on pages composed of validation digits, and
benchmarks/real_pages.py, on the team's own pages.
"""

from typing import Literal, NamedTuple

import numpy as np

from model.boxes import Sign, corners
from model.detection import PageProgram, detect, inside_of, to_grey
from model.glyph import GLYPH_SIZE, INK, Classify, normalise
from model.ink_ownership import OwnInk, assign_ink, cut_out_nearby
from model.lines import sort_into_lines
from model.numbers import point_sign
from model.page_format import MINUS, POINT
from model.peaks import FOUND, MAX_PEAKS, Peaks
from model.pieces import Pieces
from model.segmentation import Detection

# Of the vote on a glyph: with less, or another answer than the page network's, its ink is looked
# for again.
DOUBT = 0.6
LOOKS = 60  # digits of a page that are looked at again, at most
CLEAR = 0.6  # of the joint vote: with less, it is not clear that a digit is there
KNOWN = 0.4  # of the vote on a glyph: with less, the network of glyphs has no answer
BOTH_SURE = 0.9  # of each vote: two networks that are as sure, of whatever digit, see a digit
HOT = 0.6  # heat above which a digit needs no other proof that it is there
# A faint digit beside clear ones counts if it is wider, for its height, than any stroke, which
# looks like a 1, and lies no farther than so many heights from the next.
MIN_WIDTH, NEAR = 0.4, 3.0
LEVEL = 0.4  # of the lower one: marks with so much in common are on one line
# Words: of a high letter or a figure, a low one has no less height; of the higher one's height, so
# much white lies at most between two letters; and a piece of more heights is no word.
X_HEIGHT, WORD_GAP, LONGEST_WORD = 0.4, 0.5, 8.0
# So many letters make a word, if they are twice as many as the digits in it; and so many a line of
# text, if they are as many.
LETTERS, TEXT = 3, 8


class Candidates(NamedTuple):
    """What may be digits.

    Attributes:
        peaks: what the page network says of n of them.
        votes: (n, 10) what the network of glyphs says.
        digits: what both say.
    """

    peaks: Peaks
    votes: np.ndarray
    digits: list[Detection]

    def select(self, which: np.ndarray) -> "Candidates":
        """Those of some indices (m,) int."""
        return Candidates(
            self.peaks.select(which), self.votes[which], [self.digits[at] for at in which]
        )

    @property
    def confidence(self) -> np.ndarray:
        """(n,) the joint probability of the likeliest digit."""
        return np.array([digit.probabilities.max() for digit in self.digits])

    @property
    def sides(self) -> np.ndarray:
        """(n, 4) int left, top, right, bottom."""
        return corners(digit.box for digit in self.digits)

    @property
    def both_sure(self) -> np.ndarray:
        """(n,) bool: each network is sure of a digit, whichever."""
        own = self.peaks.digit_share * self.peaks.digit_votes.max(1)
        return np.minimum(self.votes.max(1), own) >= BOTH_SURE


def read_page(
    rgb: np.ndarray, pieces: Pieces, network: PageProgram, classify: Classify
) -> tuple[list[list[Detection]], list[Sign]]:
    """A picture of a page → its digits in lines, top to bottom and left to right; and its signs,
    ".", "," or "−".

    Where a digit is, the page network says; which it is, half of the vote is its own, half that of
    the network of glyphs. What is no digit to either is left out; but between digits, it is one for
    which all classes are as likely.

    Args:
        rgb: (h, w, 3) uint8.
        pieces: its ink, as `Pieces.of_page` finds it.
        network: the page network.
        classify: the network of glyphs.
    """
    peaks = detect(to_grey(rgb), pieces.ink, network)
    clear_signs = peaks.select(peaks.is_sign & (peaks.heats >= FOUND))
    signs = [
        _as_sign(box, probabilities)
        for box, probabilities in zip(clear_signs.boxes, clear_signs.probabilities, strict=True)
    ]
    peaks = peaks.select(~peaks.is_sign)
    # What has no ink of writing is a table's edge or dirt; or a digit that touches it, where it is
    # a hot one.
    inky = np.array([(pieces.ink[inside_of(box)] >= INK).any() for box in peaks.boxes], bool)
    inks = assign_ink(pieces, peaks.boxes, inky & (peaks.heats < HOT))
    there = np.array([at for at, own in enumerate(inks) if own is not None], int)
    candidates = _vote(peaks.select(there), [own for own in inks if own is not None], rgb, classify)
    present = (candidates.peaks.heats >= FOUND) | is_beside_clear(candidates)
    candidates = candidates.select(np.flatnonzero(present))
    if not candidates.digits:
        return [], signs
    return _lay_out(candidates, *_judge(candidates, pieces)), signs


def combine_votes(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n, classes) probabilities of two networks → (n, classes), as likely as both say: their
    geometric mean."""
    # Where each is certain of another class, all are as likely.
    both = np.sqrt(some * others) + 1e-9
    return both / both.sum(-1, keepdims=True)


def is_in_word(
    boxes: np.ndarray, others: np.ndarray, faint: np.ndarray | Literal[False] = False
) -> np.ndarray:
    """Which (n,) of some digits stand in words: closely in a row with letters, of which there are
    more.

    Args:
        boxes: (n, 4) left, top, right, bottom of digits.
        others: (m, 4) of pieces of ink that are no digits.
        faint: (n,) bool, which of the digits may be letters, too.
    """
    from scipy.sparse.csgraph import connected_components  # clean pages needn't wait for it

    every = np.concatenate([boxes, others]).astype(float)
    is_digit = np.arange(len(every)) < len(boxes)
    is_digit[: len(boxes)] &= ~np.broadcast_to(faint, len(boxes))
    left, top, right, bottom = every.T
    width, height = right - left, np.maximum(bottom - top, 1)
    smaller, larger = np.minimum.outer(height, height), np.maximum.outer(height, height)
    level = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top) >= 0.5 * smaller
    white = np.maximum.outer(left, left) - np.minimum.outer(right, right)
    near = level & (smaller >= X_HEIGHT * larger) & (white <= WORD_GAP * larger)
    short = width < LONGEST_WORD * height
    _, word = connected_components(near & short[:, None] & short[None], directed=False)
    # A letter is about 0.8 of a height wide; a piece of several counts as several.
    of_piece = np.where(is_digit, 0, np.maximum(1, np.round(width / (0.8 * height))))
    letters, digits = np.bincount(word, of_piece), np.bincount(word, is_digit)
    is_word = (letters >= LETTERS) & (letters >= 2 * digits)
    is_text = (letters >= TEXT) & (letters >= digits)
    return (is_word | is_text)[word[: len(boxes)]]


def _vote(peaks: Peaks, inks: list[OwnInk], rgb: np.ndarray, classify: Classify) -> Candidates:
    """What both networks say of n peaks, whose ink `assign_ink` gave."""
    glyphs = np.array([normalise(own.ink) for own in inks], np.uint8)
    glyphs = glyphs.reshape(-1, GLYPH_SIZE, GLYPH_SIZE)
    votes, own_votes = classify(glyphs), peaks.digit_votes
    doubtful = (votes.argmax(1) != own_votes.argmax(1)) | (votes.max(1) < DOUBT)
    doubtful |= ~glyphs.any((1, 2))
    looks = {
        at: look
        for at in np.flatnonzero(doubtful)[:LOOKS].tolist()
        if (look := cut_out_nearby(peaks.boxes[at], rgb))
    }
    if looks:
        others = np.array([normalise(look.ink) for look in looks.values()], np.uint8)
        for (at, look), glyph, vote in zip(looks.items(), others, classify(others), strict=True):
            # It counts where both networks then agree better.
            better = float(vote @ own_votes[at]) > float(votes[at] @ own_votes[at])
            if glyph.any() and (better or not glyphs[at].any()):
                inks[at], glyphs[at], votes[at] = look, glyph, vote
    has_ink = np.any(glyphs, axis=(1, 2))[:, None]
    probabilities = np.where(has_ink, combine_votes(own_votes, votes), own_votes)
    # What is a mark to the one network, or to which the other has no answer, is no digit that one
    # can be sure of.
    answered = np.where(has_ink, np.minimum(1, votes.max(1, keepdims=True) / KNOWN), 1)
    known = peaks.digit_share[:, None] * answered
    probabilities = (known * probabilities + (1 - known) / 10).astype(np.float32)
    digits = [
        Detection(own.box, glyph, each)
        for own, glyph, each in zip(inks, glyphs, probabilities, strict=True)
    ]
    return Candidates(peaks, votes, digits)


def is_beside_clear(candidates: Candidates) -> np.ndarray:
    """Which (n,) of the digits, however faint, stand beside clear ones and are of one kind with
    them: both networks are sure of the same digit, as high, and none that any stroke looks like."""
    peaks, votes = candidates.peaks, candidates.votes
    agreed = candidates.both_sure & (votes.argmax(1) == peaks.digit_votes.argmax(1))
    clear = (candidates.confidence >= CLEAR) & (peaks.heats >= FOUND)
    left, top, right, bottom = candidates.sides.T
    height = bottom - top
    larger = np.maximum.outer(height, height)
    level = np.abs(np.subtract.outer(top + bottom, top + bottom)) < larger
    near = np.maximum.outer(left, left) - np.minimum.outer(right, right) < NEAR * larger
    beside = level & near & (larger < 2 * np.minimum.outer(height, height))
    return agreed & (right - left >= MIN_WIDTH * height) & (beside & clear[None]).any(1)


def _judge(candidates: Candidates, pieces: Pieces) -> tuple[np.ndarray, np.ndarray]:
    """Which (n,) of the digits are clear, and which are told wherever they stand; the others are
    print or dirt, but between digits."""
    peaks, sides = candidates.peaks, candidates.sides
    clear = candidates.confidence >= CLEAR
    hot = (peaks.heats >= HOT) & (peaks.probabilities.argmax(1) < 10)
    # Two networks that are sure of different digits are sure of a digit.
    told = clear | candidates.both_sure | hot
    others = pieces.bounds[pieces.written & pieces.outside(sides)]
    word = is_in_word(sides, others[:MAX_PEAKS], peaks.heats < FOUND)
    return clear & ~word, told & ~word


def _lay_out(candidates: Candidates, clear: np.ndarray, told: np.ndarray) -> list[list[Detection]]:
    """Digits in lines, each with something clear in it if anything is; a mark is told where it
    stands between two."""
    digits, sides = candidates.digits, candidates.sides
    main = np.flatnonzero(told)
    order = sort_into_lines([digits[at].box for at in main])
    lines = [main[line].tolist() for line in order]
    lines = [line for line in lines if clear[line].any() or not clear.any()]
    low = np.array([sides[line, :2].min(0) for line in lines]).reshape(-1, 2)
    high = np.array([sides[line, 2:].max(0) for line in lines]).reshape(-1, 2)
    for mark in np.flatnonzero(~told).tolist():
        around = (low < sides[mark, 2:]).all(1) & (high > sides[mark, :2]).all(1)
        for line in (lines[at] for at in np.flatnonzero(around)):
            if place := _place_between(mark, line, digits):
                line.insert(place, mark)
                break
    return [[digits[at] for at in line] for line in lines]


def _place_between(mark: int, line: list[int], digits: list[Detection]) -> int:
    """Where in a line a mark stands between two digits that are level with it; 0 where it
    doesn't."""
    left, top, width, height = digits[mark].box
    middles = [digits[at].box[0] + digits[at].box[2] / 2 for at in line]
    place = sum(middle < left + width / 2 for middle in middles)
    level = [
        min(top + height, y + h) - max(top, y) >= LEVEL * min(height, h)
        for _, y, _, h in (digits[at].box for at in line[max(0, place - 1) : place + 1])
    ]
    return place if place < len(line) and all(level) else 0


def _as_sign(box: np.ndarray, probabilities: np.ndarray) -> Sign:
    """Left, top, right, bottom as the page network has them → the box, and which sign it is."""
    left, top, right, bottom = box.round().astype(int).tolist()
    width, height = right - left, bottom - top
    dash = probabilities[MINUS] > probabilities[POINT]
    return (left, top, width, height), "−" if dash else point_sign(width, height)
