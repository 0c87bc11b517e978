"""Hints come when the drawing is the trouble, and only then."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from model.hints import find_hints
from model.strokes import brush, picture


def drawn(recognizer, points, width):
    page = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(page).line(points, fill=0, width=width, joint="curve")
    return find_hints(recognizer.read(np.asarray(page)))


def test_a_good_drawing_has_none(recognizer):
    assert drawn(recognizer, [(80, 70), (190, 70), (130, 220)], 16) == []


def test_the_edge(recognizer):
    assert "edge" in drawn(recognizer, [(80, 70), (190, 70), (130, 280)], 16)[0]


def test_thin_and_thick_pens(recognizer):
    assert "thin" in drawn(recognizer, [(40, 20), (240, 20), (130, 260)], 1)[0]
    assert "broad" in drawn(recognizer, [(110, 100), (150, 100), (130, 160)], 34)[0]


@pytest.mark.parametrize("width", [12, 16, 24, 40])
@pytest.mark.parametrize("end", [(140, 140), (143, 141)])
def test_a_dot_of_the_pen_is_no_zero(recognizer, width, end):
    dot = picture([brush([(140.0, 140.0), end], width)], 280, 280)
    reading = recognizer.read(dot)
    assert reading.text == "?" and find_hints(reading) == [
        "This is a filled spot, not a digit: draw its line with a finer pen."
    ]


def test_tiny_digits(recognizer):
    assert "larger" in drawn(recognizer, [(100, 100), (106, 100), (103, 109)], 2)[0]


def test_a_blank_page_has_none(recognizer):
    assert find_hints(recognizer.read(np.full((50, 50), 255, np.uint8))) == []
