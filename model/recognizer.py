"""Recognizer: an image in, a Reading out. The one path that canvas, upload, camera and command line
share."""

import dataclasses
import itertools
import os
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import jax
import numpy as np
from PIL import Image

from model import (
    checkpoint,
    glyph,
    image,
    ink,
    interruption,
    numbers,
    page_reader,
    remainder,
    segmentation,
)
from model.network import GLYPH_SIZE, DigitCNN
from model.reading import Digit, Number, Reading

DIGITS = tuple("0123456789")
BATCHES = (128, 16, 1)  # each size is compiled once; what is read is padded to one of them
FILLED = 0.6  # of a batch: with less, smaller ones are quicker
WORKING_PIXELS = 2_500_000  # a larger picture is reduced to this before ink is looked for
SMALL_PICTURE = 128  # pixels: who gives so small and square a picture gives a single digit
SURE = 0.9  # mean confidence of what is read piece by piece, from which no other reading is tried
SEVERAL = 4  # digits from which it may be told that a page is turned
# mean confidence in connected ink: with less, the picture may lie on its side, and is looked at so
# first
UNSURE = 0.8
UPRIGHT = 0.97  # mean confidence from which a page is taken to be upright
# times the evidence: so much more must speak for a turned page than for an upright one,
CLEAR = 1.08
SIDEWAYS = 1.4  # the same of the page network's, to which digits upside down are digits, too;
LEAST_EVIDENCE = 1.5  # and at least so many digits of which there is no doubt;
# of what is there: with fewer digits, a page is one of print, which is not upside down
FOUND = 0.12
PRINTED = 0.07  # on its side, so many of a text's letters look like digits
# the same, from which what is read is right where the page network sees digits there,
CONFIDENT = 0.93
# of each with so much in common, and none at few of them at most;
CONFIRMED, UNCONFIRMED = 0.3, 0.04
SAME = 0.75  # intersection over union of two boxes of one digit
CLEAN_PAGE = 0.7  # of what a picture may cost: with more on it, it is no clean page
# that are looked at to tell whether a page is turned, and of the tiles,
TRIED_TILES, TRIED_DIGITS = 3, 100
TRIED_GLYPHS = 20  # to tell on which side it lies;
ALIKE = 1.5  # times as large: of tiles at scales that differ by less, some were looked at
FEW = 5  # digits: a large picture in which more were found shows no single one
# confidence from which a small picture is a single digit, whatever its pieces are read as
ALONE = 0.6
SMALL_DIGIT = 24  # pixels: a digit that a reduction left smaller is read from the picture as given


class _Page(NamedTuple):
    """What is found in a picture turned one way: digits in lines, ink, signs, what was left out,
    and a note."""

    lines: list[list[segmentation.Detection]]
    ink: np.ndarray
    signs: Sequence[tuple[segmentation.Box, str]] = ()
    left_out: Sequence[segmentation.Box] = ()
    note: str = ""


class _Connected(NamedTuple):
    """What connected ink tells of a picture: the picture at the size at which it is looked at, its
    ink, the pieces of that, digits in lines; and a note, where there is too much for these, or for
    pieces, too."""

    small: np.ndarray
    ink: np.ndarray
    pieces: segmentation.Pieces | None
    lines: list[list[segmentation.Detection]]
    note: str


