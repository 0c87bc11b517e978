"""How a pen moved has a say in what it wrote."""

import numpy as np
import pytest

from model import Recognizer, image
from model.pen_reader import load_pen_reader, strokes_of_digit
from model.reading import Reading
from model.strokes import Stroke, picture

SIZE = 280
# A 7 with a bar across its foot, in two strokes. As a picture it is a 2.
SEVEN = (
    "107,68 119,63 131,63 143,67 155,74 167,84 176,95 182,104 182,113 174,123 157,136 139,151 "
    "128,166 121,182 105,191 79,193",
    "80,165 182,159",
)


def as_strokes(*lines, width=16):
    return tuple(
        Stroke((("M", 0, 0),), width).along(
            np.array([point.split(",") for point in line.split()], float)
        )
        for line in lines
    )


def read(recognizer: Recognizer, strokes, told=True, turn=0) -> Reading:
    drawn = np.rot90(picture(strokes, SIZE, SIZE), -turn // 90)
    if turn:
        strokes = [turned(stroke, turn) for stroke in strokes]
    return recognizer.read(drawn, turn=turn, strokes=strokes if told else ())


def turned(stroke, turn):
    """A stroke of a square picture that is turned clockwise."""
    points = stroke.points
    for _ in range(turn // 90):
        points = np.stack([SIZE - points[:, 1], points[:, 0]], 1)
    return stroke.along(points)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_two_strokes_are_no_2_whatever_they_look_like(recognizer, turn):
    seven = as_strokes(*SEVEN)
    assert read(recognizer, seven, told=False, turn=turn).text == "2"
    reading = read(recognizer, seven, turn=turn)
    (digit,) = reading.digits
    assert reading.text == "7" and len(reading.strokes) == 2
    assert (digit.by_picture.argmax(), digit.by_pen.argmax()) == (2, 7)
    together = np.sqrt(digit.by_picture * digit.by_pen)
    np.testing.assert_allclose(digit.probabilities, together / together.sum(), atol=1e-4)
    assert digit.confidence == digit.probabilities.max()


def test_a_pen_file_tells_by_itself(recognizer):
    points = [stroke.points for stroke in as_strokes(*SEVEN)]
    traces = "".join(
        f"<trace>{', '.join(f'{x:.0f} {y:.0f}' for x, y in line)}</trace>" for line in points
    )
    content = f"<ink>{traces}</ink>".encode()
    for source in (content, image.pages(content)[0]):
        assert recognizer.read(source, turn=0).text == "7"
    drawn = image.load_image(content)
    assert recognizer.read(drawn, turn=0).text != "7"


def test_a_box_that_somebody_moves_is_read_by_its_strokes_too(recognizer):
    reading = read(recognizer, as_strokes(*SEVEN))
    (digit,) = reading.digits
    left, top, width, height = digit.box
    again = recognizer.read_boxes(reading, {(left - 1, top, width + 1, height): None})
    assert again.text == "7" and again.strokes == reading.strokes


def test_a_picture_without_strokes_is_read_as_before(recognizer):
    (digit,) = read(recognizer, as_strokes(*SEVEN), told=False).digits
    assert digit.by_picture is None and digit.by_pen is None


def test_strokes_are_of_a_digit_where_they_fill_its_box():
    bar, stem = as_strokes("20,20 80,20", "80,20 40,120", width=10)
    box = (15, 15, 70, 110)
    assert strokes_of_digit([bar, stem], box) == [bar, stem]
    far = as_strokes("200,20 180,120", width=10)
    assert strokes_of_digit([bar, stem, *far], box) == [bar, stem]
    assert strokes_of_digit([bar], box) == []  # something else made the rest
    assert strokes_of_digit([], box) == []
    # one stroke that wrote two digits is neither's
    both = as_strokes("20,20 80,20 40,120 150,20 210,20 170,120", width=10)
    for left in (15, 145):
        assert strokes_of_digit(both, (left, 15, 70, 110)) == []


def test_turned_strokes_are_the_same_path():
    reader = load_pen_reader()
    strokes = as_strokes(*SEVEN)
    (expected,) = reader.read([strokes])
    assert expected.shape == (10,) and expected.sum() == pytest.approx(1, abs=1e-5)
    for turn in (90, 180, 270):
        (found,) = reader.read([[turned(stroke, turn) for stroke in strokes]], turn)
        np.testing.assert_allclose(found, expected, atol=1e-5)
