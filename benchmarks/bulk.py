"""How fast a drawer of scans is read, and a single one: prints docs/results.md's tables.

    python benchmarks/bulk.py                   # one core against all, by turns
    python benchmarks/bulk.py --before TREE     # and recognize_digits.py of an older tree

300 pages of 700 x 700 pixels, composed of MNIST's training digits as benchmarks/pages.py does:
clean ones, or each of its difficulties in turn. Each program reads all of them in a process of its
own, its start included; "one core" is one that the program is pinned to. And one clean page
by each, on all cores.
"""

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import pages  # noqa: E402
from train import data  # noqa: E402

SIDE = 700  # pixels
COUNT = 300
ROUNDS, STARTS = 3, 15  # of all programs, by turns: of many pages, and of one
RAY = "digits read --engine ray"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, help="an older tree to compare with")
    parser.add_argument("--count", type=int, default=COUNT, help="pages of each kind")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    programs = {"recognize_digits.py, one core": ([ROOT / "recognize_digits.py"], cores[:1])}
    if options.before:
        before = [options.before / "recognize_digits.py"]
        programs = {"before: recognize_digits.py, one core": (before, cores[:1])} | programs
    read = ["-m", "digits", "read", "--workers"]
    programs["digits read, one core"] = ([*read, 1], cores[:1])
    programs[f"digits read, {len(cores)} cores"] = ([*read, len(cores)], cores)
    if importlib.util.find_spec("ray"):
        programs[f"{RAY}, {len(cores)} cores"] = ([*read, len(cores), "--engine", "ray"], cores)
    with tempfile.TemporaryDirectory() as place:
        for kind in ("clean", "difficult"):
            folder = Path(place, kind)
            compose(folder, kind, options.count)
            table(programs, folder, options.count, options.rounds)
        folder = Path(place, "a single one")
        compose(folder, "clean", 1)
        alone = {
            name.partition(",")[0]: (command, cores)
            for name, (command, _) in programs.items()
            if name.endswith("one core")
        }
        table(alone, folder, 1, STARTS)


def compose(folder: Path, kind: str, count: int) -> None:
    """Makes so many pages."""
    folder.mkdir()
    pages.SIZE = SIDE, SIDE
    digits = data.load("mnist").train
    difficulties = [*pages.BEFORE, *pages.AFTER]
    for number in range(count):
        name = "clean" if kind == "clean" else difficulties[number % len(difficulties)]
        picture, _ = pages.compose([number], digits, [name])
        Image.fromarray(picture).save(folder / f"{number:04}.png")


def table(programs: dict, folder: Path, count: int, rounds: int) -> None:
    """Reads a folder with each program by turns, and prints how long it takes."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, (command, cores) in programs.items():
            output = folder.with_name(f"{time.time_ns()}")
            more = ["--output", output] if name.startswith(RAY) else []
            os.sched_setaffinity(0, cores)  # which the program inherits
            start = time.perf_counter()
            result = subprocess.run(
                [sys.executable, *map(str, [*command, folder, *more])],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            taken[name].append(time.perf_counter() - start)
            assert more or len(result.stdout.splitlines()) == count
            shutil.rmtree(output, ignore_errors=True)
    os.sched_setaffinity(0, max(programs.values(), key=lambda pair: len(pair[1]))[1])
    places = 1 if count > 1 else 2
    first = statistics.median(next(iter(taken.values())))
    print(
        f"| {count} × {SIDE} × {SIDE} pixels, {folder.name} | seconds | ms a page | times as fast |"
    )
    print("| --- | --- | --- | --- |")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(
            f"| {name} | {median:.{places}f} "
            f"({min(seconds):.{places}f} to {max(seconds):.{places}f}) "
            f"| {1000 * median / count:.0f} | {first / median:.2f} |"
        )
    print(flush=True)


if __name__ == "__main__":
    main()
