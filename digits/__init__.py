"""The reader of handwritten digits as a package, and its command line.

    import digits
    print(digits.Recognizer.load().read("picture.png").text)

Installed, it holds all the rest: `digits.model`, `digits.train`, and the dashboard.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model import Digit, Number, Reading, Recognizer

__version__ = "0.2.0"
__all__ = ["Digit", "Number", "Reading", "Recognizer"]


def __getattr__(name: str) -> Any:
    """The reader's classes when they are first asked for: they bring SciPy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import model

    globals()[name] = getattr(model, name)
    return globals()[name]
