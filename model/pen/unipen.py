"""UNIPEN (Guyon et al., 1994: UNIPEN project of on-line data exchange and recognizer benchmarks):
text, a line that begins with a dot is a keyword, all other lines are places of the pen.

UCI's pendigits are written so, and a segment for each digit. y points up.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from model.pen.sheets import PenError, Sheet, as_stroke, checked

PEN_DOWN = re.compile(rb"(?:^|[\r\n])(?:\xef\xbb\xbf)?[ \t]*\.PEN_DOWN\b")
LINE = re.compile(r"\r\n|\r|\n")
NEW_SHEET = (".START_BOX", ".START_SET")
UNIT = re.compile(r"\.([XY])_POINTS_PER_INCH")


def is_unipen(content: bytes) -> bool:
    """Whether a file is UNIPEN, by what it has at the start of a line."""
    return b"\0" not in content[:4096] and PEN_DOWN.search(content) is not None


@checked
def read(content: bytes) -> Iterator[Sheet]:
    """A file's sheets: a box is one, and so is a segment that is told just before it is written,
    since each of these begins at the same place."""
    sheet: Sheet = []
    columns, units, level, owner = [0, 1], {"X": 0.0, "Y": 0.0}, "", ""
    places: list[list[float]] | None = None

    def end() -> None:
        nonlocal places
        if places:
            scale = np.array([1 / units["X"], 1 / units["Y"]] if all(units.values()) else [1, 1])
            if (stroke := as_stroke(np.array(places) * scale * [1, -1])) is not None:
                sheet.append(stroke)
        places = None

    def take(words: Sequence[str], number: int) -> None:
        """A place of the pen; what follows another keyword may be words of its own."""
        assert places is not None
        try:
            places.append([float(words[column]) for column in columns])
        except (ValueError, IndexError) as error:
            if owner == ".PEN_DOWN":
                raise PenError(f"The UNIPEN file is damaged in line {number}.") from error

    for number, line in enumerate(LINE.split(content.decode("latin-1").lstrip("ï»¿")), 1):
        words = line.split()
        if not words:
            continue
        if not words[0].startswith("."):
            if places is not None:
                take(words, number)
            continue
        owner, *words = words
        if owner in (".PEN_DOWN", ".PEN_UP", ".COORD") or owner in NEW_SHEET:
            end()
        if owner == ".PEN_DOWN":
            places = []
            if words:
                take(words, number)
        elif owner == ".COORD" and {"X", "Y"} <= {word.upper() for word in words}:
            columns = [[word.upper() for word in words].index(axis) for axis in "XY"]
        elif unit := UNIT.fullmatch(owner):
            units[unit[1]] = _number(words)
        elif owner == ".HIERARCHY" and words:
            level = words[0]
        elif owner in NEW_SHEET or (owner == ".SEGMENT" and level in ("", *words[:1])):
            end()
            if sheet:
                yield sheet
            sheet = []
    end()
    if sheet:
        yield sheet


def _number(words: Sequence[str]) -> float:
    """A size that is told, 0 where it is unknown."""
    try:
        value = float(words[0])
    except (ValueError, IndexError):
        return 0.0
    return value if 0 < value < 1e9 else 0.0
