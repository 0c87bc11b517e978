"""How fast the reader is here: prints docs/results.md's table of speeds.

    python benchmarks/speed.py

Needs Chromium for the two figures of the running dashboard; without it they are left out. Nothing
is asserted: what a machine can do is its own affair.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

FIRST_ANSWER = """
import time; start = time.perf_counter()
import numpy as np
from model import Recognizer
page = np.full((280, 280), 255, np.uint8); page[60:220, 130:146] = 0
Recognizer.load().read(page)
print(time.perf_counter() - start)
"""


def seconds(function, repeats: int) -> list[float]:
    """Wall-clock seconds of each of `repeats` calls, after three to warm up."""
    for _ in range(3):
        function()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return taken


def first_answer() -> list[float]:
    """Seconds from the start of a fresh process's imports to its first reading, five times."""
    run = [sys.executable, "-c", FIRST_ANSWER]
    return [
        float(subprocess.run(run, cwd=ROOT, capture_output=True, check=True).stdout)
        for _ in range(5)
    ]


def resident_megabytes(process: int) -> float:
    """Memory of a process that is its own, by Linux's count."""
    status = Path(f"/proc/{process}/status").read_text()
    return (
        int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        / 1024
    )


def processor_seconds(process: int) -> float:
    """Time that a process has kept a core busy so far, by Linux's count."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime


def dashboard() -> dict[str, str]:
    """From `streamlit run` to the page drawn, and the server's memory after a hundred drawings."""
    from browser import FLAGS, chromium, serve
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium(), args=FLAGS
        )
        page = browser.new_page()
        page.goto("about:blank")
        start = time.perf_counter()
        with serve() as (server, address):
            page.goto(address)
            expect(page.locator("canvas.upper-canvas")).to_be_visible()
            drawn = time.perf_counter() - start
            box = page.locator("canvas.upper-canvas").bounding_box()
            digit = page.get_by_test_id("digit")
            waits = []
            busy = processor_seconds(server)
            for _ in range(100):
                page.mouse.move(box["x"] + 140, box["y"] + 60)
                page.mouse.down()
                page.mouse.move(box["x"] + 135, box["y"] + 220, steps=4)
                page.mouse.up()
                released = time.perf_counter()
                expect(digit).to_be_visible()
                waits.append(time.perf_counter() - released)
                page.locator("[data-testid=stButton]").filter(has_text="Clear").get_by_role(
                    "button"
                ).click()
                expect(digit).to_have_count(0)
            busy = processor_seconds(server) - busy
            memory = resident_megabytes(server)
            views = first_views(browser, address)
        browser.close()
    return {
        "`streamlit run` to the page drawn": f"{drawn:.1f} s",
        "end of a stroke to its reading on the page, median of 100": (
            f"{1000 * np.median(waits):.0f} ms"
        ),
        "time of a core for a drawing: the stroke, its reading, and Clear": (
            f"{1000 * busy / len(waits):.0f} ms"
        ),
        "memory of the server after 100 drawings": f"{memory:.0f} MB",
    } | {
        f"first view of the page {name}, warm, median of 5": f"{view:.1f} s"
        for name, view in views.items()
    }


def first_views(browser, address: str) -> dict[str, float]:
    """Each page's name → seconds from its address to all of it drawn, in a session of its own that
    is not the first."""
    page = browser.new_page()
    page.goto(address)
    links = page.get_by_test_id("stSidebarNavLink")
    links.first.wait_for()
    pages = [
        (link.inner_text().splitlines()[-1], link.get_attribute("href")) for link in links.all()
    ]
    seen = {}
    for name, link in pages:
        taken = []
        for _ in range(6):
            start = time.perf_counter()
            page.goto(link)
            page.get_by_role("heading", level=1).wait_for()
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
            taken.append(time.perf_counter() - start)
        seen[name] = float(np.median(taken[1:]))  # the first is the one that warms the server up
    return seen


def main() -> None:
    from model import Recognizer
    from model.network import GLYPH_SIZE

    figures = {
        "`Recognizer.load()` to first answer, fresh process": f"{np.median(first_answer()):.2f} s"
    }
    recognizer = Recognizer.load()
    page = np.full((280, 280), 255, np.uint8)
    page[60:220, 130:146] = 0
    readers = {
        "": recognizer,
        "the same by the committee: ": Recognizer.load(ROOT / "checkpoints" / "committee"),
    }
    for whose, reader in readers.items():
        figures[f"{whose}`read` of a 280 × 280 drawing, warm, median of 200"] = (
            f"{1000 * np.median(seconds(lambda reader=reader: reader.read(page), 200)):.1f} ms"
        )
    glyphs = np.random.default_rng(0).integers(0, 256, (10_000, GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    figures["`classify` of 10,000 glyphs"] = (
        f"{10_000 / np.median(seconds(lambda: recognizer.classify(glyphs), 3)):,.0f} a second"
    )
    try:
        figures |= dashboard()
    except ImportError as error:
        print(f"The dashboard's figures are left out: {error}.", file=sys.stderr)
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print("| what | figure |\n| --- | --- |")
    for what, figure in figures.items():
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()
