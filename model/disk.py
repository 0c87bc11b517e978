"""Files and folders that are whole or not there, whatever happens while they are written."""

import contextlib
import os
import shutil
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


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A folder to write files into, which takes the place of the real one and all that is in it if
    all goes well."""
    path = path.resolve()
    draft, former = (path.with_name(f".{path.name}.{os.getpid()}{end}") for end in ("", ".former"))
    shutil.rmtree(draft, ignore_errors=True)  # of a process of that number that was killed
    draft.mkdir(parents=True)
    try:
        yield draft
        for file in draft.iterdir():
            sync_to_disk(file)
        sync_to_disk(draft)
        if path.exists():
            path.rename(former)
        draft.rename(path)
        sync_to_disk(path.parent)
    except BaseException:
        if former.exists() and not path.exists():
            former.rename(path)
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def sync_to_disk(path: Path) -> None:
    """Waits until a file, or a folder's list of files, is on the disk."""
    if path.is_dir() and os.name != "posix":  # where folders can't be opened
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
