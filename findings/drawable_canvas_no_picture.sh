#!/usr/bin/env bash
# streamlit-drawable-canvas 0.13.0: a canvas with an initial drawing hands back its objects, and no picture until a stroke.
#
# On a fresh page json_data holds what initial_drawing was, at once, while image_data is None, for
# as long as nobody draws. So a page that shows a saved drawing can't read it by its picture; one that takes None for an
# empty canvas calls it empty while the visitor sees it. After the first stroke the picture holds both. Draw the objects
# yourself, or keep the picture beside the drawing.
#
# Seen: "before a stroke: objects 1, picture None", "after one: objects 2, picture (280, 280, 4)".
set -euo pipefail
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "Chromium is missing: as root, apt-get install chromium" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check streamlit==1.67.0 streamlit-drawable-canvas==0.13.0 \
    playwright==1.55.0 2>/dev/null
cd "$folder"
cat > app.py <<'PYTHON'
import streamlit as st
from streamlit_drawable_canvas import st_canvas

LINE = {"type": "path", "path": [["M", 50, 50], ["L", 150, 50]], "stroke": "#000000", "strokeWidth": 10}
saved = {"objects": [LINE | {"left": 50, "top": 45, "width": 100, "height": 0, "fill": None}]}
canvas = st_canvas(initial_drawing=saved, return_image_data=True, height=280, width=280, key="canvas")
picture = None if canvas.image_data is None else canvas.image_data.shape
st.text(f"objects {len(canvas.json_data['objects'])}, picture {picture}")
PYTHON
CHROMIUM=$chromium "$folder/env/bin/python" - <<'PYTHON'
import os
import socket
import subprocess
import sys
import time
from importlib.metadata import version

from playwright.sync_api import expect, sync_playwright

assert version("streamlit-drawable-canvas") == "0.13.0"
expect.set_options(timeout=60_000)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
flags = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
flags += ["--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]
command = [sys.executable, "-m", "streamlit", "run", "app.py", *flags]
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


with subprocess.Popen(command, **quiet) as server:
    for _ in range(100):
        time.sleep(0.2)
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            continue
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        canvas, said = page.locator("canvas.upper-canvas"), page.get_by_test_id("stText")
        expect(canvas).to_be_visible()
        page.wait_for_timeout(5000)
        before = said.inner_text()
        box = canvas.bounding_box()
        page.mouse.move(box["x"] + 40, box["y"] + 200)
        page.mouse.down()
        page.mouse.move(box["x"] + 200, box["y"] + 200, steps=5)
        page.mouse.up()
        expect(said).to_contain_text("objects 2")
        after = said.inner_text()
    server.terminate()
print(f"before a stroke: {before}")
print(f"after one: {after}")
assert before == "objects 1, picture None", "it behaves otherwise now"
assert after == "objects 2, picture (280, 280, 4)"
PYTHON
