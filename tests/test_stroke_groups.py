"""Digits that run into each other are told apart by their strokes, where these are known."""

import time
from dataclasses import replace

import numpy as np
import pytest

from app_pages.figures import pictures
from app_pages.pen import samples
from model.pen_reader import load_pen_reader
from model.stroke_groups import runs_of, split, without_marks
from model.strokes import Stroke, StrokeMap, picture

SIZE, WIDTH = 110, 10  # pixels of a digit, and of the pen


def written(lines, apart, slope=0.0):
    """The strokes of lines of digits, each as narrow as it is and so many pixels from the next;
    lines that go down by so many pixels for each to the right."""
    strokes = []
    for row, digits in enumerate(lines):
        x = 40.0
        for digit in digits:
            own = samples.strokes(int(digit), SIZE, WIDTH)
            points = np.concatenate([stroke.points for stroke in own])
            y = 40 + 160 * row + slope * x
            off = np.array([x - points[:, 0].min(), y - points[:, 1].min()])
            strokes += [stroke.along(stroke.points + off) for stroke in own]
            x += np.ptp(points[:, 0]) + apart
    return strokes


def drawn(strokes):
    right, bottom = (
        int(max(stroke.points[:, axis].max() for stroke in strokes)) for axis in (0, 1)
    )
    return picture(strokes, right + 40, bottom + 40)


def straight(*points, width=10):
    return Stroke((("M", 0, 0),), width).along(np.array(points, float))


@pytest.mark.parametrize("digits", ["44", "5544", "77", "45714", "29405"])
def test_digits_whose_ink_meets_are_read_by_their_strokes(recognizer, digits):
    strokes = written([digits], apart=-6)
    reading = recognizer.read(drawn(strokes), turn=0, strokes=strokes)
    assert reading.text == digits
    assert all(digit.by_pen is not None for digit in reading.digits)
    assert not reading.left_out
    (number,) = reading.numbers
    assert number.text == digits


def test_some_of_these_are_not_read_by_their_picture(recognizer):
    """Else the test before tells nothing."""
    wrong = 0
    for digits in ("44", "5544", "77", "45714", "29405"):
        wrong += recognizer.read(drawn(written([digits], -6)), turn=0).text != digits
    assert wrong >= 2


def test_lines_that_touch_no_other_stay_lines(recognizer):
    strokes = written(["4457", "2940"], apart=-6)
    assert recognizer.read(drawn(strokes), turn=0, strokes=strokes).text == "4457\n2940"


def test_lines_that_slant_lose_nothing(recognizer):
    """The box around such a line holds digits of others."""
    lines = ["3843697517743191", "2940718263540912", "5544771102938475"]
    strokes = written(lines, apart=12, slope=0.1)
    assert recognizer.read(drawn(strokes), turn=0).text == "\n".join(lines)
    assert recognizer.read(drawn(strokes), turn=0, strokes=strokes).text == "\n".join(lines)


def test_no_digit_is_lost_that_other_strokes_made(recognizer):
    """Here one stroke wrote two 0s, and the 5's flag reaches over the first."""
    five, *zeros = written(["5", "00"], apart=10), *[written(["0"], 0)] * 2
    flag = straight((60, 45), (150, 45))
    first, second = (
        stroke.points + np.array([left, 0])
        for (stroke,), left in zip(zeros, (75, 160), strict=True)
    )
    both = five[0].along(np.vstack([first, second]))
    strokes = [*five[:1], flag, both]
    by_picture = recognizer.read(drawn(strokes), turn=0)
    found = recognizer.read(drawn(strokes), turn=0, strokes=strokes)
    assert len(found.digits) >= len(by_picture.digits)


def test_strokes_beyond_the_picture_give_no_box_beyond_it(recognizer):
    """A pen may be dragged over a canvas' edge."""
    strokes = written(["4444"], apart=-6)
    right = int(max(stroke.points[:, 0].max() for stroke in strokes))
    for width in range(right - 90, right, 15):
        reading = recognizer.read(picture(strokes, width, 150), turn=0, strokes=strokes)
        for left, top, across, down in (digit.box for digit in reading.digits):
            assert left >= 0 and top >= 0 and min(across, down) > 0
            assert left + across <= width and top + down <= 150
        again = recognizer.read_boxes(reading, {digit.box: None for digit in reading.digits})
        assert again.text == reading.text


