"""What a Recognizer gives: digits, the numbers that they make, and the Reading of a picture that
holds them."""

import dataclasses
from typing import Any

import numpy as np

from model.boxes import Box
from model.strokes import Stroke


@dataclasses.dataclass(frozen=True, eq=False)
class Digit:
    """One digit that was found.

    Attributes:
        value: index of the class, 0 to 9 for digits, or None where the reader abstains.
        confidence: calibrated probability of the likeliest class, in [0, 1].
        probabilities: (classes,) float32, summing to 1.
        box: (left, top, width, height) in pixels of the image as given, upright.
        glyph: (28, 28) uint8, what the network saw.
        by_picture, by_pen: where it is known how a pen wrote it, (classes,) float32, what the
            network of glyphs and the pen network make of it; `probabilities` are what they say
            together.
        strokes: of the pen that wrote it, in pixels of the image as given; none where they are not
            known.
    """

    value: int | None
    confidence: float
    probabilities: np.ndarray
    box: Box
    glyph: np.ndarray
    by_picture: np.ndarray | None = None
    by_pen: np.ndarray | None = None
    strokes: tuple[Stroke, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Number:
    """Digits that stand together, as one sees a number on paper.

    Attributes:
        text: its digits, "?" where the reader abstains, with a decimal point or comma among them
            and "−" before them.
        row, column: its place on the sheet, counted from 1 as a spreadsheet does.
        box: (left, top, width, height) around its digits and signs, in pixels of the image as
            given, upright.
        digits: its digits, from left to right.
    """

    text: str
    row: int
    column: int
    box: Box
    digits: tuple[Digit, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """What is written in an image.

    Attributes:
        text: the digits in reading order, lines joined by a line break, "" where nothing is
            written, "?" for a digit on which the reader abstains. Classes with names of several
            letters are set apart by spaces.
        digits: the digits in reading order.
        image: (h, w, 3) uint8, the picture upright.
        ink: (h', w') float32 in [0, 1], the ink that was found; of a large picture at a reduced
            size.
        turn: degrees clockwise by which the writing is turned: 0, 90, 180 or 270.
        numbers: the same digits as numbers, in reading order.
        left_out: boxes of ink as large as a digit that was taken for none: print, drawings, or
            digits that were missed.
        signs: decimal points, commas and dashes: box and what it is, one of ".,−". Most people want
            `numbers`.
        note: one sentence that says why little or nothing was read, or "".
        strokes: of the pen that wrote it, in pixels of the image, in their order; none where they
            are not known.
    """

    text: str
    digits: tuple[Digit, ...]
    image: np.ndarray
    ink: np.ndarray
    turn: int = 0
    numbers: tuple[Number, ...] = ()
    left_out: tuple[Box, ...] = ()
    signs: tuple[tuple[Box, str], ...] = ()
    note: str = ""
    strokes: tuple[Stroke, ...] = ()

    @property
    def ink_scale(self) -> float:
        """Pixels of `ink` for one of `image`; 1, but for a large picture."""
        return self.ink.shape[1] / self.image.shape[1]

    def table(self) -> list[list[str]]:
        """The numbers' texts in rows and columns, all rows as long, "" where nothing stands."""
        columns = max((number.column for number in self.numbers), default=0)
        rows = [
            [""] * columns for _ in range(max((number.row for number in self.numbers), default=0))
        ]
        for number in self.numbers:
            rows[number.row - 1][number.column - 1] = number.text
        return rows

    def summary(self) -> dict[str, Any]:
        """What JSON can hold of it: the text; value, confidence and box of each digit; text, row,
        column, confidence (of the least sure digit) and box of each number; where anything was left
        out, its boxes; and the note, if any.
        """
        summary: dict[str, Any] = {
            "text": self.text,
            "digits": [
                {"value": d.value, "confidence": _rounded(d.confidence), "box": d.box}
                for d in self.digits
            ],
            "numbers": [
                {
                    "text": number.text,
                    "row": number.row,
                    "column": number.column,
                    "confidence": _rounded(min(digit.confidence for digit in number.digits)),
                    "box": number.box,
                }
                for number in self.numbers
            ],
        }
        if self.left_out:
            summary["left_out"] = list(self.left_out)
        if self.note:
            summary["note"] = self.note
        return summary


def _rounded(confidence: float) -> float:
    return round(float(confidence), 4)
