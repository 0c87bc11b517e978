"""All it takes to read an image of handwritten digits.

    from model import Recognizer
    print(Recognizer.load().read("picture.png").text)

Its modules are the steps on the way from a picture to a Reading; docs/walk.md goes through them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.reading import Digit, Number, Reading
    from model.recognizer import Recognizer

__all__ = ["Digit", "Number", "Reading", "Recognizer"]


def __getattr__(name: str) -> Any:
    """These classes when they are first asked for: what they need takes half a second, and who
    counts the pages of files needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from model import reading, recognizer

    module: Any = recognizer if name == "Recognizer" else reading
    globals()[name] = getattr(module, name)
    return globals()[name]
