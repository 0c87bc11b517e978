"""Damages: what they do to a digit, and that they do the same each time."""

import numpy as np
import pytest

from train import corruptions


@pytest.fixture
def images() -> np.ndarray:
    """(3, 28, 28) uint8: a bar with an edge of grey, upright, lying, and small."""
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 6:22, 12:16], images[0, 6:22, 16] = 255, 128
    images[1] = images[0].T
    images[2, 12:16, 12:16] = 255
    return images


@pytest.mark.parametrize("kind", corruptions.CORRUPTIONS)
def test_damage_is_done_alike_each_time_and_to_something(kind, images):
    before = images.copy()
    damaged = corruptions.corrupt(kind, images)
    assert damaged.shape == images.shape and damaged.dtype == np.uint8
    assert (damaged == images).all() == (kind == "none")
    np.testing.assert_array_equal(corruptions.corrupt(kind, images), damaged)
    np.testing.assert_array_equal(corruptions.corrupt(kind, images[:1]), damaged[:1])
    np.testing.assert_array_equal(images, before)


def test_damages_of_worked_examples(images):
    assert corruptions.corrupt("contrast of a fifth", images).max() == 51
    assert corruptions.corrupt("grey ground", images).min() == 128
    assert np.ptp(
        np.argwhere(corruptions.corrupt("thick strokes", images)[2]), axis=0
    ).tolist() == [
        5,
        5,
    ]
    for image, before in zip(corruptions.corrupt("shift by 3 pixels", images), images, strict=True):
        moved = np.argwhere(image).mean(0) - np.argwhere(before).mean(0)
        assert abs(moved) == pytest.approx([3, 3])
    ink = corruptions.corrupt("scale of 0.7", images)[0].sum() / images[0].sum()
    assert ink == pytest.approx(0.7**2, rel=0.1)
