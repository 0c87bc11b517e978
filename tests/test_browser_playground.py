"""The Playground in a browser: a drawing is sent there, distorted and watched once more."""

from browser import (
    ROOT,
    button,
    digit,
    draw,
    expect,
    no_exception,
    no_sideways_scroll,
    open_draw,
    open_link,
)

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE
from model import checkpoint

COMMITTEE = ROOT / "checkpoints" / "committee"


def test_a_drawing_is_played_with(either):
    open_draw(either)
    draw(either, samples.lines(4, SIZE))
    expect(digit(either)).to_have_text("4")
    open_link(either, "Play with it")
    expect(either.get_by_role("heading", name="Playground")).to_be_visible()
    expect(digit(either)).to_have_text("4")
    expect(either.get_by_text("This digit is drawn by hand.")).to_be_visible()
    rotate = either.get_by_role("slider", name="Rotate")
    picture = either.get_by_alt_text("The digit.")
    before = picture.get_attribute("src")
    rotate.press("End")
    expect(picture).not_to_have_attribute("src", before)
    assert "turn=90" in either.url
    button(either, "Reset").click()
    expect(picture).to_have_attribute("src", before)
    # The strokes that the canvas sent are redrawn here, and read as the drawing was.
    expect(either.get_by_text("Read as 4", exact=False).first).to_be_visible()
    expect(either.get_by_text("After each stroke")).to_be_visible()
    either.get_by_role("slider", name="The drawing so far").press("Home")
    expect(either.get_by_alt_text("The drawing so far.")).to_be_visible()
    no_exception(either)


def test_the_sliders_are_in_the_address(phone):
    phone.goto("/playground?turn=40&again=true")
    expect(phone.get_by_role("slider", name="Rotate")).to_have_value("40")
    expect(phone.get_by_test_id("sweeps")).to_be_visible()
    no_sideways_scroll(phone)
    no_exception(phone)


def test_a_network_chosen_in_the_address_goes_along(tab):
    committee = tab.get_by_text(f"{checkpoint.read_card(COMMITTEE).parameters:,} parameters")
    open_draw(tab, "/?checkpoint=committee")
    expect(committee).to_be_visible()
    draw(tab, samples.lines(7, SIZE))
    expect(digit(tab)).to_have_text("7")
    open_link(tab, "Play with it")
    expect(tab.get_by_role("heading", name="Playground")).to_be_visible()
    expect(committee).to_be_visible()
    no_exception(tab)
