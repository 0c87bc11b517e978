"""What a picture may cost, whatever is on it: prints a table of the worst that we know of.

    python benchmarks/worst_case.py                  # drawn by program
    python benchmarks/worst_case.py FOLDER         # and these, also with four times the pixels
    python benchmarks/worst_case.py --only noise   # only those with that in their name

Each picture is read once as it is, about 2 megapixels, and once with four times as much of it on
four times as many pixels. What counts is CPU seconds, of all threads and every turn of the page,
and the memory above rest at most. Where too much is on a picture to be writing, the reader says so,
and reads nothing: the table has that as "too much".
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from model import Recognizer  # noqa: E402
from model.file_types import EXTENSIONS  # noqa: E402
from model.image import load_image  # noqa: E402

SIDE = 1400  # pixels: 2 megapixels, as a photograph is reduced to about
TOO_MUCH = "too much on this picture"  # in a reading's note
LIMIT = 2.0  # CPU seconds for a picture of at most so many pixels

# A drawing of any size: (side in pixels, how many times as much of it as at the first size) → (h,
# w) uint8.
PICTURES: dict[str, tuple[int, Callable[[int, int], np.ndarray]]] = {}


def picture(name: str, side: int = SIDE) -> Callable:
    def kept(draw: Callable[[int, int], np.ndarray]) -> Callable[[int, int], np.ndarray]:
        PICTURES[name] = side, draw
        return draw

    return kept


def drawn(side: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("L", (side, side), 255)
    return page, ImageDraw.Draw(page)


@picture("grey noise, 280 × 280", 280)
@picture("grey noise, 640 × 640", 640)
@picture("grey noise")
def grey_noise(side, _):
    return np.random.default_rng(0).integers(0, 256, (side, side), np.uint8)


def binary_noise(share: float) -> Callable[[int, int], np.ndarray]:
    """Black pixels, a share of all."""
    return lambda side, _: np.where(
        np.random.default_rng(0).random((side, side)) < share, 0, 255
    ).astype(np.uint8)


for part in (0.05, 0.2, 0.5):
    for size in (280, 640, SIDE):
        picture(f"binary noise, {part:.0%} black, {size} × {size}", size)(binary_noise(part))


def blobs(sigma: float) -> Callable[[int, int], np.ndarray]:
    """Noise as coarse as writing."""

    def draw(side, _):
        noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(side, side)), sigma)
        return np.where(noise > noise.std(), 0, 255).astype(np.uint8)

    return draw


for coarse in (2, 5, 10):
    picture(f"blobs, {coarse} px")(blobs(coarse))


def checkerboard(cell: int) -> Callable[[int, int], np.ndarray]:
    return lambda side, _: (
        (255 * (np.indices((side, side)) // cell).sum(0) % 510).clip(0, 255).astype(np.uint8)
    )


for cell in (1, 4, 16, 64):
    picture(f"checkerboard, {cell} px")(checkerboard(cell))


def dots(cell: int) -> Callable[[int, int], np.ndarray]:
    """Squares that don't touch."""
    return lambda side, _: np.where(
        (np.indices((side, side)) % (2 * cell) < cell).all(0), 0, 255
    ).astype(np.uint8)


for cell in (3, 10, 30):
    picture(f"squares, {cell} px")(dots(cell))


