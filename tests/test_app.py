"""Every page of the dashboard, run by Streamlit's AppTest."""

import io
import json
import math
import shutil

import numpy as np
import openpyxl
import pandas as pd
import pytest
from pages import DEFAULT, LINE, headline, message, page_html, png, said, start, written
from PIL import Image

from app_pages.figures import bars, pictures
from app_pages.pen import canvas
from app_pages.read import spreadsheet, uploads
from app_pages.server import resources
from app_pages.words import plain
from model import Digit, Reading, checkpoint

# Draw


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
    assert "&lt;a&gt;: 25.0%, b: 75.0%" in body and "width:75.0%" in body and "<a>" not in body
    assert bars.percent(0.9996) == ">99.9%" and bars.percent(0.12345) == "12.3%"


def test_where_the_reader_abstains_it_says_so_with_its_nearest_guess(checkpoints):
    card = json.loads((checkpoints / "default" / checkpoint.CARD).read_text())
    (checkpoints / "default" / checkpoint.CARD).write_text(json.dumps(card | {"threshold": 1.0}))
    app = start()
    app.session_state[canvas.SQUARE.name] = message(written(2))
    app.run()
    assert not app.exception
    assert headline(app) == "?"
    assert "does not look like a digit. The nearest guess is 2" in page_html(app)


def test_clear_and_undo_and_sample():
    app = start()
    app.session_state[canvas.SQUARE.name] = message(written(2), [LINE] * 2)
    app.run()
    app.button[1].click().run()
    assert app.button[1].label == "Undo" and "Reading" in said(app.caption)
    app.session_state[canvas.SQUARE.name] = message(written(2))
    app.run()
    app.button[0].click().run()
    assert app.button[0].label == "Clear" and "Draw a digit" in said(app.info)
    app.button[2].click().run()
    assert app.button[2].label == "Draw me a sample digit" and not app.exception
    beginning = app.session_state[canvas.SQUARE.start]
    assert beginning.strokes
    _, *objects = beginning.as_raw()["objects"]
    assert len(objects) == len(beginning.strokes)
    assert all(stroke["type"] == "Path" for stroke in objects)


def test_what_was_on_the_canvas_before_it_was_cleared_or_undone_is_read_no_more():
    app = start()

    def send(count: int, beginning: canvas.Start | None = None) -> None:
        app.session_state[canvas.SQUARE.name] = message(written(2), [LINE] * count, beginning)
        app.run()

    send(3)
    assert headline(app) == "2"
    first = app.session_state[canvas.SQUARE.start]
    app.button[1].click().run()
    app.button[1].click().run()
    again = app.session_state[canvas.SQUARE.start]
    assert again.strokes == (LINE,), (
        "two strokes of three are taken back, though the browser drew nothing meanwhile"
    )
    send(3, first)
    assert "Reading" in said(app.caption) and headline(app) is None
    asked = app.session_state[canvas.SQUARE.start]
    assert asked.number != again.number and asked.strokes == again.strokes, (
        "the canvas is asked again to draw and send it"
    )
    assert asked.as_raw() != again.as_raw(), "or it would ignore that"
    send(1, again)
    assert headline(app) == "2" and app.session_state[canvas.SQUARE.start] == asked


# Read a picture


def test_a_good_and_a_broken_file_together():
    app = start("read")
    app.file_uploader[0].set_value(
        [("two.png", png(written(2, 200)), "image/png"), ("two.png", b"nonsense", "image/png")]
    ).run()
    assert not app.exception
    assert app.code[0].value == "2"
    assert "two" in said(app.error) and len(app.error) == 1
    rows = app.dataframe[0].value
    assert list(rows["file"]) == ["two.png", "two.png"] and list(rows["text"]) == ["2", ""]


def test_an_empty_picture_is_no_digit():
    app = start("read")
    app.file_uploader[0].set_value(
        [("white.png", png(Image.new("L", (80, 60), 255)), "image/png")]
    ).run()
    assert not app.exception and not app.code
    assert "No digit was found" in said(app.markdown)


