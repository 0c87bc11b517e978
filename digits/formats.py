"""Answers as they come → text, JSON, CSV or a workbook."""

import contextlib
import csv
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from digits import spreadsheet
from digits.answer import COLUMNS, Answer
from digits.workers import ReaderError
from model.disk import atomic_write

Write = Callable[[Answer], None]


@contextlib.contextmanager
def open_writer(form: str, output: Path | None) -> Iterator[Write]:
    """A function that writes an answer in a form of FORMS, to a file or standard output.

    Text, JSON and CSV are there as soon as they are written; a workbook is once all is read.

    Raises:
        ReaderError: the file can't be written.
    """
    try:
        if form == "xlsx":
            assert output
            with _workbook(output) as write:
                yield write
        elif output is None:
            yield WRITERS[form](sys.stdout)
        else:
            with contextlib.ExitStack() as opened:
                yield _lazily(form, output, opened)
    except BrokenPipeError:
        raise
    except OSError as error:
        name = output or "Standard output"
        raise ReaderError(f"{name} can't be written: {error.strerror}.") from error


def _lazily(form: str, output: Path, opened: contextlib.ExitStack) -> Write:
    """Writes to a file that is opened for the first answer: where none comes, what is there
    stays."""
    writers: list[Write] = []

    def write(answer: Answer) -> None:
        if not writers:
            encoding = "utf-8-sig" if form == "csv" else "utf-8"  # as spreadsheets know it
            file = opened.enter_context(output.open("w", encoding=encoding, newline=""))
            writers.append(WRITERS[form](file))
        writers[0](answer)

    return write


def _text(file: TextIO) -> Write:
    def write(answer: Answer) -> None:
        if answer.error:
            return
        text = " ".join(number["text"] for number in answer.summary["numbers"])
        # rounded down: 100% would say that there is no doubt
        sure = "" if answer.confidence is None else f" ({int(100 * answer.confidence)}%)"
        print(f"{answer.name}: {text}{sure}", file=file, flush=True)

    return write


def _json(file: TextIO) -> Write:
    def write(answer: Answer) -> None:
        print(json.dumps(answer.as_json()), file=file, flush=True)

    return write


def _csv(file: TextIO) -> Write:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)

    def write(answer: Answer) -> None:
        rows.writerows(map(spreadsheet.as_csv, answer.rows()))
        file.flush()

    return write


@contextlib.contextmanager
def _workbook(output: Path) -> Iterator[Write]:
    rows: list[tuple[object, ...]] = [COLUMNS]
    with atomic_write(output) as draft:
        yield lambda answer: rows.extend(answer.rows())
        draft.write_bytes(spreadsheet.xlsx(rows, {}))


WRITERS: dict[str, Callable[[TextIO], Write]] = {"text": _text, "json": _json, "csv": _csv}
FORMS = (*WRITERS, "xlsx")
