"""Without a pen, a mouse or eyes: the keyboard alone, and what axe finds on every page."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import button, digit, draw, expect, no_exception, open_draw, open_link, wait_for_script

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE

GRAVE = ("serious", "critical")  # as axe grades what it finds


def assert_accessible(page):
    wait_for_script(page)
    violations = Axe().run(page).response["violations"]
    assert [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in violations
        if violation["impact"] in GRAVE
    ] == []


@pytest.mark.parametrize(
    "address",
    [
        "/read",
        "/playground?image=247",
        "/evaluation",
        "/evaluation?view=Mistakes",
        "/evaluation?view=Confidence",
        "/evaluation?view=Damage",
        "/evaluation?view=Map",
        "/evaluation?view=Labels",
        "/evaluation?view=Compare&other=tiny",
        "/evaluation?view=Training",
        "/challenge",
        "/teach",
    ],
)
def test_axe_finds_nothing_serious(either, mnist, address):
    either.goto(address)
    expect(either.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(either)


def test_axe_finds_nothing_serious_about_a_drawing(either):
    open_draw(either)
    assert_accessible(either)
    draw(either, samples.lines(7, SIZE))
    expect(digit(either)).to_have_text("7")
    assert_accessible(either)
    open_link(either, "Look inside")
    expect(either.get_by_role("heading", name="The nearest training images")).to_be_visible()
    assert_accessible(either)


def press(page, widget):
    """Reaches a widget by Tab, from what has the focus or the page's beginning, and presses
    Enter."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if widget.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab doesn't come to {widget}")


def test_a_digit_is_chosen_and_read_by_the_keyboard_alone(either, mnist):
    either.goto("/network")
    expect(either.get_by_role("heading", level=1)).to_be_visible()
    wait_for_script(either)
    press(either, either.locator("summary", has_text="Take another digit"))
    press(either, either.get_by_role("button", name="3", exact=True))
    expect(digit(either)).to_have_text("3")
    expect(either.get_by_text("This digit is a sample, drawn by program")).to_be_visible()
    wait_for_script(either)
    number = either.get_by_role("spinbutton", name="Or a test image, by number")
    press(either, number)
    either.keyboard.press("Control+A")
    either.keyboard.type("247")
    either.keyboard.press("Enter")
    press(either, button(either, "Open"))
    expect(either.get_by_text("test image 247 of mnist")).to_be_visible()
    no_exception(either)