@picture("100,000 specks")
def specks(side, times, count=100_000, ring=False):
    page, pen = drawn(side)
    if ring:
        pen.ellipse(
            (0.3 * side, 0.3 * side, 0.7 * side, 0.7 * side), outline=0, width=max(2, side // 100)
        )
    for x, y in np.random.default_rng(0).integers(0, side - 2, (count * times, 2)).tolist():
        pen.rectangle((x, y, x + 1, y + 1), fill=0)
    return np.asarray(page)


@picture("7,278 specks around a ring")
def specks_around_a_ring(side, times):
    return specks(side, times, 7278, ring=True)


STROKES = {
    "1": [[(20, 0), (20, 60)]],
    "2": [[(2, 14), (8, 3), (22, 0), (34, 6), (34, 20), (20, 38), (2, 60), (38, 60)]],
    "4": [[(24, 0), (0, 40), (40, 40)], [(28, 18), (28, 60)]],
    "7": [[(0, 0), (40, 0), (16, 60)]],
}


def digits_in_a_row(count: int, height: int = 24) -> np.ndarray:
    """(h, w) uint8: so many digits, 7421 again and again, 60 pixels from one to the next at a
    height of 60."""
    scale = height / 60
    page = Image.new("L", (round((60 * count + 60) * scale), 3 * height), 255)
    pen = ImageDraw.Draw(page)
    for number in range(count):
        for stroke in STROKES["7421"[number % 4]]:
            places = [((30 + 60 * number + x) * scale, height + y * scale) for x, y in stroke]
            pen.line(places, fill=0, width=max(2, round(7 * scale)), joint="curve")
    return np.asarray(page)


@picture("800 digits in a row")
def row(_, times):
    return digits_in_a_row(800 * times)


@picture("a page of digits")
def page_of_digits(side, _):
    line = digits_in_a_row(side // 48 - 2, 48)
    line = np.pad(line, ((0, 0), (0, side - line.shape[1])), constant_values=255)
    return np.resize(np.tile(line, (side // len(line) + 1, 1)), (side, side))


@picture("a ring of 2 px")
def ring(side, _):
    page, pen = drawn(side)
    pen.ellipse((0.05 * side, 0.05 * side, 0.95 * side, 0.95 * side), outline=0, width=2)
    return np.asarray(page)


def printed(size: int) -> Callable[[int, int], np.ndarray]:
    def draw(side, _):
        page, pen = drawn(side)
        font = ImageFont.load_default(size)
        words = (
            "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor " * 8
        )[: side * 2 // size]
        for number, top in enumerate(range(size, side - 2 * size, round(1.5 * size))):
            pen.text((size, top), words[number % 40 :], fill=0, font=font)
        return np.asarray(page)

    return draw


for size in (10, 20, 40, 80):
    picture(f"print, {size} px")(printed(size))


def spiral_of(gap: int) -> Callable[[int, int], np.ndarray]:
    def draw(side, _):
        page, pen = drawn(side)
        turns = 0.48 * side / gap
        angle = np.linspace(0, 2 * np.pi * turns, int(100 * turns))
        radius = gap * angle / (2 * np.pi)
        places = np.stack([side / 2 + radius * np.cos(angle), side / 2 + radius * np.sin(angle)], 1)
        pen.line(list(map(tuple, places)), fill=0, width=2)
        return np.asarray(page)

    return draw


for gap in (8, 60):
    picture(f"a spiral, {gap} px apart")(spiral_of(gap))


def circles_of(gap: int) -> Callable[[int, int], np.ndarray]:
    def draw(side, _):
        page, pen = drawn(side)
        for radius in range(gap, side // 2 - 10, gap):
            pen.ellipse(
                (side / 2 - radius, side / 2 - radius, side / 2 + radius, side / 2 + radius),
                outline=0,
            )
        return np.asarray(page)

    return draw


for gap in (3, 6, 30):
    picture(f"concentric circles, {gap} px apart")(circles_of(gap))


@picture("thousands of concentric circles, in 25 places")
def targets(side, _):
    tile = circles_of(3)(280, 1)
    return np.tile(tile, (side // 280, side // 280))


def maze_of(cell: int) -> Callable[[int, int], np.ndarray]:
    """A diagonal wall in each cell, one way or the other."""

    def draw(side, _):
        page, pen = drawn(side)
        ways = np.random.default_rng(0).random((side // cell, side // cell)) < 0.5
        for (i, j), way in np.ndenumerate(ways):
            x, y = j * cell, i * cell
            pen.line(
                (x, y, x + cell, y + cell) if way else (x + cell, y, x, y + cell), fill=0, width=2
            )
        return np.asarray(page)

    return draw


for cell in (10, 40):
    picture(f"a maze, {cell} px")(maze_of(cell))


def lines_of(gap: int, across: bool, length: float = 1.0) -> Callable[[int, int], np.ndarray]:
    """Fine upright lines, and level ones where `across`."""

    def draw(side, _):
        page, pen = drawn(side)
        start, end = side * (1 - length) / 2, side * (1 + length) / 2
        for place in range(int(start), int(end), gap):
            pen.line((place, start, place, end), fill=0)
            if across:
                pen.line((start, place, end, place), fill=0)
        return np.asarray(page)

    return draw


for gap in (6, 30):
    picture(f"a grid of fine lines, {gap} px apart")(lines_of(gap, True))
    picture(f"a grid with paper around, {gap} px apart")(lines_of(gap, True, 0.8))
    picture(f"upright lines, {gap} px apart")(lines_of(gap, False, 0.8))


def hatching(gap: int, length: float) -> Callable[[int, int], np.ndarray]:
    def draw(side, _):
        page, pen = drawn(side)
        low, high = side * (1 - length) / 2, side * (1 + length) / 2
        for start in range(-side, side, gap):
            pen.line((start, 0, start + side, side), fill=0, width=2)
        inside = Image.new("L", (side, side), 255)
        inside.paste(page.crop((int(low), int(low), int(high), int(high))), (int(low), int(low)))
        return np.asarray(inside)

    return draw


for gap in (6, 40):
    picture(f"hatching, {gap} px apart")(hatching(gap, 1.0))
    picture(f"hatching with paper around, {gap} px apart")(hatching(gap, 0.8))


def dashes_of(count: int) -> Callable[[int, int], np.ndarray]:
    def draw(side, times):
        page, pen = drawn(side)
        across = round((count * times / 2) ** 0.5)  # twice as many down as across
        for number in range(count * times):
            x, y = (
                side * (number % across + 0.3) / across,
                side * (number // across + 0.5) / (2 * across),
            )
            pen.line((x, y, x + 0.5 * side / across, y), fill=0, width=2)
        return np.asarray(page)

    return draw


for count in (600, 6000):
    picture(f"{count:,} dashes")(dashes_of(count))


@picture("a gradient")
def gradient(side, _):
    return np.tile(np.linspace(0, 255, side, dtype=np.uint8), (side, 1))


@picture("a round gradient")
def round_gradient(side, _):
    y, x = np.indices((side, side)) - side / 2
    return np.clip(255 * np.hypot(x, y) / (0.7 * side), 0, 255).astype(np.uint8)


@picture("waves")
def waves(side, _):
    y, x = np.indices((side, side))
    return (127 + 120 * np.sin(x / 9) * np.sin(y / 13)).astype(np.uint8)


@picture("a table, 30 × 30 cells with a digit each")
def table(side, _):
    page = lines_of(side // 31, True, 0.96)(side, 1).copy()
    cell, start = side // 31, int(0.02 * side)
    digit = digits_in_a_row(4, cell // 2)
    for number in range(900):
        i, j = divmod(number, 30)
        size = cell // 2
        one = digit[size - 2 : 2 * size + 3, size * (number % 4) + size // 3 :][:, : size + 2]
        y, x = start + i * cell + cell // 4, start + j * cell + cell // 5
        np.minimum(
            page[y : y + len(one), x : x + one.shape[1]],
            one,
            out=page[y : y + len(one), x : x + one.shape[1]],
        )
    return page


def cost(recognizer: Recognizer, array: np.ndarray) -> tuple[float, float, str]:
    """CPU seconds of a reading, megabytes above rest, and what was read: "too much" or how many
    digits."""
    import pages

    def read():
        start = time.process_time()
        reading = recognizer.read(array)
        return reading, time.process_time() - start

    (reading, seconds), megabytes = pages.peak(read)
    return (
        seconds,
        megabytes,
        "too much" if TOO_MUCH in reading.note else f"{len(reading.digits):,}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, help="pictures or folders of them")
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--checkpoint", default=ROOT / "checkpoints" / "default")
    options = parser.parse_args()
    recognizer = Recognizer.load(options.checkpoint)
    for side, draw in (PICTURES["a page of digits"], PICTURES["grey noise"]):
        recognizer.read(draw(side, 1))  # compiles every size of batch and tile
    sources = {
        name: (side, draw) for name, (side, draw) in PICTURES.items() if options.only in name
    }
    for path in options.paths:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.suffix.lower().lstrip(".") in EXTENSIONS and options.only in file.name:
                sources[file.name] = 1, lambda _, times, file=file: _given(file, times)
    print(
        "| picture | megapixels | CPU s | MB | digits | megapixels | CPU s | MB | digits | growth |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    taken = {}
    for name, (side, draw) in sources.items():
        cells, seconds = [], []
        for times in (1, 4):
            array = draw(side * (2 if times == 4 else 1), times)
            megapixels = array.shape[0] * array.shape[1] / 1e6
            if seconds and megapixels > 45:  # more than a picture may have
                break
            second, megabytes, digits = cost(recognizer, array)
            seconds.append(second)
            cells.append(f"{megapixels:.2f} | {second:.2f} | {megabytes:.0f} | {digits}")
            if megapixels <= 2.05:
                taken[name, times] = second
        growth = f"{seconds[1] / seconds[0]:.1f}" if len(seconds) > 1 else ""
        print(f"| {name} | {' | '.join(cells)} | {growth} |", flush=True)
    if taken:
        (name, times), most = max(taken.items(), key=lambda item: item[1])
        print(
            f"\nThe slowest of at most 2 megapixels is {name}{', four times' * (times > 1)}: "
            f"{most:.2f} CPU seconds."
        )


def _given(file: Path, times: int) -> np.ndarray:
    array = load_image(file)
    return np.tile(array, (2, 2, 1)) if times > 1 else array


if __name__ == "__main__":
    main()
