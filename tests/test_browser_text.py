"""Names that others gave are shown as they were written, on every page: no markup, and no word to
another host."""

import json
import shutil
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
import sqlalchemy as sql
from browser import draw, expect, open_row, open_tab, serve
from pages import DEFAULT, png
from PIL import Image

from app_pages.corrections.collection import Collection, Item
from app_pages.words import JOINER

HOST = "192.0.2.1"  # of nobody (RFC 5737)
NAMES = (
    f"![a](http://{HOST}/a.png)",
    f'<img src="http://{HOST}/b.png">',
    f"[link](http://{HOST}/c)",
    f"http://{HOST}/d",
    "www.example.org",
    "**bold** _slanted_ ~~gone~~ `code`",
    "# head",
    ":red[red] :material/home: :smile:",
    "$x^2$",
    "1. list",
)
CHECKPOINT = f"**bold** :red[red] $x^2$ ![a]({HOST})"
MARKUP = (
    f'img[src*="//{HOST}"], a[href*="//{HOST}"], a[href*="example.org"], strong:text-is("bold"), '
    'em:text-is("slanted"), del:text-is("gone"), code:text-is("code"), h1:text-is("head"), .katex, '
    'li:text-is("list"), '
    "span.stMarkdownColoredText"
)
ADDRESSES = (
    "/",
    "/read",
    "/network",
    "/network?image=3",
    "/playground?image=3",
    "/evaluation?",
    "/evaluation?view=Mistakes",
    "/evaluation?view=Confidence",
    "/evaluation?view=Damage",
    "/evaluation?view=Map",
    "/evaluation?view=Compare&other=default",
    "/evaluation?view=Training",
    "/challenge",
    "/teach",
)


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """The address of a dashboard whose networks, classes and corrections have such names."""
    folder = tmp_path_factory.mktemp("strange")
    for name in (CHECKPOINT, "unknown data"):
        shutil.copytree(DEFAULT, folder / "checkpoints" / name)
        path = folder / "checkpoints" / name / "card.json"
        card = json.loads(path.read_text())
        card["classes"] = list(NAMES)
        card["name"] = NAMES[0]
        if name != CHECKPOINT:
            card["data"]["name"] = NAMES[5]
        path.write_text(json.dumps(card))
    shutil.copytree(DEFAULT, folder / "checkpoints" / "default")
    broken = folder / "checkpoints" / NAMES[7].replace("/", "")
    broken.mkdir()
    (broken / "card.json").write_text('{"' + NAMES[8] + '": 1}')
    database = f"sqlite:///{folder / 'collection.db'}"
    engine = sql.create_engine(database)
    Collection(engine).add(
        [
            Item(name, np.full((28, 28), 9, np.uint8), name, 0.5, CHECKPOINT, f"picture {name}")
            for name in NAMES
        ]
    )
    engine.dispose()
    with serve(
        {"DIGITS_CHECKPOINTS": str(folder / "checkpoints"), "DIGITS_DATABASE": database}
    ) as (_, address):
        yield address


@pytest.fixture
def tab(browser, strange, mnist):
    """A tab of that dashboard, that fails where another host is asked for something, or a name has
    become markup."""
    asked = []
    with open_tab(browser, strange, 1280, 1600) as page:
        page.on("request", lambda request: asked.append(request.url))
        yield page
    strangers = [
        url
        for url in asked
        if urlsplit(url).scheme in ("http", "https") and not url.startswith(strange)
    ]
    assert not strangers


def shown(place) -> str:
    """What is read there; a joiner has no width."""
    return place.inner_text().replace(JOINER, "")


def settled(tab):
    """Waits for the page to stand, and looks whether it has markup that it should not have."""
    tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    found = tab.locator(MARKUP)
    assert found.count() == 0, found.first.evaluate("one => one.outerHTML")


@pytest.mark.parametrize("network", [CHECKPOINT, "unknown data"])
def test_every_page_shows_names_as_they_are(tab, network):
    seen = ""
    for address in ADDRESSES:
        tab.goto(f"{address}{'&' if '?' in address else '?'}checkpoint={quote(network)}")
        tab.get_by_role("heading", level=1).first.wait_for()
        settled(tab)
        seen += shown(tab.locator("body"))
    for name in NAMES[:2] if network == CHECKPOINT else NAMES[5:6]:
        assert name in seen
    assert network in seen and NAMES[7].replace("/", "") in seen  # the faulty one, too


def test_what_is_drawn_uploaded_asked_for_and_kept_has_names_as_they_are(tab):
    query = f"?checkpoint={quote(CHECKPOINT)}"
    tab.goto(f"/{query}")
    expect(tab.locator("canvas.upper-canvas")).to_be_visible()
    draw(tab, [[(140, 60), (135, 220)]])
    expect(tab.get_by_test_id("digit")).to_be_visible()
    settled(tab)
    tab.get_by_role("button", name="That's a …").click()
    tab.get_by_role("combobox", name="Its class").click()
    tab.get_by_role("option", name=NAMES[0], exact=True).click()
    tab.get_by_role("button", name="Keep it").click()
    kept = tab.get_by_test_id("stAlert").filter(has_text="to learn from")
    expect(kept).to_contain_text("Kept as ![a](http:")
    assert NAMES[0] in shown(kept)
    settled(tab)
    tab.goto(f"/read{query}")
    page = np.full((200, 160), 255, np.uint8)
    page[40:160, 75:85] = 0
    files = [
        {
            "name": f"**bold** ![a]({HOST}).png",
            "mimeType": "image/png",
            "buffer": png(Image.fromarray(page)),
        },
        {"name": "$x^2$ www.example.org.png", "mimeType": "image/png", "buffer": b"nothing"},
    ]
    tab.locator("input[type=file]").set_input_files(files)
    expect(tab.get_by_text("All readings")).to_be_visible()
    settled(tab)
    open_row(tab, 0)
    expect(tab.get_by_role("button", name="Next")).to_be_visible()
    settled(tab)
    assert f"**bold** ![a]({HOST}).png" in shown(tab.locator("body"))
    assert "$x^2$ www.example.org.png: This is" in shown(
        tab.get_by_test_id("stAlert").filter(has_text="This is")
    )
    tab.goto(f"/challenge{query}")
    tab.get_by_role("button", name="Start").click()
    expect(tab.get_by_test_id("wanted")).to_be_visible()
    assert tab.get_by_test_id("wanted").inner_text() in NAMES
    settled(tab)
