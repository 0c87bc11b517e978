"""Pages on which connected ink is not enough, and where it is right."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from model.segmentation import Detection
from model.strokes import brush, picture
from model.upright import confirm


def digits(mnist) -> np.ndarray:
    """(180, 420) uint8: 2, 3, 4, 7, 5 and 2 in black on white."""
    sheet = np.full((180, 420), 255, np.uint8)
    for place, label in enumerate((2, 3, 4, 7, 5, 2)):
        glyph = mnist.train.images[np.flatnonzero(mnist.train.labels == label)[3]]
        large = np.asarray(Image.fromarray(glyph).resize((56, 56), Image.Resampling.BICUBIC))
        sheet[60:116, 30 + 60 * place : 86 + 60 * place] -= np.minimum(large, 235)
    return sheet


def test_a_small_sheet_on_a_dark_desk_is_read(recognizer, mnist):
    desk = np.random.default_rng(0).normal(40, 12, (700, 900)).clip(0, 255).astype(np.uint8)
    desk[260:440, 240:660] = digits(mnist)
    assert recognizer.read(desk).text == "234752"


def test_letters_around_do_not_turn_an_upright_page(recognizer, mnist):
    sheet = Image.fromarray(np.pad(digits(mnist), ((0, 200), (0, 0)), constant_values=255))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(34)
    for line, word in enumerate(("KNAWER + WHAM", "MARKE x FRANK")):
        pen.text((30, 190 + 60 * line), word, 0, font)
    reading = recognizer.read(np.asarray(sheet))
    assert reading.turn == 0 and reading.text.split("\n")[0] == "234752"


def sure(kind: int) -> np.ndarray:
    """(10,) probabilities of a digit of which there is no doubt."""
    return np.eye(10, dtype=np.float32)[kind] * 0.99 + 0.001


def line(*digits: tuple[tuple[int, int, int, int], int]) -> list[list[Detection]]:
    """One line of digits of which there is no doubt: their boxes, and which they are."""
    return [[Detection(box, np.zeros((28, 28), np.uint8), sure(kind)) for box, kind in digits]]


def test_connected_ink_says_where_and_both_networks_say_which():
    connected = line(((0, 0, 20, 30), 1), ((20, 0, 20, 30), 4), ((60, 0, 20, 30), 5))
    seen = line(((0, 0, 20, 30), 7), ((4, 0, 34, 30), 4), ((60, 0, 20, 30), 5))
    which = [digit.probabilities.argmax() for digit in confirm(connected, seen)[0]]
    assert which == [7, 4, 5]
    more = [*seen[0], *line(((100, 0, 20, 30), 8))[0]]
    assert confirm(connected, [more]) == [more]  # it sees something else, too


def test_digits_that_the_page_network_misses_stay_in_lines_of_which_it_sees_half():
    connected = line(*(((30 * place, 0, 20, 30), place) for place in range(6)))
    for count in range(1, 7):
        lines = confirm(connected, [connected[0][:count]])
        assert len(lines[0]) == (6 if count >= 3 else count)
    below = line(*(((30 * place, 90, 20, 30), place) for place in range(6)))
    few = [connected[0], below[0][:2]]
    assert confirm([*connected, *below], few) == few  # of one line too little


def test_one_digit_of_25_may_be_missed_wherever_it_stands():
    column = [line(((0, 50 * place, 20, 30), place % 10))[0] for place in range(25)]
    assert len(confirm(column, column[:-1])) == 25
    assert len(confirm(column, column[:-2])) == 23


@pytest.mark.parametrize(
    "letter",
    [
        [(0, 9), (0, 0), (5, 9), (5, 0)],  # N
        [(0, 9), (1, 0), (4, 7), (7, 0), (8, 9)],  # M
        [(0, 0), (0, 7), (3, 9), (6, 7), (6, 0)],  # U
        [(0, 0), (2, 9), (4, 3), (6, 9), (8, 0)],  # W
    ],
)
def test_parts_of_a_letter_are_no_digits(recognizer, letter):
    places = [(80 + 12 * x, 80 + 12 * y) for x, y in letter]
    reading = recognizer.read(picture([brush(places, 12)], 260, 260), turn=0)
    assert sum(digit.value is not None for digit in reading.digits) <= 1


def arc(x: float, y: float, width: float, height: float, start: int, end: int) -> list:
    """Places on an ellipse around (x, y), from one angle to another, in degrees."""
    angles = np.radians(np.linspace(start, end, 13))
    return list(zip(x + width * np.cos(angles), y + height * np.sin(angles), strict=True))


@pytest.mark.parametrize("pen", [8, 12, 16])
@pytest.mark.parametrize(
    "strokes",
    [
        [
            [(0, 0), (0, 9)],
            [(0, 0), *arc(2, 2, 3, 2, -90, 90), (0, 4)],
            [(0, 4), *arc(2.5, 6.5, 3.5, 2.5, -90, 90), (0, 9)],
        ],
        [arc(4, 5, 3.5, 2.5, 0, 360), [(4, 0), (4, 10)]],
        [[(4 + t * np.cos(t / 0.35), 4 + t * np.sin(t / 0.35)) for t in np.linspace(0, 4.2, 60)]],
    ],
    ids=["B", "phi", "spiral"],
)
def test_what_the_page_network_alone_takes_for_a_digit_is_none(recognizer, strokes, pen):
    drawn = [brush([(80 + 12 * x, 80 + 12 * y) for x, y in stroke], pen) for stroke in strokes]
    reading = recognizer.read(picture(drawn, 280, 280), turn=0)
    assert [digit.value for digit in reading.digits] == [None]
