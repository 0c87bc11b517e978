"""The dashboard in a real browser: Playwright has Chromium draw, by mouse and by finger, and reads
the page.

Where there is no browser these tests are skipped, with the reason; in CI (the environment has
CI=true) that fails.
"""

import re
from pathlib import Path

import pytest
from browser import (
    blank,
    button,
    digit,
    draw,
    expect,
    finger,
    no_exception,
    no_sideways_scroll,
    open_draw,
    open_row,
)
from PIL import Image, ImageDraw

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE

PAGES = {
    "": "Draw a digit",
    "read": "Read a picture",
    "network": "Inside the network",
    "playground": "Playground",
    "evaluation": "How good is it?",
    "challenge": "Challenge",
    "teach": "Teach it",
}


def test_every_digit_drawn_with_the_mouse_is_read_right(tab):
    open_draw(tab)
    for value in range(10):
        draw(tab, samples.lines(value, SIZE))
        expect(digit(tab)).to_have_text(str(value))
        button(tab, "Clear").click()
        expect(blank(tab)).to_be_visible()
        expect(digit(tab)).to_have_count(0)
    no_exception(tab)


def test_a_number_drawn_in_one_go_is_read(tab):
    open_draw(tab)
    tab.get_by_text("A whole number").click()
    expect(tab.get_by_text("Draw a number, and it is read")).to_be_visible()
    for place, value in enumerate((4, 7, 0, 2, 3)):
        draw(tab, samples.lines(value, size=110, left=20 + 80 * place, top=60))
    expect(digit(tab)).to_have_text("47023")
    button(tab, "Undo").click()
    expect(digit(tab)).to_have_text("4702")
    no_exception(tab)


@pytest.mark.parametrize("value", [2, 5])
def test_small_and_in_a_corner(tab, value):
    open_draw(tab, "/?brush=5")
    draw(tab, samples.lines(value, size=80, left=SIZE - 75, top=SIZE - 78))
    expect(digit(tab)).to_have_text(str(value))


def test_undo_takes_one_stroke_back_and_the_brush_wipes_nothing(tab):
    open_draw(tab)
    draw(tab, samples.lines(7, SIZE))
    expect(digit(tab)).to_have_text("7")
    tab.get_by_role("slider", name="Brush width").press("Home")
    image = tab.get_by_alt_text("The drawing as it came in.")
    before = image.get_attribute("src")
    draw(tab, [[(20, 20), (20, 260), (260, 260)]])
    expect(image).not_to_have_attribute("src", before)
    button(tab, "Undo").click()
    expect(image).to_have_attribute("src", before)
    expect(digit(tab)).to_have_text("7")
    button(tab, "Undo").click()
    expect(blank(tab)).to_be_visible()


def test_undo_brings_back_what_was_cleared_and_redo_takes_it_away_again(either):
    open_draw(either)
    expect(button(either, "Undo")).to_be_disabled()
    draw(either, samples.lines(4, SIZE))
    expect(digit(either)).to_have_text("4")
    button(either, "Clear").click()
    expect(blank(either)).to_be_visible()
    button(either, "Undo").click()
    expect(digit(either)).to_have_text("4")
    button(either, "Redo").click()
    expect(blank(either)).to_be_visible()
    button(either, "Undo").click()
    expect(digit(either)).to_have_text("4")
    expect(button(either, "Redo")).to_be_enabled()
    draw(either, [[(20, 270), (60, 270)]])
    expect(button(either, "Redo")).to_be_disabled()
    no_exception(either)


def test_a_sample_digit_is_drawn_and_read_and_survives_another_page(tab):
    open_draw(tab)
    button(tab, "Draw me a sample digit").click()
    expect(digit(tab)).to_have_text(re.compile(r"^\d$"))
    read = digit(tab).text_content()
    tab.get_by_role("link", name="Evaluation").click()
    expect(tab.get_by_role("heading", name="How good is it?")).to_be_visible()
    tab.get_by_role("link", name="Draw").click()
    expect(digit(tab)).to_have_text(read)
    button(tab, "Undo").click()
    no_exception(tab)


def test_a_file_is_uploaded_and_read_and_a_bad_one_explained(tab, tmp_path):
    picture = Image.new("L", (400, 300), 255)
    (stroke,) = samples.lines(3, 200, left=60, top=50)
    ImageDraw.Draw(picture).line(stroke, fill=0, width=14, joint="curve")
    picture.save(tmp_path / "three.png")
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    tab.goto("/read")
    tab.locator("input[type=file]").set_input_files([tmp_path / "three.png", tmp_path / "bad.png"])
    expect(tab.get_by_test_id("stAlert").filter(has_text="bad.png")).to_be_visible()
    open_row(tab, 0)
    expect(tab.get_by_test_id("stCode")).to_contain_text("3")
    with tab.expect_download() as download:
        button(tab, "Download as CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "file,row,column,number,confidence,note"
    assert lines[1].startswith("three.png,1,1,3,") and lines[2].startswith("bad.png,,,,,")
    no_exception(tab)


def test_boxes_are_corrected_on_the_picture(tab, tmp_path):
    picture = Image.new("L", (600, 300), 255)
    for place, value in enumerate((3, 7)):
        for stroke in samples.lines(value, 200):
            ImageDraw.Draw(picture).line(
                [(x + 300 * place + 50, y + 50) for x, y in stroke], fill=0, width=14
            )
    picture.save(tmp_path / "two.png")
    tab.goto("/read")
    tab.locator("input[type=file]").set_input_files(tmp_path / "two.png")
    text = tab.get_by_test_id("stCode").first  # the next one is the table
    expect(text).to_have_text("37")
    tab.get_by_text("Correct it").click()
    canvas = tab.locator("canvas.upper-canvas")
    expect(canvas).to_be_visible()
    button(tab, "Delete").click()
    expect(text).to_have_text("7")
    box = canvas.bounding_box()
    scale = box["width"] / 600
    tab.mouse.move(box["x"] + 60 * scale, box["y"] + 40 * scale)
    tab.mouse.down()
    for x, y in ((150, 150), (240, 260)):
        tab.mouse.move(box["x"] + x * scale, box["y"] + y * scale)
    tab.mouse.up()
    expect(text).to_have_text("37")
    tab.get_by_role("textbox", name="What it says").fill("57")
    tab.get_by_role("textbox", name="What it says").press("Control+Enter")
    expect(text).to_have_text("57")
    no_exception(tab)


def test_a_finger_draws_and_does_not_scroll(phone):
    open_draw(phone)
    expect(blank(phone)).to_be_in_viewport(ratio=0.99), "not cut off"
    canvas = phone.locator("canvas.upper-canvas")
    assert canvas.evaluate("element => getComputedStyle(element).touchAction") == "none"
    box = canvas.bounding_box()
    (stroke,) = samples.lines(7, SIZE)
    finger(phone, stroke)
    expect(digit(phone)).to_have_text("7")
    assert canvas.bounding_box() == box


def test_the_canvas_has_no_toolbar_and_a_stroke_may_begin_in_its_corner(phone):
    open_draw(phone)
    expect(phone.locator(".dc-toolbar")).to_be_hidden()
    finger(phone, [(240, 15), (215, 230)])
    expect(digit(phone)).to_have_text("1")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone(phone, path):
    phone.goto(f"/{path}")
    expect(phone.get_by_role("heading", name=PAGES[path])).to_be_visible()
    expect(phone.get_by_test_id("stStatusWidget")).to_have_count(0)
    no_exception(phone)
    no_sideways_scroll(phone)
