"""Names of files and folders: which are hidden, and in what order people count them."""

import re
from collections.abc import Iterable
from pathlib import Path

SYSTEM = ("Thumbs.db", "desktop.ini", "__MACOSX")


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is the system's own, or hidden by its name."""
    return path.name.startswith(".") or path.name in SYSTEM


def by_name(paths: Iterable[Path]) -> list[Path]:
    """Paths in the order of their names, as people count."""
    return sorted(paths, key=lambda path: in_counting_order(path.name))


def in_counting_order(name: str) -> tuple[tuple[bool, int, str], ...]:
    """A key that sorts names as people count: 2 before 10."""
    return tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part)
        for part in re.split(r"(\d+)", name)
    )
