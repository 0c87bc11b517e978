"""Uploaded pictures → readings, and the readings → a table."""

import contextlib
import functools
import json
import string
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cachetools
import numpy as np
import pandas as pd

from app_pages.figures import bars, pictures
from app_pages.pen import canvas
from app_pages.server import workload
from app_pages.server.resources import Network
from digits.spreadsheet import for_spreadsheet
from model import Digit, Reading, Recognizer
from model.boxes import Box
from model.hints import find_hints
from model.image import ImageError, Page
from model.strokes import Stroke, fit, strokes_in

LIMIT = 20  # megabytes a file
PAGES = 50  # of a file, that are read
SIDE = 700  # pixels of the longer side
THUMBNAIL = 76, 48  # pixels, at most
# bytes of readings that are kept, and of what is shown of them: beyond, the oldest go
MAX_BYTES = 50_000_000

# boxes that a visitor set, and the class that each is said to be, or None
Marks = tuple[tuple[Box, int | None], ...]


@dataclass(frozen=True)
class Result:
    """What the page shows of one picture: little, so that many can be kept."""

    text: str = ""
    confidence: float | None = None  # of the least certain digit
    figures: tuple[pictures.Figure, ...] = ()  # the picture, then each digit as the network sees it
    thumbnail: str = ""  # a data: address
    glyphs: tuple[np.ndarray, ...] = ()  # each digit, (28, 28) uint8
    names: tuple[str, ...] = ()  # what each digit is read as
    summary: dict = field(default_factory=dict)  # text, digits and numbers, as JSON has them
    # the numbers in rows and columns, "" where nothing stands
    sheet: tuple[tuple[str, ...], ...] = ()
    unsure: int = 0  # digits that are marked as ones to look at
    hints: tuple[str, ...] = ()
    turn: int = 0  # degrees clockwise by which the writing was turned
    corrected: tuple[int, ...] = ()  # the numbers of the digits whose class the visitor told
    error: str | None = None  # why it could not be read, one sentence

    @property
    def boxes(self) -> list[Box]:
        """Of the digits, in reading order: (left, top, width, height) in pixels of the picture."""
        return [tuple(digit["box"]) for digit in self.summary.get("digits", [])]


@dataclass(frozen=True)
class Source:
    """A page of a file, and how it is to be read: all that a reading depends on."""

    page: Page
    digest: bytes  # of the file's content
    network: Network
    recognizer: Recognizer  # of that network
    turn: int | None = None  # degrees clockwise, None: found out

    @property
    def key(self) -> tuple:
        """What tells it from others; short."""
        return self.digest, self.page.number, self.network, self.turn


def _cached(bytes_of: Callable) -> Callable:
    """A decorator: what is made of a source is kept, up to so many bytes in all, and made when it
    is its turn.

    Not Streamlit's caches: they count entries, whatever these take, and each visitor may clear them
    for all.
    """

    def decorate(make: Callable) -> Callable:
        cache, lock = cachetools.LRUCache(MAX_BYTES, bytes_of), threading.Lock()

        def look_up(key: tuple):
            with lock:
                return cache.get(key)

        @functools.wraps(make)
        def get(source: Source, *how):
            key = source.key, *how

            def work():
                if (value := look_up(key)) is None:  # somebody else may have handed in the same
                    value = make(source, *how)
                    # it is larger than all that is kept
                    with lock, contextlib.suppress(ValueError):
                        cache[key] = value
                return value

            if (value := look_up(key)) is not None:
                return value
            return workload.run(workload.PICTURES, work, source.page.decoding_bytes())

        return get

    return decorate


@_cached(lambda reading: reading.image.nbytes + reading.ink.nbytes)
def read_picture(source: Source) -> Reading:
    """The reading by itself; raises ImageError. Only the latest are kept, of large pictures
    none."""
    return source.recognizer.read(source.page, source.turn)


def read(source: Source, marks: Marks | None = None) -> Result:
    """What to show of a picture file, with the boxes that the visitor marked, if any; kept for
    reruns of the page."""
    try:
        return _result(source, marks)
    except ImageError as error:  # which another try may not meet
        return Result(error=str(error))


@_cached(lambda result: sum(len(figure.source) for figure in result.figures) + 10_000)
def _result(source: Source, marks: Marks | None) -> Result:
    try:
        reading = read_picture(source)
    except ImageError as error:
        if isinstance(error, workload.TooLongError) or isinstance(error.__cause__, MemoryError):
            raise
        return Result(error=str(error))
    if marks is not None:
        reading = source.recognizer.read_boxes(reading, dict(marks))
    names = tuple(source.recognizer.name(digit) for digit in reading.digits)
    picture = pictures.Figure(
        pictures.photograph(pictures.annotate(reading, names, SIDE)),
        f"{reading.image.shape[1]} × {reading.image.shape[0]} pixels",
        f"The picture, upright, with a box around each digit found: {reading.text or 'none'}.",
    )
    corrected = {box for box, value in marks or () if value is not None}
    glyphs = tuple(digit.glyph for digit in reading.digits)
    crops = [
        pictures.Figure(
            pictures.source(digit.glyph),
            f"{name} · "
            + (
                "as you say"
                if digit.box in corrected
                else bars.percent(digit.confidence) + " · unsure" * pictures.is_unsure(digit)
            ),
            "One digit as the network sees it.",
            crisp=True,
        )
        for digit, name in zip(reading.digits, names, strict=True)
    ]
    confidence = min((float(digit.confidence) for digit in reading.digits), default=None)
    return Result(
        reading.text,
        confidence,
        (picture, *crops),
        pictures.photograph(pictures.fit(reading.image, *THUMBNAIL)),
        glyphs,
        names,
        reading.summary(),
        tuple(tuple(map(for_spreadsheet, row)) for row in reading.table()),
        sum(digit.box not in corrected and pictures.is_unsure(digit) for digit in reading.digits),
        tuple(find_hints(reading)),
        reading.turn,
        tuple(number for number, digit in enumerate(reading.digits) if digit.box in corrected),
    )


