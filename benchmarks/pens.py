"""How digits are read that others wrote with a pen on a tablet: prints docs/results.md's table.

    python benchmarks/pens.py pendigits-orig.tes    # UCI's pendigits, with the paths of the pens
    python benchmarks/pens.py pendigits-orig.tra --pens .08 .11 .14 .17
    python benchmarks/pens.py pendigits-orig.tes --numbers 200    # digits side by side

A file is UNIPEN, and has a segment a digit. Each is read as `digits read` reads it, upright. A
pen's width is a share of the digit's height. Numbers are five digits each that stand near each
other in the file, so mostly of one writer, scaled to one height.
"""

import argparse
import re
import sys
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer, image, shipped  # noqa: E402
from model.pen import files  # noqa: E402
from model.pen.sheets import Sheet  # noqa: E402
from train.metrics import wilson_interval  # noqa: E402

LABEL = re.compile(r'^\.SEGMENT .*"(\d)"', re.MULTILINE)
PAIRS = 6  # of digits that are taken for another, the most frequent
DIGITS, NEAR = 5, 45  # of a number, and of which so many in a row it is drawn
GAPS = (0.25, 0.5), (0.1, 0.25), (0.0, 0.12), (-0.15, 0.05)  # of a digit's height, between two


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--pens", nargs="+", type=float, default=[files.PEN], metavar="WIDTH")
    parser.add_argument("--checkpoints", nargs="+", default=["default"], metavar="NAME")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth digit")
    parser.add_argument("--numbers", type=int, metavar="N", help="composed, of each distance")
    options = parser.parse_args()
    if options.numbers:
        print_numbers(options.files, shipped.find(options.checkpoints[0]), options.numbers)
        return
    print("| file | network | pen | digits | right | abstained | most wrong |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for path in options.files:
        labels = labels_of(path)
        some = list(zip(labels, image.pages(path), strict=True))[:: options.every]
        for name in options.checkpoints:
            recognizer = Recognizer.load(shipped.find(name))
            for pen in options.pens:
                files.drawing.cache_clear()  # of those by another pen
                with patch.object(files, "PEN", pen):
                    read = [recognizer.read(sheet, turn=0).text for _, sheet in some]
                answers = Counter(zip((label for label, _ in some), read, strict=True))
                print(f"| {path.name} | {name} | {pen} | {row(answers)} |", flush=True)


def labels_of(path: Path) -> list[str]:
    """Of a file's digits, in their order."""
    return LABEL.findall(path.read_text("latin-1"))


def print_numbers(paths: list[Path], checkpoint: Path, count: int) -> None:
    """How numbers are read by their picture, and by their strokes."""
    recognizer = Recognizer.load(checkpoint)
    print("| file | digits apart | numbers | exact, by the picture | by the strokes |")
    print("| --- | --- | --- | --- | --- |")
    for path in paths:
        labels, sheets = labels_of(path), files.sheets(path.read_bytes())
        for gap in GAPS:
            rng = np.random.default_rng(0)
            exact = np.zeros(2, int)
            for _ in range(count):
                text, content = compose(rng, labels, sheets, gap)
                (page,) = image.pages(content)
                read = (recognizer.read(source, turn=0).text for source in (page.load(), page))
                exact += [answer == text for answer in read]
            low, high = gap
            picture, strokes = exact / count
            print(
                f"| {path.name} | {low} to {high} | {count} | {picture:.1%} | {strokes:.1%} |",
                flush=True,
            )


def compose(
    rng: np.random.Generator, labels: list[str], sheets: list[Sheet], gap: tuple[float, float]
) -> tuple[str, bytes]:
    """A number of DIGITS digits, and the InkML in which it is written."""
    start = rng.integers(len(sheets) - NEAR)
    chosen = start + rng.integers(NEAR, size=DIGITS)
    traces, right = "", 0.0
    for sheet in (sheets[number] for number in chosen):
        places = np.concatenate(sheet)
        height = np.ptp(places[:, 1]) or 1
        for stroke in sheet:
            points = 100 * (stroke - places.min(0)) / height + [right, 0]
            traces += f"<trace>{', '.join(f'{x:.1f} {y:.1f}' for x, y in points)}</trace>"
        right += 100 * (np.ptp(places[:, 0]) / height + rng.uniform(*gap))
    return "".join(labels[number] for number in chosen), f"<ink>{traces}</ink>".encode()


def row(answers: Counter[tuple[str, str]]) -> str:
    """What was read of which digits, as cells of the table."""
    n = answers.total()
    right = sum(count for (label, read), count in answers.items() if read == label)
    unsure = sum(count for (_, read), count in answers.items() if read in ("", "?"))
    low, high = wilson_interval(right, n)
    wrong = Counter({pair: count for pair, count in answers.items() if pair[0] != pair[1]})
    pairs = ", ".join(
        f"{label}→{read or 'none'} {count}" for (label, read), count in wrong.most_common(PAIRS)
    )
    return (
        f"{n:,} | {right / n:.2%} ({low:.2%} to {high:.2%}) | {unsure / n:.2%} | "
        f"{pairs.replace(chr(10), ' ')}"
    )


if __name__ == "__main__":
    main()
