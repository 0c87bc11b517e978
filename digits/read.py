"""Read pictures, scans and whole folders of them.

    digits read scans/ letter.pdf                       # a line a page
    digits read scans/ --format xlsx --output marks.xlsx
    scanimage --format=png | digits read -

Files are read by all cores, and answers come in the order of the files. What can't be read is named
on the standard error (with --format json, csv and xlsx, among the answers, too), the others are
read all the same, and the exit code is 1.
"""

import argparse
import atexit
import contextlib
import gc
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from digits import folders, formats, workers
from digits.answer import Answer
from digits.folders import STANDARD_INPUT
from digits.workers import File, ReaderError, Team
from model import shipped
from model.cores import cores
from model.file_types import EXTENSIONS, FORMATS_IN_WORDS, LONG

TURNS = ("auto", "0", "90", "180", "270")
# Files for each process: to start one takes as long as to read so many.
SHARE = 8


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="digits read",
        description=__doc__.partition("\n")[0],
        epilog=f"{FORMATS_IN_WORDS} files are read, of PDF, TIFF and what pens write every page.",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="IMAGE_OR_FOLDER",
        help="folders are looked through at any depth; - is standard input",
    )
    parser.add_argument(
        "--checkpoint",
        default=shipped.DEFAULT,
        metavar="NAME",
        help=f"the network to read with: {', '.join(shipped.names())}, or the folder of one "
        "that you trained (default)",
    )
    parser.add_argument(
        "--turn",
        choices=TURNS,
        default=TURNS[0],
        help="degrees clockwise by which the writing is turned (auto: found out, page by page)",
    )
    parser.add_argument(
        "--format",
        choices=formats.FORMS,
        default="text",
        help="text: a line a page, with the confidence of its least sure digit; json: an object a "
        "page, with all digits and boxes; csv and xlsx: a row a number, for a spreadsheet (text)",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="where it goes; xlsx needs it (standard output)"
    )
    parser.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="processes that read side by side, each with some 250 MB (as many as cores)",
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="ray: by a cluster's machines, from wherever fsspec and pyarrow read, into a folder "
        "of Parquet files, --output, with a row a number (local)",
    )
    options = parser.parse_args(arguments)
    if options.engine == "ray" and not (options.output and options.format == "text"):
        parser.error("--engine ray writes Parquet: it needs --output FOLDER, and takes no --format")
    if options.format == "xlsx" and not options.output:
        parser.error("--format xlsx needs --output FILE, such as --output numbers.xlsx")
    try:
        return _read_by_cluster(options) if options.engine == "ray" else _read(options)
    except ReaderError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # who read the lines has had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def run(arguments: list[str]) -> int:
    """Runs the command line as a process of its own does, which Ctrl-C ends at once."""
    signal.signal(signal.SIGINT, _stop)
    atexit.register(gc.freeze)  # else Python looks for cycles in all that ends with the process
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        # names of files may have what a terminal can't show
        stream.reconfigure(errors="backslashreplace")
    return main(arguments)


def _read(options: argparse.Namespace) -> int:
    found = folders.find([*map(Path, options.paths)], EXTENSIONS)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    if not found.files:
        print("error: there is nothing to read.", file=sys.stderr)
        return 1
    files = [_file(path) for path in found.files]
    failed = False
    with (
        formats.open_writer(options.format, options.output and Path(options.output)) as write,
        _bar(len(files)) as bar,
    ):
        for answer in _answers(files, options):
            if answer is None:
                if bar:
                    bar.update()
                continue
            failed |= bool(answer.error)
            with bar.external_write_mode(file=sys.stdout) if bar else contextlib.nullcontext():
                write(answer)
                _tell(answer)
    return 1 if failed else 0


def _bar(count: int) -> Any:
    """What shows how many files remain, to whoever watches and has several; None otherwise."""
    if count == 1 or not sys.stderr.isatty():
        return contextlib.nullcontext()
    from tqdm import tqdm

    return tqdm(total=count, unit="file", dynamic_ncols=True)


def _answers(files: Sequence[File], options: argparse.Namespace) -> Iterator[Answer | None]:
    turn = _turn(options)
    checkpoint = shipped.find(options.checkpoint)
    # of one file with few pages, the other processes would see nothing
    several = -(-len(files) // SHARE)
    if any(file.name.lower().endswith(LONG) for file in files):
        several = cores()
    count = options.workers or min(cores(), several)
    if count == 1:
        return workers.read_alone(files, workers.PageReader(checkpoint, turn))
    return _side_by_side(files, workers.Team(checkpoint, turn, count))


def _side_by_side(files: Sequence[File], team: Team) -> Iterator[Answer | None]:
    with contextlib.closing(team):
        yield from team.read(files)


def _read_by_cluster(options: argparse.Namespace) -> int:
    from digits import cluster

    workers.PageReader(shipped.find(options.checkpoint), None)  # before others try to load it
    count = cluster.read(
        options.paths, options.output, options.checkpoint, _turn(options), options.workers
    )
    print(f"{options.output}: {count:,} rows")
    return 0


def _turn(options: argparse.Namespace) -> Any:
    """Degrees, or None where they are to be found out."""
    return None if options.turn == TURNS[0] else int(options.turn)


def _tell(answer: Answer) -> None:
    """Errors and notes, for whoever watches."""
    if answer.note:
        kind = "error" if answer.error else "note"
        print(f"{answer.name}: {kind}: {answer.note}", file=sys.stderr)


def _file(path: Path) -> File:
    name = str(path)
    return File(name, sys.stdin.buffer.read() if name == STANDARD_INPUT else None)


def _count(text: str) -> int:
    count = int(text) if text.isdigit() else 0
    if not 1 <= count <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} should be a whole number from 1 to 1024")
    return count


def _stop(*_: Any) -> None:
    """On Ctrl-C: no exception, which would wait for the networks."""
    os.write(2, b"\nStopped.\n" if sys.stderr.isatty() else b"Stopped.\n")
    os._exit(130)
