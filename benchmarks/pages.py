"""How well whole pages are read: prints docs/results.md's table of difficulties.

    python benchmarks/pages.py                  # MNIST's test digits, as published
    python benchmarks/pages.py --tune --seed 1  # validation digits, for choosing anything by

Pages are composed by program from MNIST's digits, several lines of several digits each, as clean
ink and then as each difficulty would have it, by itself and mixed. What is written where is known,
so what is read can be counted:

- right: digits whose box was found and whose class was read, of all written;
- exact: lines read without a mistake, of all written;
- spurious: readings where no digit was written, for a hundred written ones.
"""

import argparse
import io
import itertools
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Reading, Recognizer  # noqa: E402
from train import data  # noqa: E402

SIZE = 900, 700  # pixels: height and width of a page
PAGES = 15  # of each difficulty
MIXED = 60  # pages of all of them together


@dataclass
class Page:
    """A page while it is composed: ink first, then what light, paper and camera do to it."""

    rng: np.random.Generator
    ink: np.ndarray = field(default_factory=lambda: np.zeros(SIZE, np.float32))  # 0 to 1
    # (class, (left, top, width, height))
    lines: list[list[tuple[int, tuple]]] = field(default_factory=list)
    paper: np.ndarray = field(default_factory=lambda: np.full((*SIZE, 3), 245.0, np.float32))
    pen: tuple[int, int, int] = (25, 25, 30)
    strength: float = 0.95  # how much of the paper's light the ink takes
    light: np.ndarray = field(default_factory=lambda: np.ones(SIZE, np.float32))
    noise: float = 0.0
    quality: int | None = None
    quarters: int = 0  # turns of the camera, clockwise
    # how it is written
    slope: float = 0.0
    columns: int = 1
    gap: tuple[float, float] = (0.25, 0.7)  # between digits, in heights
    # ink levels of MNIST's that become 0 and 1: higher is thinner
    stroke: tuple[float, float] = (0.35, 0.65)
    broken: bool = False
    kerned: bool = False  # digits meet where their ink does, however they lean, not their boxes

    def write(self, images: np.ndarray, labels: np.ndarray) -> None:
        """Lines of digits, taken at random."""
        rng, height = self.rng, float(self.rng.uniform(34, 62))
        drop = SIZE[1] * abs(np.tan(np.deg2rad(self.slope)))
        top = 50 + (drop if self.slope < 0 else 0)
        while (
            top + 1.6 * height + (drop if self.slope > 0 else 0) < SIZE[0] - 40
            and len(self.lines) < 6
        ):
            line = []
            for column in range(self.columns):
                width = (SIZE[1] - 80) / self.columns
                x, end = 40 + column * width + rng.uniform(0, 20), 40 + (column + 1) * width - 20
                for _ in range(int(rng.integers(3, 11))):
                    choice = int(rng.integers(len(images)))
                    glyph = self._glyph(images[choice], height * rng.uniform(0.9, 1.1))
                    if x + glyph.shape[1] > end:
                        break
                    y = top + x * np.tan(np.deg2rad(self.slope)) + rng.uniform(-0.06, 0.06) * height
                    y, left = int(np.clip(y, 0, SIZE[0] - glyph.shape[0])), int(x)
                    if self.kerned and line:
                        x = left = self._meet(glyph, y, left)
                    area = self.ink[y : y + glyph.shape[0], left : left + glyph.shape[1]]
                    np.maximum(area, glyph, out=area)
                    line.append((int(labels[choice]), (left, y, glyph.shape[1], glyph.shape[0])))
                    x += glyph.shape[1] + rng.uniform(*self.gap) * height
            if line:
                self.lines.append(line)
            top += height * rng.uniform(1.7, 2.4)

    def _glyph(self, image: np.ndarray, height: float) -> np.ndarray:
        """One of MNIST's digits at that height, tightly cropped, with the edges of a pen."""
        image = Image.fromarray(image)
        image = image.crop(image.getbbox())
        scale = height / 20
        size = [max(2, round(side * scale)) for side in image.size]
        low, high = self.stroke
        ink = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32) / 255
        ink = np.clip((ink - low) / (high - low), 0, 1)
        if self.broken:
            row = int(ink.shape[0] * self.rng.uniform(0.3, 0.7))
            ink[row : row + max(1, round(height / 25))] = 0
        rows, columns = np.flatnonzero(ink.max(1) > 0.5), np.flatnonzero(ink.max(0) > 0.5)
        return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else ink

    def _meet(self, glyph: np.ndarray, y: int, left: int) -> int:
        """Where a digit begins whose ink meets what is written before it, or runs into that a bit;
        `left` where nothing is in its rows."""
        before = ndimage.maximum_filter1d(self.ink[y : y + len(glyph)], 3, axis=0) > 0.5
        ink = glyph > 0.5
        both = before.any(1) & ink.any(1)
        if not both.any():
            return left
        reach = before.shape[1] - before[:, ::-1].argmax(1)
        return int((reach - ink.argmax(1))[both].max() + self.rng.integers(-3, 1))

    def photograph(self) -> np.ndarray:
        """(h, w, 3) uint8: what the camera takes."""
        share = (self.strength * self.ink)[..., None]
        picture = (self.paper * (1 - share) + np.array(self.pen, np.float32) * share) * self.light[
            ..., None
        ]
        picture += self.rng.normal(0, self.noise, picture.shape) if self.noise else 0
        picture = np.clip(picture, 0, 255).astype(np.uint8)
        if self.quality:
            file = io.BytesIO()
            Image.fromarray(picture).save(file, "JPEG", quality=self.quality)
            picture = np.asarray(Image.open(file))
        return picture


