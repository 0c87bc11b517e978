"""How well a folder of real pictures is read: prints a line for each that is not read rightly, and
a table by kind.

    python benchmarks/real_pages.py FOLDER

The folder has a labels.json: {name: {"kind": …, "readings": [[line, …], …]}}, where any of the
readings is right. In a line, 0 to 9 are digits and "o" is any other mark, which may be left out or
read as "?". What is counted:

- wrong: the fewest digits to change, to add or to leave out, so that what was read becomes what is
  written. "?" is no digit: in a digit's place it is a changed one, elsewhere it costs nothing;
- slowest: CPU seconds of the picture that takes longest, all threads and the second time that it is
  read;
- exact: lines, of those with digits, that were read digit by digit, whatever "?" stand in them.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer  # noqa: E402
from model.image import ImageError  # noqa: E402

COLUMNS = ("pictures", "digits", "wrong", "changed", "lost", "spurious")


def compared(written: str, read: str) -> Counter:
    """How the two differ at the least cost: digits `changed`, `lost` and `spurious` (Wagner and
    Fischer, 1974)."""
    row = [Counter()]
    for sign in read:
        row.append(_plus(row[-1], "spurious" if sign != "?" else None))
    for letter in written:
        above, row = row, [_plus(row[0], "lost" if letter != "o" else None)]
        for number, sign in enumerate(read):
            if letter == sign or (letter == "o" and sign == "?"):
                both = above[number]
            else:
                both = _plus(above[number], "spurious" if letter == "o" else "changed")
            left = _plus(row[number], "spurious" if sign != "?" else None)
            up = _plus(above[number + 1], "lost" if letter != "o" else None)
            row.append(min(both, left, up, key=Counter.total))
    return row[-1]


def _plus(counts: Counter, what: str | None) -> Counter:
    return counts + Counter([what]) if what else counts


def count(readings: list[list[str]], text: str) -> Counter:
    """The counts of one picture, by that of its readings which is nearest to what was read."""
    lines = [
        "".join(sign for sign in line if sign.isdigit() or sign == "?") for line in text.split("\n")
    ]
    counts, reading = min(
        ((compared("".join(reading), "".join(lines)), reading) for reading in readings),
        key=lambda pair: pair[0].total(),
    )
    wanted = [digits for line in reading if (digits := line.replace("o", ""))]
    exact = Counter(wanted) & Counter(line.replace("?", "") for line in lines)
    digits = sum(map(len, wanted))
    return counts + Counter(
        wrong=counts.total(), digits=digits, lines=len(wanted), exact=exact.total(), pictures=1
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", help="one kind")
    parser.add_argument("--checkpoint", default=ROOT / "checkpoints" / "default")
    options = parser.parse_args()
    labels = json.loads((options.folder / "labels.json").read_text())
    recognizer, kinds, slowest = Recognizer.load(options.checkpoint), {}, {}
    for name, label in labels.items():
        if options.only not in (None, label["kind"]):
            continue
        try:
            text = recognizer.read(options.folder / name).text
            start = time.process_time()
            # again, since programs are compiled when sizes first come up
            recognizer.read(options.folder / name)
            seconds = time.process_time() - start
        except ImageError as error:
            print(f"{name}: {error}")
            text, seconds = "", 0.0
        counts = count(label["readings"], text)
        for kind in (label["kind"], "all"):
            kinds[kind] = kinds.get(kind, Counter()) + counts
            slowest[kind] = max(slowest.get(kind, 0), seconds)
        if counts["wrong"]:
            print(
                f"{name}: {counts['wrong']} of {counts['digits']} wrong, read {text!r:.100}",
                flush=True,
            )
    print(f"\n| kind | {' | '.join(COLUMNS)} | lines exact | slowest, CPU s |")
    print("| --- " * (len(COLUMNS) + 3) + "|")
    for kind in sorted(kinds, key=lambda kind: (kind == "all", kind)):
        counts = kinds[kind]
        print(
            f"| {kind} | {' | '.join(f'{counts[column]:,}' for column in COLUMNS)} "
            f"| {counts['exact']} of {counts['lines']} | {slowest[kind]:.1f} |"
        )


if __name__ == "__main__":
    main()
