"""The Challenge, run by Streamlit's AppTest."""

import re

from pages import LINE, button, message, page_html, said, start, written
from PIL import Image

from app_pages.corrections import collection


def wanted(app) -> int:
    return int(re.search(r'data-testid="wanted"[^>]*>(\d)<', page_html(app))[1])


def press(app, label):
    button(app, label).click().run()
    assert not app.exception


def test_ten_digits_one_of_them_wrong(database):
    app = start("challenge")
    press(app, "Start")
    asked = []
    for turn in range(10):
        asked.append(wanted(app))
        value = asked[-1] if turn != 3 else (asked[-1] + 1) % 10
        app.session_state["challenge"] = message(written(value))
        app.run()
        press(app, "Next")
    assert sorted(asked) == list(range(10))
    assert app.metric[0].value == "9 of 10"
    (matrix,) = app.get("vega_lite_chart")
    assert f"{asked[3]} read as {(asked[3] + 1) % 10}: 1" in matrix.proto.alt
    assert [element.proto.label for element in app.get("download_button")] == ["Picture to share"]
    press(app, "Keep them to teach with")
    assert collection.open_collection().counts() == dict.fromkeys("0123456789", 1)
    press(app, "Again")
    assert "Digit 1 of 10" in page_html(app)


def test_there_is_no_next_before_something_is_written():
    app = start("challenge")
    press(app, "Start")
    assert button(app, "Next").disabled and "0 strokes" in said(app.caption)


def test_the_digit_before_is_not_taken_for_the_next_one():
    app = start("challenge")
    press(app, "Start")
    app.session_state["challenge"] = before = message(
        written(2), start=app.session_state["challenge_start"]
    )
    app.run()
    press(app, "Next")
    app.session_state["challenge"] = before
    app.run()
    assert (
        "Digit 2 of 10" in page_html(app)
        and button(app, "Next").disabled
        and "0 strokes" in said(app.caption)
    )


def test_what_is_no_single_digit_is_not_read():
    app = start("challenge")
    press(app, "Start")
    sheet = Image.new("RGBA", (280, 280), "white")
    for place in (0, 140):
        sheet.paste(written(2, 130), (place, 60))
    for _ in range(10):
        app.session_state["challenge"] = message(sheet, [LINE] * 2)
        app.run()
        press(app, "Next")
    assert app.metric[0].value == "0 of 10"
    assert "2 read as ?: 1" in app.get("vega_lite_chart")[0].proto.alt
