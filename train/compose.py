"""Scenes as cameras and scanners take them, composed by program: what the page reader learns from.

    composer = Composer(digits, fonts)
    scene = composer.compose(np.random.default_rng([seed, number]))

A scene is a piece of a photograph at the scale at which the page reader sees it, 256 pixels a side.
It holds what people have on paper: numbers in lines, in tables and in boxes, sums, single large
digits, and what is none of it: print, letters, rulings, ticks, a desk, a hand, shadows. Where each
digit is, is known, so the network can be told.

Every stroke is drawn from a field of distances to its middle, so that one digit of MNIST can be
written with any pen at any size; MNIST's own strokes are four times as broad as a ballpoint's.

How often a scene has what, here and in the methods, is judgement, moved between runs towards what
the page network of the time read wrong; no measurement of one share alone is kept.
"""

import functools
import io
import itertools
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from skimage.morphology import skeletonize

from model.page_format import MARK, MINUS, POINT
from train import synthetic
from train.dataset import Split
from train.outliers import SIGNS, sign_shapes

SIDE = 256  # pixels of a scene
# pixels around a scene that are composed and cut off, so that writing runs over its border as over
# a tile's
MARGIN = 32
FIELD = 48  # pixels: the height of a field's digit
AROUND = 14  # pixels around a field's digit, as far as a broad pen reaches
# the class of what the loss ignores, as it is neither to be found nor to be left out: a printed
# digit in a text, half a digit
IGNORE = -1
SEEN = 0.75  # of a digit's box: with less of it in the scene, it is IGNORE
TURNED = 0.04  # of the scenes lie on their side, and nothing of them is to be found
# Thai and Devanagari letters, of fonts that have no Latin ones
SCRIPTS = ((0x0E01, 0x0E2E), (0x0905, 0x0939))
OPERATORS = ("+", "x", "=", ":", "÷", "*")
# how often a place has each; they add up to 1
LAYOUTS = {
    "lines": 0.26,
    "table": 0.27,
    "sum": 0.1,
    "print": 0.21,
    "large": 0.09,
    "scattered": 0.05,
    "nothing": 0.02,
}
MARKS = "ABCDEF"  # letters that a teacher gives
# letters that are no digit's twin
LETTERS = string.ascii_letters.translate(str.maketrans("", "", "ilIoOsSzZgqb"))


Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels
Ink = NDArray[np.floating[Any]]  # (h, w) in [0, 1]
Field = NDArray[np.float32]  # (h, w) distances to a stroke's middle
Lines = list[NDArray[np.float64]]  # polylines (n, 2) x, y


class Scene(NamedTuple):
    """A picture and what is written on it.

    Attributes:
        picture: (SIDE, SIDE) uint8 grey.
        boxes: (n, 4) float32 left, top, right, bottom in pixels.
        sizes: (n,) float32, pixels: the longer side of a digit; of a mark, the height of the digits
            beside it.
        classes: (n,) int8: the digit, or one of MINUS, POINT, MARK, IGNORE.
    """

    picture: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    sizes: NDArray[np.float32]
    classes: NDArray[np.int8]


