"""Whether the dashboard stays as it is: prints a row of docs/results.md's table "What it
withstands".

    python benchmarks/soak.py [--minutes 30]

On a server of its own, on this machine's loopback, three people draw digits without a pause,
speaking Streamlit's protocol (tests/visitor.py); each leaves after fifty of them and comes back as
somebody new, after a look at every page and with a picture to be read. Every minute the server's
memory, threads and descriptors are counted.
"""

import argparse
import os
import platform
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import serve  # noqa: E402
from load import SESSIONS, photograph  # noqa: E402
from speed import resident_megabytes  # noqa: E402
from visitor import Visitor  # noqa: E402

PEOPLE = 3
DRAWINGS = 50  # of one session
WARM = 3  # minutes, after which what is kept for all is kept
PAGES = "evaluation", "network", "playground", "challenge", "teach", "read"


def counted(process: int) -> tuple[float, int, int]:
    """Megabytes, threads and descriptors of a process, by Linux's count."""
    folder = Path(f"/proc/{process}")
    return (
        resident_megabytes(process),
        len(list((folder / "task").iterdir())),
        len(list((folder / "fd").iterdir())),
    )


def in_words(count: tuple[float, int, int]) -> str:
    return "{:.0f} MB, {} threads, {} descriptors".format(*count)


def visit(
    address: str, number: int, stop: threading.Event, done: list[int], errors: list[str]
) -> None:
    """One person after the other."""
    seed = 1000 * number
    while not stop.is_set():
        seed += 1
        try:
            with Visitor(address) as visitor:
                for _ in range(DRAWINGS):
                    visitor.draw()
                    if visitor.failed or visitor.digit != "1":
                        errors.append(visitor.failed or f"read {visitor.digit}")
                    visitor.clear()
                    done.append(1)
                    if stop.wait(0.2):
                        return
                for page in PAGES:
                    visitor.open(page)
                visitor.upload("picture.png", photograph(2, seed=seed))
                visitor.wait()
                if visitor.failed or not visitor.has("Code"):
                    errors.append(visitor.failed or "a picture was not read")
        except Exception as error:  # whatever it is, it is one that a person would have met
            errors.append(repr(error))
            stop.wait(1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    with serve(SESSIONS) as (server, address):
        stop, done, errors, series = threading.Event(), [], [], []
        threads = [
            threading.Thread(target=visit, args=(address, number, stop, done, errors))
            for number in range(PEOPLE)
        ]
        for thread in threads:
            thread.start()
        start = time.monotonic()
        while time.monotonic() - start < 60 * minutes:
            time.sleep(min(60, max(1, 60 * minutes - (time.monotonic() - start))))
            series.append(counted(server))
            print(
                f"{(time.monotonic() - start) / 60:.0f} min: {len(done):,} drawings, "
                f"{in_words(series[-1])}",
                file=sys.stderr,
                flush=True,
            )
        stop.set()
        for thread in threads:
            thread.join()
    for error in sorted(set(errors)):
        print(error, file=sys.stderr)
    warm, last = (in_words(series[at]) for at in (min(WARM, len(series)) - 1, -1))
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print("| what | what it does |\n| --- | --- |")
    print(
        f"| {PEOPLE} people who draw without a pause for {minutes:.0f} minutes, {len(done):,} "
        f"digits, and look at all pages | {len(errors)} errors; after {WARM} minutes {warm}; in "
        f"the end {last} |"
    )


if __name__ == "__main__":
    main()
