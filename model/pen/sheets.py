"""What every form of pen file comes to, and the limits of all of them."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np

ZIP = b"PK\x03\x04"
MAX_BYTES = 100_000_000  # unpacked
MAX_SHEETS = 100_000  # of a file
MAX_POINTS, MAX_STROKES = 1_000_000, 20_000  # of a sheet: far more than a person writes on one

# (n, 2) float places of the pen's tip, n > 0
Stroke = np.ndarray
Sheet = list[Stroke]


class PenError(ValueError):
    """A pen file can't be read; the message is one sentence that says why."""


def parse_xml(content: bytes, what: str) -> Element:
    """The root of an XML file; PenError where it is damaged or has more to it than a pen writes."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(content, forbid_dtd=True)
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


def unzip(content: bytes, what: str) -> bytes:
    """What gzip packed; PenError where it is damaged or too large."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(content, MAX_BYTES)
    except zlib.error as error:
        raise PenError(f"The {what} file is damaged.") from error
    if unpacker.unconsumed_tail:
        raise PenError(f"The {what} file is too large.")
    if not unpacker.eof:
        raise PenError(f"The {what} file is damaged: it ends too early.")
    return unpacked


class Archive:
    """A zip archive; raises PenError where it is damaged, or a file of it is too large."""

    def __init__(self, content: bytes, what: str):
        self._what = what
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except zipfile.BadZipFile as error:
            raise PenError(f"The {what} file is damaged.") from error

    @property
    def names(self) -> list[str]:
        """Of its files."""
        return self._archive.namelist()

    def read(self, name: str) -> bytes:
        """A file's content."""
        try:
            if self._archive.getinfo(name).file_size > MAX_BYTES:
                raise PenError(f"The {self._what} file is too large.")
            return self._archive.read(name)
        except PenError:
            raise
        except Exception as error:  # what damaged archives make zipfile raise is of many kinds
            raise PenError(f"The {self._what} file is damaged.") from error


def as_stroke(values: Any) -> Stroke | None:
    """Pairs of coordinates as a stroke; None where there are none."""
    points = np.array(values, float).reshape(-1, 2)
    if not np.isfinite(points).all() or (np.abs(points) > 1e9).any():
        raise PenError("The file has places of the pen that are no numbers.")
    return points if len(points) else None


def checked(sheets: Callable[[bytes], Iterator[Sheet]]) -> Callable[[bytes], list[Sheet]]:
    """A decorator: a file's sheets, each within the limits."""

    def read(content: bytes) -> list[Sheet]:
        found: list[Sheet] = []
        for sheet in sheets(content):
            if len(sheet) > MAX_STROKES or sum(map(len, sheet)) > MAX_POINTS:
                raise PenError("There is far more on a sheet of this file than a person writes.")
            if len(found) == MAX_SHEETS:
                raise PenError(f"The file has more than {MAX_SHEETS:,} sheets.")
            found.append(sheet)
        return found

    return read
