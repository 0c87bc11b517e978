"""Teaching in a real browser: from a drawing and "That's a 7" to a new network in the sidebar."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pupil
import pytest
import sqlalchemy as sql
from browser import (
    PATIENCE,
    button,
    digit,
    draw,
    expect,
    no_exception,
    no_sideways_scroll,
    open_tab,
    serve,
    wait_for_script,
)

from app_pages.corrections.collection import Collection, Item
from app_pages.pen import samples
from app_pages.pen.canvas import SIZE

TRAINING = 10 * PATIENCE  # milliseconds: an upper bound for slow machines, not a wait
# What each Python of the dashboard does first: a training waits where there is a gate, a named
# pipe, until somebody opens its other end. So it lasts as long as a test needs it to.
SITE = """
import os, sys
if "train" in sys.orig_argv and os.path.exists(os.environ["GATE"]):
    open(os.environ["GATE"]).close()
"""


class School(NamedTuple):
    """A dashboard whose network is taught in seconds."""

    address: str
    folder: Path  # of its networks, and of what is temporary
    gate: Path  # none at first
    database: str


@pytest.fixture
def school(tmp_path) -> Iterator[School]:
    path = pupil.make(tmp_path)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    gate, database = tmp_path / "gate", f"sqlite:///{tmp_path / 'school.db'}"
    environment = {
        "DIGITS_CHECKPOINTS": str(path.parent),
        "DIGITS_DATABASE": database,
        "GATE": str(gate),
        "PYTHONPATH": str(tmp_path / "site"),
        "TMPDIR": str(tmp_path),
    }
    with serve(environment) as (_, address):
        yield School(address, tmp_path, gate, database)


def name_network(page, name: str) -> None:
    page.get_by_role("textbox", name="Name of the new network").fill(name)
    page.get_by_role("textbox", name="Name of the new network").press("Enter")
    wait_for_script(page)  # or the page might move under the click that follows


def test_a_drawing_is_kept_and_a_network_learns_from_it(browser, school):
    with (
        open_tab(browser, school.address, 1280) as tab,
        open_tab(browser, school.address, 360) as other,
    ):
        tab.goto("/")
        expect(tab.locator("canvas.upper-canvas")).to_be_visible()
        draw(tab, samples.lines(7, SIZE))
        expect(digit(tab)).to_be_visible()
        tab.get_by_role("button", name="That's a 7").click()
        expect(tab.get_by_text("Kept as a 7: 1 to learn from")).to_be_visible()

        os.mkfifo(school.gate)
        tab.get_by_role("link", name="Teach it").click()
        expect(tab.get_by_role("combobox", name="Show")).to_have_value("All (1)")
        button(tab, "Teach pupil").click()
        expect(tab.get_by_text("pupil is being taught")).to_be_visible()
        other.goto("/teach")
        expect(other.get_by_text("pupil is being taught")).to_be_visible()
        wait_for_script(other)
        button(other, "Cancel").press("Enter")
        expect(other.get_by_text("pupil is being taught")).to_have_count(0)
        expect(button(tab, "Teach pupil")).to_be_visible()  # the first session sees that it is over
        assert list(school.folder.glob("digits-teaching-*")) == []

        school.gate.unlink()
        button(tab, "Teach pupil").click()
        expect(button(tab, "Throw it away")).to_be_visible(timeout=TRAINING)
        expect(tab.get_by_role("table")).to_contain_text("Corrections it has learned")
        clash = tab.get_by_text("There is a network “pupil” already")
        name_network(tab, "pupil")
        button(tab, "Keep it").click()
        expect(clash).to_be_visible()
        name_network(tab, "mine")
        expect(clash).to_have_count(0)
        button(tab, "Keep it").click()
        expect(tab.get_by_text("Kept as mine")).to_be_visible()
        names = sorted(path.name for path in (school.folder / "checkpoints").iterdir())
        assert names == ["mine", "pupil"]
        tab.get_by_role("combobox", name="Network").click()
        tab.get_by_role("option", name="mine").click()
        tab.get_by_role("link", name="Draw").click()
        expect(digit(tab)).to_have_text("7")
        for page in (tab, other):
            no_exception(page)


def test_the_page_fits_a_phone_and_deletes_what_is_chosen(browser, school):
    engine = sql.create_engine(school.database)
    glyph = np.full((28, 28), 9, np.uint8)
    Collection(engine).add([Item("7", glyph, "1", 0.5, "pupil", "drawn")])
    engine.dispose()
    with open_tab(browser, school.address, 360) as phone:
        phone.goto("/teach")
        expect(phone.get_by_role("combobox", name="Show")).to_have_value("All (1)")
        wait_for_script(phone)
        no_sideways_scroll(phone)
        with phone.expect_download() as download:
            button(phone, "Download as npz").click()
        assert download.value.suggested_filename == "collection.npz"
        phone.get_by_role("checkbox", name="7").check(force=True)
        button(phone, "Delete the chosen (1)").click()
        expect(phone.get_by_text("Nothing is kept yet")).to_be_visible()
        no_exception(phone)
