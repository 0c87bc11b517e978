"""Files that are whole or not there, whatever happens while they are written."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of the real one if all goes well."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield draft
        # Else a power cut might leave the new name with nothing in it, or the old one.
        sync_to_disk(draft)
        os.replace(draft, path)
        sync_to_disk(path.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def sync_to_disk(path: Path) -> None:
    """Waits until a file, or a folder's list of files, is on the disk."""
    if path.is_dir() and os.name != "posix":  # where folders can't be opened
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
