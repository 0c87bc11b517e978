"""A running dashboard and a Chromium to look at it with, for the tests in a browser and for
benchmarks/speed.py."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
PATIENCE = 60_000  # milliseconds: an upper bound for slow machines, not a wait
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The path of the system's Chromium, None where there is none."""
    return next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def serve(env: dict[str, str] | None = None, root: Path = ROOT) -> Iterator[tuple[int, str]]:
    """Runs a tree's dashboard on a free port; gives its process id and address once it says that it
    is ready.

    Its environment is ours and `env`; what its visitors keep goes to a temporary file, unless that
    says otherwise.

    Raises:
        RuntimeError: it ended instead; the message is what it printed.
    """
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "streamlit_app.py",
        "--server.address=127.0.0.1",
    ]
    command += [f"--server.port={port}", "--server.fileWatcherType=none"]
    printed = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        env = os.environ | {"DIGITS_DATABASE": f"sqlite:///{folder}/collection.db"} | (env or {})
        process = stack.enter_context(subprocess.Popen(command, cwd=root, env=env, **printed))
        reader = None
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if address := re.search(r"https?://127\.0\.0\.1:\d+", line):
                    break
            else:
                raise RuntimeError(f"The dashboard did not start: {''.join(said)}")
            # A full pipe would stop the server.
            reader = threading.Thread(target=process.stdout.read, daemon=True)
            reader.start()
            yield process.pid, address[0]
        finally:
            process.terminate()
            process.wait()
            if reader:
                reader.join()


def expect(*args):
    from playwright.sync_api import expect

    return expect(*args)


@contextlib.contextmanager
def open_tab(browser, address: str, width: int, height: int = 900, **options) -> Iterator:
    """A tab of so many pixels, of a session of its own with the dashboard of that address."""
    size = {"width": width, "height": height}
    context = browser.new_context(base_url=address, viewport=size, **options)
    context.set_default_timeout(PATIENCE)
    with contextlib.closing(context):
        yield context.new_page()


@contextlib.contextmanager
def keep_tabs(playwright, folder: Path, address: str, width: int, height: int, **options):
    """A Chromium whose profile lies in a folder, for `visit`: the dashboard's scripts stay compiled
    there, which take half of the time that a page takes to open."""
    size = {"width": width, "height": height}
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=chromium(), args=FLAGS, base_url=address, viewport=size, **options
    )
    context.set_default_timeout(PATIENCE)
    with contextlib.closing(context):
        yield context


@contextlib.contextmanager
def visit(context, address: str) -> Iterator:
    """A tab of `keep_tabs`, as that of somebody who was never there."""
    blank = context.pages[0]
    with contextlib.closing(context.new_page()) as page:
        yield page
    context.clear_cookies()
    context.clear_permissions()
    kept = {"origin": address, "storageTypes": "local_storage,indexeddb,cache_storage"}
    context.new_cdp_session(blank).send("Storage.clearDataForOrigin", kept)


def digit(page):
    return page.get_by_test_id("digit")


def blank(page):
    return page.get_by_text("Draw a digit, and it is read")


def button(page, name):
    """A button of the page's own; the canvas' hidden toolbar has an Undo, too."""
    own = page.locator("[data-testid=stButton], [data-testid=stDownloadButton]").filter(
        has_text=name
    )
    return own.get_by_role("button")


def open_draw(page, address="/"):
    page.goto(address)
    expect(blank(page)).to_be_visible()
    expect(page.locator("canvas.upper-canvas")).to_be_visible()


def draw(page, strokes):
    """Draws with the mouse, in pixels of the canvas."""
    canvas = page.locator("canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for stroke in strokes:
        for index, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x, box["y"] + y, steps=2 if index else 1)
            if not index:
                page.mouse.down()
        page.mouse.up()


def open_link(page, name):
    """Follows a link of the page's own, such as "Look inside"."""
    page.get_by_test_id("stMain").get_by_role("link", name=name).click()


def follow(page, name):
    """Goes to another page by the sidebar, which a phone has to open first."""
    opener = page.get_by_test_id("stExpandSidebarButton")
    if opener.is_visible():
        opener.click()
    page.get_by_role("link", name=name, exact=True).click()


def wait_for_script(page):
    """Until the page shows what its script made of the last change."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()


def open_row(page, row):
    """Clicks on a row of the pictures' table, on the name."""
    from app_pages.read.triage import HEAD, ROW  # benchmarks do without all that it imports

    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible()
    table.scroll_into_view_if_needed()
    wait_for_script(page)
    box = table.bounding_box()
    page.mouse.click(box["x"] + 150, box["y"] + HEAD + ROW * (row + 0.5))


def no_sideways_scroll(page):
    for area in ("html", "[data-testid=stMain]"):
        assert (
            page.locator(area).evaluate("element => element.scrollWidth - element.clientWidth") == 0
        )


def no_exception(page):
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def finger(phone, stroke):
    """Draws a stroke with a finger, in small steps."""
    box = phone.locator("canvas.upper-canvas").bounding_box()
    touch = phone.context.new_cdp_session(phone)
    xs, ys = (
        np.interp(np.linspace(0, 1, 30), np.linspace(0, 1, len(stroke)), axis)
        for axis in zip(*stroke, strict=True)
    )
    for index, (x, y) in enumerate(zip(xs, ys, strict=True)):
        point = {"x": box["x"] + float(x), "y": box["y"] + float(y)}
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": "touchMove" if index else "touchStart", "touchPoints": [point]},
        )
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
