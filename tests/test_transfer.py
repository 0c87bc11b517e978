"""A network goes on from a checkpoint, or learns from it: what fits is kept, what does not fit is
refused."""

import cards
import jax
import numpy as np
import pytest
from flax import nnx

from model import checkpoint
from train.dataset import Dataset, Split
from train.transfer import (
    TransferError,
    build_network,
    freeze_layers,
    load_teacher,
    with_corrections,
)


def test_shared_classes_keep_their_part_of_the_head(source):
    before, _ = checkpoint.load(source)
    after = build_network(("c", "new", "a"), 2, str(source), **cards.SHAPE)
    fresh = build_network(("c", "new", "a"), 2, "", **cards.SHAPE)
    np.testing.assert_array_equal(after.conv3.conv.kernel[...], before.conv3.conv.kernel[...])
    np.testing.assert_array_equal(after.head.kernel[:, 0], before.head.kernel[:, 2])
    np.testing.assert_array_equal(after.head.kernel[:, 2], before.head.kernel[:, 0])
    np.testing.assert_array_equal(after.head.kernel[:, 1], fresh.head.kernel[:, 1])
    assert not np.array_equal(after.head.kernel[:, 0], fresh.head.kernel[:, 0])


def test_another_architecture_is_refused(source):
    with pytest.raises(TransferError, match="another architecture"):
        build_network(("a", "b", "c"), 0, str(source), **cards.SHAPE | {"widths": (4, 4, 12)})
    with pytest.raises(TransferError, match=r"another architecture .* layers are others"):
        build_network(("a", "b", "c"), 0, str(source), **cards.SHAPE | {"depth": 3})
    with pytest.raises(checkpoint.CheckpointError, match="missing"):
        build_network(("a",), 0, str(source / "nowhere"), **cards.SHAPE)


def test_frozen_layers_have_no_parameters_to_train(source):
    model = build_network(("a", "b"), 0, str(source), **cards.SHAPE)
    trained = {
        path[0]
        for path, _ in nnx.to_flat_state(nnx.state(model, freeze_layers("conv1,conv2", model)))
    }
    assert trained == {"conv3", "conv4", "conv5", "hidden", "head"}
    images = jax.random.randint(jax.random.key(0), (8, 28, 28), 0, 255).astype(np.uint8)
    means = np.array(model.conv1.norm.mean[...]), np.array(model.conv3.norm.mean[...])
    model(images)
    np.testing.assert_array_equal(model.conv1.norm.mean[...], means[0])
    assert not np.array_equal(model.conv3.norm.mean[...], means[1])
    with pytest.raises(TransferError, match="no layer 'conv9'"):
        freeze_layers("conv9", model)
    with pytest.raises(TransferError, match="nothing to train"):
        freeze_layers("conv1,conv2,conv3,conv4,conv5,hidden,head", model)


def test_corrections_add_classes_and_take_none_away(source, tmp_path):
    split = Split(np.zeros((2, 28, 28), np.uint8), np.array([0, 1], np.int32))
    letters = Dataset("letters", ("b", "a"), *3 * [split])
    glyphs = np.full((3, 28, 28), 9, np.uint8)
    np.savez(tmp_path / "corrections.npz", glyphs=glyphs, labels=np.array(["z", "a", "y"]))
    dataset = with_corrections(letters, tmp_path / "corrections.npz", str(source))
    assert dataset.classes == (
        "b",
        "a",
        "c",
        "y",
        "z",
    )  # the dataset's, the checkpoint's, new ones
    assert dataset.train.labels.tolist() == [4, 1, 3]
    np.testing.assert_array_equal(dataset.train.images, glyphs)
    assert dataset.validation is dataset.test is split
    np.savez(tmp_path / "corrections.npz", glyphs=glyphs[:1], labels=np.array(["a"]))
    assert with_corrections(letters, tmp_path / "corrections.npz", "").classes == ("b", "a")


def test_a_teacher_knows_the_same_classes(source):
    images = np.zeros((2, 28, 28), np.uint8)
    assert load_teacher("", ("a", "b", "c")) is None
    assert load_teacher(str(source), ("a", "b", "c"))(images).shape == (2, 3)
    with pytest.raises(TransferError, match="other classes"):
        load_teacher(str(source), ("a", "c", "b"))
