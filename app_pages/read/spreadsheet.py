"""Tables of what was read, as files for spreadsheets: every cell means there what was read, and
none is a formula."""

import io
import re
from collections.abc import Mapping

import openpyxl
import pandas as pd

FORMULA = "=+-@\t\r"  # with these a spreadsheet takes a cell for a formula,
# unless it is a number, which it keeps as it is written here
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")
# characters of a sheet's name, and what it can't have
TITLE, UNTITLED = 31, re.compile(r"[\[\]:*?/\\']")


def csv(rows: pd.DataFrame) -> bytes:
    """The table as a CSV file; the mark at its start tells spreadsheets that it is UTF-8."""
    file = io.StringIO()
    texts = rows.columns[[not pd.api.types.is_numeric_dtype(rows[name]) for name in rows]]
    rows.assign(**{name: rows[name].map(_defuse) for name in texts}).to_csv(
        file, index=False, float_format="%.4f"
    )
    return file.getvalue().encode("utf-8-sig")


def xlsx(rows: pd.DataFrame, tables: Mapping[str, list[tuple[str, ...]]]) -> bytes:
    """A workbook: the rows, and a sheet for each table of numbers.

    A number is a number where that keeps it as it was read, else a text: 007 keeps its zeros.
    """
    book = openpyxl.Workbook()
    _fill(book.active, "Readings", [tuple(rows), *rows.itertuples(index=False, name=None)])
    book.active.freeze_panes = "A2"
    for name, table in tables.items():
        _fill(book.create_sheet(), name, table)  # a name that is there already gets a number
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _fill(sheet, name: str, rows: list[tuple]) -> None:
    sheet.title = UNTITLED.sub(" ", _as_printable(name)).strip()[: TITLE - 3] or "Sheet"
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values, start=1):
            if pd.isna(value) or value == "":
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


def _defuse(value):
    if isinstance(value, str) and value.startswith(tuple(FORMULA)) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value
