"""All it takes to read an image of handwritten digits.

    from model import Recognizer
    print(Recognizer.load().read("picture.png").text)

Its modules are the steps on the way from a picture to a Reading; docs/walk.md goes through them.
"""

from model.reading import Digit, Number, Reading
from model.recognizer import Recognizer

__all__ = ["Digit", "Number", "Reading", "Recognizer"]
