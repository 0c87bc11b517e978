"""Read handwritten digits on the command line: python recognize_digits.py picture.png

A line a file; with --json one object a line, for other programs to read. Files that can't be read are named on the
standard error (with --json, in their own object), the others are read all the same, and the exit code is 1. Where far
too much is on a picture to be writing, nothing is read, and a note says so in the same places.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from model import Recognizer
from model.checkpoint import DEFAULT, CheckpointError
from model.image import EXTENSIONS, ImageError


def pictures(paths: list[Path]) -> Iterator[Path]:
    """The files named, and of the folders named the pictures in them, by name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix.lower().lstrip(".") in EXTENSIONS and p.is_file())
        else:
            yield path


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path, metavar="IMAGE_OR_FOLDER")
    parser.add_argument("--checkpoint", type=Path, default=DEFAULT, metavar="DIR", help="the network to read with")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    options = parser.parse_args(arguments)
    try:
        recognizer = Recognizer.load(options.checkpoint)
    except CheckpointError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1

    files, failed = list(pictures(options.paths)), False
    if not files:
        print("error: there are no pictures in " + ", ".join(map(str, options.paths)) + ".", file=sys.stderr)
        return 1
    for file in files:
        try:
            reading = recognizer.read(file)
        except ImageError as error:
            failed = True
            if options.json:
                print(json.dumps({"file": str(file), "error": str(error)}))
            else:
                print(f"{file}: error: {error}", file=sys.stderr)
            continue
        if options.json:
            print(json.dumps({"file": str(file), **reading.summary()}))
        else:
            print(f"{file}: {reading.text.replace(chr(10), ' ')}")
            if reading.note:
                print(f"{file}: note: {reading.note}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
