"""What several tests share: the data, the shipped recognizer, and digits drawn by program."""

import os
import shutil
import sys
import tempfile
import types
from pathlib import Path

# What one process of the tests has compiled, the others need not. To be set before JAX is imported.
COMPILED = tempfile.TemporaryDirectory()
os.environ["JAX_COMPILATION_CACHE_DIR"] = COMPILED.name
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.2"

import cards
import numpy as np
import pytest
from browser import FLAGS, PATIENCE, chromium, keep_tabs, serve, visit
from PIL import Image, ImageDraw

from model import Recognizer, checkpoint
from train import data


def missing(what: str) -> None:
    """Skips for want of something; in CI, where all is there, fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Where several processes share the tests, as in .ci/run, one takes all that need a browser."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "browser" if "/test_browser" in file else file

    return Scheduler(config, log)


@pytest.fixture(scope="session")
def mnist() -> data.Dataset:
    """MNIST by TFDS, downloaded where need be; skips where it can't be had."""
    try:
        return data.load("mnist")
    except data.DataError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """The one that ships."""
    return Recognizer.load()


@pytest.fixture(scope="session")
def seven() -> np.ndarray:
    """(200, 160) uint8: a 7 in black ink on white paper."""
    page = Image.new("L", (160, 200), 255)
    ImageDraw.Draw(page).line([(40, 50), (115, 50), (70, 155)], fill=0, width=12, joint="curve")
    return np.asarray(page)


@pytest.fixture
def checkpoints(tmp_path, monkeypatch) -> Path:
    """A folder of checkpoints of our own, with the default one in it."""
    shutil.copytree(checkpoint.DEFAULT, tmp_path / "default")
    monkeypatch.setenv("DIGITS_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def source(tmp_path) -> Path:
    """A checkpoint to start from, of three classes, a, b and c."""
    return cards.letters(tmp_path / "source")


@pytest.fixture(autouse=True)
def database(tmp_path, monkeypatch):
    """No test writes into the project's own collection."""
    monkeypatch.setenv("DIGITS_DATABASE", f"sqlite:///{tmp_path / 'collection.db'}")


@pytest.fixture(scope="session")
def server():
    """The address of a running dashboard."""
    with serve() as (_, address):
        yield address


@pytest.fixture(scope="session")
def playwright():
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        missing("Playwright is not installed.")
    if chromium() is None:
        missing("Chromium is not installed.")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright):
    browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def tabs(playwright, server, tmp_path_factory):
    with keep_tabs(playwright, tmp_path_factory.mktemp("tabs"), server, 1280, 900) as tabs:
        yield tabs


@pytest.fixture(scope="session")
def phones(playwright, server, tmp_path_factory):
    profile, touch = tmp_path_factory.mktemp("phones"), {"has_touch": True, "is_mobile": True}
    with keep_tabs(playwright, profile, server, 360, 740, **touch) as phones:
        yield phones


@pytest.fixture
def tab(tabs, server):
    """A tab of 1280 pixels."""
    with visit(tabs, server) as page:
        yield page


@pytest.fixture
def phone(phones, server):
    """A tab as a phone of 360 pixels shows it, with touch."""
    with visit(phones, server) as page:
        yield page


@pytest.fixture(params=["tab", "phone"])
def either(request):
    """One after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def plain_main(monkeypatch):
    """The main module of a program that has none of its own: what AppTest runs takes its place, and
    processes that are spawned would begin with it."""
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
