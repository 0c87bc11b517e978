"""Which of a heat map's peaks are one thing."""

import numpy as np

from model.page_format import CLASSES, MARK, POINT
from model.peaks import Peaks, suppress_overlaps


def test_what_is_found_twice_is_kept_once_but_a_point_under_a_digits_tail_stays():
    boxes = np.array([(0, 0, 30, 60), (12, 50, 18, 56), (11, 49, 20, 58)], np.float32)
    kinds = np.eye(CLASSES)[[7, POINT, MARK]].astype(np.float32)
    distinct = suppress_overlaps(Peaks(boxes, np.array([0.9, 0.8, 0.7], np.float32), kinds))
    assert distinct.probabilities.argmax(1).tolist() == [7, POINT]


def test_what_is_surely_a_digit_is_no_more_than_that():
    """A sum of 1.0000001 left a probability below 0."""
    probabilities = np.zeros((1, CLASSES), np.float32)
    probabilities[0, :3] = 0.4, 0.3, 0.3000001
    assert probabilities.sum() > 1
    found = Peaks(np.zeros((1, 4), np.float32), np.ones(1, np.float32), probabilities)
    assert found.digit_share.max() <= 1
    np.testing.assert_allclose(found.digit_votes, probabilities[:, :10], rtol=1e-6)
