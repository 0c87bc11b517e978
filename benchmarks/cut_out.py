"""How digits are read that somebody cut out, stretched to a square or close to their ink: prints
docs/results.md's table.

    python benchmarks/cut_out.py semeion.data

MNIST's test images are cut to their ink and resized. scikit-learn's digits are 1,797 of 8 × 8
pixels, of 13 people (UCI's optdigits). A file is Semeion's (UCI): 1,593 digits of 80
people, stretched to 16 × 16 pixels, black or white, a line each: 256 numbers for the pixels, then
ten of which that of the digit is 1.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer, shipped  # noqa: E402
from train import data  # noqa: E402
from train.metrics import wilson_interval  # noqa: E402

COUNT = 2000  # of MNIST's test images
PAPER = 60  # of 255: with less ink, it is the paper around a digit
SIDES = 16, 28, 64, 100  # pixels
# Pixels: of a digit's longer side, and around it.
MARGINS = (12, 0), (12, 1), (20, 0), (20, 1), (20, 2), (40, 2), (40, 4)
PIXELS = 256  # of a line of Semeion's file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--checkpoint", default="default")
    options = parser.parse_args()
    recognizer = Recognizer.load(shipped.find(options.checkpoint))
    print("| pictures | n | likeliest digit right | read right | abstained |")
    print("| --- | --- | --- | --- | --- |")
    for path in options.files:
        table = np.loadtxt(path)
        pictures = np.where(table[:, :PIXELS] > 0.5, 0, 255).astype(np.uint8).reshape(-1, 16, 16)
        print(f"| {path.name} | {row(recognizer, pictures, table[:, PIXELS:].argmax(1))} |")
    grey, values = load_digits(return_X_y=True)
    pictures = np.round(255 - 255 / 16 * grey).astype(np.uint8).reshape(-1, 8, 8)
    print(f"| scikit-learn, 8 × 8 | {row(recognizer, pictures, values)} |", flush=True)
    test = data.shuffle_test(data.load("mnist").test)
    labels = test.labels[:COUNT]
    for side in SIDES:
        pictures = [stretch(image, side) for image in test.images[:COUNT]]
        print(f"| MNIST, {side} × {side} | {row(recognizer, pictures, labels)} |", flush=True)
    pictures = [in_two(stretch(image, 16)) for image in test.images[:COUNT]]
    print(f"| MNIST, 16 × 16, black or white | {row(recognizer, pictures, labels)} |", flush=True)
    for side, margin in MARGINS:
        pictures = [cut_out(image, side, margin) for image in test.images[:COUNT]]
        what = f"MNIST, {side} pixels, proportions kept, margin {margin}"
        print(f"| {what} | {row(recognizer, pictures, labels)} |", flush=True)


def crop(image: np.ndarray) -> Image.Image:
    """(h, w) uint8 in white on black → its ink in black on white, and no margin."""
    ink = image > PAPER
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return Image.fromarray(255 - image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def stretch(image: np.ndarray, side: int) -> np.ndarray:
    """(h, w) uint8 in white on black → (side, side) uint8 in black on white: its ink alone."""
    return np.asarray(crop(image).resize((side, side), Image.Resampling.BICUBIC))


def cut_out(image: np.ndarray, side: int, margin: int) -> np.ndarray:
    """(h, w) uint8 in white on black → (h', w') uint8 in black on white: its ink, the longer side
    so many pixels, and a margin."""
    cut = crop(image)
    size = [max(1, round(length * side / max(cut.size))) for length in cut.size]
    resized = np.asarray(cut.resize((size[0], size[1]), Image.Resampling.BICUBIC))
    return np.pad(resized, margin, constant_values=255)


def in_two(picture: np.ndarray) -> np.ndarray:
    """(h, w) uint8 → the same, black or white."""
    return np.where(picture < 128, 0, 255).astype(np.uint8)


def row(recognizer: Recognizer, pictures: Sequence[np.ndarray], labels: np.ndarray) -> str:
    """What of some pictures is read right, as a row of the table. Where not one digit was found, it
    is wrong; or abstained from, where none is told."""
    likeliest = right = abstained = 0
    for picture, label in zip(pictures, labels, strict=True):
        digits = recognizer.read(picture).digits
        values = [digit.value for digit in digits]
        likeliest += [digit.probabilities.argmax() for digit in digits] == [label]
        right += values == [label]
        abstained += all(value is None for value in values)
    n = len(labels)
    low, high = wilson_interval(right, n)
    shares = (
        f"{likeliest / n:.2%} | {right / n:.2%} ({low:.2%} to {high:.2%}) | {abstained / n:.2%}"
    )
    return f"{n:,} | {shares}"


if __name__ == "__main__":
    main()
