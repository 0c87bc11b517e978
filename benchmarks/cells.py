"""How digits are read that somebody cut out of a table's cells, with some of the lines: prints
docs/results.md's table.

    python benchmarks/cells.py                 # MNIST's test digits
    python benchmarks/cells.py --validation    # those to choose by

A row of cells is drawn, with its neighbours; digits are written into it, each at its own size and
off the middle; it is turned, and cut out along its lines, a little within or beyond them. Then it
is made smaller, shaded, and grain comes upon it.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer  # noqa: E402
from train import data  # noqa: E402
from train.dataset import Split  # noqa: E402
from train.metrics import wilson_interval  # noqa: E402

FINER = 3  # times as many pixels a side to draw with
AROUND = 60  # pixels around the row


class Cells(NamedTuple):
    """A row of cells that was cut out.

    Attributes:
        count: cells.
        height: of one, in pixels.
        line: how thick the lines are, in pixels.
        colour: of the lines.
        turn: degrees.
        off: of the height, how far within its lines the row is cut at least and at most; beyond
            them, where negative.
        blur: in pixels.
        shade: how much of the light is missing at the darkest place.
    """

    count: int = 1
    height: int = 64
    line: float = 1.5
    colour: tuple[int, int, int] = (30, 30, 30)
    turn: float = 0.0
    off: tuple[float, float] = (-0.03, 0.03)
    blur: float = 0.0
    shade: float = 0.1


GREY = (150, 150, 150)
KINDS = {
    "one cell, 64 pixels high": Cells(),
    "40 pixels": Cells(height=40),
    "120 pixels": Cells(height=120, line=2),
    "300 pixels": Cells(height=300, line=4),
    "turned by 1.5°": Cells(turn=1.5),
    "turned by 3°": Cells(turn=3),
    "grey lines": Cells(colour=GREY),
    "red lines": Cells(colour=(230, 120, 120)),
    "lines of 4 pixels": Cells(line=4),
    "blurred": Cells(blur=1),
    "in a shadow": Cells(shade=0.4),
    "cut beyond the lines": Cells(off=(-0.1, 0)),
    "three cells": Cells(3),
    "three cells, grey lines": Cells(3, colour=GREY),
    "three cells, cut beyond the lines": Cells(3, off=(-0.1, 0)),
    "five cells": Cells(5),
    "five cells, 120 pixels high": Cells(5, height=120, line=2),
    "five cells, turned by 1°": Cells(5, turn=1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--count", type=int, default=200, help="of each kind (200)")
    options = parser.parse_args()
    dataset, recognizer = data.load("mnist"), Recognizer.load()
    digits = dataset.validation if options.validation else dataset.test
    print("| kind | n | read right | read otherwise | nothing read |")
    print("| --- | --- | --- | --- | --- |")
    for kind, cells in KINDS.items():
        generator, found = np.random.default_rng(0), Counter()
        for _ in range(options.count):
            chosen = generator.integers(0, len(digits.labels), cells.count)
            reading = recognizer.read(cut_out(cells, digits, chosen, generator))
            read = [digit.value for digit in reading.digits]
            known = any(value is not None for value in read)
            right = read == digits.labels[chosen].tolist()
            found["right" if right else "otherwise" if known else "nothing"] += 1
        low, high = wilson_interval(found["right"], options.count)
        shares = [f"{found[what] / options.count:.1%}" for what in ("otherwise", "nothing")]
        print(
            f"| {kind} | {options.count} | {found['right'] / options.count:.1%} ({low:.1%} to "
            f"{high:.1%}) | {' | '.join(shares)} |",
            flush=True,
        )


def cut_out(
    cells: Cells, digits: Split, chosen: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """(n,) numbers of digits → (h, w, 3) uint8, a picture of them in a row of cells."""
    high = FINER * cells.height
    wide = int(high * generator.uniform(0.85, 1.2))
    edge, right = FINER * AROUND, FINER * AROUND + wide * cells.count
    sheet = Image.new("RGB", (right + edge, high + 2 * edge), "white")
    draw = ImageDraw.Draw(sheet)
    thick = round(FINER * cells.line)
    for number in range(-1, cells.count + 2):
        x = edge + number * wide
        draw.line((x, edge - high, x, edge + 2 * high), cells.colour, thick)
    for number in range(-1, 3):
        y = edge + number * high
        draw.line((0, y, sheet.width, y), cells.colour, thick)
    ink = tuple(generator.uniform(0, 90, 3).astype(int).tolist())
    for number, digit in enumerate(chosen):
        side = int(high * generator.uniform(0.6, 0.9))
        mask = Image.fromarray(digits.images[digit]).resize((side, side), Image.Resampling.BICUBIC)
        off = wide * generator.uniform(-0.08, 0.08)
        place = int(edge + (number + 0.5) * wide - side / 2 + off), edge + (high - side) // 2
        sheet.paste(Image.new("RGB", mask.size, ink), place, mask)
    middle = (edge + right) / 2, edge + high / 2
    sheet = sheet.rotate(cells.turn, Image.Resampling.BICUBIC, center=middle, fillcolor="white")
    left, top, *ends = (high * generator.uniform(*cells.off) for _ in range(4))
    box = edge + left, edge + top, right - ends[0], edge + high - ends[1]
    cut = sheet.crop(tuple(map(int, box))).reduce(FINER)
    if cells.blur:
        cut = cut.filter(ImageFilter.GaussianBlur(cells.blur))
    picture = np.asarray(cut, np.float32)
    y, x = np.mgrid[0 : 1 : picture.shape[0] * 1j, 0 : 1 : picture.shape[1] * 1j]
    across, down = generator.uniform(0, cells.shade, 2)
    light = generator.uniform(0.75, 1) * (1 - across * x - down * y)
    picture = picture * light[..., None] + generator.normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
