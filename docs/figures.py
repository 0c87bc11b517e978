"""Draws the pictures of docs/how_it_works.md: a digit's way from paper to answer.

    python docs/figures.py

Nothing of a dataset is in them: the digits are drawn by program, and the networks are those that
ship.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app_pages.figures import pictures  # noqa: E402
from app_pages.pen import samples  # noqa: E402
from model import Recognizer, checkpoint, detection  # noqa: E402
from model.explainer import Explainer  # noqa: E402
from model.page_format import STRIDE  # noqa: E402
from model.peaks import find_peaks, suppress_overlaps  # noqa: E402

OUTPUT = ROOT / "docs"
WIDTH = 960  # pixels of every picture
INK, QUIET, BLUE, ORANGE = "#1d2733", "#5b6672", "#0072b2", "#d55e00"
DIGIT = 7


def photograph() -> np.ndarray:
    """(300, 300, 3) uint8: a small slanted 7 with a thin pen in a corner of a sheet that a shadow
    falls on."""
    sheet = Image.new("L", (600, 600), 0)
    for stroke in samples.lines(DIGIT, 260, tilt=12, left=270, top=40):
        ImageDraw.Draw(sheet).line(stroke, fill=255, width=13, joint="curve")
    ink = np.asarray(sheet.reduce(2)) / 255
    y, x = np.mgrid[:300, :300] / 300
    light = 0.93 - 0.25 * y - 0.2 / (1 + np.exp(-25 * (x + 0.6 * y - 0.75)))
    grain = np.random.default_rng(0).normal(0, 0.012, ink.shape)
    paper = np.array([1, 0.98, 0.92]) * light[..., None]
    picture = paper * (1 - 0.75 * ink[..., None] * np.array([1, 0.9, 0.6])) + grain[..., None]
    return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)


def score_sheet() -> np.ndarray:
    """(512, 512) uint8: a table with printed names and numbers by hand in it, in the light of a
    window."""
    sheet = Image.new("L", (1024, 1024), 0)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(64)
    rows = (("Anna", "47"), ("Ben", "306"), ("Cleo", "1 8"), ("Dan", "25"))
    for number, (name, points) in enumerate(rows):
        top = 60 + 230 * number
        pen.text((90, top + 80), name, 200, font)
        for place, digit in enumerate(points):
            if digit != " ":
                size = 190 if number % 2 else 150
                for stroke in samples.lines(
                    int(digit), size, tilt=5, left=440 + 150 * place, top=top + 25
                ):
                    pen.line(stroke, fill=255, width=11, joint="curve")
    for y in range(50, 1024, 230):
        pen.line((50, y, 980, y + 12), fill=160, width=5)
    for x in (50, 400, 980):
        pen.line((x, 50, x - 10, 970), fill=160, width=5)
    ink = np.asarray(sheet.reduce(2)) / 255
    y, x = np.mgrid[:512, :512] / 512
    picture = (0.95 - 0.4 * (x + y) / 2) * (1 - 0.7 * ink) + np.random.default_rng(1).normal(
        0, 0.015, ink.shape
    )
    return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)


def page(height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    sheet = Image.new("RGB", (WIDTH, height), "white")
    return sheet, ImageDraw.Draw(sheet)


def words(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size=20, fill=INK, anchor="ma"
) -> None:
    pen.multiline_text(
        place, text, fill=fill, font=ImageFont.load_default(size), anchor=anchor, align="center"
    )


def arrow(pen: ImageDraw.ImageDraw, left: float, y: float) -> None:
    """To the right, 20 pixels long; the font that comes with Pillow has none."""
    pen.line((left, y, left + 20, y), fill=QUIET, width=3)
    pen.polygon(((left + 12, y - 7), (left + 22, y), (left + 12, y + 7)), fill=QUIET)


def shown(values: np.ndarray, side: int) -> Image.Image:
    """(h, w) uint8 or (h, w, 3) → a square picture, pixels as squares where they are enlarged."""
    image = Image.fromarray(values)
    enlarged = side >= 3 * max(values.shape[:2])
    return image.resize(
        (side, side), Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS
    )


def stretched(values: np.ndarray, most: float | None = None) -> np.ndarray:
    """float ≥ 0 → uint8, `most` white."""
    most = values.max() if most is None else most
    return np.round(255 * np.clip(values / (most or 1), 0, 1)).astype(np.uint8)


def signed(values: np.ndarray, most: float) -> np.ndarray:
    """float → (h, w, 3) uint8: blue below 0, white at 0, orange above."""
    share = np.clip(np.abs(values) / most, 0, 1)[..., None]
    ends = np.where(values[..., None] > 0, (213, 94, 0), (0, 114, 178))
    return np.round(255 + share * (ends - 255.0)).astype(np.uint8)


def lay_out(sheet: Image.Image, pen, panels: list[tuple[Image.Image, str]]) -> None:
    """Square pictures of one size side by side, framed, a caption below each, arrows between."""
    for number, (picture, caption) in enumerate(panels):
        side = picture.width
        left = 15 + number * (side + 30)
        sheet.paste(picture, (left, 10))
        pen.rectangle((left, 10, left + side - 1, side + 9), outline="#c5cdd5")
        words(pen, (left + side // 2, side + 20), caption)
        if number:
            arrow(pen, left - 25, side // 2 + 10)


def steps(reading) -> Image.Image:
    """Photograph → ink → box → glyph."""
    sheet, pen = page(290)
    digit = reading.digits[0]
    ink = np.round(255 * (1 - reading.ink)).astype(np.uint8)
    panels = (
        (reading.image, "1. What comes in"),
        (ink, "2. The ink"),
        (pictures.outline(ink, [digit.box]), "3. The box"),
        (digit.glyph, "4. The glyph:\n28 by 28 pixels"),
    )
    lay_out(sheet, pen, [(shown(picture, 210), caption) for picture, caption in panels])
    return sheet


def heat(grey: np.ndarray) -> Image.Image:
    """A page → how hot each place is at one scale, over the page → what was found there."""
    sheet, pen = page(350)
    side = grey.shape[0] // 2
    level = np.asarray(Image.fromarray(grey).reduce(2))
    answers = [np.asarray(part)[0] for part in detection.load_page_network()(level[None])]
    found = suppress_overlaps(find_peaks(*answers))
    hot = np.kron(1 / (1 + np.exp(-answers[0])), np.ones((STRIDE, STRIDE)))[..., None]
    hot = np.clip(1.6 * hot, 0, 1)
    warm = np.round(np.stack([level] * 3, -1) * (1 - hot) + np.array([213, 94, 0]) * hot).astype(
        np.uint8
    )
    boxes = Image.fromarray(grey).convert("RGB")
    draw, scale = ImageDraw.Draw(boxes), grey.shape[0] / side
    for box, probabilities in zip(found.boxes, found.probabilities, strict=True):
        left, top, right, bottom = (float(scale * length) for length in box)
        draw.rectangle((left, top, right, bottom), outline=BLUE, width=3)
        name = (*"0123456789", "-", ".", "?")[probabilities.argmax()]
        draw.text(
            (right + 4, top),
            name,
            fill=BLUE,
            font=ImageFont.load_default(30),
            stroke_width=3,
            stroke_fill="white",
        )
    panels = (
        (grey, "1. The page"),
        (warm, "2. Where the middle of a digit lies"),
        (np.asarray(boxes), "3. Which, and how large"),
    )
    resized = [
        (Image.fromarray(picture).convert("RGB").resize((290, 290)), caption)
        for picture, caption in panels
    ]
    lay_out(sheet, pen, resized)
    return sheet


def numbers(glyph: np.ndarray) -> Image.Image:
    """The glyph, and some of its pixels as the numbers that they are."""
    sheet, pen = page(430)
    top, left, count, cell = 4, 9, 11, 36
    sheet.paste(shown(glyph, 392), (20, 10))
    pen.rectangle(
        (20 + 14 * left, 10 + 14 * top, 20 + 14 * (left + count), 10 + 14 * (top + count)),
        outline=ORANGE,
        width=3,
    )
    for row in range(count):
        for column in range(count):
            value = int(glyph[top + row, left + column])
            x, y = 500 + cell * column, 10 + cell * row
            pen.rectangle((x, y, x + cell, y + cell), fill=(value,) * 3, outline="#5b6672")
            words(
                pen,
                (x + cell / 2, y + cell / 2),
                str(value),
                14,
                "white" if value < 128 else "black",
                "mm",
            )
    words(pen, (216, 406), "28 by 28 pixels", 18)
    words(pen, (698, 414), "those in the orange square, as the computer has them", 18, anchor="mm")
    return sheet


def convolution(
    glyph: np.ndarray, kernels: np.ndarray, maps: np.ndarray, chosen: list[int]
) -> Image.Image:
    """What three 5×5 filters of the first layer find in the glyph."""
    sheet, pen = page(60 + 190 * len(chosen))
    most = np.abs(kernels[..., chosen]).max()
    for x, title in (
        (105, "the glyph"),
        (400, "a filter: 5 by 5 numbers"),
        (720, "where it is found: 14 by 14"),
    ):
        words(pen, (x, 12), title, 18, QUIET)
    for row, channel in enumerate(chosen):
        top = 50 + 190 * row
        sheet.paste(shown(glyph, 168), (20, top))
        kernel = kernels[..., channel]
        for y in range(5):
            for x in range(5):
                left, upper = 318 + 34 * x, top + 34 * y
                colour = tuple(
                    int(part) for part in signed(kernel[y : y + 1, x : x + 1], most)[0, 0]
                )
                pen.rectangle((left, upper, left + 34, upper + 34), fill=colour, outline="#c5cdd5")
                words(
                    pen,
                    (left + 17, upper + 17),
                    f"{round(float(kernel[y, x]), 1) + 0:.1f}",
                    12,
                    INK,
                    "mm",
                )
        sheet.paste(shown(stretched(maps[..., channel]), 168), (636, top))
        words(pen, (252, top + 84), "*", 30, QUIET, "mm")
        words(pen, (560, top + 84), "=", 30, QUIET, "mm")
    return sheet


def inside(layers) -> Image.Image:
    """Some channels of each layer with feature maps."""
    maps = [layer for layer in layers if layer.output.ndim == 3]
    side, gap, channels = 78, 8, 8
    sheet, pen = page(20 + (side + 26) * len(maps))
    for row, layer in enumerate(maps):
        top = 10 + (side + 26) * row
        height, width, count = layer.output.shape
        words(pen, (20, top + 16), layer.name, 20, INK, "lm")
        words(pen, (20, top + 42), f"{height} by {width} by {count}", 16, QUIET, "lm")
        strongest = np.argsort(-layer.output.sum((0, 1)))[:channels]
        for place, channel in enumerate(strongest):
            picture = shown(stretched(layer.output[..., channel], layer.output.max()), side)
            sheet.paste(picture, (200 + place * (side + gap), top))
    return sheet


def answer(probabilities: np.ndarray, classes) -> Image.Image:
    """The probabilities as bars."""
    sheet, pen = page(320)
    for row, (name, share) in enumerate(zip(classes, probabilities, strict=True)):
        y = 12 + 30 * row
        words(pen, (200, y + 11), name, 20, INK, "mm")
        pen.rectangle((225, y, 725, y + 22), fill="#e9edf1")
        pen.rectangle(
            (225, y, 225 + 500 * share, y + 22),
            fill=BLUE if share == probabilities.max() else QUIET,
        )
        words(pen, (740, y + 11), f"{share:.2%}", 18, INK, "lm")
    return sheet


def main() -> None:
    recognizer = Recognizer.load()
    reading = recognizer.read(photograph())
    (digit,) = reading.digits
    network, card = checkpoint.load(checkpoint.DEFAULT)
    layers = Explainer(network, card).layers(digit.glyph)
    kernels = np.asarray(network.conv1.conv.kernel[...])[:, :, 0]
    (first,) = (layer.output for layer in layers if layer.name == "conv1")
    strength = first.reshape(-1, first.shape[-1]).sum(0)
    chosen = [int(channel) for channel in np.argsort(-strength)[:12:4]]
    for name, picture in {
        "steps": steps(reading),
        "page": heat(score_sheet()),
        "numbers": numbers(digit.glyph),
        "convolution": convolution(digit.glyph, kernels, first, chosen),
        "layers": inside(layers),
        "answer": answer(digit.probabilities, recognizer.classes),
    }.items():
        picture.quantize(256).save(OUTPUT / f"{name}.png", optimize=True)
        print(f"docs/{name}.png")


if __name__ == "__main__":
    main()