class Recognizer:
    """Reads images with one checkpoint. Nothing of it changes once it is loaded, so threads may
    share one."""

    def __init__(self, network: DigitCNN, card: dict):
        self.card = card
        self.classes: tuple[str, ...] = tuple(card["classes"])
        # The weights are constants of the compiled program: to hand them over at each call takes
        # longer than a digit.
        self._probabilities = jax.jit(
            lambda images: jax.nn.softmax(network(images) / card["temperature"])
        )
        self._threshold = card.get("threshold", 0.0)
        # It knows digits: what has other classes is read by its connected ink alone.
        self._page = page_reader.load_shipped() if self.classes == DIGITS else None
        # compiles, so that the first image needn't wait
        self.classify(np.zeros((1, GLYPH_SIZE, GLYPH_SIZE), np.uint8))

    @classmethod
    def load(cls, directory: os.PathLike | str = checkpoint.DEFAULT) -> "Recognizer":
        """The recognizer of a checkpoint, ready for its first image.

        Raises:
            CheckpointError: the checkpoint is missing or damaged.
        """
        return cls(*checkpoint.load(directory))

    def read(
        self,
        source: os.PathLike | str | bytes | Image.Image | np.ndarray,
        turn: Literal[0, 90, 180, 270] | None = None,
    ) -> Reading:
        """Path, bytes, PIL image, or uint8 array (h, w), (h, w, 3), (h, w, 4) → what is written
        there.

        Args:
            source: the picture.
            turn: degrees clockwise by which its writing is turned; None: found out, where several
                digits make it clear.

        Raises:
            ImageError: the picture can't be read; its message is one sentence that says why.
        """
        picture = image.load(source)
        if turn is None:
            turn, found = self._turn(picture)
        else:
            found = self._lines(np.rot90(picture, turn // 90))
        if found.note:
            return Reading("", (), picture, np.rot90(found.ink, -turn // 90), note=found.note)
        lines = [
            [
                self._digit(_turned_back(one.box, turn, picture), one.glyph, one.probabilities)
                for one in line
            ]
            for line in found.lines
        ]
        signs = [(_turned_back(box, turn, picture), sign) for box, sign in found.signs]
        left_out = [_turned_back(box, turn, picture) for box in found.left_out]
        return self._reading(
            lines, picture, np.rot90(found.ink, -turn // 90), turn, signs, left_out
        )

    def read_boxes(self, reading: Reading, boxes: Mapping[segmentation.Box, int | None]) -> Reading:
        """The picture of a reading, read anew where somebody says that its digits are.

        Args:
            reading: of the picture. A digit whose box stays is kept as it was read.
            boxes: (left, top, width, height) in pixels of `reading.image`, each at least partly
                inside → the class that somebody says it is, of which there is no doubt, or None for
                the network to read it.
        """
        height, width = reading.image.shape[:2]
        kept = {digit.box: digit for digit in reading.digits}
        digits = []
        for given, said in boxes.items():
            box = segmentation.clip_box(given, width, height)
            if box in kept:
                digits.append(kept[box])
            else:
                cut = glyph.normalise(np.rot90(self._ink_in(box, reading), reading.turn // 90))
                digits.append(self._digit(box, cut, self.classify(cut[None])[0]))
            if said is not None:
                digits[-1] = dataclasses.replace(digits[-1], value=said, confidence=1.0)
        upright = np.rot90(reading.image, reading.turn // 90)
        back = (360 - reading.turn) % 360
        order = segmentation.sort_into_lines(
            [_turned_back(digit.box, back, upright) for digit in digits]
        )
        lines = [[digits[number] for number in line] for line in order]
        left_out = [
            box for box in reading.left_out if not any(_overlap(box, digit.box) for digit in digits)
        ]
        return self._reading(
            lines, reading.image, reading.ink, reading.turn, reading.signs, left_out
        )

    def classify(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs, any n ≥ 0 → (n, classes) float32 calibrated probabilities.

        Raises:
            ValueError: another shape or type.
        """
        glyphs = np.asarray(glyphs)
        if (
            glyphs.dtype != np.uint8
            or glyphs.ndim != 3
            or glyphs.shape[1:] != (GLYPH_SIZE, GLYPH_SIZE)
        ):
            raise ValueError(
                f"glyphs should be uint8 (n, 28, 28), not {glyphs.dtype} {glyphs.shape}"
            )
        probabilities = np.empty((len(glyphs), len(self.classes)), np.float32)
        start = 0
        while start < len(glyphs):
            interruption.check()
            size = next(size for size in BATCHES if len(glyphs) - start >= FILLED * size)
            batch = glyphs[start : start + size]
            padded = np.zeros((size, GLYPH_SIZE, GLYPH_SIZE), np.uint8)
            padded[: len(batch)] = batch
            probabilities[start : start + len(batch)] = np.asarray(self._probabilities(padded))[
                : len(batch)
            ]
            start += size
        return probabilities

    def read_glyphs(self, glyphs: np.ndarray) -> list[Digit]:
        """(n, 28, 28) uint8 glyphs → what each is read as; its box is the glyph itself. Raises as
        `classify`."""
        box = (0, 0, GLYPH_SIZE, GLYPH_SIZE)
        read = zip(glyphs, self.classify(glyphs), strict=True)
        return [self._digit(box, glyph, probabilities) for glyph, probabilities in read]

    def _turn(self, picture: np.ndarray) -> tuple[int, _Page]:
        """By how much a picture's writing is turned, and what is found in it turned upright.

        It is turned where more digits are read surely that way. What is rightly "?" speaks for no
        turn.
        """
        connected = self._connected(picture)
        unsure = connected.pieces and (
            not connected.lines or _sureness(connected.lines) < np.log(UNSURE)
        )
        tried = connected.pieces.boxes() if self._page and unsure else []
        if tried and (way := self._sideways(connected.small, tried)):
            return way, self._lines(
                np.rot90(picture, way // 90), np.rot90(connected.ink, way // 90), clean=False
            )
        found = self._completed(picture, connected)
        count = sum(map(len, found.lines))
        if found.note or count + (len(found.left_out) if self._page else 0) < SEVERAL:
            return 0, found
        glyphs = [one.glyph for line in found.lines for one in line]
        # turned, it may find none, or few
        if self._page and count < max(SEVERAL, len(found.left_out)):
            pieces = tried or connected.pieces.boxes()
            boxes = [] if tried else pieces
            several = count >= max(SEVERAL, FOUND * len(found.left_out))
            some = _few(pieces, TRIED_DIGITS) if several else []
            glyphs = [glyph.normalise(found.ink[y : y + h, x : x + w]) for x, y, w, h in some]
        elif _sureness(found.lines) >= np.log(UPRIGHT):
            return 0, found
        else:
            reduction = _reduction(picture)
            boxes = [[side / reduction for side in box] for box in _boxes(found.lines)]
            if tried and max(sizes := [_size(boxes), _size(tried)]) < ALIKE * min(sizes):
                boxes = []  # at that scale, it was looked at before
        if self._page and (way := self._sideways(connected.small, boxes)):
            return way, self._lines(
                np.rot90(picture, way // 90), np.rot90(found.ink, way // 90), clean=False
            )
        if len(glyphs) < SEVERAL:
            return 0, found
        ways, glyphs = (
            (180,) if self._page else (180, 90, 270),
            np.array(_few(glyphs, TRIED_DIGITS)),
        )
        evidence = {way: self._evidence(np.rot90(glyphs, way // 90, (1, 2))) for way in (0, *ways)}
        best = max(ways, key=evidence.get)
        if evidence[best] <= max(CLEAR * evidence[0], evidence[0] + LEAST_EVIDENCE):
            return 0, found
        return best, self._lines(np.rot90(picture, best // 90), np.rot90(found.ink, best // 90))

    def _sideways(
        self, picture: np.ndarray, boxes: Sequence[Sequence[float]]
    ) -> Literal[0, 90, 270]:
        """By how much a picture is turned, if around some boxes of it the page network is sure of
        more digits when they are turned by a quarter; which quarter, the digits' glyphs say."""
        if len(boxes) < SEVERAL:
            return 0
        tiles = page_reader.sample_tiles(picture, np.array(boxes, float), TRIED_TILES)
        upright, _ = page_reader.detect_in_samples(tiles, self._page)
        turned = {
            way: page_reader.detect_in_samples(
                np.rot90(tiles, way // 90, (1, 2)), self._page, TRIED_GLYPHS
            )
            for way in (90, 270)
        }
        least = LEAST_EVIDENCE + PRINTED * min(len(boxes), remainder.MOST)
        if max(sure for sure, _ in turned.values()) <= max(SIDEWAYS * upright, upright + least):
            return 0
        return max(turned, key=lambda way: self._evidence(turned[way][1]))

    def _evidence(self, glyphs: np.ndarray) -> float:
        """How many of (n, 28, 28) uint8 glyphs are read surely: how far each is from being as
        likely wrong, summed."""
        centred = np.array([glyph.normalise(one / np.float32(255)) for one in glyphs], np.uint8)
        certain = self.classify(centred.reshape(-1, GLYPH_SIZE, GLYPH_SIZE)).max(1)
        return float(np.clip(2 * certain - 1, 0, None).sum())

    def _lines(
        self, picture: np.ndarray, found: np.ndarray | None = None, clean: bool = True
    ) -> _Page:
        """The digits of an upright picture, in lines; of its arguments, see `_connected`."""
        return self._completed(picture, self._connected(picture, found, clean))

    def _connected(
        self, picture: np.ndarray, found: np.ndarray | None = None, clean: bool = True
    ) -> _Connected:
        """What connected ink tells of an upright picture.

        Args:
            picture: (h, w, 3) uint8.
            found: its ink, where it is known from a picture that was turned otherwise.
            clean: whether connected ink may be all it takes to read it.
        """
        reduction = _reduction(picture)
        small = image.downscale(picture, reduction)
        # turned, it would not quite fit
        if found is None or any(side % reduction for side in picture.shape[:2]):
            found = ink.ink_map(small)
        pieces, lines, note = None, [], ""
        try:
            pieces = segmentation.Pieces.of_page(found)
            if clean:
                lines = segmentation.read_lines(
                    pieces, self.classify, CLEAN_PAGE if self._page else 1.0
                )
        except segmentation.TooMuchError as error:
            note = str(error)
        return _Connected(small, found, pieces, lines, note)

    def _completed(self, picture: np.ndarray, connected: _Connected) -> _Page:
        """The digits of an upright picture, in lines, by its connected ink or, where that is not
        enough, by the page network."""
        small, found, pieces, lines, note = connected
        if not pieces or (note and not self._page):
            return _Page([], found, note=note)
        # or a single one in pieces
        several = max(small.shape[:2]) <= SMALL_PICTURE and sum(map(len, lines)) > 1
        rest = pieces.left_out(_boxes(lines))
        if not self._page or (not several and _is_clean(lines, rest)):
            signs = remainder.find_signs(rest, _boxes(lines))
        else:
            seen, signs = page_reader.read_page(small, pieces, self._page, self.classify)
            # Many pieces of which the page network knows none are print, a pattern, dirt.
            if seen or sum(map(len, lines)) > FEW:
                lines = _confirmed(lines, seen)
                rest = pieces.left_out(_boxes(lines))
        if lines and (alone := self._alone(small, lines)):
            lines, signs, rest = [[alone]], [], []
        left_out = remainder.find_left_out(rest, _boxes(lines), found.shape)
        reduction = _reduction(picture)
        if reduction > 1:
            lines = [self._at_full_size(line, picture, reduction) for line in lines]
            signs = [(_enlarged(box, reduction, picture), sign) for box, sign in signs]
            left_out = [_enlarged(box, reduction, picture) for box in left_out]
        return _Page(lines, found, signs, left_out)

    def _alone(
        self, picture: np.ndarray, lines: list[list[segmentation.Detection]]
    ) -> segmentation.Detection | None:
        """The picture as one damaged digit, where the network is surer of that than of what was
        found in pieces."""
        height, width = picture.shape[:2]
        small = max(height, width) <= SMALL_PICTURE
        count, pieces = sum(map(len, lines)), np.exp(_sureness(lines))
        broken = small and count > 1 and not self._page  # else it has said that these are several
        if max(height, width) > 1.5 * min(height, width) or (pieces >= SURE and not broken):
            return None
        if count > FEW and not small:
            return None
        whole = ink.as_glyph(picture, GLYPH_SIZE)
        probabilities = self.classify(whole[None])[0]
        if probabilities.max() <= (pieces if count == 1 or not small else ALONE):
            return None
        boxes = np.array(_boxes(lines))
        (left, top), (right, bottom) = boxes[:, :2].min(0), (boxes[:, :2] + boxes[:, 2:]).max(0)
        return segmentation.Detection(
            (int(left), int(top), int(right - left), int(bottom - top)), whole, probabilities
        )

    def _digit(self, box: segmentation.Box, cut: np.ndarray, probabilities: np.ndarray) -> Digit:
        confidence = float(probabilities.max())
        value = int(probabilities.argmax()) if confidence >= self._threshold and cut.any() else None
        return Digit(value, confidence, probabilities, box, cut)

    def _reading(
        self,
        lines: list[list[Digit]],
        picture: np.ndarray,
        found: np.ndarray,
        turn: int,
        signs: Sequence[tuple[segmentation.Box, str]] = (),
        left_out: Sequence[segmentation.Box] = (),
    ) -> Reading:
        # names of several letters would run together
        between = "" if max(map(len, self.classes)) == 1 else " "
        text = "\n".join(between.join(map(self.name, line)) for line in lines)
        digits = tuple(digit for line in lines for digit in line)
        # Numbers stand side by side where the writing is upright.
        upright, back = np.rot90(picture, turn // 90), (360 - turn) % 360
        groups = numbers.group_into_numbers(
            [[_turned_back(digit.box, back, upright) for digit in line] for line in lines],
            [(_turned_back(box, back, upright), sign) for box, sign in signs],
        )
        grouped = tuple(self._number(group, digits, signs, between) for group in groups)
        note = remainder.write_note(digits, left_out)
        return Reading(
            text, digits, picture, found, turn, grouped, tuple(left_out), tuple(signs), note
        )

    def _number(
        self, group: numbers.NumberGroup, digits: tuple[Digit, ...], signs, between: str
    ) -> Number:
        parts = [
            (signs[group.signs[place]][1] if place in group.signs else between if place else "")
            + self.name(digits[number])
            for place, number in enumerate(group.digits)
        ]
        own = tuple(digits[number] for number in group.digits)
        around = [digit.box for digit in own] + [
            signs[number][0] for number in group.signs.values()
        ]
        return Number(
            "".join(parts), group.row + 1, group.column + 1, numbers.bounding_box(around), own
        )

    def name(self, digit: Digit) -> str:
        """What a digit is read as: the name of its class, or "?"."""
        return "?" if digit.value is None else self.classes[digit.value]

    def _at_full_size(
        self, line: list[segmentation.Detection], picture: np.ndarray, reduction: int
    ) -> list[segmentation.Detection]:
        """Digits of a reduced picture, with boxes in the picture as given; small ones in doubt are
        read there, too."""
        read = []
        for found in line:
            found = found._replace(box=(box := _enlarged(found.box, reduction, picture)))
            _, _, width, height = box
            unsure = self._threshold <= found.probabilities.max() < SURE
            if max(width, height) <= SMALL_DIGIT * reduction and unsure:
                around, (y, x) = _surroundings(picture, box)
                sharp = glyph.normalise(ink.ink_map(around)[y : y + height, x : x + width])
                if sharp.any():
                    both = page_reader.combine_votes(
                        found.probabilities, self.classify(sharp[None])[0]
                    )
                    found = found._replace(glyph=sharp, probabilities=both)
            read.append(found)
        return read

    def _ink_in(self, box: segmentation.Box, reading: Reading) -> np.ndarray:
        """(h, w) float32 ink in a box, without what only reaches into it from a neighbour."""
        reduction = round(reading.image.shape[1] / reading.ink.shape[1])
        if reduction > 1 and max(box[2:]) <= SMALL_DIGIT * reduction:
            around, (y, x) = _surroundings(reading.image, box)
            around, (_, _, width, height) = ink.ink_map(around), box
        else:
            left, top, width, height = (-(-side // reduction) for side in box)
            around, (y, x) = _surroundings(reading.ink, (left, top, width, height))
        inside = np.s_[y : y + height, x : x + width]
        return np.where(segmentation.own_ink_mask(around, inside), around[inside], 0)


def as_single_glyph(source: os.PathLike | str | bytes | Image.Image | np.ndarray) -> np.ndarray:
    """A picture of one digit, or one of anything else → its (28, 28) uint8 glyph, by the steps that
    `read` takes.

    Raises:
        ImageError: the picture can't be read, nothing is written in it, or far too much to be
            writing.
    """
    try:
        cut = glyph.normalise(segmentation.Pieces.of_page(_ink_of(image.load(source))).writing())
    except segmentation.TooMuchError as error:
        raise image.ImageError(str(error)) from error
    if not cut.any():
        raise image.ImageError("Nothing is written in the picture.")
    return cut


def _reduction(picture: np.ndarray) -> int:
    """By how much a large (h, w, 3) picture is reduced before ink is looked for."""
    return int(np.ceil(np.sqrt(picture.shape[0] * picture.shape[1] / WORKING_PIXELS)))


def _ink_of(picture: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 → its (h', w') ink, of a large picture at a reduced size."""
    return ink.ink_map(image.downscale(picture, _reduction(picture)))


def _boxes(lines: list[list[segmentation.Detection]]) -> list[segmentation.Box]:
    return [one.box for line in lines for one in line]


def _size(boxes: Sequence[Sequence[float]]) -> float:
    """The usual longer side of boxes."""
    return float(np.median([max(box[2:]) for box in boxes]))


def _is_clean(lines: list[list[segmentation.Detection]], rest: Sequence[segmentation.Box]) -> bool:
    """Whether connected ink is enough, and quicker: it is read surely, and specks, points and
    dashes are left."""
    if not lines or _sureness(lines) < np.log(UPRIGHT):
        return False
    return remainder.is_little(rest, _boxes(lines))


def _confirmed(
    lines: list[list[segmentation.Detection]], seen: list[list[segmentation.Detection]]
) -> list[list[segmentation.Detection]]:
    """The digits of connected ink where the page network sees these and nothing else, else what
    that sees.

    Connected ink knows better where digits touch. Which digit it is, both networks say where both
    have its box.
    """
    if not lines or not seen or _sureness(lines) < np.log(CONFIDENT):
        return seen
    digits = [one for line in seen for one in line]
    connected, found = page_reader.corners(itertools.chain(*lines)), page_reader.corners(digits)
    middles = (found[:, :2] + found[:, 2:]) / 2
    inside = ((middles >= connected[:, None, :2]) & (middles <= connected[:, None, 2:])).all(2)
    union, within = page_reader.box_overlaps(connected.astype(float), found.astype(float))
    unseen = (within < CONFIRMED).all(1).mean()
    if not inside.any(0).all() or unseen > UNCONFIRMED:
        return seen
    numbers, best = itertools.count(), union.argmax(1)
    return [
        [
            digits[best[number]] if union[number].max() >= SAME else one
            for one, number in zip(line, numbers, strict=False)
        ]
        for line in lines
    ]


def _enlarged(box: segmentation.Box, reduction: int, picture: np.ndarray) -> segmentation.Box:
    """A box in a reduced picture → the box in the picture as given."""
    left, top, width, height = (side * reduction for side in box)
    return segmentation.clip_box((left, top, width, height), picture.shape[1], picture.shape[0])


def _few(things: Sequence, most: int) -> Sequence:
    """As many, or so many of them evenly spread."""
    return (
        things
        if len(things) <= most
        else [things[at] for at in np.linspace(0, len(things) - 1, most).astype(int)]
    )


def _overlap(one: segmentation.Box, other: segmentation.Box) -> bool:
    return all(one[k] < other[k] + other[k + 2] and other[k] < one[k] + one[k + 2] for k in (0, 1))


def _surroundings(picture: np.ndarray, box: segmentation.Box) -> tuple[np.ndarray, tuple[int, int]]:
    """The part of a picture in and around a box, a box' longer side on each side, and where (y, x)
    the box starts."""
    left, top, width, height = box
    margin = max(width, height)
    y, x = max(0, top - margin), max(0, left - margin)
    return picture[y : top + height + margin, x : left + width + margin], (top - y, left - x)


def _sureness(lines: list[list[segmentation.Detection]]) -> float:
    """Mean logarithm of the confidences, in nats."""
    return float(np.mean([np.log(found.probabilities.max()) for line in lines for found in line]))


def _turned_back(box: segmentation.Box, turn: int, picture: np.ndarray) -> segmentation.Box:
    """A box in the picture turned upright → the box in the picture as given, whose writing is
    turned clockwise."""
    left, top, width, height = box
    for quarter in range(turn // 90, 0, -1):
        across = picture.shape[quarter % 2]  # width of the picture a quarter turn before
        left, top, width, height = across - top - height, left, height, width
    return left, top, width, height
