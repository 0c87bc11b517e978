"""Corrections of a reading: what becomes of the boxes, and the page with them."""

import numpy as np
import pytest
from pages import button, labelled, png, said, start, written

from app_pages.read import editor
from model import Reading

CLASSES = tuple("0123456789")
A, B, C = (10, 10, 20, 30), (40, 10, 20, 30), (70, 10, 20, 30)


def test_a_box_that_moves_keeps_what_was_said_of_it():
    moved = (12, 11, 20, 30)
    assert editor.redraw({A: 3, B: None}, ["3", "7"], [(moved, "3"), (B, "7")], CLASSES) == {
        moved: 3,
        B: None,
    }


def test_a_label_that_is_changed_is_what_somebody_says():
    assert editor.redraw({A: None, B: None}, ["3", "?"], [(A, "3"), (B, "8")], CLASSES) == {
        A: None,
        B: 8,
    }
    assert editor.redraw({A: None}, ["3"], [(A, "x")], CLASSES) == {A: None}  # no class


def test_boxes_are_added_and_deleted_on_the_canvas():
    assert editor.redraw({A: 3, B: None}, ["3", "7"], [(A, "3"), (B, "7"), (C, "")], CLASSES) == {
        A: 3,
        B: None,
        C: None,
    }
    assert editor.redraw({A: 3, B: 7}, ["3", "7"], [(B, "7")], CLASSES) == {B: 7}


def test_what_is_typed_is_said_and_what_is_left_is_not():
    assert editor.retype({A: None, B: 7, C: None}, ("1", "7", "?"), "4 7\n?", CLASSES) == {
        A: 4,
        B: 7,
        C: None,
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [("12", "has 3 boxes, but you typed 2"), ("12x", "“x” is not one of the classes")],
)
def test_typing_that_does_not_fit_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        editor.retype(dict.fromkeys([A, B, C]), ("1", "2", "3"), text, CLASSES)


def test_a_box_is_cut_to_the_picture():
    assert editor.clip((-5, 10, 20, 30), 100, 30) == (0, 10, 15, 20)
    assert editor.clip(A, 100, 100) == A
    assert (
        editor.clip((120, 10, 20, 30), 100, 100) is None
        and editor.clip((5, 5, 0, 3), 100, 100) is None
    )


def test_a_union_surrounds_its_boxes():
    assert editor.union([A, C]) == (10, 10, 80, 30)


@pytest.mark.parametrize("turn", [0, 90])
@pytest.mark.parametrize("scale", [1, 0.5])
def test_a_box_is_split_where_there_is_least_ink(turn, scale):
    ink = np.zeros((100, 200), np.float32)
    ink[20:60, 40:90], ink[20:60, 100:150] = 1, 1
    ink[38:42, 90:100] = 1  # they touch
    ink = np.rot90(ink, -turn // 90)
    height, width = ink.shape
    box = (40, 20, 110, 40) if turn == 0 else (40, 40, 40, 110)
    reading = Reading(
        "", (), np.zeros((round(height / scale), round(width / scale), 3), np.uint8), ink, turn
    )
    box = tuple(round(side / scale) for side in box)
    first, second = editor.split(reading, box)
    assert editor.union([first, second]) == box
    along = 0 if turn == 0 else 1
    assert first[along] + first[along + 2] == second[along]
    assert scale * (second[along] - box[along]) == pytest.approx(55, abs=6)


def test_a_box_of_one_pixel_stays_whole():
    reading = Reading("", (), np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.float32))
    assert editor.split(reading, (3, 3, 1, 4)) == [(3, 3, 1, 4)]


def test_the_page_follows_what_is_corrected():
    app = start("read")
    app.file_uploader[0].set_value([("two.png", png(written(2, 200)), "image/png")]).run()
    toggle = labelled(app.toggle, "Correct it")
    toggle.set_value(True).run()
    assert not app.exception and app.code[0].value == "2"

    def click(label):
        button(app, label).click().run()
        assert not app.exception

    app.text_area[0].set_value("7").run()
    assert app.code[0].value == "7" and list(app.dataframe[0].value["text"]) == ["7"]
    app.text_area[0].set_value("77").run()
    assert app.code[0].value == "7" and "has 1 box," in said(app.warning)
    click("Split")
    assert len(app.code[0].value) == 2
    click("Merge with next")
    assert app.code[0].value == "2"  # the network's own reading again
    click("Delete")
    assert not app.code and "No digit" in " ".join(m.value for m in app.markdown)
    click("Back to what was read")
    assert app.code[0].value == "2"
    toggle.set_value(False).run()
    assert not app.exception and app.code[0].value == "2"
