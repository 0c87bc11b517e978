"""Hints come when the drawing is the trouble, and only then."""

import numpy as np
from PIL import Image, ImageDraw

from model.hints import find_hints


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


def test_tiny_digits(recognizer):
    assert "larger" in drawn(recognizer, [(100, 100), (106, 100), (103, 109)], 2)[0]


def test_a_blank_page_has_none(recognizer):
    assert find_hints(recognizer.read(np.full((50, 50), 255, np.uint8))) == []
