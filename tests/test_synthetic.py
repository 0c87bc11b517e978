"""What is drawn as a digit has its label and MNIST's layout, and each way to write it is sound."""

import itertools

import jax
import numpy as np

from train import outliers, synthetic


def test_same_key_same_digits_laid_out_as_mnist_is():
    draw = jax.jit(synthetic.draw_digits, static_argnums=1)
    images, labels = (np.asarray(part) for part in draw(jax.random.key(0), 200))
    assert images.shape == (200, 28, 28)
    assert images.dtype == np.uint8
    assert set(labels) == set(range(10))
    np.testing.assert_array_equal(images, draw(jax.random.key(0), 200)[0])
    for image in images:
        rows, columns = np.nonzero(image > 127)
        assert 17 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
        assert np.hypot(rows.mean() - 13.5, columns.mean() - 13.5) < 2.5
    assert len(np.unique(images, axis=0)) == 200


def test_none_is_none():
    images, labels = synthetic.draw_digits(jax.random.key(0), 0)
    assert images.shape == (0, 28, 28)
    assert labels.shape == (0,)


def test_each_digit_is_as_likely_as_another():
    chances = np.bincount(synthetic.digit_shapes().labels, synthetic.CHANCES)
    np.testing.assert_allclose(chances, 0.1, rtol=1e-5)


def test_every_way_is_strokes_of_points_on_the_grid():
    for ways in (synthetic.SHAPES, outliers.SIGNS):
        for stroke in itertools.chain(*itertools.chain(*ways.values())):
            assert stroke.isdigit() and len(stroke) % 2 == 0 and len(stroke) >= 4
    for shapes in (synthetic.digit_shapes(), outliers.sign_shapes()):
        assert np.abs(shapes.points).max() <= 1
        # A place on a rounded stroke is a mean of its points.
        lifted = shapes.weights.sum(2) == 0
        np.testing.assert_allclose(shapes.weights.sum(2)[~lifted], 1, rtol=1e-5)
        assert not (shapes.down & (lifted[:, 1:] | lifted[:, :-1])).any()


def test_no_way_stands_twice():
    """It would be drawn twice as often as the others."""
    for ways in itertools.chain(synthetic.SHAPES.values(), outliers.SIGNS.values()):
        assert len(set(map(tuple, ways))) == len(ways)


def test_a_stroke_is_drawn_where_the_pen_is_down_only():
    segments = np.float32([[-1, -1, -1, 1], [-1, 1, 1, 1], [1, 1, 1, -1]])
    image = np.asarray(synthetic.render(jax.random.key(1), segments, np.array([True, False, True])))
    rows, columns = np.nonzero(image > 0.5)
    assert np.ptp(columns) >= 17
    assert image[rows.min() + 6 : rows.max() - 5].max() == 0  # nothing between the two bars
