"""Recognizer: an image in, a Reading out. The one path that canvas, upload, camera and command line
share."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from model import checkpoint, interruption, leftovers
from model.boxes import Box, Sign, bounding_box, clip_box, surroundings, touch, turn_back
from model.card import DIGITS, Card
from model.classifier import Classifier, certainty
from model.detection import load_page_network
from model.glyph import GLYPH_SIZE, is_blot, normalise
from model.image import ImageError, Page, Source, downscale, load_image, pages
from model.ink import ink_map
from model.ink_ownership import own_ink_mask
from model.lines import sort_into_lines
from model.numbers import NumberGroup, group_into_numbers
from model.orientation import read_any_way_up
from model.page_reader import combine_votes
from model.pen_reader import LEAST_CERTAINTY, load_pen_reader, strokes_of_digit
from model.pieces import Pieces, TooMuchError
from model.reading import Digit, Number, Reading
from model.segmentation import Detection
from model.stroke_groups import (
    by_line,
    made_by,
    middle,
    price,
    runs_of,
    split,
    without_marks,
)
from model.strokes import Stroke, StrokeMap
from model.upright import SMALL_DIGIT, UprightReader, look_closer, reduction_of


class Recognizer:
    """Reads images with one checkpoint. Nothing of it changes once it is loaded, so threads may
    share one."""

    def __init__(self, classifier: Classifier, threads: int | None = None):
        self.classifier = classifier
        # The page network knows digits: other classes are read by their connected ink alone.
        page_network = load_page_network(threads) if self.classes == DIGITS else None
        self._reader = UprightReader(classifier, page_network)
        self._pen_reader = load_pen_reader(threads) if self.classes == DIGITS else None

    @classmethod
    def load(
        cls, directory: checkpoint.Folder = checkpoint.DEFAULT, threads: int | None = None
    ) -> "Recognizer":
        """The recognizer of a checkpoint, ready for its first image.

        Args:
            directory: the checkpoint.
            threads: with which its networks compute; None: as many as there are cores.

        Raises:
            CheckpointError: the checkpoint is missing or damaged.
        """
        return cls(Classifier.load(directory, threads), threads)

    @property
    def card(self) -> Card:
        """The checkpoint's card."""
        return self.classifier.card

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the probabilities."""
        return self.classifier.classes

    def read(
        self,
        source: Source | Page,
        turn: Literal[0, 90, 180, 270] | None = None,
        strokes: Sequence[Stroke] = (),
    ) -> Reading:
        """Path, bytes, PIL image, or uint8 array (h, w), (h, w, 3), (h, w, 4) → what is written
        there.

        Args:
            source: the picture; of a file of several pages, its first. `model.image.pages` gives
                each of them.
            turn: degrees clockwise by which its writing is turned; None: found out, where several
                digits make it clear.
            strokes: that the picture shows, in pixels of it, in the order in which they were
                written, where that is known; of a file that a pen wrote, it is.

        Raises:
            ImageError: the picture can't be read; its message is one sentence that says why.
        """
        sheet = source if isinstance(source, Page) else pages(source)[0]
        picture = sheet.load()
        if drawing := sheet.drawing():
            strokes = drawing.strokes
        written = StrokeMap(strokes)
        looked_at, known, times = look_closer(np.rot90(picture, (turn or 0) // 90))
        if turn is None:
            degrees, page = read_any_way_up(looked_at, self._reader, known)
        else:
            degrees, page = turn, self._reader.read(looked_at, known)
        if times > 1:
            page = page.shrunk(times)
        ink = page.ink.turned(-degrees).map
        if page.note:
            return Reading("", (), picture, ink, degrees, note=page.note, strokes=written.strokes)
        lines = [
            [self._found(digit, written, degrees, picture) for digit in line] for line in page.lines
        ]
        signs = [(turn_back(box, degrees, picture), sign) for box, sign in page.signs]
        left_out = [turn_back(box, degrees, picture) for box in page.left_out]
        if self._pen_reader and written.strokes and not degrees:
            lines = self._tell_apart(lines, written, signs, picture)
            found = [digit.box for line in lines for digit in line]
            left_out = [box for box in left_out if not any(touch(box, other) for other in found)]
        return self._reading(lines, picture, ink, degrees, signs, left_out, written.strokes)

    def read_boxes(self, reading: Reading, boxes: Mapping[Box, int | None]) -> Reading:
        """The picture of a reading, read anew where somebody says that its digits are.

        Args:
            reading: of the picture. A digit whose box stays is kept as it was read.
            boxes: (left, top, width, height) in pixels of `reading.image`, each at least partly
                inside → the class that somebody says it is, of which there is no doubt, or None for
                the network to read it.
        """
        height, width = reading.image.shape[:2]
        known = {digit.box: digit for digit in reading.digits}
        taken = {id(s) for box in boxes if box in known for s in known[box].strokes}
        free = StrokeMap(stroke for stroke in reading.strokes if id(stroke) not in taken)
        digits = []
        for box, label in boxes.items():
            box = clip_box(box, width, height)
            if box in known:
                digit = known[box]
            else:
                glyph = normalise(np.rot90(_ink_in(box, reading), reading.turn // 90))
                probabilities = self.classify(glyph[None])[0]
                own = strokes_of_digit(free.near(box), box)
                digit = self._digit(box, glyph, probabilities, own, reading.turn)
            if label is not None:
                digit = dataclasses.replace(digit, value=label, confidence=1.0)
            digits.append(digit)
        upright = np.rot90(reading.image, reading.turn // 90)
        back = (360 - reading.turn) % 360
        order = sort_into_lines([turn_back(digit.box, back, upright) for digit in digits])
        lines = [[digits[number] for number in line] for line in order]
        left_out = [
            box for box in reading.left_out if not any(touch(box, digit.box) for digit in digits)
        ]
        return self._reading(
            lines,
            reading.image,
            reading.ink,
            reading.turn,
            reading.signs,
            left_out,
            reading.strokes,
        )

    def classify(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs, any n ≥ 0 → (n, classes) float32 calibrated probabilities.

        Raises:
            ValueError: another shape or type.
        """
        return self.classifier.probabilities(glyphs)

    def read_glyphs(self, glyphs: np.ndarray) -> list[Digit]:
        """(n, 28, 28) uint8 glyphs → what each is read as; its box is the glyph itself. Raises as
        `classify`."""
        box = (0, 0, GLYPH_SIZE, GLYPH_SIZE)
        return [
            self._digit(box, glyph, probabilities)
            for glyph, probabilities in zip(glyphs, self.classify(glyphs), strict=True)
        ]

    def name(self, digit: Digit) -> str:
        """What a digit is read as: the name of its class, or "?"."""
        return "?" if digit.value is None else self.classes[digit.value]

    def _found(
        self, digit: Detection, written: StrokeMap, degrees: int, picture: np.ndarray
    ) -> Digit:
        """A digit of the upright picture, in the picture as given."""
        box = turn_back(digit.box, degrees, picture)
        own = strokes_of_digit(written.near(box), box)
        return self._digit(box, digit.glyph, digit.probabilities, own, degrees, digit.in_doubt)

    def _digit(
        self,
        box: Box,
        glyph: np.ndarray,
        probabilities: np.ndarray,
        strokes: Sequence[Stroke] = (),
        turn: int = 0,
        in_doubt: bool = False,
    ) -> Digit:
        """What is read, unless there is too much doubt: here the reader abstains.

        Args:
            box: of the digit, in pixels of the picture.
            glyph: the digit's.
            probabilities: what the network of glyphs makes of it.
            strokes: that made it, where they are known.
            turn: degrees clockwise by which the writing is turned.
            in_doubt: whether it may be no digit, however sure `probabilities` are; then the pen
                alone has to know it, too.
        """
        by_picture = by_pen = None
        if self._pen_reader and strokes:
            by_picture, by_pen = probabilities, self._pen_reader.read([strokes], turn)[0]
            probabilities = combine_votes(by_picture, by_pen)
            votes = [probabilities, by_pen] if in_doubt else [probabilities]
            answers = min(map(certainty, votes)) >= LEAST_CERTAINTY
        else:
            answers = self.classifier.answers(probabilities) & (not in_doubt)
            strokes = ()
        is_sure = answers and glyph.any() and not is_blot(glyph)
        value = int(probabilities.argmax()) if is_sure else None
        confidence = float(probabilities.max())
        return Digit(
            value, confidence, probabilities, box, glyph, by_picture, by_pen, tuple(strokes)
        )

    def _tell_apart(
        self,
        lines: list[list[Digit]],
        strokes: StrokeMap,
        signs: Sequence[Sign],
        picture: np.ndarray,
    ) -> list[list[Digit]]:
        """Lines of digits, upright; those that run into each other anew, where their strokes tell
        them apart more surely."""
        assert self._pen_reader
        height, width = picture.shape[:2]
        told = []
        tall = float(np.median([digit.box[3] for line in lines for digit in line] or [1]))
        strokes = without_marks(strokes, signs, tall)
        for line, own in zip(lines, by_line(strokes, lines), strict=True):
            for run in runs_of(own, tall):
                interruption.check()
                if len(run) == 1:
                    continue
                before = made_by(run, line, strokes)
                if not before or not (most := price(before, run)):
                    continue
                answered = [digit for digit in before if digit.value is not None]
                groups = split(run, self.classify, self._pen_reader, most, bool(answered))
                boxes = [clip_box(group.box, width, height) for group in groups]
                told_by = sum(len(digit.strokes) for digit in answered)
                if (len(answered), told_by) == (len(groups), len(run)):
                    continue  # the same again
                if groups and min(min(box[2:]) for box in boxes) > 0:
                    anew = [
                        self._digit(box, group.glyph, group.by_picture, group.strokes)
                        for box, group in zip(boxes, groups, strict=True)
                    ]
                    line = [digit for digit in line if digit not in before] + anew
                    line.sort(key=lambda digit: middle(digit.box))
            told.append(line)
        return told

    def _reading(
        self,
        lines: list[list[Digit]],
        picture: np.ndarray,
        ink: np.ndarray,
        turn: int,
        signs: Sequence[Sign] = (),
        left_out: Sequence[Box] = (),
        strokes: tuple[Stroke, ...] = (),
    ) -> Reading:
        # Names of several letters would run together.
        between = "" if max(map(len, self.classes)) == 1 else " "
        text = "\n".join(between.join(map(self.name, line)) for line in lines)
        digits = tuple(digit for line in lines for digit in line)
        # Numbers stand side by side where the writing is upright.
        upright, back = np.rot90(picture, turn // 90), (360 - turn) % 360
        groups = group_into_numbers(
            [[turn_back(digit.box, back, upright) for digit in line] for line in lines],
            [(turn_back(box, back, upright), sign) for box, sign in signs],
        )
        numbers = tuple(self._number(group, digits, signs, between) for group in groups)
        note = leftovers.write_note(digits, left_out)
        return Reading(
            text,
            digits,
            picture,
            ink,
            turn,
            numbers,
            tuple(left_out),
            tuple(signs),
            note,
            strokes,
        )

    def _number(
        self, group: NumberGroup, digits: Sequence[Digit], signs: Sequence[Sign], between: str
    ) -> Number:
        text = ""
        for place, number in enumerate(group.digits):
            if place in group.signs:
                text += signs[group.signs[place]][1]
            elif place:
                text += between
            text += self.name(digits[number])
        members = tuple(digits[number] for number in group.digits)
        boxes = [digit.box for digit in members]
        boxes += [signs[number][0] for number in group.signs.values()]
        return Number(text, group.row + 1, group.column + 1, bounding_box(boxes), members)


def as_single_glyph(source: Source) -> np.ndarray:
    """A picture of one digit, or one of anything else → its (28, 28) uint8 glyph, by the steps that
    `read` takes.

    Raises:
        ImageError: the picture can't be read, nothing is written in it, or far too much to be
            writing.
    """
    return glyph_of(pieces_of(source))


def pieces_of(source: Source) -> Pieces:
    """What is written in a picture, piece by piece; raises ImageError as `as_single_glyph`."""
    picture = load_image(source)
    ink = ink_map(downscale(picture, reduction_of(picture)))
    try:
        return Pieces.of_page(ink)
    except TooMuchError as error:
        raise ImageError(str(error)) from error


def glyph_of(pieces: Pieces) -> np.ndarray:
    """All of them as one (28, 28) uint8 glyph; raises ImageError where there is nothing."""
    glyph = normalise(pieces.writing())
    if not glyph.any():
        raise ImageError("Nothing is written in the picture.")
    return glyph


def _ink_in(box: Box, reading: Reading) -> np.ndarray:
    """(h, w) float32 ink in a box, without what only reaches into it from a neighbour."""
    reduction = round(1 / reading.ink_scale)
    if reduction > 1 and max(box[2:]) <= SMALL_DIGIT * reduction:
        around, (y, x) = surroundings(reading.image, box)
        ink, (_, _, width, height) = ink_map(around), box
    else:
        left, top, width, height = (-(-side // reduction) for side in box)
        ink, (y, x) = surroundings(reading.ink, (left, top, width, height))
    inside = np.s_[y : y + height, x : x + width]
    return np.where(own_ink_mask(ink, inside), ink[inside], 0)
