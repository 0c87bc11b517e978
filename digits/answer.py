"""A page of a file, and what was read there: plain values, which go from process to process."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from digits.folders import STANDARD_INPUT
from digits.spreadsheet import for_spreadsheet

Row = tuple[str | int | float | None, ...]
COLUMNS = (  # of a row a number
    *("file", "page", "row", "column", "number", "confidence"),
    *("left", "top", "width", "height", "turn", "note"),
)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was read on a page, or why nothing could be.

    Attributes:
        file: as it was named.
        page: counted from 1; None where it is all of the file.
        summary: as Reading.summary() has it; empty where it can't be read.
        turn: degrees clockwise by which the writing is turned.
        error: why it can't be read, one sentence, or "".
    """

    file: str
    page: int | None = None
    summary: dict[str, Any] = dataclasses.field(default_factory=dict)
    turn: int = 0
    error: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        file = "standard input" if self.file == STANDARD_INPUT else self.file
        return f"{file}, page {self.page}" if self.page else file

    @property
    def note(self) -> str:
        """Why nothing or little was read, or ""."""
        return self.error or str(self.summary.get("note", ""))

    @property
    def confidence(self) -> float | None:
        """That of the least sure digit; None where there is none."""
        confidences = [digit["confidence"] for digit in self.summary.get("digits", [])]
        return min(confidences, default=None)

    def as_json(self) -> dict[str, Any]:
        """An object as `recognize_digits.py --json` gives it."""
        found: dict[str, Any] = {"file": self.file}
        if self.page:
            found["page"] = self.page
        return found | ({"error": self.error} if self.error else self.summary)

    def rows(self) -> Iterator[Row]:
        """A row a number, of COLUMNS; one without a number where there is none."""
        numbers = self.summary.get("numbers", [])
        for number in numbers:
            place = number["row"], number["column"], for_spreadsheet(number["text"])
            yield (
                *(self.file, self.page, *place, number["confidence"]),
                *(*number["box"], self.turn, self.note),
            )
        if not numbers:
            turn = None if self.error else self.turn
            yield (self.file, self.page, *[None] * 8, turn, self.note)
