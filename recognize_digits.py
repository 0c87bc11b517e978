"""Read handwritten digits on the command line: python recognize_digits.py picture.png

A line a file, or a page of one; with --json one object a line, for other programs to read. Files
that can't be read are named on the standard error (with --json, in their own object), the others
are read all the same, and the exit code is 1. Where far too much is on a picture to be writing,
nothing is read, and a note says so in the same places.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Collection, Iterator
from pathlib import Path


def pictures(paths: list[Path], extensions: Collection[str]) -> Iterator[Path]:
    """The files named, and of the folders named the pictures in them, by name."""
    for path in paths:
        try:
            inside = sorted(path.iterdir()) if path.is_dir() else None
        except OSError:
            inside = None  # a folder that can't be listed is told as a file that can't be read is
        if inside is None:
            yield path
        else:
            yield from (
                p for p in inside if p.suffix.lower().lstrip(".") in extensions and p.is_file()
            )


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path, metavar="IMAGE_OR_FOLDER")
    parser.add_argument("--checkpoint", type=Path, metavar="DIR", help="the network to read with")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    options = parser.parse_args(arguments)
    try:
        return run(options)
    except BrokenPipeError:  # who read the lines has had enough, as `head` has
        # nothing is left to be flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def run(options: argparse.Namespace) -> int:
    """Reads what the command line names; returns its exit code."""
    # Here, since it takes a second, in which somebody may press Ctrl-C.
    from model import Recognizer
    from model.checkpoint import DEFAULT, CheckpointError
    from model.file_types import EXTENSIONS
    from model.image import ImageError, Page, pages

    try:
        recognizer = Recognizer.load(options.checkpoint or DEFAULT)
    except CheckpointError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1

    files, failed = list(pictures(options.paths, EXTENSIONS)), False
    if not files:
        print(
            "error: there are no pictures in " + ", ".join(map(str, options.paths)) + ".",
            file=sys.stderr,
        )
        return 1

    def read(file: Path, page: Page | None = None) -> bool:
        """Prints what is read in a page, or in a file that has none; returns whether it could
        be."""
        name = page.name(str(file)) if page else str(file)
        found = {"file": str(file)} | ({"page": page.number + 1} if page and page.count > 1 else {})
        try:
            reading = recognizer.read(page or file)
        except ImageError as error:
            if options.json:
                print(json.dumps(found | {"error": str(error)}))
            else:
                print(f"{name}: error: {error}", file=sys.stderr)
            return False
        if options.json:
            print(json.dumps(found | reading.summary()), flush=True)
        else:
            print(f"{name}: {reading.text.replace(chr(10), ' ')}", flush=True)
            if reading.note:
                print(f"{name}: note: {reading.note}", file=sys.stderr)
        return True

    for file in files:
        try:
            every: list[Page | None] = [*pages(file)]
        except ImageError:
            every = [None]  # `read` says why
        for page in every:
            failed |= not read(file, page)
    return 1 if failed else 0


def stop(*_) -> None:
    """On Ctrl-C. No exception: one that is raised while JAX looks after its memory is lost, and the
    reading goes on."""
    os.write(2, b"Stopped.\n")
    os._exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    sys.exit(main())
