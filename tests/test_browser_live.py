"""What is read in the browser while something moves: as Python reads it, in the server's place, and
until the server's reading comes."""

import base64

import numpy as np
import pytest
from browser import (
    button,
    digit,
    draw,
    expect,
    finger,
    no_exception,
    open_draw,
    wait_for_script,
)
from PIL import Image

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE
from app_pages.playground import distortions
from app_pages.server import images
from model import glyph
from model.classifier import Classifier
from model.strokes import picture

MODULES = "/_stcore/bidi-components/digits.reader/"
THREE = samples.lines(3, SIZE)[0]


def ask(page, module: str, function: str, *arguments):
    """What a function of one of the component's modules gives.

    uint8 arrays go as base64, in a hundredth of the time that a list takes: of more than one
    dimension as the ink of a picture, else as bytes.
    """
    script = """async ([module, name, given]) => {
        const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
        const answer = await (await import(module))[name](...given.map(
            (one) => one?.paper
                ? { ...one, values: Float32Array.from(bytes(one.paper), (grey) => 1 - grey / 255) }
                : one?.bytes ? bytes(one.bytes) : one));
        return answer?.length ? Array.from(answer) : answer;
    }"""
    given = [_as_json(one) if isinstance(one, np.ndarray) else one for one in arguments]
    return page.evaluate(script, [MODULES + module, function, given])


def _as_json(array: np.ndarray) -> dict:
    text = base64.b64encode(array.tobytes()).decode()
    if array.ndim == 1:
        return {"bytes": text}
    return {"height": len(array), "width": len(array[0]), "paper": text}


def is_live(page):
    """Waits until the browser has the network."""
    expect(page.locator("[data-live=ready]")).to_be_attached()


def live(page):
    """What is read live, and stands large."""
    return page.get_by_test_id("live")


def move(page, points):
    """The pen goes on, from where it is."""
    box = page.locator("canvas.upper-canvas").bounding_box()
    for x, y in points:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)


def press(page, points):
    """The pen goes down and along, and stays down."""
    move(page, points[:1])
    page.mouse.down()
    move(page, points[1:])


@pytest.fixture
def module(tab):
    """The dashboard's address open, so that the component's modules can be asked."""
    open_draw(tab)
    is_live(tab)
    return tab


def test_a_thousand_digits_get_the_probabilities_that_jax_gives_them(module):
    pixels = images.shipped("mnist").pixels[:1000]
    assert len(pixels) == 1000
    there = ask(module, "network.js", "classify", pixels.ravel())
    here = Classifier.load("checkpoints/tiny").probabilities(pixels)
    there = np.reshape(there, here.shape)
    np.testing.assert_allclose(there, here, atol=1e-5)
    assert (there.argmax(1) == here.argmax(1)).all()


def inks():
    """Digits in pens of all kinds, large, small and thin; a dot, a line."""
    pens = (SIZE, 4), (SIZE, 16), (SIZE, 40), (90, 5), (30, 3), (12, 2)
    for value in range(10):
        for size, brush in pens[value % 2 :: 2]:
            yield picture(samples.strokes(value, size, brush, tilt=value - 5.0), SIZE, SIZE)
    for place, one in enumerate(images.shipped("mnist").pixels[:20]):
        side = 40 + 12 * place
        yield 255 - np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC))
    dot = np.full((SIZE, SIZE), 255, np.uint8)
    dot[100:110, 100:110] = 0
    yield dot


def test_a_glyph_is_made_as_python_makes_it(module):
    for paper in inks():
        ink = 1 - np.asarray(paper, np.float32) / 255
        there = np.reshape(ask(module, "glyph.js", "normalise", paper), (28, 28))
        here = glyph.normalise(ink)
        assert np.abs(there - here.astype(int)).max() <= 1
        assert ask(module, "glyph.js", "isBlot", here.ravel()) == glyph.is_blot(here)
    nothing = np.full((9, 9), 255, np.uint8)
    assert ask(module, "glyph.js", "normalise", nothing) is None


def test_sliders_bend_a_digit_as_python_does(module):
    generator = np.random.default_rng(0)
    alone = [
        {slider.name: value}
        for slider in distortions.SLIDERS
        for value in (slider.low, slider.high, slider.rest + 7 * slider.step)
    ]
    together = [
        {one.name: float(generator.uniform(one.low, one.high)) for one in distortions.SLIDERS}
        for _ in range(20)
    ]
    for number, settings in enumerate([*alone, *together]):
        settings, again = distortions.REST | settings, number % 2 == 1
        image = images.shipped("mnist").pixels[number]
        noise = distortions.NOISE.ravel().round(6).tolist()
        there = ask(
            module,
            "distort.js",
            "distort",
            image.ravel(),
            settings,
            noise,
            again,
        )
        here = distortions.distort(image, settings, again).astype(int)
        difference = np.abs(np.reshape(there, (28, 28)) - here)
        assert difference.max() <= 2 and (difference > 1).sum() <= 2, settings


