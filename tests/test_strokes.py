"""The canvas' strokes as pictures: whole, thicker, in part."""

import numpy as np
import pytest

from app_pages.pen import canvas, samples
from model import strokes
from model.recognizer import as_single_glyph
from model.strokes import Stroke

LINE = Stroke((("M", 20, 50), ("L", 80, 50)), 10)
CURVE = Stroke((("M", 0, 0), ("Q", 10, 0, 10, 10), ("L", 10, 30)), 4)


def ink(picture):
    return (255 - picture.astype(float)).sum() / 255


def test_a_line_is_a_bar_with_round_ends():
    picture = strokes.picture([LINE], 100, 100)
    assert picture.shape == (100, 100) and picture.dtype == np.uint8
    assert (picture[46:54, 20:80] == 0).all() and picture[50, 16] == 0 and picture[46, 16] > 128
    assert ink(picture) == pytest.approx(60 * 10 + np.pi * 25, rel=0.005)
    assert ink(strokes.picture([LINE], 100, 100, pen=2)) == pytest.approx(
        60 * 20 + np.pi * 100, rel=0.005
    )


def test_a_curve_passes_through_its_ends_and_middle():
    line = CURVE.points
    np.testing.assert_array_equal(line[[0, -2, -1]], [(0, 0), (10, 10), (10, 30)])
    # a quadratic Bézier curve at t = 1/2
    assert np.hypot(*(line - (7.5, 2.5)).T).min() == pytest.approx(0)


def test_half_of_a_drawing():
    both = [LINE, Stroke((("M", 50, 20), ("L", 50, 80)), 10)]
    np.testing.assert_allclose(strokes.ends(both), [0.5, 1])
    assert (
        strokes.until(both, 1) == both
        and strokes.until(both, 0.5) == both[:1]
        and strokes.until(both, 0) == []
    )
    (quarter,) = strokes.until(both, 0.25)
    assert quarter == Stroke((("M", 20, 50), ("L", 50, 50)), 10)


def test_a_dot_has_ink_and_a_length():
    dot = Stroke((("M", 50, 50), ("L", 50, 50)), 12)
    assert ink(strokes.picture([dot], 100, 100)) == pytest.approx(np.pi * 36, rel=0.01)
    np.testing.assert_allclose(strokes.ends([dot]), [1])


def test_a_brush_begins_and_ends_where_its_points_do():
    stroke = strokes.brush([(0, 0), (2, 4), (6, 4), (6, 8)], 3)
    assert stroke.path == (("M", 0, 0), ("Q", 2, 4, 4, 4), ("Q", 6, 4, 6, 6), ("L", 6, 8))
    assert stroke.width == 3


def test_equal_strokes_are_one_key():
    assert len({LINE, Stroke((("M", 20, 50), ("L", 80, 50)), 10), CURVE}) == 2
    assert LINE.length == 60  # nor does what it has worked out count
    assert LINE == Stroke((("M", 20, 50), ("L", 80, 50)), 10)


def test_samples_are_ten_digits_inside_the_canvas():
    assert len(samples.SHAPES) == 10
    for digit in range(10):
        points = np.concatenate(samples.lines(digit, canvas.SIZE, tilt=8))
        assert points.min() > 20 and points.max() < canvas.SIZE - 20


def test_samples_drawn_from_their_strokes_are_read(recognizer):
    glyphs = [
        as_single_glyph(strokes.picture(samples.strokes(digit, 280, 16), 280, 280))
        for digit in range(10)
    ]
    assert list(recognizer.classify(np.stack(glyphs)).argmax(1)) == list(range(10))
