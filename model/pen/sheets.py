"""What every form of pen file comes to, and the limits of all of them."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
MAX_BYTES = 50_000_000  # unpacked
MAX_TAGS = 500_000  # of an XML file: each takes memory, however short it is
# Of a file, and of a sheet: far more than a person writes.
MAX_SHEETS, MAX_POINTS = 100_000, 5_000_000
MAX_SHEET_POINTS, MAX_SHEET_STROKES = 500_000, 20_000
MAX_PLACE = 1e9  # from the origin
TOO_MUCH = "There is far more in this file than a person writes."

# (n, 2) float places of the pen's tip, n > 0
Stroke = np.ndarray
Sheet = list[Stroke]


class PenError(ValueError):
    """A pen file can't be read; the message is one sentence that says why."""


def parse_xml(content: bytes, what: str) -> Element:
    """The root of an XML file; PenError where it is damaged or has more to it than a pen writes."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(content) > MAX_BYTES or content.count(b"<") > 2 * MAX_TAGS:
        raise PenError(TOO_MUCH)
    try:
        root: Element = fromstring(content)
    except (ParseError, ValueError, LookupError, DefusedXmlException) as error:
        raise PenError(f"The {what} file is damaged, or is none.") from error
    return root


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute, whatever its namespace; "" where there is none."""
    values = (value for key, value in element.items() if key.rpartition("}")[2] == name)
    return next(values, "")


def unzip(content: bytes, what: str, most: int = MAX_BYTES) -> bytes:
    """What gzip packed, in one part or several; PenError where it is damaged or too large."""
    unpacked = b""
    while content[:2] == GZIP:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            unpacked += unpacker.decompress(content, most + 1 - len(unpacked))
        except zlib.error as error:
            raise PenError(f"The {what} file is damaged.") from error
        if len(unpacked) > most:
            raise PenError(TOO_MUCH)
        if not unpacker.eof:
            raise PenError(f"The {what} file is damaged: it ends too early.")
        content = unpacker.unused_data
    return unpacked


def head_of(content: bytes) -> bytes:
    """The first of what gzip packed; of any other file, its own first bytes."""
    if content[:2] != GZIP:
        return content[:8192]
    try:
        return zlib.decompressobj(wbits=31).decompress(content[:65536], 8192)
    except zlib.error:
        return b""


class Archive:
    """A zip archive; raises PenError where it is damaged, or a file of it is too large."""

    def __init__(self, content: bytes, what: str):
        self._what = what
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
            self.names = self._archive.namelist()
        except Exception as error:  # what damaged archives make zipfile raise is of many kinds
            raise PenError(f"The {what} file is damaged.") from error

    def read(self, name: str) -> bytes:
        """A file's content."""
        try:
            info = self._archive.getinfo(name)
            # of the others, zipfile bounds no memory
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise PenError(f"The {self._what} file is packed in a way that is not read.")
            with self._archive.open(info) as file:
                content = file.read(MAX_BYTES + 1)
        except PenError:
            raise
        except Exception as error:
            raise PenError(f"The {self._what} file is damaged.") from error
        if len(content) > MAX_BYTES:
            raise PenError(TOO_MUCH)
        return content


def names_in(content: bytes) -> list[str]:
    """The names of a zip archive's files; none of any other file, or of a damaged one."""
    try:
        return Archive(content, "").names if content[:4] == ZIP else []
    except PenError:
        return []


def as_stroke(values: Any) -> Stroke | None:
    """Pairs of coordinates as a stroke; None where there are none."""
    points = np.array(values, float).reshape(-1, 2)
    if not np.isfinite(points).all() or (np.abs(points) > MAX_PLACE).any():
        raise PenError("The file has places of the pen that are no numbers.")
    return points if len(points) else None


def checked(sheets: Callable[[bytes], Iterator[Sheet]]) -> Callable[[bytes], list[Sheet]]:
    """A decorator: a file's sheets, within the limits."""

    def read(content: bytes) -> list[Sheet]:
        found: list[Sheet] = []
        points = 0
        for sheet in sheets(content):
            size = sum(map(len, sheet))
            points += size
            if (
                len(sheet) > MAX_SHEET_STROKES
                or size > MAX_SHEET_POINTS
                or points > MAX_POINTS
                or len(found) == MAX_SHEETS
            ):
                raise PenError(TOO_MUCH)
            found.append(sheet)
        return found

    return read