@pytest.mark.parametrize("digits", ["4457", "55744", "5054", "70", "50"])
def test_each_digit_has_the_strokes_that_it_was_read_by(recognizer, digits):
    strokes = written([digits], apart=-6)
    reading = recognizer.read(drawn(strokes), turn=0, strokes=strokes)
    assert reading.text == digits
    of_digits = [stroke for digit in reading.digits for stroke in digit.strokes]
    assert of_digits == strokes
    for digit in reading.digits:
        assert len(pictures.steps(reading, digit)) == 4
    # one that is moved a little has them still
    first, *others = reading.digits
    left, top, width, height = first.box
    boxes = {(left - 1, top, width + 1, height): None} | {digit.box: None for digit in others}
    again = recognizer.read_boxes(reading, boxes)
    assert again.text == digits and again.digits[0].strokes == first.strokes


def test_bars_that_are_crossed_at_the_end_lose_nothing(recognizer):
    """Who comes back to a digit does not end each before the next."""
    strokes = written(["4744"], apart=20)
    late = [*strokes[:1], *strokes[2:], strokes[1]]
    expected = recognizer.read(drawn(strokes), turn=0).text
    assert expected == "4744"
    assert recognizer.read(drawn(strokes), turn=0, strokes=late).text == expected


def test_runs_are_what_lies_above_each_other():
    bar, stem = straight((0, 0), (60, 0)), straight((50, 0), (40, 90))
    far, dot = straight((80, 0), (80, 90)), straight((76, 100), (77, 100))
    under = straight((0, 98), (200, 98))
    assert runs_of([far, under, stem, dot, bar], 90) == [[stem, bar], [far, dot]]
    assert runs_of([], 90) == []


def test_strokes_are_found_by_where_they_lie():
    first, sign = straight((0, 0), (0, 90)), straight((30, 85), (32, 88), width=8)
    below = straight((0, 150), (0, 240))
    strokes = StrokeMap([first, sign, below])
    assert strokes.nearest([(-5, 0, 10, 90), (-5, 150, 10, 90)]).tolist() == [0, 0, 1]
    assert strokes.near((-5, 80, 20, 30)) == [first]
    assert strokes.near((-5, 80, 50, 80)) == [first, sign, below]
    signs = [((25, 80, 14, 14), ".")]
    under = straight((0, 98), (200, 98))
    strokes = StrokeMap([first, sign, under, below])
    assert without_marks(strokes, signs, 90).strokes == (first, below)
    assert StrokeMap([]).near((0, 0, 9, 9)) == []


def test_a_page_of_many_digits_is_read_as_soon(recognizer):
    """Whatever else is written there, a digit is compared with the strokes near it alone."""
    strokes = written(["407" * 8] * 8, apart=12)
    picture = drawn(strokes)
    started = time.perf_counter()
    by_picture = recognizer.read(picture, turn=0)
    between = time.perf_counter()
    reading = recognizer.read(picture, turn=0, strokes=strokes)
    assert reading.text == "\n".join(["407" * 8] * 8) == by_picture.text
    assert time.perf_counter() - between < 3 * (between - started) + 0.5


def test_large_digits_take_no_longer(recognizer):
    """Each of some strokes in a row is drawn anew, so none of them in full size."""
    strokes = [
        replace(stroke.along(20 * stroke.points), width=200) for stroke in written(["4457"], -6)
    ]
    assert drawn(strokes).size > 9_000_000
    started = time.perf_counter()
    runs = runs_of(strokes, 2200)
    groups = [split(run, recognizer.classify, load_pen_reader(), 1.0) for run in runs]
    assert [int(group.by_picture.argmax()) for one in groups for group in one] == [4, 4, 5, 7]
    assert time.perf_counter() - started < 1


def test_far_more_strokes_than_a_number_has_are_left_alone(recognizer):
    strokes = written(["44" * 25], apart=-6)
    reading = recognizer.read(drawn(strokes), turn=0, strokes=strokes)
    assert reading.digits  # and it took no minute
    slow = [stroke.along(np.repeat(stroke.points, 500, 0)) for stroke in strokes[:4]]
    assert split(slow, recognizer.classify, load_pen_reader(), 100.0) == []


def test_an_underlined_number_is_read_as_one(recognizer):
    """A line that is no digit makes none, nor more of them."""
    strokes = written(["4457"], apart=-6)
    low = max(stroke.sides[3] for stroke in strokes)
    right = max(stroke.sides[2] for stroke in strokes)
    for below in (-10, 6):
        lined = [*strokes, straight((30, low + below), (right + 10, low + below))]
        assert recognizer.read(drawn(lined), turn=0, strokes=lined).text == "4457"


def test_strokes_upon_each_other_are_no_digits(recognizer):
    """Each may look like a 1: a character of another script is not a number for that."""
    bars = [straight((40 + x, 40), (44 + x, 130)) for x in (0, 8)]
    assert len(split(bars, recognizer.classify, load_pen_reader(), 100.0)) <= 1
    apart = [bars[0], bars[1].along(bars[1].points + np.array([40, 0]))]
    assert len(split(apart, recognizer.classify, load_pen_reader(), 100.0)) == 2
