"""UNIPEN (Guyon et al., 1994: UNIPEN project of on-line data exchange and recognizer benchmarks):
text, a line that begins with a dot is a keyword, all other lines are places of the pen.

UCI's pendigits are written so, and a segment for each digit. y points up.
"""

import re
from collections.abc import Iterator

import numpy as np

from model.pen.sheets import PenError, Sheet, as_stroke, checked

KEYWORDS = re.compile(rb"^\.(PEN_DOWN|PEN_UP|SEGMENT|START_BOX|COORD|HIERARCHY)\b", re.MULTILINE)
NEW_SHEET = (".START_BOX", ".START_SET")


def is_unipen(content: bytes) -> bool:
    """Whether a file is UNIPEN, by what it has at the start of its lines."""
    return b"\0" not in content[:4096] and b".PEN_DOWN" in {
        b"." + found[1] for found in KEYWORDS.finditer(content[:1_000_000])
    }


@checked
def read(content: bytes) -> Iterator[Sheet]:
    """A file's sheets: a box is one, and so is a segment that is told just before it is written,
    since each of these begins at the same place."""
    sheet: Sheet = []
    columns, scale, level = (0, 1), np.array([1.0, -1.0]), ""
    places: list[list[float]] | None = None

    def end() -> None:
        nonlocal places
        if places:
            values = np.array(places)[:, columns] * scale
            if (stroke := as_stroke(values)) is not None:
                sheet.append(stroke)
        places = None

    for number, line in enumerate(content.decode("latin-1").splitlines(), 1):
        if not line.startswith("."):
            if places is None or not (words := line.split()):
                continue
            try:
                row = [float(word) for word in words]
                places.append([row[column] for column in range(max(columns) + 1)])
            except (ValueError, IndexError) as error:
                raise PenError(f"The UNIPEN file is damaged in line {number}.") from error
            continue
        keyword, *words = line.split()
        if keyword == ".PEN_DOWN":
            end()
            places = []
        elif keyword == ".PEN_UP":
            end()
        elif keyword == ".COORD" and {"X", "Y"} <= set(words):
            columns = words.index("X"), words.index("Y")
        elif keyword in (".X_POINTS_PER_INCH", ".Y_POINTS_PER_INCH") and words:
            scale = scale.copy()
            scale["XY".index(keyword[1])] = _inches(words[0]) * (1 if keyword[1] == "X" else -1)
        elif keyword == ".HIERARCHY" and words:
            level = words[0]
        elif keyword in NEW_SHEET or (keyword == ".SEGMENT" and words[:1] == [level or words[0]]):
            end()
            if sheet:
                yield sheet
            sheet = []
    end()
    if sheet:
        yield sheet


def _inches(word: str) -> float:
    """Of a unit, of which an inch has so many."""
    try:
        return 1 / float(word)
    except (ValueError, ZeroDivisionError) as error:
        raise PenError("The UNIPEN file has no such resolution.") from error
