"""How digits are read that others wrote with a pen on a tablet: prints docs/results.md's table.

    python benchmarks/pens.py pendigits-orig.tes    # UCI's pendigits, with the paths of the pens
    python benchmarks/pens.py pendigits-orig.tra --pens .08 .11 .14 .17

A file is UNIPEN, and has a segment a digit. Each is read as `digits read` reads it, upright. A
pen's width is a share of the digit's height.
"""

import argparse
import re
import sys
from collections import Counter
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer, image, shipped  # noqa: E402
from model.pen import files  # noqa: E402
from train.metrics import wilson_interval  # noqa: E402

LABEL = re.compile(r'^\.SEGMENT .*"(\d)"', re.MULTILINE)
PAIRS = 6  # of digits that are taken for another, the most frequent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--pens", nargs="+", type=float, default=[files.PEN], metavar="WIDTH")
    parser.add_argument("--checkpoints", nargs="+", default=["default"], metavar="NAME")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth digit")
    options = parser.parse_args()
    print("| file | network | pen | digits | right | abstained | most wrong |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for path in options.files:
        labels = LABEL.findall(path.read_text("latin-1"))
        sheets = image.pages(path)
        assert len(labels) == len(sheets), f"{len(labels)} labels of {len(sheets)} digits"
        some = list(zip(labels, sheets, strict=True))[:: options.every]
        for name in options.checkpoints:
            recognizer = Recognizer.load(shipped.find(name))
            for pen in options.pens:
                files.drawing.cache_clear()  # of those by another pen
                with patch.object(files, "PEN", pen):
                    read = [recognizer.read(sheet, turn=0).text for _, sheet in some]
                answers = Counter(zip((label for label, _ in some), read, strict=True))
                print(f"| {path.name} | {name} | {pen} | {row(answers)} |", flush=True)


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
