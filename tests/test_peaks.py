"""Which of a heat map's peaks are one thing."""

import numpy as np

from model.page_format import CLASSES, MARK, POINT
from model.peaks import Peaks, suppress_overlaps


def test_what_is_found_twice_is_kept_once_but_a_point_under_a_digits_tail_stays():
    boxes = np.array([(0, 0, 30, 60), (12, 50, 18, 56), (11, 49, 20, 58)], np.float32)
    kinds = np.eye(CLASSES)[[7, POINT, MARK]].astype(np.float32)
    distinct = suppress_overlaps(Peaks(boxes, np.array([0.9, 0.8, 0.7], np.float32), kinds))
    assert distinct.probabilities.argmax(1).tolist() == [7, POINT]
