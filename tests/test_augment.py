"""Distortions stay images, follow their key, and do what they are named for."""

import jax
import numpy as np
import pytest
from scipy import ndimage

from train import augment

# compiled once for each share, where its strength is traced
augmented = jax.jit(augment.augment, static_argnames="damage_share")


@pytest.fixture
def digits(seven) -> np.ndarray:
    small = ndimage.zoom(255 - seven, (20 / 200, 16 / 160), order=1)
    return np.repeat(np.pad(small, ((4, 4), (6, 6)))[None], 64, axis=0)


def test_same_key_same_images(digits):
    first = augmented(jax.random.key(0), digits, 0.5)
    assert first.shape == digits.shape
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, augmented(jax.random.key(0), digits, 0.5))
    assert (np.asarray(first) != augmented(jax.random.key(1), digits, 0.5)).mean() > 0.05


def test_strength_zero_leaves_the_image(digits):
    image = digits[0] / np.float32(255)
    np.testing.assert_allclose(augment.warp(jax.random.key(0), image, 0.0), image, atol=1e-5)
    none, half, whole = (
        np.abs(augmented(jax.random.key(0), digits, 0.0, strength).astype(float) - digits).mean()
        for strength in (0.0, 0.5, 1.0)
    )
    assert none < 0.01 < half < 0.8 * whole


def test_warp_keeps_the_ink_and_damage_share_is_kept_to(digits):
    warped = np.asarray(augmented(jax.random.key(0), digits, 0.0, 1.0)).astype(float)
    assert 0.6 < warped.sum() / digits.sum() < 1.5
    background = warped[:, :2].mean()
    damaged = np.asarray(augmented(jax.random.key(0), digits, 1.0)).astype(float)[:, :2].mean()
    assert damaged > background + 10


def fewer_pixels(image: np.ndarray) -> bool:
    """Whether some of its rows are as the row above, and some of its columns as the one beside,
    where there is ink."""
    return all(
        np.isclose(lines[1:], lines[:-1]).all(1)[lines[1:].any(1)].any()
        for lines in (image, image.T)
    )


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("fade", lambda old, new: new.max() < old.max()),
        ("cut_out", lambda old, new: new.sum() <= old.sum() and (new <= old).all()),
        ("add_lines", lambda old, new: (new >= old).all() and new.sum() > old.sum()),
        ("add_background", lambda old, new: new.min() >= 0.0 and new.mean() > old.mean()),
        ("coarsen", lambda old, new: fewer_pixels(new)),
        ("gaussian_blur", lambda old, new: new.max() < old.max()),
        ("impulse_noise", lambda old, new: 0.001 < (new != old).mean() < 0.25),
        ("gaussian_noise", lambda old, new: 0.01 < (new - old).std() < 0.4),
    ],
)
def test_each_damage_does_what_it_is_named_for(digits, name, holds):
    image = np.asarray(digits[0] / np.float32(255))
    for seed in range(5):
        assert holds(image, np.asarray(getattr(augment, name)(jax.random.key(seed), image))), seed


def test_bend_is_smooth_and_of_unit_size():
    fields = np.asarray(jax.vmap(augment.bend)(jax.random.split(jax.random.key(0), 200)))
    assert 0.7 < fields.std() < 1.3
    assert np.abs(np.diff(fields, axis=1)).mean() < 0.25
