"""Tables of what was read, as files for spreadsheets: every cell means there what was read, and
none is a formula."""

import csv as csv_format
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FORMULA = "=+-@\t\r"  # with these a spreadsheet takes a cell for a formula,
# unless it is a number, which it keeps as it is written here
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")
# characters of a sheet's name, and what it can't have
TITLE, UNTITLED = 31, re.compile(r"[\[\]:*?/\\']")


def for_spreadsheet(number: str) -> str:
    """A number's text with the minus that spreadsheets know."""
    return number.replace("−", "-")


def csv(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows, of which the first are the names of the columns, as a CSV file; the mark at its start
    tells spreadsheets that it is UTF-8."""
    file = io.StringIO()
    csv_format.writer(file, lineterminator="\n").writerows(map(as_csv, rows))
    return file.getvalue().encode("utf-8-sig")


def as_csv(row: Iterable[Any]) -> list[str]:
    """A row as the cells of a CSV file; None is an empty one."""
    return [_defuse("" if value is None else value) for value in row]


def xlsx(rows: Sequence[Sequence[Any]], tables: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    """A workbook: the rows, of which the first are the names of the columns, and a sheet for each
    table of numbers.

    A number is a number where that keeps it as it was read, else a text: 007 keeps its zeros.
    """
    import openpyxl  # not before it is needed

    book = openpyxl.Workbook()
    _fill(book.active, "Readings", rows)
    book.active.freeze_panes = "A2"
    for name, table in tables.items():
        _fill(book.create_sheet(), name, table)  # a name that is there already gets a number
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _fill(sheet: Any, name: str, rows: Iterable[Iterable[Any]]) -> None:
    sheet.title = UNTITLED.sub(" ", _as_printable(name)).strip()[: TITLE - 3] or "Sheet"
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values, start=1):
            if value is None or value == "":
                continue
            cell = sheet.cell(row, column)
            if not isinstance(value, str):
                cell.value = value
            elif NUMBER.fullmatch(value):
                cell.value = float(value) if "." in value else int(value)
                if "." in value:
                    cell.number_format = "0." + "0" * len(value.partition(".")[2])
            else:
                cell.number_format = "@"  # a text, also if somebody edits it
                cell.value = _as_printable(value)
                cell.data_type = "s"  # no formula


def _as_printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _defuse(value: str | int | float) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    text = str(value)
    if text.startswith(tuple(FORMULA)) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text
