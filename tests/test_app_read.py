"""Reading pictures, run by Streamlit's AppTest, and the tables of what was read."""

import io
import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
from pages import button, labelled, png, said, start, written
from PIL import Image
from streamlit.testing.v1 import AppTest

from app_pages import subject
from app_pages.figures import pictures
from app_pages.pen import address
from app_pages.read import triage, uploads
from digits import spreadsheet
from model import Reading, strokes
from model.recognizer import as_single_glyph


def test_a_good_and_a_broken_file_together():
    app = start("read")
    app.file_uploader[0].set_value(
        [("two.png", png(written(2, 200)), "image/png"), ("two.png", b"nonsense", "image/png")]
    ).run()
    assert not app.exception and not app.code
    assert "two" in said(app.error) and len(app.error) == 1
    rows = app.dataframe[0].value
    assert list(rows["file"]) == ["two.png", "two.png"] and list(rows["text"]) == ["2", ""]
    assert list(rows["note"]) == ["", said(app.error).removeprefix("**two.png**: ")]
    assert "2 pictures, 1 of them doubtful" in said(app.markdown)
    open_file(app, 0)
    assert app.code[0].value == "2"
    open_file(app, 1)
    assert not app.code and len(app.error) == 2


def open_file(app: AppTest, number: int) -> None:
    """Opens one of the files, as a click in the table does."""
    app.session_state[triage.OPEN] = app.file_uploader[0].value[number].file_id
    app.run()
    assert not app.exception


def hand_in(app: AppTest, *pictures: Image.Image) -> None:
    """Uploads pictures named 0.png, 1.png, …"""
    app.file_uploader[0].set_value(
        [(f"{n}.png", png(picture), "image/png") for n, picture in enumerate(pictures)]
    ).run()
    assert not app.exception


def test_each_page_of_a_document_is_read(monkeypatch):
    app = start("read")
    files = Path(__file__).parent / "files"
    kinds = {
        "scan.pdf": "application/pdf",
        "digits.heic": "image/heic",
        "locked.pdf": "application/pdf",
    }
    app.file_uploader[0].set_value(
        [(name, (files / name).read_bytes(), kind) for name, kind in kinds.items()]
    ).run()
    assert not app.exception
    rows = app.dataframe[0].value
    assert list(rows["file"]) == [
        "scan.pdf, page 1", "scan.pdf, page 2", "scan.pdf, page 3", "digits.heic", "locked.pdf"
    ]  # fmt: skip
    assert list(rows["text"]) == ["407", "1289", "63", "407", ""]
    assert "asks for a password" in said(app.error)
    app.session_state[triage.OPEN] = f"{app.file_uploader[0].value[0].file_id} 1"
    app.run()
    assert app.code[0].value == "1289"
    monkeypatch.setattr(uploads, "PAGES", 2)
    app.run()
    assert len(app.dataframe[0].value) == 4 and "has 3 pages; the first 2" in said(app.info)


def test_what_a_pen_wrote_is_read_and_can_be_watched():
    app = start("read")
    content = (Path(__file__).parent / "files" / "digits.inkml").read_bytes()
    app.file_uploader[0].set_value([("digits.inkml", content, "application/inkml+xml")]).run()
    assert not app.exception
    assert app.code[0].value == "407"
    known = app.session_state[subject.KNOWN].values()
    (offered,) = {one.query["strokes"]: one for one in known if one.strokes}.values()
    assert offered.origin == "from the picture digits.inkml"
    drawing = strokes.picture(address.decode_strokes(offered.query["strokes"]), 280, 280)
    assert abs(as_single_glyph(drawing).astype(int) - offered.glyph).mean() < 12


def test_many_files_are_a_table_and_one_opens():
    app = start("read")
    hand_in(app, *(written(digit, 200) for digit in (2, 3, 7)))
    assert not app.code and "3 pictures, none of them doubtful" in said(app.markdown)
    rows = app.dataframe[0].value
    assert list(rows["text"]) == ["2", "3", "7"] and list(rows["unsure"]) == [0, 0, 0]
    assert rows["picture"].str.startswith("data:image/jpeg").all()
    open_file(app, 0)
    assert app.code[0].value == "2" and button(app, "Previous").disabled
    button(app, "Next").click().run()
    button(app, "Next").click().run()
    assert app.code[0].value == "7" and button(app, "Next").disabled and len(app.code) == 1
    assert "3 of 3" in said(app.markdown)
    hand_in(app, written(2, 200))  # the only one opens by itself
    assert app.code[0].value == "2" and "Next" not in [one.label for one in app.button]


def test_only_doubtful_ones_are_shown_and_walked_through():
    app = start("read")
    empty = Image.new("L", (80, 60), 255)
    hand_in(app, empty, written(3, 200), written(7, 200), empty)
    labelled(app.toggle, "Only doubtful ones").set_value(True).run()
    assert list(app.dataframe[0].value["file"]) == ["0.png", "3.png"]
    open_file(app, 0)
    button(app, "Next").click().run()
    assert "4 of 4" in said(app.markdown) and "No digit" in said(app.markdown)
    labelled(app.toggle, "Only doubtful ones").set_value(False).run()
    button(app, "Previous").click().run()
    assert app.code[0].value == "7"


def test_corrections_of_all_files_stay_and_are_downloaded():
    app = start("read")
    hand_in(app, *(written(digit, 200) for digit in (2, 3)), written(7, 200).rotate(180))
    open_file(app, 0)
    labelled(app.toggle, "Correct it").set_value(True).run()
    app.text_area[0].set_value("9").run()
    button(app, "Next").click().run()
    (five,) = (one for one in app.button if one.label == "*That's a* 5")
    five.click().run()
    button(app, "Next").click().run()
    app.get("button_group")[0].set_value(180).run()
    assert app.code[0].value == "7"
    button(app, "Previous").click().run()
    assert app.code[0].value == "5" and said(app.success).startswith("Kept as a 5")
    rows = app.dataframe[0].value
    assert list(rows["text"]) == ["9", "5", "7"]
    assert list(rows["note"]) == ["1 digit as you say", "1 digit as you say", ""]
    labelled(app.toggle, "Correct it").set_value(False).run()
    button(app, "Previous").click().run()
    assert app.code[0].value == "9" and not app.exception


def test_like_sentences_of_many_files_are_one():
    sentences = [("a", "It is only 9 pixels large."), ("b", "It touches the edge.")]
    sentences += [("c", "It is only 1,011 pixels large."), ("d", "It is only 10 pixels large.")]
    assert triage.group(sentences) == {
        "It is only 9 to 1,011 pixels large.": ["a", "c", "d"],
        "It touches the edge.": ["b"],
    }
    assert triage.name_files(["a", "b*"]) == r"**a** and **b\***"
    assert triage.name_files(["a", "b", "c"]) == "**3 pictures**"


def test_next_and_previous_of_one_that_is_not_shown():
    assert triage.neighbours("abcde", "ade", "c") == ("a", "d")
    assert triage.neighbours("abcde", "", "c") == (None, None)
    assert triage.neighbours("abcde", "abcde", "a") == (None, "b")


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