@_cached(lambda digits: 4_000 * len(digits))
def digits(source: Source, marks: Marks | None) -> tuple[Digit, ...]:
    """The digits that `read` tells of, with their glyphs."""
    reading = read_picture(source)
    if marks is not None:
        reading = source.recognizer.read_boxes(reading, dict(marks))
    return reading.digits


def strokes(source: Source, result: Result, number: int) -> tuple[Stroke, ...]:
    """How a digit of a sheet that a pen wrote came to be, on the square canvas; none of any other
    picture, nor where the writing is turned."""
    drawing = None if result.turn else source.page.drawing()
    if not drawing:
        return ()
    return fit(strokes_in(drawing.strokes, result.boxes[number]), canvas.SIZE)


@_cached(lambda figures: sum(len(figure.source) for figure in figures))
def steps(source: Source, boxes: tuple[Box, ...]) -> list[pictures.Figure]:
    """From the picture to its digits, step by step; kept, as a rerun would draw the same three
    pictures."""
    return pictures.page_steps(read_picture(source), boxes, SIDE)


@_cached(lambda photograph: len(photograph[0]))
def photograph(source: Source, width: int, height: int) -> tuple[bytes, tuple[int, int]]:
    """The picture as a JPEG file, as large as fits into so many pixels, and its width and height;
    kept like `steps`."""
    picture = pictures.fit(read_picture(source).image, width, height)
    return pictures.jpeg(picture), (picture.shape[1], picture.shape[0])


def table(names: list[str], results: list[Result]) -> pd.DataFrame:
    """A row a picture, in the order given: file, text, confidence in [0, 1], note."""
    return pd.DataFrame(
        {
            "file": names,
            "text": [result.text for result in results],
            "confidence": [
                np.nan if result.confidence is None else result.confidence for result in results
            ],
            "note": [note(result) for result in results],
        }
    )


def note(result: Result) -> str:
    return result.error or result.summary.get("note", "" if result.text else "No digit found.")


def in_words(result: Result) -> str:
    """How much of a picture was read, and how surely."""
    if len(result.names) == 1:
        return f"{bars.percent(result.confidence)} sure"
    words = [f"{len(result.names)} digits"]
    words.append(
        f"{result.unsure} of them unsure"
        if result.unsure
        else f"the least sure {bars.percent(result.confidence)}"
    )
    if out := len(result.summary.get("left_out", [])):
        words.append(f"{out} mark{'s' * (out > 1)} left out")
    return ", ".join(words)


def least_sure(result: Result) -> int:
    """The number of the digit that is least sure."""
    digits = result.summary["digits"]
    return min(range(len(digits)), key=lambda number: digits[number]["confidence"])


def as_sheet(result: Result) -> pd.DataFrame:
    """The numbers as a spreadsheet shows them: rows from 1, columns from A."""
    rows = pd.DataFrame(result.sheet, index=range(1, len(result.sheet) + 1))
    return rows.rename(columns=column_name)


def column_name(number: int) -> str:
    """A spreadsheet's name of a column that is counted from 0: A, B, … Z, AA, …"""
    before, last = divmod(number, 26)
    return (column_name(before - 1) if before else "") + string.ascii_uppercase[last]


def numbers(names: list[str], results: list[Result]) -> list[tuple[Any, ...]]:
    """The names of the columns and a row a number: file, row, column, number, confidence of its
    least sure digit, note; one row of a picture in which there is none."""
    rows: list[tuple[Any, ...]] = [("file", "row", "column", "number", "confidence", "note")]
    for name, result in zip(names, results, strict=True):
        entries = result.summary.get("numbers", [])
        for entry in entries:
            place, text = (entry["row"], entry["column"]), for_spreadsheet(entry["text"])
            rows.append((name, *place, text, entry["confidence"], note(result)))
        if not entries:
            rows.append((name, None, None, result.text, None, note(result)))
    return rows


def as_json(names: list[str], results: list[Result]) -> bytes:
    """A list with an object a picture, with the fields that `recognize_digits.py --json` gives."""
    objects = [
        {"file": name, "error": result.error} if result.error else {"file": name, **result.summary}
        for name, result in zip(names, results, strict=True)
    ]
    return json.dumps(objects, ensure_ascii=False, indent=1).encode()
