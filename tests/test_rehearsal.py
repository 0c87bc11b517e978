"""What an epoch shows: each image to learn, and among them old ones, other ones each time."""

import dataclasses

import numpy as np
import pytest

from train import data, rehearsal
from train.config import Config
from train.dataset import DataError, Dataset, Split
from train.rehearsal import Mixture, epoch_indices, mix, shuffle_into_batches
from train.transfer import TransferError


def split_of(count: int, shade: int) -> Split:
    """So many images of one grey, all of class 0."""
    return Split(np.full((count, 28, 28), shade, np.uint8), np.zeros(count, np.int32))


def dataset_of(count: int, shade: int) -> Dataset:
    return Dataset("grey", ("a",), *3 * [split_of(count, shade)])


def test_every_image_is_shown_once_an_epoch():
    mixture = Mixture(split_of(1000, 0), np.arange(1000, dtype=np.int32), range(0), 0)
    order = shuffle_into_batches(mixture, 64, seed=0, epoch=0)
    assert order.shape == (16, 64)
    assert sorted(order.ravel()[:1000]) == list(range(1000))
    assert (order.ravel()[1000:] == order.ravel()[:24]).all()


def test_rare_classes_are_shown_more_often_and_small_datasets_several_times():
    labels = np.array([0] * 100 + [1] * 10 + [2] * 60)
    counts = np.bincount(labels[epoch_indices(labels, 0)])
    assert counts.tolist() == [100, 50, 60]
    assert len(epoch_indices(labels, 500)) == 3 * 210
    np.testing.assert_array_equal(epoch_indices(labels[:100], 0), np.arange(100))


def test_a_rare_image_is_not_shown_more_often_than_it_may_be():
    labels = np.array([7] * 100 + [3])
    shown = np.bincount(epoch_indices(labels, 1010, most=10))
    assert shown.tolist() == [7] * 100 + [10]
    for most in (None, 350):  # where nothing is cut off, the order is the same, too
        once = np.append(np.arange(100), [100] * 50)
        np.testing.assert_array_equal(epoch_indices(labels, 1010, most), np.tile(once, 7))
    corrected = dataset_of(101, 9)
    corrected = corrected._replace(train=corrected.train._replace(labels=(labels == 3).astype(int)))
    config = Config(corrections="mine.npz", rehearse=0.5, epoch_images=1024)
    mixture = mix(config, corrected, dataset_of(40, 1))
    assert np.bincount(mixture.learned).max() == 10 and mixture.epoch_images == 2048


def test_an_epoch_rehearses_other_old_images_each_time():
    mixture = Mixture(split_of(1000, 0), np.arange(90, dtype=np.int32), range(100, 1000), 60)
    first, second = (shuffle_into_batches(mixture, 10, 0, epoch) for epoch in (0, 1))
    assert first.shape == second.shape == (15, 10)
    for order in (first, second):
        assert sorted(order[order < 100]) == mixture.learned.tolist()
        assert (order[order >= 100] < 1000).all()
    assert set(first[first >= 100]) != set(second[second >= 100])


def test_without_rehearsing_an_epoch_shows_the_images_to_learn_alone():
    dataset = dataset_of(30, 7)
    mixture = mix(Config(epoch_images=0, train_limit=20), dataset, dataset)
    assert (mixture.epoch_images, mixture.rehearsed, len(mixture.split.labels)) == (20, 0, 20)


def test_old_images_are_their_share_of_an_epoch(monkeypatch):
    validations = []

    def images_of(source, classes, validation):
        validations.append(validation)
        return split_of(50, 1)

    monkeypatch.setattr(rehearsal, "images_of", images_of)
    config = Config(rehearse=0.75, epoch_images=0, from_="somewhere", validation=10_000)
    dataset = dataset_of(30, 7)
    mixture = mix(config, dataset, dataset)
    assert (len(mixture.learned), mixture.rehearsed) == (30, 90)
    assert validations == [10_000]
    assert mixture.old == range(30, 80) and (mixture.split.images[30:] == 1).all()
    monkeypatch.setattr(rehearsal, "images_of", lambda *_: split_of(0, 1))
    assert mix(config, dataset, dataset).epoch_images == 30  # there is nothing to rehearse


def test_corrections_are_shown_ten_times_at_most_and_what_they_replace_is_rehearsed():
    corrected = dataset_of(3, 9)
    config = Config(corrections="mine.npz", rehearse=0.5, epoch_images=100)
    mixture = mix(config, corrected, dataset_of(40, 1))
    assert len(mixture.learned) == 30 and mixture.epoch_images == 200
    assert (mixture.split.images[:3] == 9).all() and (mixture.split.images[3:] == 1).all()
    few = mix(dataclasses.replace(config, epoch_images=12), corrected, dataset_of(40, 1))
    assert (len(few.learned), few.epoch_images) == (12, 24)


def test_only_what_a_checkpoint_is_to_give_needs_one():
    with pytest.raises(TransferError, match="--from"):
        rehearsal.check(Config(rehearse=0.5))
    rehearsal.check(Config(rehearse=0.5, corrections="mine.npz"))
    rehearsal.check(Config(rehearse=0.5, from_="somewhere"))
    rehearsal.check(Config())


def test_what_is_rehearsed_has_the_new_numbers_of_the_classes_that_both_have(source, monkeypatch):
    images, labels = (
        np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8),
        np.array([0, 1, 2, 1]),
    )
    letters = Dataset("letters", ("a", "b", "c"), *3 * [Split(images, labels.astype(np.int32))])
    asked = []

    def load(name, validation):
        asked.append((name, validation))
        return letters

    monkeypatch.setattr(data, "load", load)
    images, labels = rehearsal.images_of(str(source), ("c", "new", "b"), 7)
    assert (images[:, 0, 0].tolist(), labels.tolist()) == ([1, 2, 3], [2, 0, 2])
    assert asked == [("letters", 7)]  # what this training validates with is not rehearsed
    images, labels = rehearsal.images_of(str(source), ("new",), 7)
    assert len(images) == len(labels) == 0
    with pytest.raises(TransferError, match="--from"):
        rehearsal.images_of("", ("a",), 7)


def test_images_to_rehearse_that_are_not_to_be_had_are_named(source, monkeypatch):
    def gone(name, validation):
        raise DataError(f"{name} is gone.")

    monkeypatch.setattr(data, "load", gone)
    with pytest.raises(
        TransferError, match=r"letters is gone\. .*source was trained on it; --rehearse 0"
    ):
        rehearsal.images_of(str(source), ("a",), 7)