def test_how_the_writing_is_turned_can_be_said():
    app = start("read")
    app.file_uploader[0].set_value(
        [("two.png", png(written(2, 200).rotate(180)), "image/png")]
    ).run()
    app.get("button_group")[0].set_value(180).run()
    assert not app.exception and app.code[0].value == "2"


def test_the_camera_is_read_too():
    app = start("read")
    app.toggle[0].set_value(True).run()
    photograph = io.BytesIO()
    written(3, 200).convert("RGB").save(photograph, "JPEG")
    app.camera_input[0].set_value(("photograph.jpg", photograph.getvalue(), "image/jpeg")).run()
    assert not app.exception
    assert app.code[0].value == "3"


def test_a_sheet_of_numbers_becomes_a_table_that_can_be_copied():
    sheet = Image.new("RGBA", (700, 420), "white")
    for place, digit in [
        ((40, 40), 2),
        ((130, 40), 3),
        ((440, 40), 7),
        ((40, 240), 4),
        ((440, 240), 5),
        ((530, 240), 6),
    ]:
        sheet.paste(written(digit, 140), place)
    app = start("read")
    app.file_uploader[0].set_value(("sheet.png", png(sheet), "image/png")).run()
    assert not app.exception
    assert app.code[0].value == "237\n456"
    assert app.code[1].value == "23\t7\n4\t56"
    assert app.dataframe[0].value.to_dict("list") == {"A": ["23", "4"], "B": ["7", "56"]}


def test_the_csv_holds_a_row_a_number():
    numbers = [
        {"text": "07", "row": 1, "column": 1, "confidence": 0.98765},
        {"text": "−3.5", "row": 1, "column": 2, "confidence": 0.5},
    ]
    results = [
        uploads.Result("0735", 0.5, summary={"text": "0735", "numbers": numbers}),
        uploads.Result(error="Broken, alas."),
        uploads.Result(),
    ]
    content = spreadsheet.csv(uploads.numbers(["a.png", "ü;b.png", "a.png"], results))
    rows = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    assert rows.to_dict("list") == {
        "file": ["a.png", "a.png", "ü;b.png", "a.png"],
        "row": ["1", "1", "", ""],
        "column": ["1", "2", "", ""],
        "number": ["07", "-3.5", "", ""],
        "confidence": ["0.9877", "0.5000", "", ""],
        "note": ["", "", "Broken, alas.", "No digit found."],
    }


def test_no_cell_is_a_formula_and_numbers_keep_their_zeros():
    numbers = [
        {"text": text, "row": 1, "column": column, "confidence": 0.5}
        for column, text in enumerate(
            ("007", "−3.50", "12", "1,5", "=1+1", "1234567890123456"), start=1
        )
    ]
    results = [
        uploads.Result(
            "007",
            0.5,
            summary={"text": "007", "numbers": numbers},
            sheet=(("007", "12"), ("=2", "")),
        ),
        uploads.Result(error="Broken, alas."),
    ]
    rows = uploads.numbers(["=cmd|'/c x'!A1", "@b"], results)
    csv = pd.read_csv(io.BytesIO(spreadsheet.csv(rows)), dtype=str, keep_default_na=False)
    assert csv["file"].tolist() == ["'=cmd|'/c x'!A1"] * 6 + ["'@b"]
    assert csv["number"].tolist() == ["007", "-3.50", "12", "1,5", "'=1+1", "1234567890123456", ""]
    tables = {"a:b/c" * 20: results[0].sheet, "a b c" * 20: (("1",),)}
    book = openpyxl.load_workbook(io.BytesIO(spreadsheet.xlsx(rows, tables)))
    first, second, third = book.worksheets
    assert [cell.value for cell in first["D"][1:7]] == [
        "007",
        -3.5,
        12,
        "1,5",
        "=1+1",
        "1234567890123456",
    ]
    assert first["D3"].number_format == "0.00"
    assert first["A2"].value == "=cmd|'/c x'!A1" and not any(
        cell.data_type == "f" for row in first for cell in row
    )
    assert [[cell.value for cell in row] for row in second] == [["007", 12], ["=2", None]]
    assert second["A2"].data_type == "s" and third["A1"].value == 1 and second.title != third.title


