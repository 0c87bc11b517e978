"""reMarkable's .rm files, a page each, of versions 3, 5 and 6, and .rmdoc, documents of them.

Strokes of erasers and highlighters and of hidden layers are left out; what is typed is not ink.
Version 6 is a list of blocks, in which strokes and their groups are looked for (its layout as
rmscene and its issues tell); a layer is a group.
"""

import json
import re
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from model.pen.sheets import ZIP, Archive, PenError, Sheet, as_stroke, checked, names_in

HEAD = re.compile(rb"reMarkable .lines file, version=(\d) {10}")
LENGTH = 43  # bytes of that
# by what they are for, with the numbers that the tablet gives them
ERASERS, HIGHLIGHTERS, SHADERS = (6, 8), (5, 18), (23,)
NO_INK = frozenset(ERASERS + HIGHLIGHTERS + SHADERS)
DAMAGED = "The reMarkable file is damaged."
CONTENT = ".content"  # of a document, the file that tells its pages
# of version 6: the kinds of block that a group, its place in another and a stroke are, and those of
# values (tag & 15)
GROUP, MEMBER, STROKE = 2, 4, 5
ID, BLOCK, EIGHT, FOUR, ONE = 15, 12, 8, 4, 1


def is_remarkable(content: bytes) -> bool:
    """Whether a file is a reMarkable page, or a document of them."""
    return bool(HEAD.match(content)) or any(name.endswith(CONTENT) for name in names_in(content))


@checked
def read(content: bytes) -> Iterator[Sheet]:
    """A page, or those of a document."""
    if content[:4] == ZIP:
        yield from map(_page, _pages_of(content))
    else:
        yield _page(content)


def _page(content: bytes) -> Sheet:
    head = HEAD.match(content)
    version = int(head[1]) if head else 0
    if version not in (3, 5, 6):
        raise PenError("The reMarkable file is of a version that is not known.")
    try:
        strokes = _blocks(content) if version == 6 else _layers(content, version)
        return [stroke for stroke in strokes if stroke is not None]
    except (struct.error, IndexError, KeyError) as error:
        raise PenError(DAMAGED) from error


def _layers(content: bytes, version: int) -> Iterator[np.ndarray | None]:
    """Of versions 3 and 5: layers of strokes, each of tool, colour, width and places."""
    at = LENGTH
    (layers,) = struct.unpack_from("<i", content, at)
    at += 4
    for _ in range(layers):
        (strokes,) = struct.unpack_from("<i", content, at)
        at += 4
        for _ in range(strokes):
            size = 20 if version == 3 else 24
            (tool,) = struct.unpack_from("<i", content, at)
            (count,) = struct.unpack_from("<i", content, at + size - 4)
            at += size
            points = _floats(content, at, count, 24)
            at += 24 * count
            if tool not in NO_INK:
                yield as_stroke(points)


def _blocks(content: bytes) -> Iterator[np.ndarray]:
    """Of version 6: the strokes among a file's blocks that are not hidden. Those of a group stand
    as far to the right as that does; how far down, only the layout of typed text would tell."""
    origins: dict[bytes, float] = {}
    hidden: set[bytes] = set()
    outer: dict[bytes, bytes] = {}  # of a group, the one that it is in
    lines: list[tuple[bytes, np.ndarray]] = []
    at = LENGTH
    while at < len(content):
        size, _, _, version, kind = struct.unpack_from("<IBBBB", content, at)
        at += 8
        if at + size > len(content):
            raise PenError(DAMAGED)
        if kind in (GROUP, MEMBER, STROKE):
            values = _values(content[at : at + size])
            group = values.get(1, b"")  # its name; of the others, that of the group they are in
            if kind == GROUP:
                origins[group] = _origin(values)
                if 3 in values and not any(_values(values[3])[2]):
                    hidden.add(group)
            elif kind == MEMBER:
                if 6 in values:  # it was not deleted
                    outer[_values(values[6][1:])[2]] = group
            elif (line := _line(values, version)) is not None:
                lines.append((group, line))
        at += size
    for group, line in lines:
        groups: list[bytes] = []  # from the innermost outwards
        while group and group not in groups:
            groups.append(group)
            group = outer.get(group, b"")
        if hidden.isdisjoint(groups):
            yield line + np.array([sum(origins.get(group, 0.0) for group in groups), 0.0])


def _origin(values: dict[int, bytes]) -> float:
    """How far to the right a group stands."""
    if 10 not in values:
        return 0.0
    (x,) = struct.unpack("<f", _values(values[10])[2])
    return x if abs(x) < 1e6 else 0.0


def _line(values: dict[int, bytes], version: int) -> np.ndarray | None:
    """A stroke of version 6; None where it was deleted, or is no ink."""
    if 6 not in values:
        return None
    line = _values(values[6][1:])  # after the kind of item that it is
    (tool,) = struct.unpack("<i", line[1])
    if tool in NO_INK:
        return None
    size = 24 if version < 2 else 14
    return as_stroke(_floats(line[5], 0, len(line[5]) // size, size))


def _values(block: bytes) -> dict[int, bytes]:
    """Numbered values, as they lie in a block."""
    values: dict[int, bytes] = {}
    at = 0
    while at < len(block):
        tag, at = _number(block, at)
        kind = tag & 15
        if kind == ID:
            _, start = _number(block, at + 1)
            size = start - at
        elif kind == BLOCK:
            (size,) = struct.unpack_from("<I", block, at)
            at += 4
        elif kind in (EIGHT, FOUR, ONE):
            size = kind
        else:
            raise PenError(DAMAGED)
        if at + size > len(block):
            raise PenError(DAMAGED)
        values.setdefault(tag >> 4, block[at : at + size])
        at += size
    return values


def _number(block: bytes, at: int) -> tuple[int, int]:
    """A whole number in as many bytes as it takes, seven bits in each; and where it ends."""
    number = shift = 0
    while True:
        byte = block[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128 or shift > 63:
            return number, at


def _floats(content: bytes, at: int, count: int, size: int) -> np.ndarray:
    """(count, 2) x and y, with which each of so many records of that size begins."""
    if count < 0 or at + count * size > len(content):
        raise PenError(DAMAGED)
    kind = np.dtype({"names": ["x", "y"], "formats": ["<f4", "<f4"], "itemsize": size})
    records = np.frombuffer(content, kind, count, at)
    return np.stack([records["x"], records["y"]], 1)


def _pages_of(content: bytes) -> Iterator[bytes]:
    """A document's pages in their order, as far as they have been written on."""
    archive = Archive(content, "reMarkable")
    written = [name for name in archive.names if name.endswith(".rm")]
    about = next(name for name in archive.names if name.endswith(CONTENT))
    try:
        pages = _order(json.loads(archive.read(about)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PenError(DAMAGED) from error
    folder = about.removesuffix(CONTENT)
    names = [
        next((name for name in (f"{folder}/{page}.rm", f"{folder}/{n}.rm") if name in written), "")
        for n, page in enumerate(pages)
    ]
    for name in dict.fromkeys(names if any(names) else written):
        if name:
            yield archive.read(name)


def _order(about: dict[str, Any]) -> list[str]:
    """The names of a document's pages, those that were deleted left out."""
    pages = (about.get("cPages") or about).get("pages") or []
    if not isinstance(pages, list):
        raise TypeError(pages)
    named = [page if isinstance(page, dict) else {"id": page} for page in pages]
    return [str(page["id"]) for page in named if not page.get("deleted")]
