"""What both networks make of a page together: votes, words, and faint digits."""

import numpy as np

from model.boxes import corners
from model.page_format import CLASSES
from model.page_reader import Candidates, combine_votes, is_beside_clear, is_in_word
from model.peaks import Peaks
from model.segmentation import Detection


def test_two_networks_that_are_certain_of_other_classes_leave_all_as_likely():
    both = combine_votes(np.eye(10, dtype=np.float32)[[3, 4]], np.eye(10, dtype=np.float32)[[3, 7]])
    np.testing.assert_allclose(both, [np.eye(10)[3], np.full(10, 0.1)], atol=1e-6)


def row(x: float, widths: list[float], height: float = 20, gap: float = 4) -> np.ndarray:
    """(n, 4) left, top, right, bottom of boxes side by side."""
    ends = np.cumsum([width + gap for width in widths])
    return np.array(
        [
            (x + end - width - gap, 0, x + end - gap, height)
            for width, end in zip(widths, ends, strict=True)
        ]
    )


def test_a_figure_in_a_word_is_a_letter_and_one_beside_a_unit_is_none():
    figure, letters = row(0, [12]), row(16, [11, 11, 11], 14)
    assert is_in_word(figure, letters).tolist() == [True]  # as in 1ere
    assert is_in_word(figure, letters[:2]).tolist() == [False]  # as in 5 kg
    assert is_in_word(figure, letters + np.array([40, 0, 40, 0])).tolist() == [False]  # far away
    # on another line
    assert is_in_word(figure, letters + np.array([0, 40, 0, 40])).tolist() == [False]
    assert is_in_word(row(0, [12] * 3), row(48, [11, 11, 11])).tolist() == [False] * 3
    assert is_in_word(figure, row(16, [40], 16)).tolist() == [True]  # letters that touch


def sure(kind: int) -> np.ndarray:
    """(10,) probabilities of a digit of which there is no doubt."""
    return np.eye(10, dtype=np.float32)[kind] * 0.99 + 0.001


def test_a_faint_digit_is_read_beside_clear_ones_but_no_stroke():
    boxes = [
        (10, 10, 20, 30),
        (40, 12, 20, 30),
        (70, 10, 4, 30),
        (400, 10, 20, 30),
        (100, 10, 20, 90),
    ]
    kinds, heats = [3, 5, 1, 7, 2], np.array([0.9, 0.35, 0.35, 0.35, 0.35])
    digits = [
        Detection(box, np.zeros((28, 28), np.uint8), sure(kind))
        for box, kind in zip(boxes, kinds, strict=True)
    ]
    votes = np.array([digit.probabilities for digit in digits])
    peaks = Peaks(corners(boxes), heats, np.pad(votes, ((0, 0), (0, CLASSES - 10))))
    # Beside the clear one; a bar; too far away; three times as high.
    beside = is_beside_clear(Candidates(peaks, votes, digits))
    assert beside[1:].tolist() == [True, False, False, False]
    disputed = votes[[0, 2, 2, 3, 4]]
    assert not is_beside_clear(Candidates(peaks, disputed, digits))[1]
