"""Digits as text that fits into an address: strokes of a pen, or a glyph.

Strokes are simplified to corners (Douglas and Peucker, 1973: Algorithms for the reduction of the
number of points required to represent a digitized line) that no point of them lies farther from
than half a pixel of the canvas, or as little farther as makes them fit.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from skimage.measure import approximate_polygon

from model.glyph import GLYPH_SIZE
from model.strokes import Stroke

LONGEST = 900  # characters: with all else, an address stays below 1 kB
UNIT = 0.5  # pixels: coordinates are whole multiples
TOLERANCES = (0.5, 1.0, 2.0, 4.0)  # pixels that a stroke may be moved by, tried in turn
MAX_BYTES = 8192  # unpacked: an address may be anybody's
MAX_COORDINATE = 4096  # of UNITs


class AddressError(ValueError):
    """An address holds no digit; the message is one sentence."""


def encode_strokes(strokes: Sequence[Stroke]) -> str | None:
    """Strokes on a canvas as letters, digits, "-" and "_"; None where they are too many to fit."""
    for tolerance in TOLERANCES:
        content = bytearray()
        for stroke in strokes:
            corners = _corners(stroke, tolerance)
            content += _varint(round(stroke.width / UNIT)) + _varint(len(corners))
            steps = np.diff(corners, axis=0, prepend=[[0, 0]])
            for step in steps.ravel().tolist():
                content += _varint(2 * step if step >= 0 else -2 * step - 1)  # zigzag
        if len(text := _pack(bytes(content))) <= LONGEST:
            return text
    return None


def decode_strokes(text: str) -> tuple[Stroke, ...]:
    """The strokes of `encode_strokes`; raises AddressError."""
    numbers = _numbers(_unpack(text))
    strokes = []
    try:
        for width in numbers:
            count = next(numbers)
            if not 0 < width or not 0 < count <= MAX_BYTES:
                raise AddressError(_no("drawing"))
            steps = [next(numbers) for _ in range(2 * count)]
            signed = [step // 2 if step % 2 == 0 else -(step + 1) // 2 for step in steps]
            corners = np.cumsum(np.reshape(signed, (-1, 2)), axis=0)
            if np.abs(corners).max() > MAX_COORDINATE:
                raise AddressError(_no("drawing"))
            path = [("L", *corner) for corner in (UNIT * corners).tolist()]
            strokes.append(Stroke((("M", *path[0][1:]), *path[1:]), UNIT * width))
    except (StopIteration, RuntimeError) as error:
        raise AddressError(_no("drawing")) from error
    if not strokes:
        raise AddressError(_no("drawing"))
    return tuple(strokes)


def encode_glyph(glyph: np.ndarray) -> str:
    """(28, 28) uint8 as letters, digits, "-" and "_"."""
    return _pack(glyph.tobytes())


def decode_glyph(text: str) -> np.ndarray:
    """(28, 28) uint8 of `encode_glyph`; raises AddressError."""
    content = _unpack(text)
    if len(content) != GLYPH_SIZE * GLYPH_SIZE:
        raise AddressError(_no("digit"))
    return np.frombuffer(content, np.uint8).reshape(GLYPH_SIZE, GLYPH_SIZE)


def _corners(stroke: Stroke, tolerance: float) -> np.ndarray:
    """(n, 2) int in UNITs; those of a stroke that came from an address are its points."""
    exact = stroke.points / UNIT
    if (exact == exact.round()).all() and all(command != "Q" for command, *_ in stroke.path):
        return exact.astype(int)
    return np.round(approximate_polygon(stroke.points, tolerance) / UNIT).astype(int)


def _pack(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")


def _unpack(text: str) -> bytes:
    """What was packed, MAX_BYTES of it at most; raises AddressError."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, MAX_BYTES)
    except (ValueError, binascii.Error, zlib.error) as error:
        raise AddressError(_no("digit")) from error
    if not unpacking.eof:
        raise AddressError(_no("digit"))
    return content


def _varint(number: int) -> bytes:
    """A whole number ≥ 0, seven bits a byte, the lowest first."""
    content = bytearray()
    while number >= 0x80:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    content.append(number)
    return bytes(content)


def _numbers(content: bytes) -> Iterator[int]:
    """The numbers that `_varint` wrote one after the other; one that is cut off is none."""
    number, shift = 0, 0
    for byte in content:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number, shift = 0, 0


def _no(what: str) -> str:
    return f"The address holds no {what} that can be read: it may have been cut off."
