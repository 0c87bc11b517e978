"""Teaching in a real browser: from a drawing and "That's a 7" to a new network in the sidebar."""

import pupil
import pytest
from browser import PATIENCE, button, digit, draw, expect, no_exception, serve

from app_pages.pen import samples
from app_pages.pen.canvas import SIZE

TRAINING = 10 * PATIENCE  # milliseconds: an upper bound for slow machines, not a wait


@pytest.fixture(scope="module")
def school(browser, tmp_path_factory):
    """The address of a dashboard whose network is taught in seconds."""
    folder = tmp_path_factory.mktemp("school")
    path = pupil.make(folder)
    with serve({"DIGITS_CHECKPOINTS": str(path.parent), "TMPDIR": str(folder)}) as (_, address):
        yield folder, address


def visit(browser, address: str, width: int):
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 900})
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def test_a_drawing_is_kept_and_a_network_learns_from_it(browser, school):
    folder, address = school
    tab = visit(browser, address, 1280)
    tab.goto("/")
    expect(tab.locator("canvas.upper-canvas")).to_be_visible()
    draw(tab, samples.lines(7, SIZE))
    expect(digit(tab)).to_be_visible()
    tab.get_by_role("button", name="That's a …").click()
    tab.get_by_role("combobox", name="It is of the class").click()
    tab.get_by_role("option", name="7", exact=True).click()
    button(tab, "Keep it").click()
    expect(tab.get_by_text("Kept: 7")).to_be_visible()

    tab.get_by_role("link", name="Teach it").click()
    expect(tab.get_by_role("combobox", name="Show")).to_have_value("All (1)")
    button(tab, "Teach pupil").click()
    expect(tab.get_by_text("pupil is being taught")).to_be_visible()
    other = visit(browser, address, 360)
    other.goto("/teach")
    expect(other.get_by_text("pupil is being taught")).to_be_visible()
    button(other, "Cancel").click()
    expect(button(tab, "Teach pupil")).to_be_visible()  # the first session sees that it is over
    assert list(folder.glob("digits-teaching-*")) == []

    button(tab, "Teach pupil").click()
    expect(button(tab, "Throw it away")).to_be_visible(timeout=TRAINING)
    expect(tab.get_by_role("table")).to_contain_text("Corrections it has learned")
    tab.get_by_role("textbox", name="Name of the new network").fill("pupil")
    button(tab, "Keep it").click()
    expect(tab.get_by_text("There is a network “pupil” already")).to_be_visible()
    tab.get_by_role("textbox", name="Name of the new network").fill("mine")
    button(tab, "Keep it").click()
    expect(tab.get_by_text("Kept as mine")).to_be_visible()
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["mine", "pupil"]
    tab.get_by_role("combobox", name="Network").click()
    tab.get_by_role("option", name="mine").click()
    tab.get_by_role("link", name="Draw").click()
    expect(digit(tab)).to_have_text("7")
    for page in (tab, other):
        no_exception(page)
        page.context.close()


def test_the_page_fits_a_phone_and_deletes_what_is_chosen(browser, school):
    _, address = school
    phone = visit(browser, address, 360)
    phone.goto("/teach")
    expect(phone.get_by_role("combobox", name="Show")).to_have_value("All (1)")
    for area in ("html", "[data-testid=stMain]"):
        assert (
            phone.locator(area).evaluate("element => element.scrollWidth - element.clientWidth")
            == 0
        )
    with phone.expect_download() as download:
        button(phone, "Download as npz").click()
    assert download.value.suggested_filename == "collection.npz"
    phone.get_by_role("checkbox", name="7").check(force=True)
    button(phone, "Delete the chosen (1)").click()
    expect(phone.get_by_text("Nothing is kept yet")).to_be_visible()
    no_exception(phone)
    phone.context.close()
