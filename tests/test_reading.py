"""What a reading tells beside its digits: numbers in a table, what was left out, and how little was
read."""

import json

import numpy as np
import pytest
from pages import Sheet


def test_a_decimal_point_and_a_minus_are_of_their_number(recognizer):
    page = (
        Sheet(560, 240)
        .write("3", 80, 30)
        .write("14", 160, 30)
        .write("7", 400, 30)
        .write("28", 80, 140)
    )
    page.pen.ellipse((2 * 140, 2 * 78, 2 * 148, 2 * 86), fill=255)
    page.line(360, 61, 392, 60, pen=4, ink=255)
    reading = recognizer.read(page.picture())
    assert reading.text == "3147\n28"
    assert reading.table() == [["3.14", "−7"], ["28", ""]]
    assert [(number.row, number.column) for number in reading.numbers] == [(1, 1), (1, 2), (2, 1)]
    assert [len(number.digits) for number in reading.numbers] == [3, 1, 2]
    left, top, width, height = reading.numbers[1].box
    assert left < 395 < left + width and top < 60 < top + height  # its minus is in its box


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rows_and_columns_are_those_of_the_writing_however_the_page_is_turned(recognizer, turn):
    page = Sheet(500, 300).write("12", 40, 30).write("34", 300, 30).write("56", 300, 180)
    reading = recognizer.read(np.rot90(page.picture(), -turn // 90), turn=turn)
    assert reading.table() == [["12", "34"], ["", "56"]]


def test_boxes_that_are_set_make_other_numbers(recognizer):
    reading = recognizer.read(Sheet(500, 120).write("12", 40, 30).write("34", 300, 30).picture())
    boxes = {digit.box: None for digit in reading.digits[:2]} | {reading.digits[3].box: 9}
    changed = recognizer.read_boxes(reading, boxes)
    assert changed.table() == [["12", "9"]]
    assert changed.left_out == reading.left_out == ()


def test_the_summary_is_what_json_can_hold(recognizer):
    reading = recognizer.read(Sheet(400, 120).write("12", 40, 30).write("5", 300, 30).picture())
    summary = json.loads(json.dumps(reading.summary()))
    assert [(n["text"], n["row"], n["column"]) for n in summary["numbers"]] == [
        ("12", 1, 1),
        ("5", 1, 2),
    ]
    assert summary["numbers"][0]["confidence"] == min(
        d["confidence"] for d in summary["digits"][:2]
    )
    assert "left_out" not in summary and "note" not in summary


def test_digits_that_were_looked_at_again_are_what_json_can_hold(recognizer, monkeypatch):
    monkeypatch.setattr("model.page_reader.DOUBT", 1.1)  # then all of them are
    page = (
        Sheet(700, 300).write("38", 40, 40, 70).write("61", 300, 60, 70).print("Anna", 40, 180, 60)
    )
    reading = recognizer.read(page.picture())
    assert len(json.loads(json.dumps(reading.summary()))["digits"]) == len(reading.digits) >= 4
    assert {type(side) for digit in reading.digits for side in digit.box} == {int}


def test_what_is_left_out_is_told_and_a_page_of_which_little_was_read_says_so(recognizer):
    names = ["Hamburg", "Lübeck", "Bremen"]
    page = Sheet(640, 400).write("4", 500, 30)
    for row, name in enumerate(names):
        page.print(name, 30, 40 + 110 * row, 60)
    reading = recognizer.read(page.picture())
    assert reading.text.replace("?", "") == "4"
    assert len(reading.left_out) >= 10
    assert "left out" in reading.note
    assert reading.summary()["left_out"] and reading.summary()["note"] == reading.note
    left, _, width, _ = np.array(reading.left_out).T
    assert (left + width).max() < 480, "the digit that was read is not left out"