class Place(NamedTuple):
    """A piece of a sheet, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


class Pen(NamedTuple):
    """What all that is written on a sheet has in common."""

    radius: float  # in heights of the writing
    strength: float  # of the ink, 1 black


class Thing(NamedTuple):
    """What lies on a sheet, to be told of."""

    box: Box  # in the sheet's pixels
    size: float
    kind: int  # its class


class Hand(NamedTuple):
    """How somebody writes in one place: sizes in pixels, the rest in units of the height."""

    height: float
    radius: float  # of the pen, pixels
    strength: float  # of the ink, 1 black
    gap: tuple[float, float]
    slope: float  # of the line, pixels down for each to the right
    slant: float
    uneven: float  # how much heights and places vary
    tails: float  # how often a 1, 4, 7 or 9 goes far below the line
    small: float  # height of a 0
    smaller: float  # how often one of the other digits is as small as a 0
    source: str  # "mnist", "drawn" or a font's path


class Composer:
    """Composes scenes from digits and fonts.

    Args:
        digits: images (n, 28, 28) uint8 and their labels, 0 to 9.
        fonts: files that Pillow opens (TTF, OTF, WOFF2); Pillow's own font is always among them.
    """

    def __init__(self, digits: Split, fonts: Sequence[Path] = ()):
        self.digits = digits
        self.of_label = [np.flatnonzero(digits.labels == label) for label in range(10)]
        self.fonts = [str(font) for font in fonts]
        self.scripts = {font: _find_script(font) for font in self.fonts}
        self.latin = [font for font, script in self.scripts.items() if script is None]

    def compose(self, rng: np.random.Generator) -> Scene:
        """One scene, the same for the same state of the generator."""
        sheet = Sheet(self, rng)
        sheet.fill()
        scene = sheet.photograph()
        return _turn(scene) if rng.random() < TURNED else scene


class Sheet:
    """A scene while it is composed: ink on paper first, then the light and the camera."""

    def __init__(self, composer: Composer, rng: np.random.Generator):
        self.composer, self.rng = composer, rng
        self.side = SIDE + 2 * MARGIN
        self.ink = np.zeros((self.side, self.side), np.float32)
        self.things: list[Thing] = []
        self.pen = self._choose_pen()

    # what is on the sheet

    def fill(self) -> None:
        """One to three places, each with a layout of its own; a table's lines or rulings may run
        through all."""
        rng = self.rng
        places = [Place(0.0, 0.0, float(self.side), float(self.side))]
        for _ in range(rng.choice(3, p=[0.6, 0.27, 0.13])):
            left, top, right, bottom = places.pop(0)
            cut = rng.uniform(0.3, 0.7)
            if rng.random() < 0.5:
                middle = left + cut * (right - left)
                places += [
                    Place(left, top, middle - 4, bottom),
                    Place(middle + 4, top, right, bottom),
                ]
            else:
                middle = top + cut * (bottom - top)
                places += [
                    Place(left, top, right, middle - 4),
                    Place(left, middle + 4, right, bottom),
                ]
        for place in places:
            layout = rng.choice(list(LAYOUTS), p=list(LAYOUTS.values()))
            getattr(self, f"_lay_{layout}")(place)
        if rng.random() < 0.22:
            self._draw_rulings()
        if rng.random() < 0.08:
            self._print_shapes()
        if rng.random() < 0.08:
            self._draw_stray_stroke()

    def _choose_pen(self) -> Pen:
        """The pen of a sheet: what all that is written on it has in common."""
        rng = self.rng
        return Pen(
            radius=rng.choice([0.02, 0.035, 0.05, 0.07, 0.1], p=[0.18, 0.25, 0.27, 0.2, 0.1]),
            strength=rng.uniform(0.35, 1.0) if rng.random() < 0.5 else 1.0,
        )

    def _choose_hand(self, height: float, printed: float = 0.1) -> Hand:
        rng = self.rng
        source = "mnist" if rng.random() < 0.62 else "drawn"
        if self.composer.latin and rng.random() < printed:
            source = str(rng.choice(self.composer.latin))
        odd = rng.random() < 0.27
        return Hand(
            height=height,
            radius=max(0.12, height * self.pen.radius * rng.uniform(0.8, 1.25)),
            strength=self.pen.strength * rng.uniform(0.85, 1.0),
            gap=[(0.15, 0.5), (0.4, 1.2), (0.02, 0.15), (-0.2, 0.05), (0.8, 2.5)][
                rng.choice(5, p=[0.36, 0.18, 0.18, 0.18, 0.1])
            ],
            slope=float(rng.normal(0, 0.05)),
            slant=float(rng.normal(0.05, 0.15)),
            uneven=rng.choice([0.03, 0.08, 0.18]),
            tails=0.6 if odd else 0.05,
            small=rng.uniform(0.4, 0.75) if odd or rng.random() < 0.08 else 1.0,
            smaller=0.3 if odd else 0.0,
            source=source,
        )

    def _choose_height(self, most: float) -> float:
        """A height of writing: mostly what the page reader is to find at this scale, some smaller
        and larger.

        What is small at one scale is twice as large at the next, so half of the scenes have none of
        that.
        """
        least = 9 if self.rng.random() < 0.5 else 16
        return float(min(np.exp(self.rng.uniform(np.log(least), np.log(48))), most))

    def _lay_lines(self, place: Place) -> None:
        left, top, right, bottom = place
        hand = self._choose_hand(self._choose_height((bottom - top) / 1.3))
        y = top + self.rng.uniform(2, hand.height)
        while y + hand.height < bottom:
            x = left + self.rng.uniform(2, 1.5 * hand.height)
            while x < right - hand.height:
                text = self._make_number()
                beside = self.rng.random()
                if beside < 0.04:
                    text = self._make_label()  # a word beside the numbers
                    x = (
                        self._print_text(x, y, text, hand.height, hand.strength, right)
                        + hand.height
                    )
                elif beside < 0.1:
                    x = (
                        self._write_letters(x, y, int(self.rng.integers(1, 6)), hand, right)
                        + hand.height
                    )
                else:
                    x = self._write(x, y, text, hand, right) + hand.height * self.rng.uniform(
                        0.6, 3.5
                    )
            y += hand.height * self.rng.uniform(1.25, 2.6)
            if self.rng.random() < 0.12:  # another size
                hand = self._choose_hand(self._choose_height((bottom - top) / 1.3))

    def _make_number(self) -> str:
        rng = self.rng
        digits = "".join(map(str, rng.integers(0, 10, rng.integers(1, 9))))
        if rng.random() < 0.1:
            digits = "0" * rng.integers(1, 3) + digits[1:]
        if rng.random() < 0.1 and len(digits) > 1:
            place = rng.integers(1, len(digits))
            digits = digits[:place] + rng.choice([".", ","]) + digits[place:]
        if rng.random() < 0.07:
            digits = "-" + digits
        if rng.random() < 0.05 and len(digits) > 2:
            place = rng.integers(1, len(digits))
            digits = digits[:place] + rng.choice([*OPERATORS, "-", "L"]) + digits[place:]
        return digits

    def _lay_sum(self, place: Place) -> None:
        left, top, right, bottom = place
        hand = self._choose_hand(self._choose_height((bottom - top) / 1.3))._replace(gap=(0.1, 0.6))
        y = top + self.rng.uniform(2, hand.height)
        while y + hand.height < bottom:
            x, parts = left + self.rng.uniform(2, hand.height), []
            for _ in range(self.rng.integers(2, 5)):
                parts += [
                    str(self.rng.integers(0, 10 ** self.rng.integers(1, 4))),
                    self.rng.choice(["-", *OPERATORS]),
                ]
            self._write(x, y, "".join(parts), hand, right)
            y += hand.height * self.rng.uniform(1.4, 2.5)

    def _lay_scattered(self, place: Place) -> None:
        left, top, right, bottom = place
        height = self._choose_height(min(right - left, bottom - top) / 1.5)
        for y, x in itertools.product(
            np.arange(top + 3, bottom - height, 1.8 * height),
            np.arange(left + 3, right - height, 1.8 * height),
        ):
            if self.rng.random() < 0.4:
                hand = self._choose_hand(height * self.rng.uniform(0.6, 1.0), printed=0.15)
                text = "L" if self.rng.random() < 0.1 else str(self.rng.integers(10))
                jitter = self.rng.uniform(0, 0.5 * height, 2)
                self._write(x + jitter[0], y + jitter[1], text, hand, right)

    def _lay_large(self, place: Place) -> None:
        """A digit, or a few, larger than the page reader finds at this scale: nothing of it is a
        digit of its own."""
        left, top, right, bottom = place
        height = min(self.rng.uniform(40, 260), 1.6 * (bottom - top))
        hand = self._choose_hand(height)
        x, y = left + self.rng.uniform(-0.3 * height, 8), top + self.rng.uniform(-0.3 * height, 8)
        self._write(x, y, "".join(map(str, self.rng.integers(0, 10, 4))), hand, right)

    def _lay_nothing(self, place: Place) -> None:
        pass

    def _lay_table(self, place: Place) -> None:
        """Cells with numbers, single digits, words, ticks, dashes or nothing, and most of their
        lines."""
        rng, (left, top, right, bottom) = self.rng, place
        height = self._choose_height((bottom - top) / 2)
        row = height * rng.uniform(1.15, 2.2)
        single = rng.random() < 0.4  # a digit a cell, as in a sudoku or a form's boxes
        column = row * rng.uniform(0.85, 1.3) if single else height * rng.uniform(1.6, 5)
        x0, y0, slope = (
            left + rng.uniform(-8, 10),
            top + rng.uniform(-8, 10),
            float(rng.normal(0, 0.02)),
        )
        rows, columns = int((bottom - y0) / row), int((right - x0) / column)
        thick, strength = rng.choice([0.5, 1.0, 1.6, 2.6]), rng.uniform(0.3, 1.0)
        visible_lines = rng.choice(["all", "level", "upright", "none"], p=[0.72, 0.12, 0.06, 0.1])
        dashed = rng.random() < 0.08
        hands = [
            self._choose_hand(height * 0.95, printed=0.25)._replace(gap=(0.03, 0.2), slope=slope)
        ]
        hands.append(
            self._choose_hand(height * rng.uniform(0.75, 0.95), printed=0.25)._replace(
                gap=(0.03, 0.2), slope=slope
            )
        )
        kinds = rng.dirichlet([2.5, 0.5, 0.5, 0.8])  # of what this table's cells hold
        # its first column holds names, its last marks, as a list of pupils does
        named = rng.random() < 0.5
        block = 3 if rng.random() < 0.25 else 0  # every third line is thicker, as a sudoku's
        past = rng.random() < 0.25  # what is written in the cells reaches over their lines
        size = height * rng.uniform(0.5, 1.0)
        font = self._choose_font(size)
        for j in range(rows + 1):
            if visible_lines in ("all", "level"):
                y, broad = y0 + j * row, thick * (2.5 if block and j % block == 0 else 1)
                self._draw_line(
                    x0,
                    y,
                    x0 + columns * column,
                    y + slope * columns * column,
                    broad,
                    strength,
                    dashed,
                )
        for i in range(columns + 1):
            if visible_lines in ("all", "upright"):
                x = x0 + i * column
                y, broad = y0 + slope * i * column, thick * (2.5 if block and i % block == 0 else 1)
                self._draw_line(
                    x, y, x - slope * rows * row, y + rows * row, broad, strength, dashed
                )
        for j, i in itertools.product(range(rows), range(columns)):
            hand = hands[int(rng.random() < 0.3)]
            x, y = x0 + i * column - slope * j * row, y0 + j * row + slope * i * column
            free = max(row - hand.height, 0.06 * row)
            y += free * (rng.uniform(-0.2, 1.2) if past else rng.uniform(0.15, 0.85))
            x_end, x = (
                x + column - 2,
                x + rng.uniform(0.08, 0.35) * (column - (0.7 * hand.height if single else 0)),
            )
            kind = rng.choice(["number", "word", "sign", "empty"], p=kinds)
            if named and i == 0:
                self._print_text(
                    x, y + (hand.height - size) / 2, self._make_label(), size, strength, x_end, font
                )
            elif named and (i == columns - 1 or j == 0):
                self._write_letters(x, y, int(rng.choice([1, 1, 2])), hand, x_end)
            elif kind == "number":
                most = 1 if single else max(1, int(column / (0.8 * hand.height)))
                digits = "".join(map(str, rng.integers(0, 10, rng.integers(1, min(most, 4) + 1))))
                self._write(x, y, digits, hand, x_end)
            elif kind == "word":
                small = min(hand.height, rng.uniform(6, 16))
                self._print_text(
                    x, y + (hand.height - small) / 2, self._make_word(), small, strength, x_end
                )
            elif kind == "sign":
                self._write(x, y, rng.choice(["_", "V", "L", "X"]), hand, x_end)

    def _lay_print(self, place: Place) -> None:
        """A text. The figures in it are no digits to be read: they are of the text."""
        left, top, right, bottom = place
        rng = self.rng
        size, strength = float(np.exp(rng.uniform(np.log(5), np.log(44)))), rng.uniform(0.4, 1.0)
        font, spacing = self._choose_font(size), rng.uniform(1.2, 2.2)
        before = self.ink.copy() if rng.random() < 0.15 else None
        y = top + rng.uniform(0, size)
        while y + size < bottom:
            x, end = left + rng.uniform(0, 2 * size), right - rng.uniform(0, 0.5) * (right - left)
            while x < end:
                text = self._make_word() if rng.random() < 0.85 else self._make_label()
                x = (
                    self._print_text(x, y, text, size, strength, right, font, ignore=False)
                    + 0.35 * size
                )
            y += size * spacing
        if before is not None:  # white on black
            rows, columns = (
                slice(int(max(0, top)), int(bottom)),
                slice(int(max(0, left)), int(right)),
            )
            self.ink[rows, columns] = np.clip(
                strength - self.ink[rows, columns] + before[rows, columns], 0, 1
            )

    def _print_shapes(self) -> None:
        """Dots, blocks, empty boxes and arrows, as they are printed on forms."""
        rng, size = self.rng, float(np.exp(self.rng.uniform(np.log(6), np.log(40))))
        kind, corner = rng.integers(4), rng.uniform(0, self.side - 4 * size, 2)
        across, down = rng.integers(1, 6, 2)
        tile = Image.new("L", (int(size) + 3, int(size) + 3))
        draw = ImageDraw.Draw(tile)
        if kind == 0:
            draw.ellipse((1, 1, size, size), fill=255)
        elif kind == 1:
            draw.rounded_rectangle(
                (1, 1, size, size * rng.uniform(0.4, 1)), size * rng.uniform(0, 0.4), fill=255
            )
        elif kind == 2:
            draw.rectangle((1, 1, size, size), outline=255, width=max(1, int(size / 10)))
        else:
            draw.polygon([(1, 1), (size, size / 2), (1, size)], fill=255)
        ink = np.asarray(tile, np.float32) / 255 * rng.uniform(0.4, 1)
        for j, i in itertools.product(range(down), range(across)):
            self._paste(ink, corner[0] + 1.4 * i * size, corner[1] + 1.4 * j * size)

    def _write_letters(self, x: float, y: float, count: int, hand: Hand, right: float) -> float:
        """Letters with the pen that writes the numbers; nothing of them is to be found. Returns
        where they end."""
        for _ in range(count):
            ink = self._draw_sign("L", MARK, hand.height * self.rng.uniform(0.75, 1.05), hand)
            if x + ink.shape[1] > right:
                break
            self._paste(ink, x, y)
            x += ink.shape[1] + 0.15 * hand.height
        return x

    def _make_label(self) -> str:
        """What is printed before a row: a word, with a figure before or behind it or without."""
        word, number = self._make_word(), str(self.rng.integers(1, 100))
        return [
            word,
            number + word[:3].lower(),
            f"{number} {word}",
            f"{word} {number}",
            number + ".",
        ][self.rng.choice(5, p=[0.4, 0.15, 0.2, 0.15, 0.1])]

    def _make_word(self) -> str:
        rng = self.rng
        if rng.random() < 0.08:
            return "".join(rng.choice(list(string.digits), rng.integers(1, 6)))
        letters = string.ascii_uppercase if rng.random() < 0.25 else string.ascii_lowercase
        word = "".join(rng.choice(list(letters), rng.integers(1, 11)))
        return word.capitalize() + str(rng.choice(["", "", "", ":", ".", ",", "?"]))

    # how it is drawn

    def _choose_font(self, size: float) -> ImageFont.FreeTypeFont:
        fonts = self.composer.fonts
        if not fonts or self.rng.random() < 0.05:
            return _open_font(None, round(size))
        return _open_font(str(self.rng.choice(fonts)), round(size))

    def _print_text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        strength: float,
        right: float,
        font: ImageFont.FreeTypeFont | None = None,
        ignore: bool = True,
    ) -> float:
        """Printed text from (x, y); returns where it ends. A figure by itself is IGNORE, or
        without `ignore` nothing that is to be found."""
        font = font or self._choose_font(size)
        if script := self.composer.scripts.get(getattr(font, "path", "")):
            text = "".join(chr(self.rng.integers(script[0], script[1] + 1)) for _ in text)
        text = text[: max(1, int((right - x) / (0.5 * size)))]
        width = float(font.getlength(text))
        tile = Image.new("L", (int(width) + 8, int(1.6 * size) + 8))
        ImageDraw.Draw(tile).text((4, 2), text, 255, font)
        self._paste(np.asarray(tile, np.float32) / 255 * strength, x - 4, y - 2)
        if ignore and text.isdigit() and (box := tile.getbbox()):
            left, top = int(x - 4), int(y - 2)
            self.things.append(
                Thing((left + box[0], top + box[1], left + box[2], top + box[3]), size, IGNORE)
            )
        return x + width

    def _write(self, x: float, y: float, text: str, hand: Hand, right: float) -> float:
        """A number or a sum by hand from (x, y), its top left; returns where it ends.

        In a text, "L" is a letter or a small drawing, "_" a dash that is no minus, "V" a tick and
        "X" a cross.
        """
        rng, start = self.rng, x
        for sign in text:
            height = hand.height * float(np.exp(hand.uneven * rng.normal()))
            drop = hand.uneven * hand.height * rng.normal()
            if sign == "0" or (sign in "23568" and rng.random() < hand.smaller):
                height, drop = (
                    height * hand.small,
                    drop + (1 - hand.small) * rng.uniform(0, 1) * hand.height,
                )
            kind = (
                int(sign)
                if sign.isdigit()
                else {"-": MINUS, ".": POINT, ",": POINT}.get(sign, MARK)
            )
            if kind == POINT:
                height = max(1.5, hand.height * rng.uniform(0.06, 0.14)) * (
                    1 if sign == "." else 2.2
                )
                drop = hand.height * (0.95 if sign == "." else 0.85) - (
                    height if sign == "." else 0
                )
            elif sign in "+x*:÷=":
                height *= rng.uniform(0.45, 0.8)
                drop += (hand.height - height) / 2
            elif sign in "-_":
                height = hand.height * rng.uniform(0.35, 0.8)  # its length
                drop = hand.height * rng.uniform(0.4, 0.6)
            ink = self._draw_sign(sign, kind, height, hand)
            if x + ink.shape[1] > right + 0.2 * hand.height:
                break
            box = self._paste(ink, x, y + drop + hand.slope * (x - start))
            size = (
                hand.height
                if kind in (POINT, MINUS, MARK)
                else max(box[2] - box[0], box[3] - box[1])
            )
            # a sign by itself is no part of a number
            if sign not in "_VX" and (kind != MARK or len(text) > 1):
                self.things.append(Thing(box, size, kind))
            gap = rng.uniform(*hand.gap) if kind != POINT else rng.uniform(0.0, 0.25)
            x += ink.shape[1] + gap * hand.height
        return x

    def _draw_sign(self, sign: str, kind: int, height: float, hand: Hand) -> Ink:
        """The ink of a sign, (h, w) float32 of at most the hand's strength, tight around it."""
        rng = self.rng
        if hand.source not in ("mnist", "drawn") and (sign.isdigit() or sign in "+="):
            ink = self._draw_letter(sign, 1.35 * height, hand.source)
        elif sign == "L" and self.composer.latin and rng.random() < 0.8:
            among = LETTERS if rng.random() < 0.6 else MARKS
            letter, font = str(rng.choice(list(among))), str(rng.choice(self.composer.latin))
            if rng.random() < 0.4:
                ink = self._draw_letter(letter, 1.2 * height, font)
            else:  # with the pen that writes the digits
                mask = np.pad(_crop(self._draw_letter(letter, 1.4 * FIELD, font)) > 0.4, AROUND)
                ink = _ink(
                    _measure_distance(skeletonize(mask)),
                    height,
                    hand.radius,
                )
        else:
            if sign.isdigit():
                field = self._draw_digit_field(int(sign), hand)
            else:
                field = _measure_lines(self._draw_sign_lines(sign), 0.5)
            radius = hand.radius if kind != POINT else max(hand.radius, 0.4 * min(height, 4))
            ink = _ink(field, height, radius)
        ink = _crop(ink)
        return ink * hand.strength

    def _draw_letter(self, letter: str, size: float, font: str) -> Ink:
        tile = Image.new("L", (int(2 * size) + 4, int(2 * size) + 4))
        ImageDraw.Draw(tile).text(
            (size / 3, size / 4), letter, 255, _open_font(font, max(4, round(size)))
        )
        return np.asarray(tile, np.float32) / 255

    def _draw_digit_field(self, label: int, hand: Hand) -> Field:
        rng = self.rng
        tail = rng.uniform(1.3, 2.5) if label in (1, 4, 7, 9) and rng.random() < hand.tails else 1.0
        if hand.source == "drawn":
            places, down = synthetic.pen_positions(synthetic.digit_shapes(), label, rng)
            y, x = places[:, 0], places[:, 1] - hand.slant * places[:, 0]
            y = np.where(y > 0, tail * y, y)
            points = np.stack([x, y], 1)
            return _measure_lines(
                [points[i : i + 2] for i in np.flatnonzero(down)],
                rng.uniform(0.7, 1.0),
                FIELD * tail,
            )
        image = self.composer.digits.images[rng.choice(self.composer.of_label[label])]
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        image = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        aspect = float(np.clip(np.exp(rng.normal(0, 0.15)), 0.7, 1.4))
        width, tall = (
            max(6, round(FIELD * aspect * image.shape[1] / image.shape[0])),
            round(FIELD * tail),
        )
        large = np.asarray(
            Image.fromarray(image).resize((min(width, 2 * FIELD), FIELD), Image.Resampling.BICUBIC)
        )
        shift = np.tan(hand.slant - 0.05) * FIELD / 2
        pad = int(abs(shift)) + 2
        large = np.pad(large, ((2, 2), (pad, pad)))
        # A row of the field from each of the picture's: the lower half stretched, and all of it
        # slanted.
        places = np.concatenate(
            [
                np.linspace(0, FIELD / 2, FIELD // 2),
                np.linspace(FIELD / 2, FIELD + 3, tall - FIELD // 2),
            ]
        )
        y = np.repeat(places[:, None], large.shape[1], 1)
        x = np.arange(large.shape[1])[None] + shift * (y / FIELD * 2 - 1)
        large = ndimage.map_coordinates(large.astype(np.float32), [y, x], order=1)
        mask = large > 110
        if not mask.any():
            mask[tall // 2, large.shape[1] // 2] = True
        mask = np.pad(mask, AROUND)
        if rng.random() < 0.7:
            return _measure_distance(skeletonize(mask))
        # MNIST's own strokes, a little thinner or thicker
        outside = ndimage.distance_transform_edt(~mask) - ndimage.distance_transform_edt(mask)
        thinner: Field = (outside + rng.uniform(0, 2.3)).astype(np.float32)
        return thinner

    def _draw_sign_lines(self, sign: str) -> Lines:
        """Polylines (n, 2) x, y of a sign, y downwards."""
        rng = self.rng
        signs: dict[str, list[list[tuple[float, float]]]] = {
            "-": [[(0, 0), (1, 0)]],
            "_": [[(0, 0), (1, 0)]],
            ".": [[(0, 0), (0.01, 0.01)]],
            ",": [[(0.3, 0), (0.25, 0.5), (0, 1)]],
            "+": [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]],
            "x": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
            "X": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
            "*": [[(0, 0.2), (1, 0.8)], [(1, 0.2), (0, 0.8)], [(0.5, 0), (0.5, 1)]],
            "=": [[(0, 0), (1, 0)], [(0, 0.45), (1, 0.45)]],
            ":": [[(0, 0), (0.03, 0.03)], [(0, 0.9), (0.03, 0.93)]],
            "÷": [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.52, 0.02)], [(0.5, 0.98), (0.52, 1)]],
            "V": [[(0, 0.5), (0.35, 1), (1.2, 0)]],
        }
        lines = signs.get(sign)
        if lines is None:
            places, down = synthetic.pen_positions(
                sign_shapes(), int(rng.integers(len(SIGNS))), rng
            )
            return [places[i : i + 2, ::-1].astype(float) for i in np.flatnonzero(down)]
        noise = 0.06 * max(
            np.ptp(np.concatenate([np.array(line, float) for line in lines]), axis=0).max(), 0.02
        )
        return [np.array(line, float) + noise * rng.normal(size=(len(line), 2)) for line in lines]

    def _draw_line(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        thick: float,
        strength: float,
        dashed: bool = False,
    ) -> None:
        """A straight line, as a ruler or a printer draws it."""
        length = float(np.hypot(x1 - x0, y1 - y0))
        steep = abs(y1 - y0) > abs(x1 - x0)
        ink = self.ink.T if steep else self.ink
        if steep:
            x0, y0, x1, y1 = y0, x0, y1, x1
        if x1 < x0:
            x0, y0, x1, y1 = x1, y1, x0, y0
        along = np.arange(max(0, int(x0)), min(self.side, int(x1) + 1))
        if not len(along) or length < 1:
            return
        if dashed:
            along = along[(along // 4) % 2 == 0]
        centre = y0 + (y1 - y0) * (along - x0) / max(x1 - x0, 1)
        for offset in range(-int(thick) - 1, int(thick) + 2):
            row = np.round(centre).astype(int) + offset
            inside = (row >= 0) & (row < self.side)
            cover = np.clip(thick / 2 + 0.5 - np.abs(row - centre), 0, min(1, thick)) * strength
            ink[row[inside], along[inside]] = np.maximum(
                ink[row[inside], along[inside]], cover[inside]
            )

    def _draw_rulings(self) -> None:
        """Ruled or squared paper, sloping a little, paler than the pen or as dark."""
        rng = self.rng
        spacing, slope = rng.uniform(9, 60), float(rng.normal(0, 0.03))
        thick, strength = rng.choice([0.4, 0.8, 1.4, 2.0]), rng.uniform(0.12, 0.8)
        for y in np.arange(rng.uniform(-20, spacing), self.side + 20, spacing):
            self._draw_line(0, y, self.side, y + slope * self.side, thick, strength)
        if rng.random() < 0.35:
            for x in np.arange(rng.uniform(-20, spacing), self.side + 20, spacing):
                self._draw_line(x, 0, x - slope * self.side, self.side, thick, strength)
        if rng.random() < 0.2:
            x = rng.uniform(0, self.side)
            self._draw_line(x, 0, x - slope * self.side, self.side, 1.0, 0.6)

    def _draw_stray_stroke(self) -> None:
        """A long stroke: an underline, an arrow, a signature."""
        start = self.rng.uniform(0, self.side, 2)
        way = np.cumsum(self.rng.normal(0, 12, (self.rng.integers(2, 14), 2)), 0) + start
        for (x0, y0), (x1, y1) in itertools.pairwise(way):
            self._draw_line(x0, y0, x1, y1, 1.4, 0.8)

    def _paste(self, ink: Ink, x: float, y: float) -> Box:
        """Lays ink on the sheet; returns its box."""
        left, top = round(x), round(y)
        height, width = ink.shape
        ys, xs = (
            slice(max(0, top), min(self.side, top + height)),
            slice(max(0, left), min(self.side, left + width)),
        )
        if ys.stop > ys.start and xs.stop > xs.start:
            area = self.ink[ys, xs]
            np.maximum(
                area,
                ink[ys.start - top : ys.stop - top, xs.start - left : xs.stop - left],
                out=area,
            )
        return float(left), float(top), float(left + width), float(top + height)

    # how it is photographed

    def photograph(self) -> Scene:
        """Paper, light, what lies around, the camera; then the scene without its margin."""
        rng, side = self.rng, self.side
        y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
        light = np.full((side, side), rng.uniform(0.6, 1.0), np.float32)
        if rng.random() < 0.5:
            angle = rng.uniform(0, 2 * np.pi)
            ramp = np.cos(angle) * x + np.sin(angle) * y
            light *= 1 - rng.uniform(0.1, 0.7) * (ramp - ramp.min()) / np.ptp(ramp)
        if rng.random() < 0.2:
            light *= self._cast_shadow(x, y)
        paper = np.full((side, side), rng.uniform(0.75, 1.0), np.float32)
        if rng.random() < 0.3:
            grain = ndimage.gaussian_filter(
                rng.standard_normal((side, side), np.float32), rng.uniform(0.6, 3)
            )
            paper += rng.uniform(0.01, 0.05) * grain / grain.std()
        if rng.random() < 0.1:  # what shows through from the other side, or was rubbed out
            paper -= 0.1 * np.roll(
                ndimage.gaussian_filter(self.ink, 1.5)[:, ::-1], rng.integers(side), 1
            )
        dark = rng.uniform(0.0, 0.35)  # how light the ink is
        picture = paper * (1 - self.ink) + np.minimum(dark, paper) * self.ink
        covered = np.zeros((side, side), bool)
        if rng.random() < 0.2:
            covered = self._lay_desk(picture, x, y)
        picture *= light
        inverted = rng.random() < 0.17
        if inverted:
            picture = rng.uniform(0.0, 0.3) + rng.uniform(0.6, 1.0) * (light.max() - picture)
        sigma = rng.choice([0.0, 0.5, 0.8, 1.2], p=[0.4, 0.3, 0.2, 0.1])
        if sigma:
            picture = ndimage.gaussian_filter(picture, sigma)
        if rng.random() < 0.6:
            noise = rng.standard_normal((side, side), np.float32) * (0.2 + 0.8 * light.mean())
            if rng.random() < 0.3:
                noise = ndimage.gaussian_filter(noise, 0.7) * 2
            picture += noise * rng.choice([0.01, 0.025, 0.06])
        if not inverted and rng.random() < 0.08:  # scanned black on white
            level = 1 - rng.uniform(0.35, 0.6) * self.pen.strength * (1 - dark)
            scanned = np.where(picture > level * light * paper, 1.0, 0.0)
            # else the strokes were too fine for it
            if (scanned == 0).mean() > 0.5 * (self.ink > 0.3).mean():
                picture = scanned
        cut = np.s_[MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE]
        grey: NDArray[np.uint8] = np.clip(255 * picture[cut], 0, 255).astype(np.uint8)
        if rng.random() < 0.3:
            file = io.BytesIO()
            Image.fromarray(grey).save(file, "JPEG", quality=int(rng.integers(15, 80)))
            grey = np.asarray(Image.open(file))
        return Scene(grey, *self._tell_things(covered))

    def _cast_shadow(self, x: Ink, y: Ink) -> Ink:
        """How much light is left under a hand's or a phone's shadow."""
        rng, angle = self.rng, self.rng.uniform(0, 2 * np.pi)
        distance = np.cos(angle) * (x - rng.uniform(0.2, 0.8)) + np.sin(angle) * (
            y - rng.uniform(0.2, 0.8)
        )
        soft = rng.uniform(0.003, 0.06)
        left: Ink = 1 - rng.uniform(0.2, 0.6) / (1 + np.exp(-np.clip(distance / soft, -30, 30)))
        return left

    def _lay_desk(self, picture: Ink, x: Ink, y: Ink) -> NDArray[np.bool_]:
        """Beyond the sheet's edge there is wood or cloth, or a finger lies on it; returns where."""
        rng, side = self.rng, self.side
        if rng.random() < 0.35:  # a finger, a pen or a clip
            centre, radius = rng.uniform(0, 1, 2), rng.uniform(0.06, 0.3)
            stretched = ((x - centre[0]) * rng.uniform(0.4, 1)) ** 2 + (
                (y - centre[1]) * rng.uniform(0.4, 1)
            ) ** 2
            where: NDArray[np.bool_] = stretched < radius**2
        else:
            angle, at = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.5)
            where = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5) > at
        level, grain = rng.uniform(0.05, 0.8), rng.standard_normal((side, side), np.float32)
        grain = ndimage.gaussian_filter(grain, (rng.uniform(0.5, 12), rng.uniform(0.5, 3)))
        grain /= grain.std()
        if rng.random() < 0.35:
            grain = np.maximum(grain, 1.0) * rng.choice([-1, 1])  # veins
        texture = level + rng.uniform(0.01, 0.2) * grain
        if rng.random() < 0.5:
            texture = texture.T
        picture[where] = np.clip(texture, 0, 1)[where]
        return where

    def _tell_things(
        self, covered: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int8]]:
        """Boxes, sizes and classes in the scene; what is cut off or covered is IGNORE, or left
        out."""
        boxes, sizes, classes = [], [], []
        for (left, top, right, bottom), size, kind in self.things:
            inside = max(0, min(right, MARGIN + SIDE) - max(left, MARGIN)) * max(
                0, min(bottom, MARGIN + SIDE) - max(top, MARGIN)
            )
            share = inside / max(1, (right - left) * (bottom - top))
            if share <= 0:
                continue
            under = covered[int(max(0, top)) : int(bottom) + 1, int(max(0, left)) : int(right) + 1]
            hidden = under.mean() if under.size else 0
            if hidden > 0.8:
                continue
            boxes.append((left - MARGIN, top - MARGIN, right - MARGIN, bottom - MARGIN))
            sizes.append(size)
            classes.append(kind if share >= SEEN and hidden < 0.1 else IGNORE)
        return (
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array(sizes, np.float32),
            np.array(classes, np.int8),
        )


