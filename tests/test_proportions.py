"""Digits that somebody cut out and stretched to a square."""

import numpy as np
import pytest

from benchmarks.cut_out import in_two, stretch
from model import proportions


@pytest.mark.parametrize("side", [16, 28, 100])
@pytest.mark.parametrize("is_dark", [True, False])
def test_a_digit_that_was_cut_out_and_stretched_is_read(recognizer, mnist, side, is_dark):
    images, labels = mnist.validation
    right = np.zeros(10)
    for image, label in zip(images[:200], labels[:200], strict=True):
        square = stretch(image, side)
        text = recognizer.read(square if is_dark else 255 - square).text
        right[label] += text == str(label)
    assert right.sum() >= 192
    assert right[1] >= 0.85 * (labels[:200] == 1).sum()  # the widest of all


def test_a_1_that_is_most_of_its_picture_is_not_taken_for_paper(recognizer, mnist):
    ones = mnist.validation.images[mnist.validation.labels == 1]
    full = [square for one in ones[:300] if (square := in_two(stretch(one, 28))).mean() < 127]
    assert len(full) >= 50
    right = [
        sum(recognizer.read(picture).text == "1" for picture in (one, 255 - one)) for one in full
    ]
    assert sum(right) >= 1.4 * len(full)


@pytest.mark.parametrize("number", [71, 455, 1904, 2104, 2221])
def test_neither_a_piece_nor_the_paper_is_read_for_the_digit(recognizer, mnist, number):
    images, labels = mnist.validation
    square = in_two(stretch(images[number], 16))
    for picture in square, 255 - square:
        assert recognizer.read(picture).text == str(labels[number])


def test_two_digits_in_a_square_are_two(recognizer, mnist):
    images, labels = mnist.validation
    right = 0
    for one, other, *both in zip(
        images[:40], images[40:80], labels[:40], labels[40:80], strict=True
    ):
        square = stretch(np.concatenate([one, other], 1), 64)
        right += recognizer.read(square).text == "".join(map(str, both))
    assert right >= 30


def test_what_keeps_its_margin_was_not_stretched(mnist):
    for image in mnist.validation.images[:200]:
        assert not proportions.is_stretched(image / np.float32(255))


def test_the_most_likely_of_all_widths_needs_no_vote_of_each():
    known, unknown = np.full(10, 0.001), np.full(10, 0.1)
    known[7] = 0.991
    together = proportions.combine(np.array([known, known, unknown, unknown], np.float32))
    assert together.argmax() == 7 and together[7] > 0.5
    assert together.sum() == pytest.approx(1, abs=1e-5)
    assert together.dtype == np.float32
