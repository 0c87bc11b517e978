"""The ways between the pages, in a real browser: Back, reload and links lose nothing."""

import base64
import io
import re

import pytest
from browser import (
    blank,
    button,
    digit,
    draw,
    expect,
    follow,
    no_exception,
    open_draw,
    open_link,
    wait_for_script,
)
from pages import png, written
from PIL import Image

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE
from model.strokes import picture

WIDTH = """() => document.querySelector("[data-testid=stBidiComponentIsolated]")
    ?.shadowRoot.querySelector("canvas.upper-canvas")?.getBoundingClientRect().width"""


def entries(page) -> int:
    """How many entries the browser's history has."""
    return page.evaluate("history.length")


@pytest.mark.parametrize(
    ("link", "heading"), [("Look inside", "Inside the network"), ("Play with it", "Playground")]
)
def test_one_back_returns_to_the_drawing(either, link, heading):
    open_draw(either)
    draw(either, samples.lines(4, SIZE))
    expect(digit(either)).to_have_text("4")
    before = entries(either)
    open_link(either, link)
    expect(either.get_by_role("heading", name=heading)).to_be_visible()
    expect(digit(either)).to_have_text("4")
    assert entries(either) == before + 1
    either.go_back()
    expect(either.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(either.locator("canvas.upper-canvas")).to_be_visible()
    expect(digit(either)).to_have_text("4")
    assert entries(either) == before + 1
    no_exception(either)


def test_a_reload_brings_the_drawing_and_another_browser_the_same(either, browser):
    open_draw(either)
    draw(either, samples.lines(2, SIZE))
    expect(digit(either)).to_have_text("2")
    expect(either).to_have_url(re.compile("strokes="))
    either.reload()
    expect(digit(either)).to_have_text("2")
    expect(either.locator("canvas.upper-canvas")).to_be_visible()
    draw(either, [[(250, 20), (270, 20)]])
    expect(either.get_by_test_id("stButton").filter(has_text="Undo")).to_be_visible()
    open_link(either, "Look inside")
    expect(either.get_by_role("heading", name="Inside the network")).to_be_visible()
    address = either.url
    assert len(address) < 1000
    context = browser.new_context()
    other = context.new_page()
    other.goto(address)
    expect(digit(other)).to_have_text(digit(either).text_content())
    expect(other.get_by_text("drawn by hand")).to_be_visible()
    context.close()
    no_exception(either)


def test_a_number_survives_a_reload(tab):
    open_draw(tab)
    tab.get_by_text("A whole number").click()
    expect(tab.get_by_text("Draw a number, and it is read")).to_be_visible()
    for place, value in enumerate((4, 7)):
        draw(tab, samples.lines(value, size=110, left=20 + 80 * place, top=60))
    expect(digit(tab)).to_have_text("47")
    tab.reload()
    expect(digit(tab)).to_have_text("47")
    no_exception(tab)


def test_a_digit_is_shared_by_an_address_and_a_code(either):
    open_draw(either)
    draw(either, samples.lines(7, SIZE))
    expect(digit(either)).to_have_text("7")
    either.get_by_role("button", name="Share").click()
    expect(either.get_by_text(re.compile(r"http://.*\?strokes="))).to_be_visible()
    expect(either.get_by_test_id("stPopoverBody").locator("img")).to_be_visible()
    no_exception(either)


def test_a_picture_of_evaluation_opens_in_the_same_session_and_back_is_the_view(tab, mnist):
    open_draw(tab)
    draw(tab, samples.lines(7, SIZE))
    expect(digit(tab)).to_have_text("7")
    follow(tab, "Evaluation")
    tab.get_by_role("radio", name="Mistakes", exact=True).click()
    expect(tab.get_by_role("heading", name="What it reads wrong")).to_be_visible()
    tab.get_by_role("link", name=re.compile("^Test image")).first.click()
    expect(tab.get_by_role("heading", name="Inside the network")).to_be_visible()
    expect(tab).to_have_url(re.compile(r"image=\d+"))
    tab.go_back()
    expect(tab.get_by_role("heading", name="What it reads wrong")).to_be_visible()
    follow(tab, "Draw")
    expect(digit(tab)).to_have_text("7"), "the session is the same"
    no_exception(tab)


def test_a_damaged_address_is_a_sentence(tab):
    tab.goto("/?strokes=eNpT")
    expect(tab.get_by_text("The address holds no")).to_be_visible()
    expect(blank(tab)).to_be_visible()
    tab.get_by_text("Large, for a projector").click()
    tab.wait_for_function(f"({WIDTH})() === 560")
    wait_for_script(tab)
    expect(tab.get_by_text("The address holds no")).to_be_visible()
    draw(tab, samples.lines(4, 2 * SIZE))
    expect(digit(tab)).to_have_text("4")
    expect(tab.get_by_text("The address holds no")).to_have_count(0)
    for page, heading in ("network", "Inside the network"), ("playground", "Playground"):
        tab.goto(f"/{page}?glyph=zz")
        expect(tab.get_by_text("The address holds no")).to_be_visible()
        expect(tab.get_by_role("heading", name=heading)).to_be_visible()
        wait_for_script(tab)
        assert "glyph=zz" in tab.url, "so it is said again, whenever the script runs again"
    no_exception(tab)


def test_a_stroke_just_before_a_click_on_another_page_is_kept(tab):
    open_draw(tab)
    stem, bar = [(90, 60), (190, 60), (120, 230)], [(80, 150), (180, 150)]
    draw(tab, [stem])
    expect(digit(tab)).to_have_text("7")
    expect(tab).to_have_url(re.compile("strokes="))
    alone = tab.url
    draw(tab, [bar])
    tab.get_by_role("link", name="Evaluation", exact=True).click()
    expect(tab.get_by_role("heading", name="How good is it?")).to_be_visible()
    follow(tab, "Draw")
    expect(digit(tab)).to_have_text("7")
    expect(tab).to_have_url(re.compile("strokes="))
    assert len(tab.url) > len(alone), "both strokes are there"
    no_exception(tab)


def test_the_canvas_grows_for_a_projector_with_what_is_on_it(tab):
    open_draw(tab)
    first, second = samples.lines(4, SIZE)
    draw(tab, [first])
    expect(tab).to_have_url(re.compile("strokes="))
    tab.get_by_text("Large, for a projector").click()
    tab.wait_for_function(f"({WIDTH})() === 560")
    wait_for_script(tab)
    draw(tab, [[(2 * x, 2 * y) for x, y in second]])
    expect(digit(tab)).to_have_text("4")
    no_exception(tab)


PASTE = """(data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
    document.body.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def test_a_pasted_picture_is_read_from_whatever_page(tab):
    open_draw(tab)
    file = io.BytesIO()
    Image.fromarray(picture(samples.strokes(5, SIZE, 16), SIZE, SIZE)).save(file, "PNG")
    tab.evaluate(PASTE, base64.b64encode(file.getvalue()).decode())
    expect(tab.get_by_role("heading", name="Read a picture")).to_be_visible()
    expect(tab.get_by_text("image.png").first).to_be_visible()
    expect(tab.get_by_test_id("stCode").get_by_text("5", exact=True)).to_be_visible()
    no_exception(tab)


def test_pictures_stay_while_another_page_is_open(tab):
    tab.goto("/read")
    files = [
        {"name": f"{value}.png", "mimeType": "image/png", "buffer": png(written(value, 200))}
        for value in (3, 7)
    ]
    tab.locator("input[type=file]").set_input_files(files)
    expect(tab.get_by_text("2 pictures")).to_be_visible()
    follow(tab, "Evaluation")
    expect(tab.get_by_role("heading", name="How good is it?")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_text("2 pictures")).to_be_visible()
    button(tab, "3.png").click()
    expect(tab.get_by_test_id("stCode").get_by_text("7", exact=True)).to_be_visible()
    tab.locator("input[type=file]").set_input_files(files[:1])
    expect(tab.get_by_text("2 pictures")).to_be_visible()
    no_exception(tab)
