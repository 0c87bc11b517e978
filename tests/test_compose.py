"""Scenes composed by program: the same again for the same seed, and what they say is written is
written there."""

import numpy as np
import pytest

from model.page_format import LARGEST, MARK, MINUS, POINT
from train.compose import IGNORE, SIDE, Composer


@pytest.fixture(scope="module")
def composer(mnist):
    return Composer(mnist.train)


@pytest.fixture(scope="module")
def scenes(composer):
    return [composer.compose(np.random.default_rng([1, number])) for number in range(40)]


def test_a_scene_is_the_same_again(composer, scenes):
    again = composer.compose(np.random.default_rng([1, 7]))
    for one, other in zip(scenes[7], again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_scene_has_the_shapes_and_classes_that_training_takes(scenes):
    for picture, boxes, sizes, classes in scenes:
        assert picture.shape == (SIDE, SIDE) and picture.dtype == np.uint8
        assert boxes.shape == (len(classes), 4) and len(sizes) == len(classes)
        assert (boxes[:, 2:] > boxes[:, :2]).all()
    every = np.concatenate([scene.classes for scene in scenes])
    assert {*range(10), MINUS, POINT, MARK, IGNORE} == set(every.tolist())


def test_where_a_digit_is_said_to_be_the_picture_is_not_empty(scenes):
    spreads = [
        np.ptp(
            scene.picture[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
        )
        for scene in scenes
        for (left, top, right, bottom), size, kind in zip(*scene[1:], strict=True)
        if 0 <= kind < 10 and size <= LARGEST
    ]
    assert len(spreads) > 500
    assert np.mean(np.array(spreads) >= 8) > 0.99  # grey levels: the faintest pencil in the dark


def test_a_digit_cut_off_by_the_border_is_not_told(scenes):
    for scene in scenes:
        labelled = scene.classes >= 0
        inside = np.clip(scene.boxes, 0, SIDE)
        share = np.prod(inside[:, 2:] - inside[:, :2], axis=1) / np.prod(
            scene.boxes[:, 2:] - scene.boxes[:, :2], axis=1
        )
        assert (share[labelled] > 0.7).all()
