"""What real pages have and composed ones lacked, a picture drawn by program for each kind of
failure that was seen."""

import numpy as np
import pytest
from pages import Sheet
from scipy import ndimage


def digits(text: str) -> str:
    """What was read as digits: marks that are "?" are none."""
    return text.replace("?", "")


PARAGRAPH = (
    "In the beginning there was\nan old house by the river,\nand nobody knew who had\nbuilt it or "
    "whose it was."
)


@pytest.mark.parametrize("height", [16, 24, 40])
def test_kind_1_print_leaves_no_trace(recognizer, height):
    reading = recognizer.read(
        Sheet(14 * height, 6 * height).print(PARAGRAPH, 8, 8, height).picture()
    )
    assert digits(reading.text) == ""


def test_kind_1_numbers_beside_print_are_read_alone(recognizer):
    page = Sheet(640, 360)
    for row, (name, points) in enumerate([("Anna", "47"), ("Hubert", "306"), ("Marlene", "28")]):
        page.print(name, 30, 40 + 100 * row, 30).write(points, 330, 20 + 100 * row, 70)
    assert recognizer.read(page.picture()).text == "47\n306\n28"


def test_kind_2_a_small_sheet_on_a_dark_desk(recognizer):
    page = Sheet(800, 800).write("4071", 260, 300).write("295", 270, 400)
    y, x = np.mgrid[:800, :800]
    desk = 0.12 + 0.05 * ndimage.gaussian_filter(
        np.random.default_rng(1).normal(size=(800, 800)), (8, 1)
    )
    sheet = (abs(x - 380 + 0.05 * y) < 180) & (abs(y - 380) < 140)
    assert recognizer.read(page.picture(np.where(sheet, 0.9, desk))).text == "4071\n295"


def test_kind_3_numbers_that_touch_sloping_rulings(recognizer):
    page = Sheet(700, 420)
    for row in range(4):
        page.line(0, 95 + 100 * row, 700, 120 + 100 * row, pen=1.5, ink=150)
    for row, text in enumerate(["20718", "4593", "16082"]):
        page.write(text, 60, 46 + 102 * row, 62)
    reading = recognizer.read(page.picture())
    assert (reading.text, reading.turn) == ("20718\n4593\n16082", 0)


def test_kind_4_uprights_of_tables_and_boxes_are_no_ones(recognizer):
    page = Sheet(640, 400)
    for x in range(40, 641, 140):
        page.line(x, 30, x, 350)
    for y in range(30, 400, 80):
        page.line(40, y, 600, y)
    for row, cells in enumerate([("12", "5", "", "80"), ("", "7", "33", ""), ("46", "", "9", "2")]):
        for column, text in enumerate(cells):
            page.write(text, 60 + 140 * column, 40 + 80 * row, 58)
    reading = recognizer.read(page.picture())
    assert reading.text == "12580\n733\n4692"
    assert reading.table() == [["12", "5", "", "80"], ["", "7", "33", ""], ["46", "", "9", "2"]]


def test_kind_5_long_tails_beside_small_zeros(recognizer):
    page = (
        Sheet(560, 260)
        .write("2", 20, 60, 60)
        .write("0", 80, 85, 36)
        .write("3", 190, 60, 60)
        .write("0", 330, 85, 36)
    )
    page.line(130, 66, 172, 66, 140, 190, pen=4, ink=255)  # a 7 twice as high as the rest
    page.line(262, 66, 304, 66, 272, 190, pen=4, ink=255)
    assert recognizer.read(page.picture()).text == "207370"


@pytest.mark.parametrize(("height", "beside"), [(34, "8"), (40, "80"), (46, "80")])
def test_kind_5_smaller_digits_under_the_roof_and_beside_the_tail_of_a_long_one(
    recognizer, height, beside
):
    page = (
        Sheet(640, 240)
        .write("3856", 20, 70)
        .write("2054", 320, 70)
        .line(242, 60, 292, 66, 238, 170, pen=3, ink=255)
    )
    for digit, left in zip(beside, (224, 290), strict=False):
        page.write(digit, left, 118 - height, height, 3)
    assert recognizer.read(page.picture()).text == f"3856{beside[0]}7{beside[1:]}2054"