def test_bars_move_while_the_pen_is_down_and_the_server_confirms(either):
    open_draw(either)
    is_live(either)
    press(either, THREE[: len(THREE) * 3 // 4])
    expect(live(either)).to_be_visible()
    expect(either.get_by_text("so far")).to_be_visible()
    bars = either.locator(".st-key-live .bars")
    before = bars.inner_html()
    move(either, THREE[len(THREE) * 3 // 4 :])
    expect(live(either)).to_have_text("3")
    assert bars.inner_html() != before
    expect(digit(either)).to_have_count(0)  # the server has not been told yet
    either.mouse.up()
    expect(digit(either)).to_be_visible()
    expect(digit(either)).to_have_text("3")
    expect(live(either)).to_have_count(0)
    no_exception(either)


def test_a_second_stroke_takes_the_place_of_the_reading(tab):
    open_draw(tab)
    is_live(tab)
    draw(tab, [[(140, 40), (140, 240)]])
    expect(digit(tab)).to_have_text("1")
    press(tab, [(140, 40), (60, 150), (230, 160)])
    expect(live(tab)).to_be_visible()
    expect(digit(tab)).to_be_hidden()
    tab.mouse.up()
    expect(digit(tab)).to_be_visible()
    expect(live(tab)).to_have_count(0)


def test_a_dot_is_no_zero_while_it_is_drawn(tab):
    open_draw(tab, "/?brush=40")
    is_live(tab)
    press(tab, [(140, 140), (141, 140)])
    expect(live(tab)).to_have_text("?")
    tab.mouse.up()


def test_a_finger_sees_bars_move(phone):
    open_draw(phone)
    is_live(phone)
    seen = """() => new MutationObserver(() => {
        if (document.querySelector("[data-testid=live]")) window.seen = true;
    }).observe(document.body, { subtree: true, childList: true })"""
    phone.evaluate(seen)
    finger(phone, THREE)
    expect(digit(phone)).to_have_text("3")
    assert phone.evaluate("window.seen"), "bars moved while the finger was down"


def test_a_right_click_and_a_second_finger_change_nothing(tab):
    open_draw(tab)
    is_live(tab)
    draw(tab, [THREE])
    expect(digit(tab)).to_have_text("3")
    box = tab.locator("canvas.upper-canvas").bounding_box()
    tab.mouse.click(box["x"] + 30, box["y"] + 30, button="right")
    expect(live(tab)).to_have_count(0)
    tab.keyboard.press("Escape")
    press(tab, [(40, 240), (120, 240)])
    expect(live(tab)).to_be_visible()
    tab.evaluate(
        "document.dispatchEvent(new PointerEvent('pointerup', { pointerId: 77, bubbles: true }))"
    )
    before = tab.locator(".st-key-live .bars").inner_html()
    move(tab, [(240, 240), (240, 40)])
    expect(live(tab)).to_be_visible()
    assert tab.locator(".st-key-live .bars").inner_html() != before
    tab.mouse.up()
    expect(live(tab)).to_have_count(0)
    no_exception(tab)


def test_two_digits_are_left_to_the_server(tab):
    open_draw(tab)
    is_live(tab)
    draw(tab, [*samples.lines(4, 120, left=10, top=60), *samples.lines(7, 120, left=150, top=60)])
    expect(digit(tab)).to_have_text("47")
    press(tab, [(20, 250), (60, 250)])
    expect(live(tab)).to_have_count(0)
    tab.mouse.up()
    no_exception(tab)


def hold_slider(page):
    """Opens the Playground and presses on the thumb of Rotate; gives where it is, and how wide the
    slider is."""
    page.goto("/playground")
    wait_for_script(page)
    is_live(page)
    expect(digit(page)).to_have_text("4")
    rotate = page.locator(".st-key-turn")
    rotate.scroll_into_view_if_needed()
    value = rotate.get_by_test_id("stSliderThumbValue")
    box, track = value.bounding_box(), rotate.get_by_role("group").bounding_box()
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] + 8
    page.mouse.move(across, down)
    page.mouse.down()
    return across, down, track["width"]


def test_a_slider_that_is_dragged_back_leaves_the_servers_reading(tab):
    across, down, width = hold_slider(tab)
    tab.mouse.move(across + width / 4, down, steps=5)
    expect(live(tab)).to_be_visible()
    tab.mouse.move(across, down, steps=5)
    tab.mouse.up()
    expect(live(tab)).to_have_count(0)
    expect(digit(tab)).to_be_visible()


def test_a_slider_bends_the_digit_while_it_is_dragged(either):
    across, down, width = hold_slider(either)
    either.mouse.move(across + width / 4, down, steps=5)
    expect(live(either)).to_be_visible()
    expect(digit(either)).to_be_hidden()
    picture = either.locator(".st-key-live img")
    bent = picture.get_attribute("src")
    either.mouse.move(across + width / 3, down, steps=3)
    expect(picture).not_to_have_attribute("src", bent)
    assert "turn=" not in either.url  # the server has not been told yet
    either.mouse.up()
    expect(live(either)).to_have_count(0)
    expect(digit(either)).to_be_visible()
    button(either, "Reset").click()
    expect(digit(either)).to_have_text("4")
    expect(live(either)).to_have_count(0)
    no_exception(either)


def test_where_a_browser_cannot_run_it_the_server_reads_all_the_same(tab):
    errors = []
    tab.on("pageerror", lambda error: errors.append(error))
    tab.route("**/onnxruntime-web/*", lambda route: route.abort())
    with tab.expect_request("**/onnxruntime-web/*"):
        open_draw(tab)
    draw(tab, [THREE])
    expect(digit(tab)).to_have_text("3")
    expect(tab.locator("[data-live=ready]")).to_have_count(0)
    assert not errors
    no_exception(tab)
