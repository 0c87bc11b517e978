"""Many pictures in a real browser, at 1280 and 360 pixels, and a digit that is named by one tap."""

import json
from pathlib import Path

import pytest
from browser import (
    button,
    digit,
    draw,
    expect,
    follow,
    no_exception,
    no_sideways_scroll,
    open_draw,
    open_row,
    open_tab,
    serve,
    wait_for_script,
)
from pages import png, written
from PIL import Image

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE

DIGITS = "2357480169234"


@pytest.fixture
def own(browser):
    """The address of a dashboard whose collection is empty."""
    with serve() as (_, address):
        yield address


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """Fifteen: thirteen digits, an empty sheet, and a document."""
    paths = [tmp_path / f"{number:02}.png" for number in range(15)]
    for path, value in zip(paths, DIGITS, strict=False):
        path.write_bytes(png(written(int(value), 200)))
    paths[13].write_bytes(png(Image.new("L", (80, 60), 255)))
    paths[14].write_bytes(b"%PDF-1.4")
    return paths


def tap(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def go(page, name: str, heading: str) -> None:
    """To another page; where the sidebar lies over it, that is closed."""
    follow(page, name)
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    wait_for_script(page)
    sidebar = page.locator("[data-testid=stSidebar][data-collapsed=false]")
    if page.viewport_size["width"] < 400 and sidebar.count():
        sidebar.hover()
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()


@pytest.mark.parametrize("width", [1280, 360])
def test_fifteen_files_are_looked_through_corrected_and_taken_along(browser, own, files, width):
    with open_tab(browser, own, width) as page:
        page.goto("/read")
        page.locator("input[type=file]").set_input_files(files)
        expect(page.get_by_text("15 pictures, 2 of them doubtful")).to_be_visible()
        expect(
            page.get_by_test_id("stAlert").filter(has_text="14.png: The PDF document is damaged")
        ).to_be_visible()
        expect(page.get_by_test_id("stCode")).to_have_count(0)
        open_row(page, 2)
        code = page.get_by_test_id("stCode").first
        expect(code).to_have_text("5")
        wait_for_script(page)
        page.keyboard.press("ArrowDown")  # the keyboard opens files, too
        expect(code).to_have_text("7")
        tap(page, "That's a 1")
        expect(code).to_have_text("1")
        expect(page.get_by_text("Kept as a 1: 1 to learn from")).to_be_visible()
        button(page, "Next").click()
        expect(code).to_have_text("4")
        button(page, "Previous").click()
        expect(code).to_have_text("1")
        expect(page.get_by_text("Kept as a 1")).to_be_visible()
        page.get_by_text("Only doubtful ones").click()
        expect(button(page, "Previous")).to_be_disabled()
        button(page, "Next").click()
        expect(page.get_by_text("No digit was found")).to_be_visible()
        button(page, "Next").click()
        expect(page.get_by_text("15 of 15")).to_be_visible()
        expect(page.get_by_test_id("stAlert").filter(has_text="14.png: The PDF")).to_have_count(2)
        with page.expect_download() as download:
            button(page, "Download as JSON").click()
        found = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        assert [one.get("text") for one in found] == [*DIGITS[:3], "1", *DIGITS[4:], "", None]
        with page.expect_download() as download:
            button(page, "Download as CSV").click()
        lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
        assert lines[4].startswith("03.png,1,1,1,")
        no_sideways_scroll(page)
        no_exception(page)


def test_the_page_says_why_files_are_red(either, files, tmp_path):
    words = either.get_by_text("A file in red was not taken: it is larger than 20 MB")
    either.goto("/read")
    chooser = either.locator("input[type=file]")
    chooser.set_input_files(files[0])
    expect(either.get_by_test_id("stCode")).to_have_text("2")
    expect(words).to_be_hidden()
    (tmp_path / "notes.txt").write_text("2")
    chooser.set_input_files(tmp_path / "notes.txt")
    expect(words).to_be_visible()
    button = either.get_by_role("button", name="Remove notes.txt")
    button.click()
    expect(words).to_be_hidden()
    no_sideways_scroll(either)


@pytest.mark.parametrize("width", [1280, 360])
def test_a_drawing_is_kept_by_one_tap_undone_deleted_and_kept_again(browser, own, width):
    with open_tab(browser, own, width) as page:
        open_draw(page)
        draw(page, samples.lines(7, SIZE))
        expect(digit(page)).to_have_text("7")
        wait_for_script(page)
        boxes = [one.bounding_box() for one in page.locator(".st-key-classes button").all()]
        assert [len({round(box["y"]) for box in row}) for row in (boxes[:5], boxes[5:])] == [1, 1]
        assert boxes[5]["y"] > boxes[4]["y"] and min(box["height"] for box in boxes) >= 36
        expect(page.get_by_text("which all visitors of this server see")).to_be_visible()
        tap(page, "That's a 4")
        expect(page.get_by_text("Kept as a 4: 1 to learn from")).to_be_visible()
        tap(page, "Undo keeping it")
        expect(page.get_by_text("to learn from")).to_have_count(0)
        page.get_by_role("button", name="That's a 7 as it was read").press("Enter")
        kept = page.get_by_text("Kept as a 7: 1 to learn from")
        expect(kept).to_be_visible()
        no_sideways_scroll(page)

        go(page, "Teach it", "Teach it")
        expect(page.get_by_role("combobox", name="Show")).to_have_value("All (1)")
        page.get_by_test_id("stCheckbox").get_by_text("7", exact=True).click()
        button(page, "Delete the chosen (1)").click()
        expect(page.get_by_text("Nothing is kept yet")).to_be_visible()
        go(page, "Draw", "Draw a digit")
        expect(digit(page)).to_have_text("7")
        wait_for_script(page)
        expect(kept).to_have_count(0)
        tap(page, "That's a 7 as it was read")
        expect(kept).to_be_visible()
        tap(page, "Something else")
        page.get_by_role("combobox", name="Its class").fill("ß")
        page.get_by_role("combobox", name="Its class").press("Enter")
        button(page, "Keep it").click()
        expect(page.get_by_text("Kept as a ß: 1 to learn from")).to_be_visible()
        no_exception(page)
