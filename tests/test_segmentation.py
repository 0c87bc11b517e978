"""Lines, reading order, what is one digit and what is two."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from model.lines import sort_into_lines
from model.pieces import Pieces

STROKES = {
    "1": [[(20, 0), (20, 60)]],
    "2": [[(2, 14), (8, 3), (22, 0), (34, 6), (34, 20), (20, 38), (2, 60), (38, 60)]],
    "4": [[(24, 0), (0, 40), (40, 40)], [(28, 18), (28, 60)]],
    "7": [[(0, 0), (40, 0), (16, 60)]],
}


def write(
    page: Image.Image, digits: str, left: float, top: float, slope: float = 0.0, step: float = 70
) -> None:
    """Digits side by side, 60 pixels high."""
    pen = ImageDraw.Draw(page)
    for number, digit in enumerate(digits):
        x, y = left + number * step, top + number * step * slope
        for stroke in STROKES[digit]:
            pen.line([(x + a, y + b) for a, b in stroke], fill=0, width=7, joint="curve")


@pytest.fixture
def page() -> Image.Image:
    return Image.new("L", (640, 480), 255)


def test_lines_in_reading_order(page, recognizer):
    write(page, "7421", 60, 300)
    write(page, "12", 90, 60)
    reading = recognizer.read(page)
    assert reading.text == "12\n7421"
    assert [digit.value for digit in reading.digits] == [1, 2, 7, 4, 2, 1]
    lefts = [digit.box[0] for digit in reading.digits]
    assert lefts == sorted(lefts[:2]) + sorted(lefts[2:])


@pytest.mark.parametrize("slope", [-0.25, 0.25])
def test_a_line_may_slope(page, recognizer, slope):
    write(page, "742127", 60, 220, slope)
    assert recognizer.read(page).text == "742127"


def test_a_broken_stroke_and_a_loose_one_are_one_digit(page, recognizer):
    write(page, "247", 100, 200, step=110)
    ImageDraw.Draw(page).rectangle((80, 228, 420, 231), fill=255)
    reading = recognizer.read(page)
    assert reading.text == "247"
    assert min(digit.box[3] for digit in reading.digits) > 55


def test_a_slanting_stroke_that_is_broken_is_one_digit(page, recognizer):
    pen = ImageDraw.Draw(page)
    write(page, "24", 100, 200, step=110)
    for x in (330, 430):
        pen.line((x + 46, 200, x, 260), fill=0, width=7)
    pen.rectangle((80, 228, 560, 230), fill=255)
    assert recognizer.read(page).text == "2411"


def test_two_that_touch_are_two(page, recognizer):
    write(page, "22", 200, 200, step=39)
    assert recognizer.read(page).text == "22"


def test_lines_of_digits_that_run_into_each_other(mnist, recognizer):
    images, labels = mnist.validation
    rng, exact = np.random.default_rng(0), 0
    for _ in range(30):
        chosen = rng.choice(len(images), 6, replace=False)
        ink = np.zeros((20, 1), np.uint8)
        for image in map(Image.fromarray, images[chosen]):
            digit = image.crop(image.getbbox())
            high = np.asarray(digit.resize((round(20 * digit.width / digit.height), 20)))
            shared = np.maximum(ink[:, -1:], high[:, :1])
            ink = np.hstack([ink[:, :-1], shared, high[:, 1:]])
        ink = np.pad(ink, 30)
        page = Image.fromarray(255 - ink).resize((3 * ink.shape[1], 3 * len(ink)))
        exact += recognizer.read(page).text == "".join(map(str, labels[chosen]))
    assert exact >= 24  # 21 with three cuts a piece at most


@pytest.mark.parametrize(
    "strokes",
    [
        [[(0, 60), (20, 0), (40, 60)], [(9, 34), (31, 34)]],  # A
        [[(0, 0), (0, 60)], [(40, 0), (2, 32), (40, 60)]],  # K
        [[(0, 0), (40, 60)], [(40, 0), (0, 60)]],  # X
    ],
)
def test_a_letter_is_not_cut_into_bars(page, recognizer, strokes):
    pen = ImageDraw.Draw(page)
    for stroke in strokes:
        pen.line([(300 + x, 200 + y) for x, y in stroke], fill=0, width=7, joint="curve")
    assert recognizer.read(page).text == "?"


def test_specks_dashes_rulings_and_edges_are_none(page, recognizer):
    pen = ImageDraw.Draw(page)
    write(page, "7421", 100, 200, step=90)
    for x, y in ((30, 60), (500, 90), (555, 400), (320, 350)):
        pen.ellipse((x, y, x + 5, y + 5), fill=0)
    pen.line((470, 232, 495, 232), fill=0, width=7)
    for y in (110, 290, 380):
        pen.line((0, y, 640, y), fill=0, width=2)
    pen.rectangle((0, 0, 640, 12), fill=0)
    assert recognizer.read(page).text == "7421"


@pytest.mark.parametrize("turn", range(4))
def test_a_border_that_lines_cut_up_is_no_writing(page, recognizer, turn):
    write(page, "7421", 100, 200, step=90)
    edge = np.zeros((480, 640), bool)
    for row in (0, 16):
        for column in range(0, 640, 40):  # cells between the lines of squared paper
            edge[row : row + 14, column : column + 38] = True
    quarters = np.rot90(np.ones((480, 640)), turn).shape
    border = np.rot90(
        edge if quarters == (480, 640) else np.pad(edge, ((0, 160), (0, 0)))[:, :480], turn
    )
    picture = np.where(border[:480, :640], 0, np.asarray(page)).astype(np.uint8)
    assert recognizer.read(picture, turn=0).text == "7421"


def test_a_broken_line_along_a_border_is_no_writing(page, recognizer):
    write(page, "7421", 100, 200, step=90)
    pen = ImageDraw.Draw(page)
    for top in range(5, 470, 60):
        pen.rectangle((18, top, 21, top + 45), fill=0)
    assert recognizer.read(page, turn=0).text == "7421"


def test_a_cropped_line_of_writing_is_no_border(page, recognizer):
    write(page, "74217421", 10, 4, step=60)
    assert recognizer.read(page.crop((4, 0, 490, 68)), turn=0).text == "74217421"


def test_the_samples_are_read_without_a_mistake(recognizer):
    """The photographs beside the project, where it is developed; they are not part of it."""
    from pathlib import Path

    samples = sorted((Path(__file__).parents[2] / "shared" / "samples").glob("*.jpg"))
    if not samples:
        pytest.skip("the sample photographs are not beside the project")
    for path in samples:
        assert recognizer.read(path).text == path.stem.rpartition("_")[2]


def test_a_page_of_specks_has_no_digits_to_trip_over(recognizer):
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 256, (300, 300), np.uint8)
        assert recognizer.read(noise).text == ""


def test_rows_of_a_table_stay_apart_though_a_pair_of_digits_slopes():
    """The first two digits of a row slope, as a 7 beside a 4 with a long tail: the row goes on
    where the page does."""
    rows = []
    for top in (0, 46):
        rows += [(0, top, 18, 30), (26, top + 8, 18, 34)]
        rows += [
            (100 * column + 26 * place, top + 2, 18, 30) for column in (1, 2, 3) for place in (0, 1)
        ]
    assert [len(line) for line in sort_into_lines(rows)] == [8, 8]
    tilted = [(x, y + round(0.12 * x), w, h) for x, y, w, h in rows]
    assert [len(line) for line in sort_into_lines(tilted)] == [8, 8]


def test_what_is_left_out_is_what_no_box_covers():
    ink = np.zeros((60, 120), np.float32)
    ink[10:40, 10:20] = ink[10:40, 50:60] = ink[5, 100:102] = 1
    assert Pieces(ink).left_out([(8, 8, 14, 34)]) == [(50, 10, 10, 30)]
    assert Pieces(ink).left_out([(8, 8, 14, 34), (48, 8, 14, 34)]) == []
