"""Uploaded pictures → readings, and the readings → a table."""

import io
import json
import re
import string
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app_pages.parts import bars, pictures, resources
from model.hints import hints
from model.image import ImageError

TYPES = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
LIMIT = 20  # megabytes a file
SHOWN = 700  # pixels of the longer side
UNSURE = 0.9  # confidence below which a digit is marked


@dataclass(frozen=True)
class Result:
    """What the page shows of one picture: little, so that many can be kept."""

    text: str = ""
    confidence: float | None = None  # of the least certain digit
    figures: tuple[pictures.Figure, ...] = ()  # the picture, then each digit as the network sees it
    digits: tuple[dict, ...] = ()  # value, confidence and box of each, as the command line gives them
    hints: tuple[str, ...] = ()
    turn: int = 0  # degrees clockwise by which the writing was turned
    error: str | None = None  # why it could not be read, one sentence


@st.cache_data(max_entries=100, show_spinner="Reading")
def read(content: bytes, checkpoint: Path, stamp: resources.Stamp, turn: int | None = None) -> Result:
    """The reading of a picture file; kept, so that a rerun of the page reads nothing twice."""
    recognizer = resources.recognizer(checkpoint)
    try:
        reading = recognizer.read(content, turn)
    except ImageError as error:
        return Result(error=str(error))
    names = [recognizer.name(digit) for digit in reading.digits]
    unsure = [digit.value is None or digit.confidence < UNSURE for digit in reading.digits]
    found = pictures.Figure(
        pictures.source(pictures.read_over(reading, names, unsure, SHOWN)),
        f"{reading.image.shape[1]} × {reading.image.shape[0]} pixels",
        f"The picture, upright, with a box around each digit found: {reading.text or 'none'}.",
    )
    glyphs = [
        pictures.Figure(
            pictures.source(digit.glyph),
            f"{name} · {bars.percent(digit.confidence)}{' · unsure' if doubt else ''}",
            "One digit as the network sees it.",
            crisp=True,
        )
        for digit, name, doubt in zip(reading.digits, names, unsure, strict=True)
    ]
    confidence = min((float(digit.confidence) for digit in reading.digits), default=None)
    digits = tuple(
        {"value": digit.value, "confidence": round(float(digit.confidence), 4), "box": list(digit.box)}
        for digit in reading.digits
    )
    return Result(reading.text, confidence, (found, *glyphs), digits, tuple(hints(reading)), reading.turn)


def plain(text: str) -> str:
    """A text that shows as it is where Markdown is understood."""
    return re.sub(f"([{re.escape(string.punctuation)}])", r"\\\1", text)


def table(names: list[str], results: list[Result]) -> pd.DataFrame:
    """A row a picture, in the order given: file, text, confidence in [0, 1], note."""
    return pd.DataFrame(
        {
            "file": names,
            "text": [result.text for result in results],
            "confidence": [np.nan if result.confidence is None else result.confidence for result in results],
            "note": [result.error or ("" if result.text else "No digit found.") for result in results],
        }
    )


def csv(rows: pd.DataFrame) -> bytes:
    """The table as a CSV file; the mark at its start tells spreadsheets that it is UTF-8."""
    file = io.StringIO()
    rows.to_csv(file, index=False, float_format="%.4f")
    return file.getvalue().encode("utf-8-sig")


def as_json(names: list[str], results: list[Result]) -> bytes:
    """A list with an object a picture, with the fields that `recognize_digits.py --json` gives."""
    objects = [
        {"file": name, "error": result.error}
        if result.error
        else {"file": name, "text": result.text, "digits": result.digits}
        for name, result in zip(names, results, strict=True)
    ]
    return json.dumps(objects, ensure_ascii=False, indent=1).encode()