def field_of(rng: np.random.Generator, sigma: float) -> np.ndarray:
    """A smooth random field over the page, of unit variance."""
    small = rng.normal(size=(SIZE[0] // 10, SIZE[1] // 10))
    smooth = ndimage.gaussian_filter(small, sigma / 10, mode="wrap")
    return ndimage.zoom(smooth / smooth.std(), 10, order=1).astype(np.float32)


# Each difficulty changes a page before it is written (its hand) or after it (its paper, light and
# camera).
BEFORE: dict[str, Callable[[Page], None]] = {}
AFTER: dict[str, Callable[[Page], None]] = {}


def before(change: Callable[[Page], None]) -> Callable[[Page], None]:
    BEFORE[change.__name__.replace("_", " ")] = change
    return change


def after(change: Callable[[Page], None]) -> Callable[[Page], None]:
    AFTER[change.__name__.replace("_", " ")] = change
    return change


@before
def slanted_lines(page):
    page.slope = float(page.rng.uniform(4, 15) * page.rng.choice([-1, 1]))


@before
def columns(page):
    page.columns = 2


@before
def thin_pen(page):
    page.stroke = (0.7, 0.9)


@before
def thick_pen(page):
    page.stroke = (0.05, 0.25)


@before
def touching(page):
    page.gap = (-0.06, 0.05)


@before
def broken(page):
    page.broken = True


@after
def uneven_light(page):
    y, x = np.mgrid[0 : 1 : SIZE[0] * 1j, 0 : 1 : SIZE[1] * 1j]
    angle = page.rng.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * x + np.sin(angle) * y
    page.light *= 0.35 + 0.65 * (ramp - ramp.min()) / np.ptp(ramp)


@after
def shadow(page):
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    angle = page.rng.uniform(0, 2 * np.pi)
    side = np.cos(angle) * (x - SIZE[1] * page.rng.uniform(0.3, 0.7)) + np.sin(angle) * (
        y - SIZE[0] / 2
    )
    edge = 1 / (1 + np.exp(-side / page.rng.uniform(3, 30)))
    page.light *= 1 - page.rng.uniform(0.3, 0.6) * edge


@after
def coloured_paper(page):
    page.paper[:] = [(250, 235, 110), (185, 145, 100), (175, 180, 185), (250, 190, 200)][
        page.rng.integers(4)
    ]


@after
def pencil(page):
    grain = np.clip(0.6 + 0.3 * page.rng.normal(size=SIZE), 0, 1)
    page.strength = 0.55
    page.pen = (90, 90, 95)
    page.ink *= ndimage.gaussian_filter(grain, 0.7).astype(np.float32)
    page.noise = max(page.noise, 3)


@after
def coloured_pen(page):
    page.pen = [(40, 60, 170), (190, 40, 50), (30, 120, 70)][page.rng.integers(3)]


def rule(page, vertical: bool) -> None:
    spacing, offset = page.rng.uniform(28, 60), page.rng.uniform(0, 30)
    colour = np.array([150, 170, 215], np.float32)
    for start in np.arange(offset, SIZE[0], spacing):
        page.paper[round(start) : round(start) + 2] = colour
    if vertical:
        for start in np.arange(offset, SIZE[1], spacing):
            page.paper[:, round(start) : round(start) + 2] = colour


@after
def ruled(page):
    rule(page, vertical=False)


@after
def squared(page):
    rule(page, vertical=True)


@after
def grain(page):
    page.light *= (
        1 + 0.05 * ndimage.gaussian_filter(page.rng.normal(size=SIZE), 1.0).astype(np.float32) * 3.5
    )


@after
def crease(page):
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    angle = page.rng.uniform(0, np.pi)
    side = np.cos(angle) * (x - SIZE[1] / 2) + np.sin(angle) * (y - SIZE[0] / 2)
    page.light *= (
        1 + 0.12 * np.tanh(side / 4) * np.exp(-np.abs(side) / 60) - 0.15 * np.exp(-(side**2) / 8)
    )


@after
def table_edge(page):
    depth, turn = int(page.rng.integers(12, 32)), int(page.rng.integers(4))
    paper = np.rot90(page.paper, turn)  # a view
    paper[:depth] = np.array([70, 50, 35]) + 6 * page.rng.normal(size=(depth, paper.shape[1], 1))


@after
def specks(page):
    for _ in range(60):
        y, x, radius = (
            page.rng.integers(2, SIZE[0] - 3),
            page.rng.integers(2, SIZE[1] - 3),
            page.rng.integers(1, 3),
        )
        page.paper[y : y + radius, x : x + radius] *= 0.4


@after
def jpeg(page):
    page.quality = 22


@after
def noise(page):
    page.noise = 14


def turned(page):
    page.quarters = int(page.rng.integers(1, 4))


def turn(picture: np.ndarray, lines: list, quarters: int) -> tuple[np.ndarray, list]:
    """A page and its boxes, turned clockwise."""
    for _ in range(quarters):
        height = len(picture)
        picture = np.rot90(picture, -1)
        lines = [
            [(value, (height - y - h, x, h, w)) for value, (x, y, w, h) in line] for line in lines
        ]
    return np.ascontiguousarray(picture), lines


def compose(seed: list[int], split: data.Split, difficulties: list[str]) -> tuple[np.ndarray, list]:
    """A photograph (h, w, 3) uint8 of a page with those difficulties, and its lines of (class,
    box)."""
    page = Page(np.random.default_rng(seed), kerned="kerned" in difficulties)
    for name in difficulties:
        if name in BEFORE:
            BEFORE[name](page)
    page.write(*split)
    for name in difficulties:
        if name in AFTER:
            AFTER[name](page)
        if name == "turned":
            turned(page)
    return turn(page.photograph(), page.lines, page.quarters)


def count(reading: Reading, lines: list) -> dict[str, int]:
    """What was right: see the module's head. A box fits where each one's middle lies in the
    other."""
    written = [digit for line in lines for digit in line]
    free, right, found = list(reading.digits), 0, 0
    for value, box in written:
        match = next((digit for digit in free if _fit(digit.box, box)), None)
        if match is not None:
            free.remove(match)
            found += 1
            right += match.value == value
    said = reading.text.split("\n")
    exact = sum("".join(str(value) for value, _ in line) in said for line in lines)
    return {
        "digits": len(written),
        "found": found,
        "right": right,
        "lines": len(lines),
        "exact": exact,
        "spurious": len(free),
    }


def _fit(one: tuple, other: tuple) -> bool:
    def middle_in(inner, outer):
        x, y = inner[0] + inner[2] / 2, inner[1] + inner[3] / 2
        return (
            outer[0] - 2 <= x <= outer[0] + outer[2] + 2
            and outer[1] - 2 <= y <= outer[1] + outer[3] + 2
        )

    wide = min(one[2], other[2]) > 0.4 * max(one[2], other[2]) or max(one[2], other[2]) < 12
    return middle_in(one, other) and middle_in(other, one) and wide


def large(megapixels: float, seed: list[int], split: data.Split) -> tuple[bytes, list]:
    """A page of 60 digits in two columns as a JPEG file of so many megapixels, and its lines."""
    pages = (
        compose([*seed, number], split, ["columns", "uneven light"]) for number in itertools.count()
    )
    picture, lines = next(
        (picture, lines) for picture, lines in pages if sum(map(len, lines)) == 60
    )
    height, width = picture.shape[:2]
    scale = (1e6 * megapixels / (height * width)) ** 0.5
    file = io.BytesIO()
    Image.fromarray(picture).resize(
        (round(scale * width), round(scale * height)), Image.Resampling.BICUBIC
    ).save(file, "JPEG", quality=90)
    lines = [
        [(value, tuple(round(scale * side) for side in box)) for value, box in line]
        for line in lines
    ]
    return file.getvalue(), lines


def peak(read: Callable[[], Reading]) -> tuple[Reading, float]:
    """A reading, and by how many megabytes the process' memory rose above its rest for it, by
    Linux's count."""

    def kilobytes(name: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1])

    rest = kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest so far
    reading = read()
    return reading, (kilobytes("VmHWM") - rest) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tune", action="store_true", help="compose of validation digits")
    parser.add_argument("--pages", type=int, default=PAGES, help="of each difficulty")
    parser.add_argument("--checkpoint", default=ROOT / "checkpoints" / "default")
    parser.add_argument("--only", help="one difficulty")
    parser.add_argument(
        "--save", type=Path, help="a folder for the pages that were not read exactly"
    )
    options = parser.parse_args()
    mnist = data.load("mnist")
    split = mnist.validation if options.tune else data.shuffle_test(mnist.test)
    recognizer = Recognizer.load(options.checkpoint)

    print("| difficulty | pages | digits | right | lines exact | spurious of 100 | ms a page |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    names = ["clean", *BEFORE, *AFTER, "mixed", "turned", "kerned"]
    for number, name in enumerate(names):
        if options.only and name != options.only:
            continue
        total, pages = (
            dict.fromkeys(("digits", "found", "right", "lines", "exact", "spurious"), 0),
            options.pages,
        )
        taken, pages = 0.0, pages * MIXED // PAGES if name == "mixed" else pages
        for index in range(pages):
            seed = [options.seed, int(options.tune), number, index]
            chosen = [name]
            if name == "mixed":
                rng = np.random.default_rng([*seed, 1])
                hand = [n for n in BEFORE if n not in ("touching", "broken")]
                chosen = [*rng.choice(hand, 1), *rng.choice(list(AFTER), 3, replace=False)]
            picture, lines = compose(seed, split, chosen)
            start = time.perf_counter()
            reading = recognizer.read(picture)
            taken += time.perf_counter() - start
            counts = count(reading, lines)
            total = {key: total[key] + counts[key] for key in total}
            if options.save and (counts["exact"] < counts["lines"] or counts["spurious"]):
                options.save.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(
                    options.save / f"{name.replace(' ', '_')}_{index}.png"
                )
        print(
            f"| {name} | {pages} | {total['digits']:,} | {total['right'] / total['digits']:.1%} "
            f"| {total['exact'] / total['lines']:.1%} | "
            f"{100 * total['spurious'] / total['digits']:.1f} | {1000 * taken / pages:.0f} |",
            flush=True,
        )

    for megapixels in () if options.only else (12, 24):
        content, lines = large(megapixels, [options.seed, int(options.tune), len(names)], split)
        reading, megabytes = peak(lambda content=content: recognizer.read(content))
        counts, taken = count(reading, lines), []
        for _ in range(5):
            start = time.perf_counter()
            recognizer.read(content)
            taken.append(time.perf_counter() - start)
        print(
            f"\nA JPEG photograph of {megapixels} megapixels with {counts['digits']} digits: "
            f"{counts['right']} right, {1000 * np.median(taken):.0f} ms (median of 5), "
            f"{megabytes:.0f} MB above rest at most.",
        )


if __name__ == "__main__":
    main()
