"""MATLAB's files, .mat of its versions 5 to 7.2, as EMNIST and SVHN come: of what they may hold,
arrays of numbers and structs of these.

SciPy 1.17 reads more of them, but some damaged files end its process, and with it the training. The
format is that of "MAT-File Format", MathWorks, chapter 1: each element is a type, a size in bytes
and so many bytes, padded to 8.
"""

import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.arrays import pairs_in
from train.bounded import check_size, said
from train.dataset import DataError
from train.labelled import TEST, TRAIN, Labelled, Source, name_of_character

MAGIC = b"MATLAB 5.0"
HEADER = 128  # bytes; the last two tell the order of those in numbers
LITTLE = b"IM"
TAG = 8  # bytes: the type and the size of an element
BLOCK = 2**14  # bytes unpacked at once
# types of elements (table 1-1)
NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
MATRIX, COMPRESSED = 14, 15
# classes of matrices (table 1-3)
STRUCT, FIRST_NUMERIC, LAST_NUMERIC = 2, 6, 15
DEEPEST = 8  # structs in structs
WANTED = "EMNIST's struct 'dataset', or X and y as SVHN has them,"
SVHN_AXES, SVHN_ZERO = 4, 10


class MatlabError(ValueError):
    """A file is not as MATLAB writes it; the message is half a sentence."""


def read_mat(path: Path) -> Source:
    """The parts in a .mat.

    EMNIST's have a struct `dataset`, with `train` and `test` of `images` and `labels`, and a
    `mapping` of labels to codes of characters.

    Raises:
        DataError: its variables have other names, it is damaged, or holds too much.
    """
    try:
        variables = {name.lower(): value for name, value in _variables(path)}
        if isinstance(dataset := variables.get("dataset"), dict):
            return _read_emnist(dataset)
    except (OSError, ValueError, KeyError, zlib.error) as error:
        missing = "no " if isinstance(error, KeyError) else ""
        raise DataError(
            f"{path} is not a whole .mat file with EMNIST's struct 'dataset' "
            f"({missing}{said(error)}); get it again."
        ) from error
    arrays = {name: value for name, value in variables.items() if isinstance(value, np.ndarray)}
    parts = {}
    for part, images, labels in pairs_in(path, arrays, ".mat", WANTED):
        pictures, numbers = arrays[images], arrays[labels].ravel()
        if pictures.shape[0] != len(numbers) == pictures.shape[-1]:
            pictures = np.moveaxis(pictures, -1, 0)
        if images == "x" and pictures.ndim == SVHN_AXES:  # there, a 0 has the label 10
            numbers = np.where(numbers == SVHN_ZERO, 0, numbers)
        parts[part] = Labelled(pictures, numbers)
    return Source(parts)


def _read_emnist(dataset: Mapping[str, Any]) -> Source:
    parts = {
        part: Labelled(
            *(_array(_field(dataset[part], name), name) for name in ("images", "labels"))
        )
        for part in (TRAIN, TEST)
        if part in dataset or part == TRAIN
    }
    names = {}
    if "mapping" in dataset:
        mapping = _array(dataset["mapping"], "mapping")
        if mapping.ndim != 2 or mapping.shape[1] < 2 or not np.isfinite(mapping).all():
            raise MatlabError("its 'mapping' has no labels and codes of characters")
        names = {int(label): name_of_character(int(code)) for label, code, *_ in mapping}
    return Source(parts, names, emnist=True)


def _field(struct: Any, name: str) -> Any:
    if not isinstance(struct, dict) or name not in struct:
        raise KeyError(name)
    return struct[name]


def _array(value: Any, name: str) -> NDArray[Any]:
    if not isinstance(value, np.ndarray):
        raise MatlabError(f"its '{name}' are no numbers")
    return value


def _variables(path: Path) -> Iterator[tuple[str, Any]]:
    """The variables of a file: arrays, dicts of structs, and None for all else."""
    check_size(path, path.stat().st_size)
    content = path.read_bytes()
    order = "<" if content[HEADER - 2 : HEADER] == LITTLE else ">"
    total = 0
    for kind, data in _elements(memoryview(content)[HEADER:], order):
        if kind == COMPRESSED:
            total += _claimed(data, order)
            check_size(path, total)
            unpacked = _unpack(data, _claimed(data, order))
            kind, data = next(_elements(memoryview(unpacked), order), (0, data))
        if kind == MATRIX:
            yield _matrix(data, order, 0)


def _claimed(data: memoryview, order: str) -> int:
    """How many bytes a compressed element says that it is."""
    tag = zlib.decompressobj().decompress(data[:BLOCK], TAG)
    if len(tag) < TAG:
        raise MatlabError("it ends within an element")
    return TAG + int(np.frombuffer(tag, f"{order}u4")[1])


def _unpack(data: memoryview, most: int) -> bytes:
    """A compressed element, of at most so many bytes."""
    unpack, parts, size = zlib.decompressobj(), list[bytes](), 0
    for start in range(0, len(data), BLOCK):
        parts.append(unpack.decompress(data[start : start + BLOCK], most - size + 1))
        size += len(parts[-1])
        if size > most:
            raise MatlabError("an element is longer than it claims")
    return b"".join(parts)


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """The elements one after another, each its type and its bytes."""
    place = 0
    while place < len(data):
        if place + TAG > len(data):
            raise MatlabError("it ends within an element")
        kind, size = (int(n) for n in np.frombuffer(data[place : place + TAG], f"{order}u4"))
        if kind >> 16:  # a small one, of at most four bytes, has its size there
            kind, size = kind & 0xFFFF, kind >> 16
            start, end, following = place + 4, place + 4 + size, place + TAG
        else:
            start, end = place + TAG, place + TAG + size
            following = end + (0 if kind == COMPRESSED else -size % TAG)
        if end > min(len(data), following):
            raise MatlabError("an element claims more than there is")
        yield kind, data[start:end]
        place = following


def _matrix(data: memoryview, order: str, depth: int) -> tuple[str, Any]:
    """The name and the value of a matrix."""
    elements = _elements(data, order)

    def numbers() -> NDArray[Any]:
        kind, found = next(elements, (0, data))
        if kind not in NUMBERS:
            raise MatlabError("a part of a variable is missing")
        dtype = np.dtype(NUMBERS[kind]).newbyteorder("<" if order == "<" else ">")
        if len(found) % dtype.itemsize:
            raise MatlabError("a part of a variable is cut short")
        return np.frombuffer(found, dtype)

    if not len(data):  # an empty array, as in a struct
        return "", None
    flags, shape, name = numbers(), numbers().tolist(), _text(numbers())
    kind = int(flags[0]) & 0xFF if len(flags) else 0
    if kind == STRUCT and math.prod(shape) == 1:
        if depth == DEEPEST:
            raise MatlabError("it has too many structs in structs")
        length, fields = numbers(), numbers().tobytes()
        width = max(1, int(length[0])) if len(length) else 1
        names = [_until_zero(fields[i : i + width]) for i in range(0, len(fields), width)]
        values = [_matrix(inner, order, depth + 1)[1] for _, inner in elements]
        return name, dict(zip(names, values, strict=False))
    if FIRST_NUMERIC <= kind <= LAST_NUMERIC:
        values_array = numbers()
        if min(shape, default=0) < 0 or math.prod(shape) != len(values_array):
            raise MatlabError("an array has another shape than its values")
        return name, values_array.reshape(shape, order="F")
    return name, None


def _text(codes: NDArray[Any]) -> str:
    return codes.tobytes().decode("ascii", "replace")


def _until_zero(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("ascii", "replace")
