"""Takes the README's pictures of the pages, in Chromium: what is on them is drawn by program.

    python docs/screenshots.py

No dataset is at hand meanwhile, and those of its test images that ship are below what a picture
shows, so that none gets into one.
"""

import os
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import FLAGS, chromium, digit, draw, open_link, serve  # noqa: E402

from app_pages.pen import samples  # noqa: E402
from app_pages.pen.canvas import SIZE  # noqa: E402

OUTPUT = ROOT / "docs"
VIEW = {"width": 1180, "height": 800}


def written(page, value: int) -> None:
    """The Draw page with a digit on its canvas, read."""
    page.goto("/")
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    draw(page, samples.lines(value, SIZE))
    expect(digit(page)).to_have_text(str(value))


def inside(page) -> None:
    written(page, 4)
    open_link(page, "Look inside")
    heading = page.get_by_role("heading", name="Where it looked")
    expect(page.get_by_role("heading", name="Layer by layer")).to_be_visible()
    heading.evaluate("heading => heading.scrollIntoView()")


def playground(page) -> None:
    written(page, 4)
    open_link(page, "Play with it")
    expect(page.get_by_test_id("sweeps")).to_be_visible()
    page.get_by_role("slider", name="Rotate").press("PageUp")
    page.get_by_test_id("sweeps").scroll_into_view_if_needed()


def evaluation(page) -> None:
    page.goto("/evaluation")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()


PICTURES = {
    "draw": lambda page: written(page, 5),
    "inside": inside,
    "playground": playground,
    "evaluation": evaluation,
}


def main() -> None:
    with tempfile.TemporaryDirectory() as empty, sync_playwright() as playwright:
        os.environ["TFDS_DATA_DIR"] = empty
        with serve() as (_, address):
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            expect.set_options(timeout=30_000)
            for name, show in PICTURES.items():
                page = browser.new_context(
                    base_url=address, viewport=VIEW, color_scheme="light"
                ).new_page()
                show(page)
                page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
                page.mouse.move(0, 0)
                page.wait_for_timeout(1000)  # what fades in has done so
                path = OUTPUT / f"{name}.png"
                page.screenshot(path=path)
                Image.open(path).quantize(128).save(path, optimize=True)
                print(f"docs/{name}.png")
            browser.close()


if __name__ == "__main__":
    main()
