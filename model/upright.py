"""An upright picture → the digits on it: by its connected ink, or by the page network where that is
not enough.

Connected ink is quick and knows best where digits touch, but takes print and drawings for digits;
the page network finds digits among all else. On a clean page the first is all it takes; elsewhere
the second is asked, and both are compared.

The constants were tuned with benchmarks/pages.py, on pages composed of validation digits, and
benchmarks/real_pages.py, on the team's own pages.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model import leftovers, page_reader, proportions
from model.boxes import (
    Box,
    Sign,
    bounding_box,
    box_overlaps,
    corners,
    enlarge,
    shrink,
    surroundings,
)
from model.classifier import Classifier, certainty
from model.detection import PageProgram
from model.glyph import GLYPH_SIZE, INK, normalise
from model.image import downscale, enlarge_picture
from model.ink import Ink, find_ink, ink_map, whole_picture_glyph
from model.pieces import Pieces, TooMuchError
from model.segmentation import Detection, read_lines

WORKING_PIXELS = 2_500_000  # a larger picture is reduced to this before ink is looked for
CLEAN_PAGE = 0.7  # of what a picture may cost: with more on it, it is no clean page
CLEAN_CONFIDENCE = 0.97  # mean confidence from which connected ink may be all it takes
# Mean confidence from which connected ink is right where the page network sees digits, too: each
# box shares so much with one of that network's, but for few.
CONFIRMED_CONFIDENCE = 0.93
CONFIRMED_OVERLAP = 0.3
MAX_UNCONFIRMED = 0.04
# Or else: of each line so much is confirmed, at least.
LINE_CONFIRMED = 0.5
SAME_DIGIT = 0.75  # intersection over union from which both networks vote on one digit
SMALL_PICTURE = 128  # pixels: who gives so small and square a picture gives a single digit
SURE = 0.9  # mean confidence of what is read piece by piece, from which no other reading is tried
FEW = 5  # digits: a large picture in which more are found shows no single one
# Confidence from which a small picture is a single digit, whatever its pieces are read as.
ALONE_CONFIDENCE = 0.6
# Certainty that is asked of all that is read if connected ink alone does not tell it and it is one
# digit or one piece of ink, which may be a letter: where the network knows that ink, and where not.
# Chosen on letters and digits as pictures (docs/results.md).
SURE_OF_KNOWN, SURE_OF_UNKNOWN = 0.75, 0.9
CLOSER = 3  # times, what has fewer pixels than a glyph is enlarged
SMALL_DIGIT = 24  # pixels: a digit that a reduction left smaller is read from the picture as given
SURE_OF_SMALL = 0.99  # its probability from which it isn't: of few pixels, a network can be sure
# Ink of a smaller share of a picture is no digit that fills it, or only if that is as dark, of 255,
# as no light that falls off would leave the paper.
LITTLE, CONTRAST = 0.05, 128
MOST = 0.5  # of a picture's ink: a digit that has less is a part of it
FILLED = 0.85  # of a picture's sides: what was stretched to fill it is no smaller

Lines = list[list[Detection]]


class Page(NamedTuple):
    """What an upright picture holds.

    Attributes:
        lines: digits in lines, boxes in the picture as given.
        ink: the ink, of a large picture at a reduced size.
        signs: decimal points, commas and dashes.
        left_out: boxes of ink as large as a digit that was taken for none.
        note: why nothing was read, or "".
    """

    lines: Lines
    ink: Ink
    signs: Sequence[Sign] = ()
    left_out: Sequence[Box] = ()
    note: str = ""

    def shrunk(self, times: int) -> "Page":
        """That of the picture before it was enlarged so many times."""
        height, width = (side // times for side in self.ink.map.shape)
        ink = self.ink.map.reshape(height, times, width, times).mean((1, 3))
        return self._replace(
            lines=[
                [digit._replace(box=shrink(digit.box, times)) for digit in line]
                for line in self.lines
            ],
            ink=self.ink._replace(map=ink),
            signs=[(shrink(box, times), sign) for box, sign in self.signs],
            left_out=[shrink(box, times) for box in self.left_out],
        )


class ConnectedInk(NamedTuple):
    """What connected ink tells of a picture.

    Attributes:
        reduction: by how much the picture is reduced before it is looked at.
        small: (h, w, 3) uint8, the picture so reduced.
        ink: its ink.
        pieces: the connected pieces of that; None where there are too many to be writing.
        lines: digits in lines; none where there is too much for them, too.
        note: the sentence about that, or "".
    """

    reduction: int
    small: np.ndarray
    ink: Ink
    pieces: Pieces | None
    lines: Lines
    note: str


class UprightReader:
    """Reads upright pictures with one classifier and, if it reads digits, the page network."""

    def __init__(self, classifier: Classifier, page_network: PageProgram | None):
        self.classifier, self.page_network = classifier, page_network

    def read(self, picture: np.ndarray, ink: Ink | None = None, clean: bool = True) -> Page:
        """The digits of an upright (h, w, 3) uint8 picture; of the arguments, see
        `read_connected`."""
        return self.complete(picture, self.read_connected(picture, ink, clean))

    def read_connected(
        self, picture: np.ndarray, ink: Ink | None = None, clean: bool = True
    ) -> ConnectedInk:
        """What connected ink tells of an upright picture.

        Args:
            picture: (h, w, 3) uint8.
            ink: its ink, where it is known from a picture that was turned otherwise.
            clean: whether connected ink may be all it takes to read it.
        """
        reduction = reduction_of(picture)
        small = downscale(picture, reduction)
        if ink is None or any(side % reduction for side in picture.shape[:2]):
            ink = find_ink(small)  # of a side that doesn't divide, turned ink would not quite fit
        pieces, lines, note = None, [], ""
        try:
            pieces = Pieces.of_page(ink.map)
            if clean:
                share = CLEAN_PAGE if self.page_network else 1.0
                lines = read_lines(pieces, self.classifier.probabilities, share)
        except TooMuchError as error:
            note = str(error)
        return ConnectedInk(reduction, small, ink, pieces, lines, note)

    def complete(self, picture: np.ndarray, connected: ConnectedInk) -> Page:
        """The digits of an upright picture, by its connected ink or, where that is not enough, by
        the page network; or the one that was stretched to fill it."""
        page = self._read_as_page(picture, connected)
        told = any(
            self.classifier.answers(digit.probabilities) and not digit.in_doubt
            for digit in itertools.chain(*page.lines)
        )
        if told and _has_margin(page.lines, connected.ink.map):
            return page
        stretched = self._read_stretched(connected, told)
        if not stretched or (told and not self.classifier.answers(stretched.probabilities)):
            return page
        return Page([[stretched]], page.ink)

    def _read_as_page(self, picture: np.ndarray, connected: ConnectedInk) -> Page:
        """The digits of an upright picture, by its connected ink or the page network."""
        reduction, small, ink, pieces, lines, note = connected
        if pieces is None or (note and not self.page_network):
            return Page([], ink, note=note)
        rest = pieces.left_out(boxes_of(lines))
        count = sum(map(len, lines))
        # A small picture of several digits may show a single one in pieces; and a few that were cut
        # out of fewer pieces may be parts of a letter.
        several = max(small.shape[:2]) <= SMALL_PICTURE and count > 1
        clean = not several and _is_clean(lines, rest)
        cut = len(pieces.digits) < count <= FEW
        network = None if clean and not cut else self.page_network
        known = bool(count == 1 and self.classifier.answers(lines[0][0].probabilities))
        if network is None:
            signs = leftovers.find_signs(rest, boxes_of(lines))
        else:
            digits, signs = page_reader.read_page(
                small, pieces, network, self.classifier.probabilities
            )
            if 1 < count <= FEW and not digits:
                lines = [list(map(doubt, line)) for line in lines]
            # Many pieces of which the page network knows none are print, a pattern, dirt.
            elif (digits and not clean) or count > FEW:
                lines = confirm(lines, digits)
                rest = pieces.left_out(boxes_of(lines))
        may_be_letter = network is not None
        is_digit = known or network is None
        if lines and (alone := self._read_as_single(small, ink, lines, is_digit)):
            lines, signs, rest, may_be_letter = [[alone]], [], [], False
        boxes = boxes_of(lines)
        may_be_letter &= len(boxes) == 1 or pieces.is_one(boxes)
        left_out = leftovers.find_left_out(rest, boxes, small.shape[:2])
        if reduction > 1:
            lines = [self._at_full_size(line, picture, reduction) for line in lines]
            signs = [(enlarge(box, reduction, picture), sign) for box, sign in signs]
            left_out = [enlarge(box, reduction, picture) for box in left_out]
        least = SURE_OF_KNOWN if known else SURE_OF_UNKNOWN
        if may_be_letter and _least_certainty(lines) < least:
            lines = [[digit._replace(in_doubt=True) for digit in line] for line in lines]
        return Page(lines, ink, signs, left_out)

    def _read_stretched(self, connected: ConnectedInk, told: bool) -> Detection | None:
        """A small picture as one digit that was stretched to a square, where it may be one; with
        the glyph of which the network is surest. What was taken for paper may be the ink: of a
        digit that fills most of its picture, as a 1 does, there is more than of paper."""
        picture, ink = connected.small, connected.ink
        height, width = picture.shape[:2]
        if self.page_network is None or height != width or height > SMALL_PICTURE:
            return None
        count = sum(map(len, connected.lines))
        several = count > 1 and mean_log_confidence(connected.lines) >= np.log(SURE)
        if several and told:
            return None
        if (ink.map >= INK).mean() < LITTLE and np.ptp(np.percentile(picture, [5, 95])) < CONTRAST:
            return None  # it is grain, or light that falls off
        readings = []
        for is_dark in (ink.is_dark, not ink.is_dark):
            if one := self._read_in_widths(picture, is_dark):
                sure = float(certainty(one.probabilities))
                as_found = is_dark == ink.is_dark and not several
                least = SURE_OF_UNKNOWN if several else SURE_OF_KNOWN
                readings.append((sure, one._replace(in_doubt=not as_found and sure < least)))
        return max(readings, key=lambda reading: reading[0], default=(0, None))[1]

    def _read_in_widths(self, picture: np.ndarray, is_dark: bool) -> Detection | None:
        """A picture as one digit that was stretched to it, in dark or in light ink, if it may be
        one."""
        ink = proportions.ink_with_margin(picture, is_dark)
        if not proportions.is_stretched(ink):
            return None
        height, width = picture.shape[:2]
        glyphs = proportions.narrow(ink)
        votes = self.classifier.probabilities(glyphs)
        surest = glyphs[certainty(votes).argmax()]
        return Detection((0, 0, width, height), surest, proportions.combine(votes))

    def _read_as_single(
        self, picture: np.ndarray, ink: Ink, lines: Lines, is_digit: bool
    ) -> Detection | None:
        """The picture as one damaged digit, where the network is surer of that than of what was
        found in pieces, and sure enough to answer; surer where its ink may be no digit's."""
        height, width = picture.shape[:2]
        is_small = max(height, width) <= SMALL_PICTURE
        count, confidence = sum(map(len, lines)), float(np.exp(mean_log_confidence(lines)))
        # The page network, where there is one, has said that these are several.
        broken = is_small and count > 1 and not self.page_network
        is_square = max(height, width) <= 1.5 * min(height, width)
        if not is_square or (confidence >= SURE and not broken) or (count > FEW and not is_small):
            return None
        whole = whole_picture_glyph(picture, GLYPH_SIZE, ink.is_dark)
        probabilities = self.classifier.probabilities(whole[None])[0]
        least = confidence if count == 1 or not is_small else ALONE_CONFIDENCE
        if probabilities.max() <= least or not self.classifier.answers(probabilities):
            return None
        if not is_digit and certainty(probabilities) < SURE_OF_UNKNOWN:
            return None
        sides = corners(boxes_of(lines))
        left, top = sides[:, :2].min(0).tolist()
        right, bottom = sides[:, 2:].max(0).tolist()
        return Detection((left, top, right - left, bottom - top), whole, probabilities)

    def _at_full_size(
        self, line: list[Detection], picture: np.ndarray, reduction: int
    ) -> list[Detection]:
        """Digits of a reduced picture, with boxes in the picture as given; small ones in doubt are
        read there, too, but for those on which the reader abstains."""
        enlarged = []
        for digit in line:
            digit = digit._replace(box=(box := enlarge(digit.box, reduction, picture)))
            _, _, width, height = box
            unsure = digit.probabilities.max() < SURE_OF_SMALL
            is_small = max(width, height) <= SMALL_DIGIT * reduction
            if is_small and unsure and self.classifier.answers(digit.probabilities):
                around, (y, x) = surroundings(picture, box)
                sharp = normalise(ink_map(around)[y : y + height, x : x + width])
                if sharp.any():
                    votes = self.classifier.probabilities(sharp[None])[0]
                    both = page_reader.combine_votes(digit.probabilities, votes)
                    digit = digit._replace(glyph=sharp, probabilities=both)
            enlarged.append(digit)
        return enlarged


