"""The API's pages, made of the docstrings by pdoc: `python docs/api.py` writes them into site/."""

import pkgutil
import sys
from pathlib import Path

import pdoc

ROOT = Path(__file__).parents[1]


def build(folder: Path) -> None:
    """Writes index.html and a page for each module."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    # pdoc would leave these out, since they are not in the package's __all__
    inner = [f"model.{module.name}" for module in pkgutil.iter_modules([str(ROOT / "model")])]
    pdoc.render.configure(docformat="google", show_source=True)
    pdoc.pdoc("model", *inner, "train", "recognize_digits", output_directory=folder)


if __name__ == "__main__":
    build(ROOT / "site")
