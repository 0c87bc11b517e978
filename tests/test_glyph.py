"""MNIST's recipe: MNIST's own digits are given back by it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from model.glyph import BOX, THINNEST, is_blot, normalise, stroke_width, thicken


def test_mnists_digits_come_back(mnist):
    """Nearly the same picture, and on average exactly in the same place."""
    digits = mnist.validation.images[:1000]
    back = np.array([normalise(digit / np.float32(255)) for digit in digits])
    change = np.abs(back.astype(int) - digits).mean((1, 2))
    assert np.median(change) < 0.5  # of 255
    assert (change < 4).mean() > 0.95
    shift = [
        np.argwhere(new).mean(0) - np.argwhere(old).mean(0)
        for new, old in zip(back, digits, strict=True)
    ]
    assert np.abs(np.mean(shift, axis=0)).max() < 0.05


def test_mnists_digits_are_read_as_before(mnist, recognizer):
    digits = mnist.validation.images[:1000]
    back = np.array([normalise(digit / np.float32(255)) for digit in digits])
    assert (
        recognizer.classify(back).argmax(1) == recognizer.classify(digits).argmax(1)
    ).mean() > 0.99


@pytest.mark.parametrize("size", [(40, 40), (300, 20), (20, 300), (9, 4), (1, 1), (2000, 1500)])
def test_longer_side_is_20_pixels_and_the_middle_is_pixel_14(size):
    glyph = normalise(np.ones(size, np.float32))
    rows, columns = np.flatnonzero(glyph.any(1)), np.flatnonzero(glyph.any(0))
    assert max(len(rows), len(columns)) == 20
    assert glyph.max() == 255
    for marked in (rows, columns):
        assert marked.mean() + 0.5 == pytest.approx(14.5, abs=0.5)  # pixel 14's centre lies at 14.5


def test_place_does_not_matter():
    digit = np.zeros((50, 50), np.float32)
    digit[5:25, 8:12] = digit[5:9, 8:20] = 1
    np.testing.assert_array_equal(normalise(digit), normalise(np.roll(digit, (20, 25), (0, 1))))


def test_no_ink_gives_an_empty_glyph():
    assert not normalise(np.zeros((30, 30), np.float32)).any()


def test_a_hairline_does_not_fade():
    hairline = np.zeros((400, 300), np.float32)
    hairline[np.arange(400), np.arange(400) * 299 // 399] = 1
    glyph = normalise(hairline)
    assert (glyph > 128).sum() >= 20


def hairline_seven(side: int) -> np.ndarray:
    """(h, w) float32 with soft edges."""
    page = Image.new("L", (3 * side, 4 * side))
    ImageDraw.Draw(page).line([(0, 3), (3 * side - 9, 3), (side, 4 * side - 9)], fill=255, width=6)
    return np.asarray(page.reduce(3), np.float32) / 255


@pytest.mark.parametrize("side", [40, 60, 200, 380])
def test_strokes_are_thickened_by_a_disk(side):
    ink = hairline_seven(side)
    radius = max(1, round((THINNEST * max(ink.shape) / BOX - stroke_width(ink)) / 2))
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disk = x**2 + y**2 <= (radius + 0.3) ** 2
    expected = ndimage.grey_dilation(np.pad(ink, radius), footprint=disk)
    np.testing.assert_array_equal(thicken(ink), expected)


def test_a_huge_hairline_gives_the_glyph_of_a_small_one():
    small, huge = (normalise(hairline_seven(side)).astype(int) for side in (300, 1500))
    assert np.abs(small - huge).mean() < 3  # of 255


def test_stroke_width_of_a_line():
    line = np.zeros((100, 100), np.float32)
    line[10:90, 40:48] = 1
    assert stroke_width(line) == pytest.approx(8 * 4 / np.pi * 80 / 88, rel=0.01)
    assert stroke_width(np.zeros((5, 5))) == 0


def test_hardly_any_digit_is_a_blot(mnist):
    """A pen's dot is one (tests/test_hints.py)."""
    blots = [is_blot(glyph) for glyph in mnist.validation.images]
    assert sum(blots) <= 1