def look_closer(picture: np.ndarray) -> tuple[np.ndarray, Ink | None, int]:
    """A picture as it is to be read.

    Of fewer pixels than a glyph, it is enlarged, since strokes run into each other there; unless it
    shows a digit that was stretched, for which it is enlarged anyway.

    Args:
        picture: (h, w, 3) uint8.

    Returns:
        The picture; its ink, if it was looked for; and how many times it was enlarged, 1 for not.
    """
    if max(picture.shape[:2]) >= GLYPH_SIZE:
        return picture, None, 1
    given = find_ink(picture)
    if proportions.is_stretched(given.map):
        return picture, given, 1
    larger = enlarge_picture(picture, CLOSER)
    ink = find_ink(larger, cells=False)
    # Of few pixels that are black or white, more edges than paper are left.
    if given.map.any() and given.is_dark != ink.is_dark:
        ink = given.enlarged(CLOSER)
    return larger, ink, CLOSER


def reduction_of(picture: np.ndarray) -> int:
    """By how much a large (h, w, 3) picture is reduced before ink is looked for."""
    return int(np.ceil(np.sqrt(picture.shape[0] * picture.shape[1] / WORKING_PIXELS)))


def boxes_of(lines: Lines) -> list[Box]:
    """The boxes of all digits, line by line."""
    return [digit.box for line in lines for digit in line]


