"""What the pages draw: boxes and names on pictures, and bars."""

import numpy as np
import pytest

from app_pages.figures import bars, charts, pictures
from model import Digit, Reading


def test_boxes_behind_a_drawing_leave_out_its_ink():
    picture = np.zeros((100, 200, 3), np.uint8)  # all ink
    digit = Digit(
        7, 0.99, np.full(10, 0.1, np.float32), (60, 40, 30, 50), np.zeros((28, 28), np.uint8)
    )
    boxes = pictures.annotate_blank(
        Reading("7", (digit,), picture, np.ones((100, 200), np.float32)), ["7"]
    )
    assert boxes.shape == picture.shape
    assert (boxes[45:85, 65:85] == 255).all() and (boxes[40:90, 50:65] < 255).any()


def test_bars_say_in_words_what_they_show():
    body = bars.probability_bars(np.array([0.25, 0.75]), ("<a>", "b"))
    assert "&lt;a&gt;: 25.0%, b: 75.0%" in body and "--share:75.0%" in body and "<a>" not in body
    assert bars.percent(0.9996) == ">99.9%" and bars.percent(0.12345) == "12.3%"


def test_an_unsure_digit_is_marked_by_more_than_colour():
    picture = np.full((200, 200, 3), 255, np.uint8)

    def read(confidence):
        digit = Digit(
            7,
            confidence,
            np.full(10, 0.1, np.float32),
            (60, 60, 50, 80),
            np.zeros((28, 28), np.uint8),
        )
        return Reading("7", (digit,), picture, np.zeros((200, 200), np.float32))

    sure, unsure = (pictures.annotate(read(confidence), ["7"], 600) for confidence in (0.95, 0.5))
    assert sure.shape == unsure.shape == (200, 200, 3)
    # a second box, and a question mark
    assert (unsure < 255).any(2).sum() > 1.3 * (sure < 255).any(2).sum()


def test_an_outline_surrounds_its_box():
    marked = pictures.outline(np.full((40, 40), 255, np.uint8), [(10, 12, 5, 6)])
    ys, xs = np.nonzero((marked != 255).any(-1))
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (9, 15, 11, 18)
    assert (marked[12:18, 10:15] == 255).all()


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.003, 0.3], [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]),
        ([0.0], [0, 0.001]),
        ([0.0, 0.01], [0, 0.001, 0.002, 0.005, 0.01]),
        ([1.0], [0.5, 1]),
    ],
)
def test_a_logarithmic_scale_encloses_what_it_shows(values, ticks):
    history = [{"epoch": epoch, "train_error": value} for epoch, value in enumerate(values, 1)]
    y = charts.curves(history, "error", "Error", "~%", logarithmic=True).to_dict()["encoding"]["y"]
    assert y["axis"]["values"] == ticks and y["scale"]["domain"] == [ticks[0], ticks[-1]]
