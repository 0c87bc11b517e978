"""What is drawn as no digit is drawn, by its key, and each kind has its share."""

import jax
import numpy as np
import pytest

from train import outliers


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    digits = np.zeros((40, 28, 28), np.uint8)
    digits[:, 4:24, 6:9] = digits[:, 4:7, 6:20] = 255
    return digits


def test_same_key_same_outliers_all_with_ink(digits):
    draw = jax.jit(outliers.draw_outliers)
    drawn = np.asarray(draw(jax.random.key(0), digits))
    assert drawn.shape == digits.shape
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(drawn, draw(jax.random.key(0), digits))
    textures = round(outliers.SHARES["texture"] * len(digits))
    assert (drawn[:-textures].max((1, 2)) > 150).all()
    assert len(np.unique(drawn, axis=0)) > 0.9 * len(drawn)


def test_of_no_digits_there_are_no_outliers():
    """And none of what draws them is compiled, which takes seconds."""
    none = np.zeros((0, 28, 28), np.uint8)
    draw = jax.jit(outliers.draw_outliers)
    assert draw(jax.random.key(0), none).shape == none.shape
    assert "sine" not in draw.lower(jax.random.key(0), none).as_text()


def test_a_character_is_no_line():
    """Of which a 1 is made."""
    keys = jax.random.split(jax.random.key(0), 64)
    slim = []
    for character in np.asarray(jax.jit(jax.vmap(outliers.draw_character))(keys)):
        across, along = np.linalg.eigvalsh(np.cov(np.argwhere(character > 0.5).T))
        slim.append((across / along) ** 0.5)
    assert np.median(slim) > 0.35
    assert np.mean(np.array(slim) < 0.15) < 0.05


def test_shares_are_all_of_it():
    assert sum(outliers.SHARES.values()) == pytest.approx(1)


def test_a_half_is_enlarged_and_a_pair_shrunk_until_it_is_as_wide_as_a_glyph(digits):
    digit = digits[0] / np.float32(255)
    half, slimness = outliers.cut_half(jax.random.key(3), digit)
    assert 0 < slimness <= 1
    assert np.ptp(np.argwhere(np.asarray(half) > 0.3), axis=0).max() >= 17
    for number in range(5):
        pair = np.asarray(outliers.join_pair(jax.random.key(number), digit, digit))
        rows, columns = np.argwhere(pair > 0.3).T
        assert np.ptp(rows) < np.ptp(columns) and 17 <= np.ptp(columns) <= 20


def test_a_sign_is_drawn_in_ways_of_its_own():
    keys = jax.random.split(jax.random.key(0), 64)
    drawn = np.asarray(jax.jit(jax.vmap(outliers.draw_sign))(keys)) > 0.5
    assert drawn.any((1, 2)).all()
    assert len(np.unique(drawn, axis=0)) == 64


def test_a_solid_is_filled_and_no_line():
    keys = jax.random.split(jax.random.key(0), 64)
    for solid in np.asarray(jax.jit(jax.vmap(outliers.draw_solid))(keys)) > 0.5:
        rows, columns = np.nonzero(solid)
        assert 17 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 23
        across, along = np.linalg.eigvalsh(np.cov(np.stack([rows, columns])))
        assert (across / along) ** 0.5 > 0.5
        assert solid[10:18, 10:18].all()