def doubt(digit: Detection) -> Detection:
    """The same place, where all classes are as likely."""
    return digit._replace(
        probabilities=np.full_like(digit.probabilities, 1 / digit.probabilities.size)
    )


def mean_log_confidence(lines: Lines) -> float:
    """Of all digits, in nats."""
    return float(np.mean([np.log(digit.probabilities.max()) for line in lines for digit in line]))


def _has_margin(lines: Lines, ink: np.ndarray) -> bool:
    """Whether some digits have most of a picture's (h, w) ink, and don't fill it."""
    x, y, width, height = bounding_box(boxes_of(lines))
    if ink[y : y + height, x : x + width].sum() < MOST * ink.sum():
        return False
    return width < FILLED * ink.shape[1] or height < FILLED * ink.shape[0]


def _least_certainty(lines: Lines) -> float:
    """Of all digits."""
    return min(float(certainty(digit.probabilities)) for line in lines for digit in line)


def _is_clean(lines: Lines, rest: Sequence[Box]) -> bool:
    """Whether connected ink is enough: it is read surely, and only specks, points and dashes are
    left."""
    if not lines or mean_log_confidence(lines) < np.log(CLEAN_CONFIDENCE):
        return False
    return leftovers.is_little(rest, boxes_of(lines))


def confirm(lines: Lines, seen: Lines) -> Lines:
    """The digits of connected ink where the page network has seen these, but for few or for half of
    a line, and nothing else; otherwise what that has seen.

    Connected ink knows better where digits touch. Which digit it is, both networks say where both
    have its box.
    """
    if not lines or not seen or mean_log_confidence(lines) < np.log(CONFIRMED_CONFIDENCE):
        return seen
    digits = list(itertools.chain(*seen))
    connected, others = (corners(boxes_of(each)).astype(float) for each in (lines, seen))
    middles = (others[:, :2] + others[:, 2:]) / 2
    inside = ((middles >= connected[:, None, :2]) & (middles <= connected[:, None, 2:])).all(2)
    union, within = box_overlaps(connected, others)
    confirmed = np.any(within >= CONFIRMED_OVERLAP, axis=1)
    enough = np.mean(~confirmed) <= MAX_UNCONFIRMED or _is_each_confirmed(lines, confirmed)
    if not inside.any(0).all() or not enough:
        return seen
    best = iter(zip(union.argmax(1), union.max(1), strict=True))
    return [
        [
            digits[number] if overlap >= SAME_DIGIT else digit
            for digit, (number, overlap) in zip(line, best, strict=False)
        ]
        for line in lines
    ]


def _is_each_confirmed(lines: Lines, confirmed: np.ndarray) -> bool:
    """Whether each line is read as surely as all of them have to be, and of its digits enough are
    confirmed, (n,) bool of all: then the page network has missed the others."""
    ends = np.cumsum([len(line) for line in lines])
    return all(
        share.mean() >= LINE_CONFIRMED
        and mean_log_confidence([line]) >= np.log(CONFIRMED_CONFIDENCE)
        for line, share in zip(lines, np.split(confirmed, ends[:-1]), strict=True)
    )
