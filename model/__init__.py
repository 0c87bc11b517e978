"""All it takes to read an image of handwritten digits: `from model import Recognizer`."""
