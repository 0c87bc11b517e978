"""The Evaluation page in a real browser: clicks, addresses, and a narrow screen."""

import contextlib
import re

import pytest
from browser import PATIENCE, expect, no_exception, no_sideways_scroll

VIEWS = {
    "Confusion matrix": "Which classes it mixes up",
    "Mistakes": "What it reads wrong",
    "Labels": "What people see in doubtful images",
    "Confidence": "Is it as sure as it should be?",
    "Damage": "What they look like",
    "Map": "What it finds alike",
    "Compare": "What one alone reads right",
    "Training": "How it learned",
}


def test_a_click_on_the_confusion_matrix_chooses_the_cell(tab):
    # nothing scrolls: that would close a list of options
    tab.set_viewport_size({"width": 1280, "height": 2400})
    tab.goto("/evaluation")
    chart = tab.get_by_test_id("stVegaLiteChart").first
    expect(chart.locator("canvas, svg.marks").first).to_be_visible()
    expect(tab.get_by_role("heading", name="Each class")).to_be_visible()

    def click_last_cell():
        """Again until it is seen: a chart that is being laid out loses a click."""
        nine = tab.get_by_role("heading", name="9 read as 9")
        for patience in (5_000, 10_000, PATIENCE):
            box = chart.locator("canvas, svg.marks").first.bounding_box()
            tab.mouse.click(box["x"] + box["width"] - 30, box["y"] + box["height"] - 30)
            with contextlib.suppress(AssertionError):
                expect(nine).to_be_visible(timeout=patience)
                return
        pytest.fail("A click on the last cell did not choose it.")

    click_last_cell()
    tab.get_by_role("combobox", name="True class").click()
    tab.get_by_role("option", name="4", exact=True).click()
    expect(tab.get_by_role("heading", name="4 read as 9")).to_be_visible()
    click_last_cell()
    no_exception(tab)
    # 9 is the true class that the page begins with, so that the address need not hold it
    expect(tab).to_have_url(re.compile(r"/evaluation\?predicted=9$"))


def test_a_cell_is_chosen_by_its_address_and_its_image_sent_on_by_keyboard(tab, mnist):
    tab.goto("/evaluation?true=9&predicted=4")
    expect(tab.get_by_role("heading", name="9 read as 4")).to_be_visible()
    picture = tab.get_by_role("link", name=re.compile("Test image .*: 9, read as 4"))
    expect(picture.first).to_have_attribute("href", re.compile(r"^network\?image=\d+$"))
    tab.get_by_test_id("stMain").get_by_role("link", name="Read it").press("Enter")
    expect(tab.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(tab).to_have_url(re.compile(r"image=\d+"))
    no_exception(tab)


def test_the_network_and_the_view_are_in_the_address(tab, mnist):
    tab.goto("/evaluation?checkpoint=committee&view=Mistakes")
    expect(tab.get_by_role("heading", name="What it reads wrong")).to_be_visible()
    expect(tab.get_by_role("combobox", name="Network")).to_have_value("committee")
    tab.get_by_text("Training", exact=True).click()
    expect(tab.get_by_role("heading", name="How it learned")).to_be_visible()
    expect(tab).to_have_url(re.compile("checkpoint=committee&view=Training$"))


def test_the_pointer_shows_a_digit_of_the_map_and_a_click_chooses_it(tab, mnist):
    tab.set_viewport_size({"width": 1280, "height": 1500})
    tab.goto("/evaluation?view=Map")
    chart = tab.get_by_test_id("stVegaLiteChart").locator("canvas, svg.marks").first
    expect(tab.get_by_role("combobox", name="Test image")).to_be_visible()
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    shown = tab.locator("#vg-tooltip-element.visible")
    places = ((x / 40, y / 30) for x in range(1, 40) for y in range(1, 30))
    for x, y in places:
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if shown.count():
            break
    expect(shown.locator("img")).to_have_attribute("src", re.compile("^data:image/png"))
    number = re.search(r"\d+$", shown.inner_text())[0]
    tab.mouse.down()
    tab.mouse.up()
    expect(tab.get_by_alt_text(f"Test image {number}:")).to_be_visible()
    no_exception(tab)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_a_phone(phone, view, mnist):
    phone.goto(f"/evaluation?view={view.replace(' ', '+')}")
    expect(phone.get_by_role("heading", name=VIEWS[view])).to_be_visible()
    expect(phone.get_by_test_id("stStatusWidget")).to_have_count(0)
    no_exception(phone)
    no_sideways_scroll(phone)
