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
    import digits
    import model

    # pdoc would leave these out, since they are not in the package's __all__
    packages = [model, digits]
    inner = [
        f"{package.__name__}.{module.name}"
        for package in packages
        for module in pkgutil.iter_modules(package.__path__)
        if module.name != "__main__"
    ]
    for package in packages:  # what is imported once it is asked for
        for name in package.__all__:
            getattr(package, name)
    pdoc.render.configure(docformat="google", show_source=True)
    pdoc.pdoc("model", "digits", *inner, "train", "recognize_digits", output_directory=folder)


if __name__ == "__main__":
    build(ROOT / "site")
