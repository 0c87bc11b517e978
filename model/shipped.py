"""The checkpoints that ship, by their names; importing this imports nothing else."""

from pathlib import Path

SHIPPED = Path(__file__).parents[1] / "checkpoints"
DEFAULT = "default"
# What helps every network that reads: one finds digits on a page, one knows how a pen moves.
HELPERS = PAGES, PENS = "pages", "pens"


def names() -> list[str]:
    """Of all that read digits, the default first."""
    folders = {path.name for path in SHIPPED.iterdir() if (path / "card.json").is_file()}
    return sorted(folders - {*HELPERS}, key=lambda name: (name != DEFAULT, name))


def find(name: str) -> Path:
    """The folder of a checkpoint: that of one that ships, by its name, or any, by its path."""
    shipped = name in (*names(), *HELPERS) and not Path(name).is_dir()
    return SHIPPED / name if shipped else Path(name)
