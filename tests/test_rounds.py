"""A round of the Challenge."""

import numpy as np

from app_pages.challenge import rounds

GLYPH = np.full((28, 28), 200, np.uint8)


def played(reads, started=100.0):
    one = rounds.Round(list(range(len(reads))), started)
    for wanted, read in enumerate(reads):
        one.write(rounds.Turn(wanted, read, 0.9, GLYPH), started + 2.5 * (wanted + 1))
    return one


def test_a_round_asks_for_each_class_once():
    assert sorted(rounds.begin(10, 0.0).wanted) == list(range(10))
    many = rounds.begin(47, 0.0).wanted
    assert len(many) == len(set(many)) == rounds.TURNS and max(many) < 47
    assert sorted(rounds.begin(3, 0.0).wanted) == [0, 1, 2]


def test_the_clock_stops_after_the_last_digit():
    one = rounds.Round([4, 7], 100.0)
    one.write(rounds.Turn(4, 4, 0.9, GLYPH), 103.0)
    assert one.seconds is None
    one.write(rounds.Turn(7, 1, 0.6, GLYPH), 105.5)
    assert one.seconds == 5.5 and one.right == 1
    assert rounds.in_words(one) == "1 of 2 digits read right, in 5.5 seconds"


def test_the_matrix_counts_all_rounds():
    matrix = rounds.confusion([played([0, 1, None]), played([0, 2, 2])], 3)
    np.testing.assert_array_equal(matrix, [[2, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0]])


def test_the_picture_marks_a_mistake_by_more_than_colour():
    right, wrong = (np.asarray(rounds.picture(played([0, read]), "012")).min(2) for read in (1, 2))
    assert right.shape == rounds.CARD[::-1]
    # a second frame, a cross, words
    assert (wrong < 250)[200:500].sum() > (right < 250)[200:500].sum() + 2000
