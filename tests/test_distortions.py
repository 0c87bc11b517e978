"""Sliders change what they say, and nothing else."""

import numpy as np
import pytest

from app_pages.playground.distortions import POINTS, REST, SLIDERS, curves, distort, flips

GLYPH = np.zeros((28, 28), np.uint8)
GLYPH[6:22, 12:16] = 255  # a bar in the middle
GLYPH[6:9, 12:20] = 255  # with a hook to the right at its top


def centre(glyph):
    """(row, column) of its mass."""
    return np.array(
        [(np.indices(glyph.shape)[axis] * glyph).sum() / glyph.sum() for axis in (0, 1)]
    )


def change(**settings):
    return distort(GLYPH, REST | settings)


def test_at_rest_nothing_changes():
    np.testing.assert_array_equal(change(), GLYPH)


def test_a_shift_is_to_the_right_and_down():
    np.testing.assert_array_equal(change(right=3, down=-2), np.roll(GLYPH, (-2, 3), (0, 1)))


def test_a_turn_is_clockwise():
    np.testing.assert_array_equal(change(turn=90), np.rot90(GLYPH, -1))


def test_a_scale_is_about_the_middle():
    small = change(scale=0.5)
    assert small.astype(int).sum() == pytest.approx(GLYPH.astype(int).sum() / 4, rel=0.05)
    np.testing.assert_allclose(centre(small) - 13.5, (centre(GLYPH) - 13.5) / 2, atol=0.1)


def test_ink_grows_with_the_thickness():
    ink = [int(change(thick=thick).astype(int).sum()) for thick in (-1, -0.5, 0, 0.5, 1, 2)]
    assert ink == sorted(ink) and len(set(ink)) == len(ink)


def test_blur_keeps_the_ink_and_noise_is_the_same_each_time():
    assert change(blur=1).astype(int).sum() == pytest.approx(GLYPH.astype(int).sum(), rel=0.01)
    np.testing.assert_array_equal(change(noise=0.3), change(noise=0.3))
    assert np.abs(change(noise=0.3).astype(int) - GLYPH).mean() > 10


def test_the_reader_undoes_shift_and_scale():
    there = [distort(GLYPH, REST | {"right": right}, again=True) for right in (0, 5)]
    np.testing.assert_array_equal(*there)
    assert np.flatnonzero(there[0].any(1)).size == 20  # MNIST's box


def test_curves_pass_through_the_present_glyph():
    settings = REST | {"turn": 9.0}
    found = curves(GLYPH, settings)
    assert [curve.slider for curve in found] == list(SLIDERS)
    for curve in found:
        assert curve.values.shape == (POINTS,) and curve.glyphs.shape == (POINTS, 28, 28)
    shift = found[1]
    np.testing.assert_array_equal(shift.glyphs[POINTS // 2], distort(GLYPH, settings))


def test_flips_are_the_nearest_on_each_side():
    values, answers = np.arange(6.0), [4, 1, 7, 7, 7, 2]
    assert flips(values, answers, 3.2) == [(1.0, 1), (5.0, 2)]
    assert flips(values, answers, 5) == [(4.0, 7)]
    assert flips(values, [7] * 6, 3) == []
