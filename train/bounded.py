"""Files of other people's, read no further than they may go: what a header claims is compared with
what its file can hold before any memory is asked for."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from train.dataset import DataError

# Bytes that an array of pictures may take. The largest that people have, EMNIST's byclass, takes
# 640 MB, and MNIST in double precision 380 MB.
MAX_BYTES = 2**30
MAX_TEXT = 2**32  # of text, which is read line by line: as CSV, byclass takes 1.5 GB
GZIP = b"\x1f\x8b"
INFLATION = 1032  # bytes that DEFLATE makes of one, at most (zlib.net/zlib_tech.html)
MAX_LINE = 2**20  # bytes of a line of text; 3,072 pixels take 12,000


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """A file to read, unpacked where it is gzipped, and how many bytes there may be in it at most.

    Raises:
        DataError: it can't be opened.
    """
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == GZIP
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            if packed:
                with gzip.open(file) as unpacked:
                    yield unpacked, size * INFLATION  # type: ignore[misc]  # it is one in all but name
            else:
                yield file, size
    except PermissionError as error:
        raise DataError(f"{path} can't be opened: {error.strerror}.") from error


def start_of(path: Path, size: int) -> bytes:
    """The first bytes of a file, unpacked where it is gzipped; fewer where it is shorter or
    damaged."""
    start = b""
    try:
        with opened(path) as (file, _):
            # by and by: what is damaged further on does not matter yet
            while len(start) < size and (more := file.read(min(4096, size - len(start)))):
                start += more
    except (OSError, EOFError, ValueError):
        pass
    return start


def check_size(path: Path, size: int) -> None:
    """Raises DataError where a file's pictures would take more than MAX_BYTES."""
    if size > MAX_BYTES:
        raise DataError(
            f"{path} claims {size / 1e9:,.1f} GB of pictures; at most {MAX_BYTES / 1e9:.1f} GB are "
            f"read: take part of it."
        )


def said(error: Exception) -> str:
    """What a library says of a fault, as part of a sentence."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return (text.strip() or type(error).__name__).splitlines()[0].rstrip(".")


class Text(io.RawIOBase):
    """A file of text, of which no line is longer than MAX_LINE and all no longer than MAX_TEXT."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path, self._all, self._line = file, path, 0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        block = self._file.read(min(len(buffer), MAX_LINE))
        self._all += len(block)
        if self._all > MAX_TEXT:
            raise DataError(f"{self._path} has more than {MAX_TEXT / 1e9:.0f} GB of text.")
        end = block.rfind(b"\n")
        self._line = self._line + len(block) if end < 0 else len(block) - end
        if self._line > MAX_LINE:
            raise DataError(f"{self._path} has a line of more than {MAX_LINE:,} bytes.")
        buffer[: len(block)] = block
        return len(block)
