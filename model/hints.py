"""What a person can do when the drawing, not the reader, is the trouble."""

from model.glyph import BOX, INK, is_blot, stroke_width
from model.reading import Digit, Reading

THIN, THICK = 0.7, 6.0  # strokes in pixels of a glyph: beyond, few of MNIST's digits lie
SMALL = 12  # pixels: the longer side of a digit that holds enough detail


def find_hints(reading: Reading) -> list[str]:
    """One sentence for each thing that makes the reading less sure than it could be; [] where all
    is well."""
    height, width = reading.image.shape[:2]
    hints = [reading.note] if reading.note else []
    for digit in reading.digits:
        left, top, box_width, box_height = digit.box
        if left == 0 or top == 0 or left + box_width >= width or top + box_height >= height:
            hints.append(
                "The digit touches the edge: part of it may be missing. Leave a little space "
                "around it."
            )
        if is_blot(digit.glyph):
            hints.append("This is a filled spot, not a digit: draw its line with a finer pen.")
            continue
        size = max(box_width, box_height)
        if size < SMALL:
            hints.append(f"The digit is only {size} pixels large: write it larger.")
        thickness = _thickness(reading, digit)
        if thickness < THIN:
            hints.append(
                "The pen is very thin for so large a digit: take a broader one, or write smaller."
            )
        elif thickness > THICK:
            hints.append(
                "The pen is very broad for so small a digit: take a finer one, or write larger."
            )
    return list(dict.fromkeys(hints))


def _thickness(reading: Reading, digit: Digit) -> float:
    """Width of the digit's strokes once it is as large as a glyph, in pixels."""
    left, top, width, height = (round(side * reading.ink_scale) for side in digit.box)
    ink = reading.ink[top : top + height, left : left + width]
    return stroke_width(ink) * BOX / max(1, *ink.shape) if (ink >= INK).any() else THIN
