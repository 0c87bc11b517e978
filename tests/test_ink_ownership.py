"""Whose ink is whose, where digits lie side by side."""

import numpy as np
import pytest

from model.ink_ownership import assign_ink
from model.pieces import Pieces


@pytest.fixture
def ink() -> np.ndarray:
    """(60, 400) float32: two bars apart, and a third of which a level line makes a far larger
    piece."""
    ink = np.zeros((60, 400), np.float32)
    ink[10:40, 10:14] = ink[10:40, 30:34] = ink[10:40, 60:64] = 1
    ink[40:42, 50:400] = 1
    return ink


def test_a_piece_is_its_box_as_far_as_it_goes(ink):
    (box, part), (other, _) = assign_ink(
        Pieces(ink), np.array([[8, 12, 16, 36], [28, 8, 36, 42]], float)
    )
    assert box == (10, 10, 4, 30) and part.shape == (30, 4) and part.min() == 1
    assert other == (30, 10, 4, 30)


def test_of_a_piece_that_runs_on_a_box_has_what_lies_in_it(ink):
    (((left, top, width, height), part),) = assign_ink(
        Pieces(ink), np.array([[56, 8, 68, 40]], float)
    )
    assert (left, top) == (54, 10) and width <= 16 and height <= 34 and part.sum() >= 120


def test_what_lies_mostly_outside_of_its_box_is_a_part_of_a_letter(ink):
    assert assign_ink(Pieces(ink), np.array([[8, 8, 16, 20]], float)) == [None]


def test_two_boxes_of_one_stroke_are_one_digit(ink):
    first, second = assign_ink(Pieces(ink), np.array([[8, 8, 16, 26], [8, 24, 16, 42]], float))
    assert first[0] == (10, 10, 4, 30) and second is None
