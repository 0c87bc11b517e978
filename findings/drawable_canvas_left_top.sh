#!/usr/bin/env bash
# streamlit-drawable-canvas 0.13.0: an object's left and top are its corner, a side or its centre, by the tool it is of.
#
# In json_data, left and top of a rectangle are its upper left corner; of what is drawn freely and of a line they are the
# centre, and a line's x1 and x2 are counted from there; of a circle and a point they are where its radius began, in the
# middle of its left side. Only originX and originY of each object tell which. Up to fabric 5 the corner was the rule, so
# that what is written everywhere, image[top:top + height, left:left + width], cuts half a digit and half of the paper
# beside it, and raises nothing. Shift by originX and originY; a rectangle alone needs nothing.
#
# Seen of the same drag from (40, 200) to (200, 250): "rect 40, 200 (left, top)", "freedraw 120, 225 (center, center)",
# "line 120, 225 (center, center), x1 -80", "circle 40, 200 (left, center)".
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
import json

import streamlit as st
from streamlit_drawable_canvas import st_canvas

tool = st.query_params["tool"]
canvas = st_canvas(stroke_width=2, height=280, width=280, drawing_mode=tool, key="canvas")
if canvas.json_data and canvas.json_data["objects"]:
    st.text(json.dumps(canvas.json_data["objects"][0]))
PYTHON
CHROMIUM=$chromium "$folder/env/bin/python" - <<'PYTHON'
import json
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


def drag(browser, tool: str) -> dict:
    """What a drag from (40, 200) to (200, 250) leaves in json_data."""
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{port}/?tool={tool}")
    canvas = page.locator("canvas.upper-canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 250, steps=5)
    page.mouse.up()
    text = page.get_by_test_id("stText")
    expect(text).to_be_visible()
    return json.loads(text.inner_text())


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
        drawn = {tool: drag(browser, tool) for tool in ("rect", "freedraw", "line", "circle")}
    server.terminate()
seen = {
    tool: (round(what["left"]), round(what["top"]), what["originX"], what["originY"])
    for tool, what in drawn.items()
}
for tool, (left, top, x, y) in seen.items():
    start = f", x1 {drawn[tool]['x1']:.0f}" if tool == "line" else ""
    print(f"{tool} {left}, {top} ({x}, {y}){start}")
assert seen == {
    "rect": (40, 200, "left", "top"),
    "freedraw": (120, 225, "center", "center"),
    "line": (120, 225, "center", "center"),
    "circle": (40, 200, "left", "center"),
}, "it behaves otherwise now"
assert round(drawn["line"]["x1"]) == -80
PYTHON
