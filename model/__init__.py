"""All it takes to read an image of handwritten digits.

from model import Recognizer
print(Recognizer.load().read("picture.png").text)
"""

from model.recognizer import Digit, Reading, Recognizer

__all__ = ["Digit", "Reading", "Recognizer"]