def test_columns_are_named_as_in_a_spreadsheet():
    assert [uploads.column_name(number) for number in (0, 25, 26, 51, 52, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "AAA",
    ]


def test_what_was_left_out_is_marked_on_the_picture_and_counted_in_words():
    picture = np.full((200, 200, 3), 255, np.uint8)
    reading = Reading(
        "", (), picture, np.zeros((200, 200), np.float32), left_out=((60, 60, 50, 80),)
    )
    marked = pictures.annotate(reading, [], 600)
    assert (marked[60, 60:110] < 255).any() and (marked[100, 70:100] == 255).all()
    result = uploads.Result("12", 0.99, names=("1", "2"), summary={"left_out": [[60, 60, 50, 80]]})
    assert uploads.in_words(result) == "2 digits, the least sure 99.0%, 1 mark left out"


def test_the_json_is_that_of_the_command_line():
    digit = {"value": 7, "confidence": 0.9, "box": [1, 2, 3, 4]}
    results = [
        uploads.Result("7", 0.9, summary={"text": "7", "digits": [digit]}),
        uploads.Result(error="Broken, alas."),
    ]
    assert json.loads(uploads.as_json(["a.png", "ü.png"], results)) == [
        {"file": "a.png", "text": "7", "digits": [digit]},
        {"file": "ü.png", "error": "Broken, alas."},
    ]


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


def test_plain_text_is_not_markdown():
    assert plain("a_b*[é]") == r"a\_b\*\[é\]"


# Pictures


def test_an_outline_surrounds_its_box():
    marked = pictures.outline(np.full((40, 40), 255, np.uint8), [(10, 12, 5, 6)])
    ys, xs = np.nonzero((marked != 255).any(-1))
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (9, 15, 11, 18)
    assert (marked[12:18, 10:15] == 255).all()


# The choice of a checkpoint


def test_a_faulty_checkpoint_is_shown_with_its_reason_and_the_others_work(checkpoints):
    shutil.copytree(DEFAULT, checkpoints / "other")
    (checkpoints / "other" / checkpoint.WEIGHTS).write_bytes(b"not weights")
    app = start()
    assert not app.exception
    (box,) = app.sidebar.selectbox
    assert box.options == ["default", "other (faulty)"]
    assert "other" in said(app.sidebar.warning) and checkpoint.WEIGHTS in said(app.sidebar.warning)
    assert "Draw a digit" in said(app.info)
    box.set_value("other").run()
    assert "can't be used" in said(app.error) and not app.exception
    app.sidebar.selectbox[0].set_value("default").run()
    assert "Draw a digit" in said(app.info) and not app.error


def test_where_the_default_is_faulty_another_is_chosen(checkpoints):
    shutil.copytree(DEFAULT, checkpoints / "other")
    card = json.loads((checkpoints / "default" / checkpoint.CARD).read_text())
    del card["classes"]
    (checkpoints / "default" / checkpoint.CARD).write_text(json.dumps(card))
    app = start()
    assert app.sidebar.selectbox[0].value == "other" and not app.error and not app.exception


def test_a_checkpoint_that_vanishes_while_it_is_chosen(checkpoints):
    shutil.copytree(DEFAULT, checkpoints / "other")
    app = start()
    app.sidebar.selectbox[0].set_value("other").run()
    shutil.rmtree(checkpoints / "other")
    app.run()
    assert app.sidebar.selectbox[0].value == "default" and not app.error and not app.exception


def test_no_checkpoint_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_CHECKPOINTS", str(tmp_path / "nowhere"))
    app = start()
    assert "python -m train" in said(app.error) and not app.exception


def test_the_page_network_is_none_of_the_checkpoints_offered(monkeypatch):
    monkeypatch.delenv("DIGITS_CHECKPOINTS", raising=False)
    assert resources.names() == ["default", "committee", "tiny"]
