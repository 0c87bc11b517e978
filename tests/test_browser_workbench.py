"""The digit and what it is read as stay in sight together, also on a phone."""

import pytest
from browser import button, digit, draw, expect, no_exception, open_draw, wait_for_script

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE


@pytest.fixture
def small(tab):
    """A phone of 375 × 553 pixels."""
    tab.set_viewport_size({"width": 375, "height": 553})
    return tab


def is_whole(page, *elements):
    """Whether all of each is in sight, below the page's own header."""
    top = page.get_by_test_id("stHeader").bounding_box()["height"]
    bottom = page.viewport_size["height"]
    boxes = [element.bounding_box() for element in elements]
    return all(
        box["y"] >= top - 1 and box["y"] + box["height"] <= bottom + 1 for box in boxes
    ), boxes


def test_a_small_phone_shows_canvas_and_reading_together(small):
    open_draw(small)
    before = small.locator("canvas.upper-canvas").bounding_box()
    for stroke in samples.lines(4, SIZE):
        box = small.locator("canvas.upper-canvas").bounding_box()
        assert box == before, "the canvas stays where it is while one draws"
        small.mouse.move(box["x"] + stroke[0][0], box["y"] + stroke[0][1])
        small.mouse.down()
        for x, y in stroke[1:]:
            small.mouse.move(box["x"] + x, box["y"] + y, steps=4)
        small.mouse.up()
        expect(digit(small)).to_be_visible()
    expect(digit(small)).to_have_text("4")
    bars = small.get_by_test_id("probabilities")
    whole, boxes = is_whole(small, digit(small), bars, small.locator("canvas.upper-canvas"))
    assert whole, boxes
    no_exception(small)


def test_whatever_is_said_the_canvas_stays_where_it_is(phone):
    open_draw(phone, "/?brush=4")
    canvas = phone.locator("canvas.upper-canvas")
    before = canvas.bounding_box()
    draw(phone, [[(140, 140), (141, 140)]])
    expect(digit(phone)).to_have_text("?")
    expect(phone.get_by_text("This does not look like a digit")).to_be_visible()
    assert canvas.bounding_box() == before


def test_the_reading_stays_in_sight_while_a_phone_scrolls(phone):
    open_draw(phone)
    draw(phone, samples.lines(4, SIZE))
    expect(digit(phone)).to_have_text("4")
    wait_for_script(phone)
    phone.get_by_alt_text("The digit cut out").scroll_into_view_if_needed()
    bars = phone.get_by_test_id("probabilities")
    whole, boxes = is_whole(phone, digit(phone), bars)
    assert whole, boxes


def test_sliders_and_what_they_do_are_on_one_screen(phone):
    phone.set_viewport_size({"width": 360, "height": 640})
    phone.goto("/playground")
    wait_for_script(phone)
    sliders = phone.locator(".st-key-sliders").get_by_role("group")
    expect(sliders).to_have_count(7)
    sliders.last.scroll_into_view_if_needed()
    shown = [
        digit(phone),
        phone.get_by_alt_text("The digit."),
        phone.get_by_test_id("probabilities"),
    ]
    whole, boxes = is_whole(phone, *shown, *sliders.all())
    assert whole, boxes
    no_exception(phone)


def test_a_wide_page_has_the_reading_beside_the_canvas(tab):
    open_draw(tab)
    button(tab, "Draw me a sample digit").click()
    expect(digit(tab)).to_be_visible()
    canvas = tab.locator("canvas.upper-canvas").bounding_box()
    reading = tab.get_by_test_id("probabilities").bounding_box()
    assert reading["x"] > canvas["x"] + canvas["width"]
    assert reading["y"] + reading["height"] < canvas["y"] + canvas["height"] + 40