def test_kind_6_marks_that_are_no_digits_turn_no_page(recognizer):
    page = Sheet(700, 200)
    for place, digit in enumerate("2745"):
        x = 30 + 160 * place
        # and a plus
        page.write(digit, x, 60, 70).line(x + 85, 100, x + 125, 92).line(x + 105, 78, x + 105, 118)
    reading = recognizer.read(page.picture())
    assert reading.turn == 0 and digits(reading.text) == "2745"


@pytest.mark.parametrize("pen", [2, 3, 6])
def test_kind_7_thin_straight_strokes_are_no_rulings(recognizer, pen):
    assert (
        recognizer.read(Sheet(640, 300).write("1071", 40, 20, 260, pen, gap=0.55).picture()).text
        == "1071"
    )


def test_kind_8_a_shadow_does_not_set_the_size_of_the_writing(recognizer):
    page = Sheet(700, 400).write("3862", 40, 40, 56).write("9401", 60, 150, 56)
    y, x = np.mgrid[:400, :700]
    light = np.where((x - 520) ** 2 + (y - 330) ** 2 < 180**2, 0.3, 0.92)
    assert recognizer.read(page.picture(ndimage.gaussian_filter(light, 2))).text == "3862\n9401"


def test_kind_9_two_sizes_of_writing_on_a_page(recognizer):
    page = (
        Sheet(800, 480)
        .write("5047", 40, 40, 190, 12)
        .write("26103", 60, 300, 40, 3)
        .write("8290", 420, 300, 40, 3)
    )
    assert recognizer.read(page.picture()).text == "5047\n261038290"


@pytest.mark.parametrize("sign", ["+", "x", "=", "÷"])
def test_kind_10_operators_are_no_digits(recognizer, sign):
    page = Sheet(420, 120).write("48", 20, 25, 70).write("26", 270, 25, 70)
    x, y = 185, 60
    strokes = {
        "+": [(x, y, x + 40, y), (x + 20, y - 20, x + 20, y + 20)],
        "x": [(x, y - 18, x + 36, y + 18), (x + 36, y - 18, x, y + 18)],
        "=": [(x, y - 8, x + 40, y - 8), (x, y + 8, x + 40, y + 8)],
        "÷": [
            (x, y, x + 40, y),
            (x + 19, y - 16, x + 21, y - 15),
            (x + 19, y + 15, x + 21, y + 16),
        ],
    }[sign]
    for stroke in strokes:
        page.line(*stroke, pen=4, ink=255)
    assert digits(recognizer.read(page.picture()).text) == "4826"


def test_kind_11_rarer_shapes(recognizer):
    page = Sheet(620, 140).write("2", 20, 30, 70).write("5", 520, 30, 70)
    page.line(150, 38, 128, 72, 172, 68, 150, 108, pen=4, ink=255)  # a 4 like lightning
    # a 7 with a low bar
    page.line(250, 40, 296, 40, 268, 108, pen=4, ink=255).line(256, 88, 294, 84, pen=4, ink=255)
    assert recognizer.read(page.picture()).text == "2475"


def test_kind_12_faint_strokes(recognizer):
    page = Sheet(500, 140).write("730", 40, 30, 80, 3)
    assert recognizer.read(page.picture(strength=0.16, noise=0.008)).text == "730"


def test_kind_13_a_speck_beside_a_digit_cut_close(recognizer):
    page = Sheet(64, 84).write("5", 2, 2, 80, 5)
    page.pen.ellipse((112, 20, 120, 28), fill=255)
    assert recognizer.read(page.picture()).text == "5"


@pytest.mark.parametrize("kind", ["plain", "grain", "rulings", "squares", "shadow"])
def test_kind_15_an_empty_paper_is_empty(recognizer, kind):
    page, light = Sheet(600, 420), np.full((420, 600), 0.9)
    if kind in ("rulings", "squares"):
        for y in range(20, 420, 30):
            page.line(0, y, 600, y + 6, pen=1, ink=110)
    if kind == "squares":
        for x in range(20, 600, 30):
            page.line(x, 0, x - 4, 420, pen=1, ink=110)
    if kind == "shadow":
        y, x = np.mgrid[:420, :600]
        light = 0.9 - 0.45 / (1 + np.exp(-(x + 0.5 * y - 480) / 9))
    if kind == "grain":
        light = light + 0.02 * ndimage.gaussian_filter(
            np.random.default_rng(2).normal(size=light.shape), 1
        )
    reading = recognizer.read(page.picture(light))
    assert reading.text == "" and reading.numbers == ()
