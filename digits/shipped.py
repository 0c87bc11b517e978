"""The networks that ship, by their names.

Importing this imports no JAX.
"""

import argparse
import sys
from pathlib import Path

import model

SHIPPED = Path(model.__file__).parents[1] / "checkpoints"
DEFAULT = "default"
PAGES = "pages"  # the page network, which reads no digit by itself


def names() -> list[str]:
    """Of all that read digits, the default first."""
    folders = [path.name for path in SHIPPED.iterdir() if (path / "card.json").is_file()]
    return sorted(set(folders) - {PAGES}, key=lambda name: (name != DEFAULT, name))


def find(name: str) -> Path:
    """The folder of a checkpoint, by its own path or, where there is none such, by the name of one
    that ships."""
    shipped = SHIPPED / name
    return shipped if name in names() and not Path(name).is_dir() else Path(name)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    from model import checkpoint

    parser = argparse.ArgumentParser(
        prog="digits checkpoints", description=__doc__.partition("\n")[0]
    )
    parser.parse_args(arguments)
    for name in names():
        try:
            card = checkpoint.read_card(SHIPPED / name)
        except checkpoint.CheckpointError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        print(f"{name}: {card.in_words()}")
    return 0
