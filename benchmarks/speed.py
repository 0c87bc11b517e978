"""How fast the reader is here: prints docs/results.md's table of speeds.

    python benchmarks/speed.py
    python benchmarks/speed.py --before ../other   # the dashboards of two trees, by turns

Needs Chromium for the figures of the running dashboard; without it they are left out. Nothing
is asserted: what a machine can do is its own affair.
"""

import argparse
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

# Milliseconds from each end of a stroke until its reading is seen, by the page's own clock: to ask
# from outside is to look only now and then.
WATCH_READINGS = """() => {
    window.readings = [];
    let lifted = null;
    addEventListener("pointerup", (event) => {
        if (event.composedPath()[0].matches("canvas")) lifted = event.timeStamp;
    }, true);
    const look = () => {
        const digit = document.querySelector("[data-testid=digit]");
        if (lifted !== null && digit?.checkVisibility()) {
            window.readings.push(performance.now() - lifted);
            lifted = null;
        }
        requestAnimationFrame(look);
    };
    look();
}"""
HEAD = "| what | before | after |\n| --- | --- | --- |"
ROUNDS = 3  # of two dashboards that are compared
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


def dashboard(root: Path) -> dict[str, tuple[float, str]]:
    """What a tree's dashboard takes: figure → its value and how that is written."""
    from browser import FLAGS, button, chromium, serve
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium(), args=FLAGS
        )
        page = browser.new_page()
        page.goto("about:blank")
        start = time.perf_counter()
        with serve(root=root) as (server, address):
            page.goto(address)
            expect(page.locator("canvas.upper-canvas")).to_be_visible()
            drawn = time.perf_counter() - start
            figures = {"`streamlit run` to the page drawn": (drawn, "{:.1f} s")}
            figures |= live(page)
            box = page.locator("canvas.upper-canvas").bounding_box()
            digit = page.get_by_test_id("digit")
            page.evaluate(WATCH_READINGS)
            busy = processor_seconds(server)
            for number in range(100):
                page.mouse.move(box["x"] + 140, box["y"] + 60)
                page.mouse.down()
                page.mouse.move(box["x"] + 135, box["y"] + 220, steps=4)
                page.mouse.up()
                page.wait_for_function("count => window.readings.length > count", arg=number)
                button(page, "Clear").click()
                expect(digit).to_have_count(0)
            busy = processor_seconds(server) - busy
            figures |= {
                "end of a stroke to its reading on the page, median of 100": (
                    float(np.median(page.evaluate("window.readings"))),
                    "{:.0f} ms",
                ),
                "time of a core for a drawing: the stroke, its reading, and Clear": (
                    1000 * busy / 100,
                    "{:.0f} ms",
                ),
                "memory of the server after 100 drawings": (
                    resident_megabytes(server),
                    "{:.0f} MB",
                ),
            }
            for name, view in first_views(browser, address).items():
                figures[f"first view of the page {name}, warm, median of 5"] = (view, "{:.2f} s")
        browser.close()
    return figures


def live(page) -> dict[str, tuple[float, str]]:
    """How soon bars move while the pen does, and what that costs to load; nothing where they
    don't."""
    from browser import button
    from playwright.sync_api import TimeoutError

    try:
        page.locator("[data-live=ready]").wait_for(state="attached", timeout=20_000)
    except TimeoutError:
        return {}
    loaded, size = page.evaluate("""() => {
        const files = performance.getEntriesByType("resource").filter(
            file => file.name.includes("digits.reader") && !/(live|drawing)\\.js$/.test(file.name));
        const first = Math.min(...files.map((file) => file.startTime));
        return [performance.now() - first, files.reduce((sum, file) => sum + file.transferSize, 0)];
    }""")
    page.evaluate("""() => {
        window.delays = [];
        let moved = null;
        addEventListener("pointermove", (event) => moved ??= event.timeStamp, true);
        new MutationObserver(() => moved !== null && requestAnimationFrame(() => {
            if (moved !== null) window.delays.push(performance.now() - moved);
            moved = null;
        })).observe(document.querySelector(".st-key-live"),
            { subtree: true, childList: true, attributes: true, characterData: true });
    }""")
    box = page.locator("canvas.upper-canvas").bounding_box()
    page.mouse.move(box["x"] + 140, box["y"] + 60)
    page.mouse.down()
    for step in range(200):
        across, down = 70 * np.sin(step / 20), 1 + step
        page.mouse.move(box["x"] + 140 + across, box["y"] + 40 + down)
        page.wait_for_timeout(20)
    delays = np.array(page.evaluate("window.delays"))
    page.mouse.up()
    button(page, "Clear").click()
    page.get_by_test_id("digit").first.wait_for(state="detached")
    return {
        "pen move to the bars on the screen, median of 200": (
            float(np.median(delays)),
            "{:.0f} ms",
        ),
        "the slowest of 20 of them": (float(np.quantile(delays, 0.95)), "{:.0f} ms"),
        "what the browser loads for that, once": (size / 1e6, "{:.1f} MB"),
        "from the first of it, when the page stands, until bars can move, at most": (
            loaded / 1000,
            "{:.1f} s",
        ),
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
    page.close()
    return seen


def compare(before: Path | None) -> dict[str, tuple[str, ...]]:
    """The dashboard's figures, median of ROUNDS where those of another tree stand before them,
    taken by turns."""
    trees = [ROOT] if before is None else [before, ROOT]
    rounds = [[dashboard(tree) for tree in trees] for _ in range(ROUNDS if before else 1)]
    names = list(dict.fromkeys(name for one in rounds[0] for name in one))
    table = {}
    for name in names:
        cells = []
        for tree in range(len(trees)):
            values = [one[tree][name] for one in rounds if name in one[tree]]
            cells.append(
                values[0][1].format(float(np.median([value for value, _ in values])))
                if values
                else "–"
            )
        table[name] = tuple(cells)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, help="a tree whose dashboard is compared")
    before = parser.parse_args().before
    figures: dict[str, tuple[str, ...]] = {}
    if before is None:
        figures |= reader()
    try:
        figures |= compare(before)
    except ImportError as error:
        print(f"The dashboard's figures are left out: {error}.", file=sys.stderr)
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print("| what | figure |\n| --- | --- |" if before is None else HEAD)
    for what, cells in figures.items():
        print(f"| {what} | {' | '.join(cells)} |")


def reader() -> dict[str, tuple[str, ...]]:
    """What the reader takes by itself."""
    from model import Recognizer
    from model.glyph import GLYPH_SIZE

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
    return {what: (figure,) for what, figure in figures.items()}


if __name__ == "__main__":
    main()
