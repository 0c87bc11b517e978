"""The Challenge in a browser: ten digits are written with the mouse, and the result is taken
home."""

from pathlib import Path

from browser import button, draw, expect, finger, no_exception, no_sideways_scroll
from PIL import Image

from app_pages.challenge import rounds
from app_pages.pen import samples
from app_pages.pen.canvas import SIZE


def write(page, turn, pen):
    """Writes what is asked for, once it is asked for, and waits until the page has it."""
    expect(page.get_by_text(f"Digit {turn} of 10")).to_be_visible()
    expect(page.get_by_text("0 strokes so far.")).to_be_visible()
    strokes = samples.lines(int(page.get_by_test_id("wanted").text_content()), SIZE)
    pen(page, strokes)
    count = len(strokes)
    expect(page.get_by_text(f"{count} stroke{'s' * (count > 1)} so far.")).to_be_visible()


def test_a_round_is_played_and_its_picture_taken_home(tab):
    tab.goto("/challenge")
    button(tab, "Start").click()
    for turn in range(1, 11):
        write(tab, turn, draw)
        button(tab, "Next").click()
    expect(tab.get_by_text("10 of 10", exact=True)).to_be_visible()
    with tab.expect_download() as download:
        button(tab, "Picture to share").click()
    with Image.open(Path(download.value.path())) as picture:
        assert picture.size == rounds.CARD
    expect(tab.get_by_role("heading", name="Your own confusion matrix")).to_be_visible()
    no_exception(tab)


def test_a_finger_writes_and_the_page_fits(phone):
    phone.goto("/challenge")
    button(phone, "Start").click()

    def pen(page, strokes):
        for stroke in strokes:
            finger(page, stroke)

    write(phone, 1, pen)
    button(phone, "Next").click()
    expect(phone.get_by_text("Digit 2 of 10")).to_be_visible()
    no_sideways_scroll(phone)
    no_exception(phone)