def _turn(scene: Scene) -> Scene:
    """A scene turned by a quarter. What looks like a digit then, too, is IGNORE; the rest is
    none."""
    stays = np.isin(scene.classes, (IGNORE, 0, 1, 8, MINUS, POINT))
    left, top, right, bottom = scene.boxes[stays].T
    boxes = np.stack([top, SIDE - right, bottom, SIDE - left], 1)
    return Scene(
        np.rot90(scene.picture).copy(),
        boxes,
        scene.sizes[stays],
        np.full(stays.sum(), IGNORE, np.int8),
    )


@functools.lru_cache(1024)
def _open_font(path: str | None, size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
    assert isinstance(
        font, ImageFont.FreeTypeFont
    )  # the default one, too, where Pillow has FreeType
    return font


def _find_script(path: str) -> tuple[int, int] | None:
    """The letters of a font that has no Latin ones, as a range of code points; None for one that
    has."""
    font = ImageFont.truetype(path, 20)
    missing = bytes(font.getmask("\uffff"))

    def has(letter: int) -> bool:
        return bytes(font.getmask(chr(letter))) != missing

    return None if has(ord("A")) else next((script for script in SCRIPTS if has(script[0])), None)


def _measure_distance(mask: NDArray[np.bool_]) -> Field:
    """Of each place, its distance to where the mask is."""
    distance: Field = ndimage.distance_transform_edt(~mask).astype(np.float32)
    return distance


def _measure_lines(lines: Lines, aspect: float, height: float = FIELD) -> Field:
    """Polylines (n, 2) x, y → (h, w) float32 distances to them in a field, `height` high or as
    wide."""
    points = np.concatenate(lines)
    low, span = points.min(0), np.ptp(points, axis=0)
    scale = height / max(span[1], span[0] if aspect == 0.5 else 0.5 * span[0], 1e-3)
    scale = np.array([scale * (aspect if aspect != 0.5 else 1), scale])
    size = np.ceil(span * scale).astype(int) + 1
    image = Image.new("1", (int(size[0]) + 2 * AROUND, int(size[1]) + 2 * AROUND))
    draw = ImageDraw.Draw(image)
    for line in lines:
        draw.line([tuple(p) for p in (line - low) * scale + AROUND], fill=1)
    mask = np.asarray(image)
    if not mask.any():
        mask = np.ones((1, 1), bool)
    return _measure_distance(mask)


def _ink(field: Field, height: float, radius: float) -> Ink:
    """A field → the ink of a pen of that radius, in pixels, where what was FIELD pixels long is
    `height` pixels."""
    scale = height / FIELD
    # The pen is within the height, so that a broad one does not make the digit larger.
    scale = max(scale * (height - radius) / height, 0.02)
    size = max(2, round(field.shape[1] * scale)), max(2, round(field.shape[0] * scale))
    distance = np.asarray(Image.fromarray(field).resize(size, Image.Resampling.BILINEAR)) * scale
    if radius >= 0.5:
        return np.clip(radius + 0.5 - distance, 0, 1)
    faint: Ink = 2 * radius * np.clip(1.2 - distance, 0, 1)
    return faint


def _crop(ink: Ink) -> Ink:
    """Ink without the rows and columns around it that hold nearly none."""
    mask = ink > 0.35 * max(ink.max(), 1e-3)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else ink[:1, :1]
