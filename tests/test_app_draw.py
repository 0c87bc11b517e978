"""Drawing a digit, run by Streamlit's AppTest."""

import json
import math

import pytest
from pages import LINE, headline, labelled, message, page_html, said, start, written
from PIL import Image

from app_pages.pen import address, canvas, samples
from model import checkpoint


def test_a_blank_canvas_is_never_a_digit():
    app = start()
    assert not app.exception
    assert "Draw a digit" in said(app.info)
    assert headline(app) is None


def test_a_drawing_is_read_and_explained():
    app = start()
    app.session_state[canvas.SQUARE.name] = message(written(2))
    app.run()
    assert not app.exception
    body = page_html(app)
    assert headline(app) == "2" and "sure" in body
    assert "1. Your drawing" in body and "28 × 28" in body
    assert 'data-testid="probabilities"' in body


def test_a_whole_number_is_read_and_its_least_sure_digit_explained():
    app = start()
    app.get("button_group")[0].set_value("A whole number").run()
    assert not app.exception and "Draw a number" in said(app.info)
    strip = Image.new("RGBA", (canvas.STRIP.width, canvas.STRIP.height), "white")
    for place, digit in enumerate((2, 3, 7)):
        strip.paste(written(digit, 150), (20 + 150 * place, 60))
    app.session_state[canvas.STRIP.name] = message(strip, [LINE] * 3)
    app.run()
    assert not app.exception and headline(app) == "237" and "3 digits" in page_html(app)
    assert len(app.get("button_group")[1].options) == 3
    app.get("button_group")[0].set_value("One digit").run()
    assert "Draw a digit" in said(app.info)  # each sheet keeps its own drawing
    app.get("button_group")[0].set_value("A whole number").run()
    assert headline(app) == "237"


NONE = "data:image/png;base64,"


@pytest.mark.parametrize(
    ("drawing", "says"),
    [
        (
            {"raw": {"objects": []}, "data": message(written(2, 400))["drawing"]["data"]},
            "280 × 280 pixels",
        ),
        ({"raw": {"objects": []}, "data": NONE + "A" * 10**6}, "too large"),
        ({"raw": {"objects": []}, "data": NONE + "AAAA"}, "damaged"),
        ({"raw": {"objects": [{"type": "Path"}] * 3000}, "data": NONE}, "at most 2,000 strokes"),
        (
            {"raw": {"objects": [{"type": "Path", "path": [["L", 1, 1]] * 60_000}]}, "data": NONE},
            "at most 50,000 points",
        ),
        (
            {"raw": {"objects": [{"type": "Path", "path": [["L", 1, 1]]}]}, "data": NONE},
            "lines and curves",
        ),
        (
            {"raw": {"objects": [{"type": "Path", "path": [["M", 1, "x"]]}]}, "data": NONE},
            "lines and curves",
        ),
        (
            {"raw": {"objects": [{"type": "Path", "path": [["M", 1, math.nan]]}]}, "data": NONE},
            "lines and curves",
        ),
        ({"raw": {"objects": [{"type": "Path"}]}, "data": NONE}, "lines and curves"),
        ({"raw": {"objects": [7]}, "data": NONE}, "have a type"),
        ({"raw": 7, "data": NONE}, "strokes"),
        ("a word", "strokes"),
    ],
)
def test_what_is_no_drawing_of_the_sheet_is_not_opened(drawing, says):
    app = start()
    app.session_state[canvas.SQUARE.name] = message(written(2))
    app.run()
    app.session_state[canvas.SQUARE.name] = {"drawing": drawing}
    app.run()
    assert not app.exception
    assert "clear it, and draw again" in said(app.warning) and says in said(app.warning)
    assert headline(app) == "2"  # what was drawn before is still there


def test_where_the_reader_abstains_it_says_so_with_its_nearest_guess(checkpoints):
    card = json.loads((checkpoints / "default" / checkpoint.CARD).read_text())
    (checkpoints / "default" / checkpoint.CARD).write_text(
        json.dumps(card | {"least_certainty": 1.0})
    )
    app = start()
    app.session_state[canvas.SQUARE.name] = message(written(2))
    app.run()
    assert not app.exception
    assert headline(app) == "?"
    assert "does not look like a digit. The nearest guess is 2" in page_html(app)


def tool(app, label: str):
    """One of the buttons below the canvas."""
    return labelled(app.button, label)


def test_clear_and_undo_and_redo_and_sample():
    app = start()
    assert all(tool(app, label).disabled for label in ("Clear", "Undo", "Redo"))
    for count in (1, 2):
        app.session_state[canvas.SQUARE.name] = message(written(2), [LINE] * count)
        app.run()
    tool(app, "Undo").click().run()
    assert app.session_state[canvas.SQUARE.start].strokes == (LINE,)
    tool(app, "Redo").click().run()
    assert app.session_state[canvas.SQUARE.start].strokes == (LINE, LINE)
    tool(app, "Clear").click().run()
    assert "Draw a digit" in said(app.info) and tool(app, "Clear").disabled
    tool(app, "Undo").click().run()
    assert app.session_state[canvas.SQUARE.start].strokes == (LINE, LINE), "of Clear, too"
    tool(app, "Draw me a sample digit").click().run()
    beginning = app.session_state[canvas.SQUARE.start]
    assert not app.exception and beginning.strokes and tool(app, "Redo").disabled
    _, *objects = beginning.as_raw()["objects"]
    assert len(objects) == len(beginning.strokes)
    assert all(stroke["type"] == "Path" for stroke in objects)


def test_what_was_on_the_canvas_before_it_was_cleared_or_undone_is_read_no_more():
    app = start()

    def send(count: int, beginning: canvas.Start | None = None) -> None:
        app.session_state[canvas.SQUARE.name] = message(written(2), [LINE] * count, beginning)
        app.run()

    for count in (1, 2, 3):
        send(count)
    assert headline(app) == "2"
    first = app.session_state[canvas.SQUARE.start]
    tool(app, "Undo").click().run()
    tool(app, "Undo").click().run()
    again = app.session_state[canvas.SQUARE.start]
    assert again.strokes == (LINE,), (
        "two strokes of three are taken back, though the browser drew nothing meanwhile"
    )
    send(3, first)
    assert headline(app) != "2", "what is read is the line that is left"
    asked = app.session_state[canvas.SQUARE.start]
    assert asked.number != again.number and asked.strokes == again.strokes, (
        "the canvas is asked again to draw and send it"
    )
    assert asked.as_raw() != again.as_raw(), "or it would ignore that"
    send(1, again)
    assert headline(app) == "2" and app.session_state[canvas.SQUARE.start] == asked


def test_the_address_brings_a_drawing_and_a_damaged_one_a_sentence():
    drawing = tuple(samples.strokes(4, canvas.SIZE, 16))
    app = start()
    app.query_params["strokes"] = address.encode_strokes(drawing)
    app.run()
    assert not app.exception and headline(app) == "4"
    assert len(app.session_state[canvas.SQUARE.start].strokes) == len(drawing)
    tool(app, "Undo").click().run()
    assert "Draw a digit" in said(app.info), "the address does not bring it again"
    app.query_params["strokes"] = "eNpT"
    for _ in range(2):  # the first is lost where the page asks again before it has shown it
        app.run()
        assert not app.exception and "The address holds no" in said(app.warning)
    tool(app, "Draw me a sample digit").click().run()
    assert not app.exception and not app.warning and headline(app)
