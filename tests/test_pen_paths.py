"""What a pen network sees: paths of strokes; and those that it learns from."""

import itertools

import jax
import numpy as np
import pytest

from model.pen.path import PLACES, as_path
from train import pen_paths, synthetic

CROSS = [np.array([[0.0, 0.0], [0.0, 6.0]]), np.array([[-1.0, 3.0], [1.0, 3.0]])]


def test_places_of_a_worked_example():
    path = as_path(CROSS, 8)  # of 6 and 2 units, so 6 and 2 places
    assert path.dtype == np.float32
    np.testing.assert_allclose(path[:6, 0], 0)
    np.testing.assert_allclose(path[:6, 1], np.linspace(-0.5, 0.5, 6), atol=1e-6)
    np.testing.assert_allclose(path[6:, :2], [[-1 / 6, 0], [1 / 6, 0]], atol=1e-6)
    np.testing.assert_array_equal(path[:, 2], [0, 1, 1, 1, 1, 1, 0, 1])


def test_neither_size_nor_place_nor_pace_matters():
    path = as_path(CROSS)
    assert path.shape == (PLACES, 3)
    slow = [np.array([[0.0, 0.0], [0.0, 0.1], [0.0, 0.1], [0.0, 4.0], [0.0, 6.0]]), CROSS[1]]
    for strokes in ([50 * points + [7, -3] for points in CROSS], slow):
        np.testing.assert_allclose(as_path(strokes), path, atol=1e-6)


def test_the_order_matters():
    for other in (CROSS[::-1], [points[::-1] for points in CROSS]):
        assert np.abs(as_path(other) - as_path(CROSS)).max() > 0.5


@pytest.mark.parametrize(
    "strokes",
    [[np.zeros((1, 2))], [np.zeros((5, 2))], [*CROSS, np.array([[9.0, 9.0]])], 100 * CROSS],
    ids=["dot", "dot that lasts", "with a dot", "more strokes than places"],
)
def test_whatever_is_drawn_is_as_long(strokes):
    path = as_path(strokes)
    assert path.shape == (PLACES, 3) and np.isfinite(path).all()
    assert np.abs(path[:, :2]).max() <= 0.5
    assert (path[:, 2] == 0).sum() == min(len(strokes), PLACES)


def test_digits_are_drawn_alike_from_one_seed_and_each_has_its_label():
    paths, labels = pen_paths.draw_digits(np.random.default_rng(0), 300)
    assert paths.shape == (300, PLACES, 3) and paths.dtype == np.float32
    assert set(labels) == set(range(10))
    np.testing.assert_array_equal(paths, pen_paths.draw_digits(np.random.default_rng(0), 300)[0])
    assert len(np.unique(paths, axis=0)) == 300
    # a 3 and a 6 are one stroke, most 4s are two; and some are broken or gone over again
    strokes = (paths[:, :, 2] == 0).sum(1)
    assert 0.6 < (strokes[np.isin(labels, [3, 6])] == 1).mean() < 1
    assert (strokes[labels == 4] >= 2).mean() > 0.5


def test_strangers_are_strokes_too():
    paths = pen_paths.draw_strangers(np.random.default_rng(0), 101)
    assert paths.shape == (101, PLACES, 3) and np.isfinite(paths).all()
    assert len(np.unique(paths, axis=0)) == 101
    strokes = (paths[:, :, 2] == 0).sum(1)
    assert (strokes[:33] >= 2).all()  # of two digits
    assert (strokes[66:] >= 2).all()  # of characters of no script


def test_bent_paths_are_other_paths_of_the_same_strokes():
    paths, _ = pen_paths.draw_digits(np.random.default_rng(0), 50)
    bent = np.asarray(pen_paths.bend(jax.random.key(0), paths))
    np.testing.assert_array_equal(bent[..., 2], paths[..., 2])
    np.testing.assert_allclose(np.ptp(bent[..., :2], axis=1).max(1), 1, rtol=1e-5)
    off = np.abs(bent - paths)[..., :2].mean((1, 2))
    assert (off > 0.005).all() and off.mean() < 0.1


def test_every_order_is_strokes_of_points_on_the_grid_and_stands_once():
    assert list(pen_paths.ORDERS) == list(range(10))
    for digit, ways in pen_paths.ORDERS.items():
        for stroke in itertools.chain(*ways):
            assert stroke.isdigit() and len(stroke) % 2 == 0 and len(stroke) >= 4
        every = [*map(tuple, synthetic.SHAPES[digit] + ways)]
        assert len(set(every)) == len(every)
