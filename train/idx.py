"""IDX files, as MNIST, EMNIST, Fashion-MNIST, KMNIST and QMNIST have them: a file of images and one
of labels for each part, gzipped or not.

    train-images-idx3-ubyte.gz  train-labels.idx1-ubyte  emnist-digits-test-images-idx3-ubyte.gz
"""

import math
import os
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.bounded import check_size, opened, start_of
from train.dataset import DataError
from train.labelled import Labelled, Source, name_of_character, part_of

# the third byte of a file → its values (http://yann.lecun.com/exdb/mnist, "file formats")
TYPES: Mapping[int, str] = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
MAX_RANK = 4
# what the names of a pair don't share, and those of a dataset's parts
OWN_WORDS = re.compile(
    r"train|test|t10k|validation|valid|val|images|imgs|labels|idx\d|ubyte|int|gz$|[-_.]"
)
MAX_MAPPING = 2**16  # bytes of EMNIST's text that names the classes


def is_idx(start: bytes) -> bool:
    """Whether a file begins as IDX does, unpacked."""
    return (
        len(start) >= 8 and start[:2] == b"\0\0" and start[2] in TYPES and 1 <= start[3] <= MAX_RANK
    )


def read_idx(path: os.PathLike[str] | str) -> NDArray[np.generic]:
    """An IDX file, gzipped or not → the array of its shape and type.

    Raises:
        DataError: not such a file, a truncated one, or one that claims more than it holds.
    """
    path = Path(path)
    try:
        with opened(path) as (file, most):
            zeros, kind, rank = struct.unpack(">HBB", file.read(4))
            if zeros or kind not in TYPES or not 1 <= rank <= MAX_RANK:
                raise ValueError("it does not begin as one")
            shape = struct.unpack(f">{rank}I", file.read(4 * rank))
            size = math.prod(shape) * np.dtype(TYPES[kind]).itemsize
            if size > most:
                raise ValueError("its header claims more than it can hold")
            check_size(path, size)
            content = file.read(size + 1)
            if len(content) != size:
                raise ValueError("header and content disagree")
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise DataError(f"{path} is not a whole IDX file ({error}); get it again.") from error
    return np.frombuffer(content, TYPES[kind]).reshape(shape)


def read(files: Iterable[Path]) -> Source:
    """The parts that IDX files of one folder make up.

    Raises:
        DataError: several datasets, images without labels or labels without images, or a damaged
            file.
    """
    found: dict[str, dict[tuple[str, bool], Path]] = {}
    # of a file that is there gzipped as well, the one that isn't
    for path in sorted(files, key=lambda path: (path.suffix == ".gz", path.name)):
        labels = start_of(path, 4)[3] < 3
        found.setdefault(dataset_of(path), {}).setdefault((part_of(path.name), labels), path)
    if len(found) > 1:
        some = ", ".join(sorted(next(iter(pair.values())).name for pair in found.values())[:3])
        raise DataError(
            f"There are several datasets of IDX files in one folder ({some} …); give the path of "
            f"the training images of one."
        )
    (own,) = found.values()
    parts = {}
    for part in dict.fromkeys(part for part, _ in own):
        pair = [own.get((part, labels)) for labels in (False, True)]
        if None in pair:
            there = pair[0] or pair[1]
            raise DataError(
                f"{there} has no {'images' if pair[0] is None else 'labels'} beside it; put the "
                f"IDX file of them into its folder, named as it is."
            )
        images, labels_array = (read_idx(path) for path in pair if path)
        # QMNIST's labels come with six more columns, about who wrote the digit and where
        parts[part] = Labelled(
            images, labels_array[:, 0] if labels_array.ndim == 2 else labels_array
        )
    some_file = next(iter(own.values()))
    return Source(parts, _mapping(some_file), emnist="emnist" in some_file.name.lower())


def dataset_of(path: Path) -> str:
    """What the names of all files of one dataset share: "emnistdigits", or "" of MNIST's."""
    return OWN_WORDS.sub("", path.name.lower())


def _mapping(path: Path) -> dict[int, str]:
    """EMNIST's names of its classes, from the text that lies beside its files: of a line, the class
    and the code of its character."""
    found = re.match(r"(.*)-(?:train|test)-", path.name)
    beside = path.with_name(f"{found[1]}-mapping.txt") if found else path
    if beside == path or not beside.is_file():
        return {}
    lines = start_of(beside, MAX_MAPPING).decode(errors="replace").splitlines()
    rows = [line.split() for line in lines if line.strip()]
    if not all(len(row) > 1 and row[0].isdecimal() and row[1].isdecimal() for row in rows):
        raise DataError(f"{beside} should have a class and a character's code on each line.")
    return {int(row[0]): name_of_character(int(row[1])) for row in rows}
