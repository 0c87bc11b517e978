"""Looking inside the network, in a real browser."""

import re

from browser import (
    button,
    digit,
    draw,
    expect,
    follow,
    no_exception,
    no_sideways_scroll,
    open_draw,
    open_link,
    wait_for_script,
)

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE

SECTIONS = (
    "Where it looked",
    "Which stroke decides",
    "Layer by layer",
    "The nearest training images",
)


def heading(page, name):
    return page.get_by_role("heading", name=name)


def test_a_drawing_is_looked_into_and_another_class_asked_for(either):
    open_draw(either)
    draw(either, samples.lines(7, SIZE))
    expect(digit(either)).to_have_text("7")
    open_link(either, "Look inside")
    expect(heading(either, "Inside the network")).to_be_visible()
    expect(digit(either)).to_have_text("7")
    expect(either.get_by_text("drawn by hand")).to_be_visible()
    for section in SECTIONS:
        expect(heading(either, section)).to_be_visible()
    expect(either.get_by_text("Without the first quarter:")).to_be_visible()
    expect(either.get_by_alt_text("The convolution's output: 32 maps, 8 in a row.")).to_be_visible()
    expect(
        either.get_by_text("Hidden layer · 5 × 5 × 96 → 128 · 307,328 parameters")
    ).to_be_visible()
    expect(either.get_by_alt_text(re.compile("speaks for 7"))).to_be_visible()
    either.get_by_role("radio", name="2", exact=True).click()
    expect(either.get_by_alt_text(re.compile("speaks for 2"))).to_be_visible()
    expect(either.get_by_alt_text(re.compile("probable 2 gets"))).to_be_visible()
    no_exception(either)
    follow(either, "Draw")
    # the digit of before doesn't take its place
    expect(either.locator("canvas.upper-canvas")).to_be_visible()
    expect(digit(either)).to_have_text("7")


def test_a_test_image_by_its_address_is_read_on_either_page(tab, mnist):
    tab.goto("/network?image=247")
    expect(tab.get_by_text("test image 247 of mnist")).to_be_visible()
    expect(heading(tab, "Which part decides")).to_be_visible()
    expect(heading(tab, "On the map")).to_be_visible()
    expect(tab.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    tab.get_by_text("Take another digit").click()
    button(tab, "3").click()
    expect(tab.get_by_text("This digit is a sample, drawn by program")).to_be_visible()
    expect(tab.get_by_text("test image 247 of mnist")).to_have_count(0)
    no_exception(tab)
    tab.goto("/?image=247")
    expect(tab.get_by_text("test image 247 of mnist")).to_be_visible()
    expect(digit(tab)).to_be_visible()
    expect(tab.locator("canvas.upper-canvas")).to_have_count(0)
    button(tab, "Draw something else").click()
    expect(tab.locator("canvas.upper-canvas")).to_be_visible()
    no_exception(tab)


def open_sheet(page, name):
    """Opens the page; gives the sheet of that name and where it is on the screen."""
    page.goto("/network")
    sheet = page.get_by_role("slider", name=name)
    expect(sheet).to_be_visible()
    wait_for_script(page)
    sheet.scroll_into_view_if_needed()
    return sheet, sheet.bounding_box()


def test_a_map_is_pointed_at_held_and_left_by_the_keyboard(tab):
    sheet, box = open_sheet(tab, "Maps of conv2")

    def at(column, row):
        return box["x"] + box["width"] * (column + 0.5) / 12, box["y"] + box["height"] * (
            row + 0.5
        ) / 4

    tab.mouse.move(*at(3, 1))
    expect(tab.get_by_text("Map 16's kernel")).to_be_visible()
    tab.mouse.click(*at(0, 2))
    expect(tab.get_by_text("Map 25's kernel")).to_be_visible()
    tab.mouse.move(*at(5, 3))
    tab.wait_for_timeout(500)
    expect(tab.get_by_text("Map 25's kernel")).to_be_visible()
    sheet.press("ArrowDown")
    expect(tab.get_by_text("Map 37's kernel")).to_be_visible()
    sheet.press("ArrowRight")
    expect(tab.get_by_text("Map 38's kernel")).to_be_visible()
    expect(sheet).to_have_attribute("aria-valuetext", "Map 38 of 48")
    sheet.press("Home")
    for _ in range(12):
        sheet.press("ArrowRight", delay=10)
    expect(tab.get_by_text("Map 13's kernel")).to_be_visible()
    expect(sheet).to_have_attribute("aria-valuenow", "13")
    no_exception(tab)


def test_a_tap_opens_a_map(phone):
    _, box = open_sheet(phone, "Maps of conv1")
    phone.touchscreen.tap(box["x"] + box["width"] / 16, box["y"] + box["height"] / 8)
    expect(phone.get_by_text("Map 1's kernel")).to_be_visible()
    expect(phone.get_by_alt_text("The digit with a box around what").first).to_be_visible()
    no_sideways_scroll(phone)
    no_exception(phone)


def test_the_page_fits_a_phone(phone):
    phone.goto("/network")
    for section in (*SECTIONS, "Inside the network"):
        expect(heading(phone, section)).to_be_visible()
    expect(phone.get_by_test_id("stStatusWidget")).to_have_count(0)
    no_sideways_scroll(phone)
    no_exception(phone)
