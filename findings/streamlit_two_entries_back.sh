#!/usr/bin/env bash
# Streamlit 1.67.0: st.switch_page with query_params leaves two entries in the browser's history, st.page_link one.
#
# Both lead to the same page with the same query. But st.switch_page's query goes into the address of the page that is
# left first, which is an entry of its own, and then the page changes, which is another: one Back comes to the page that
# was left, with the other's query, so that a script that reads st.query_params there takes it for its own. A link of
# st.page_link with query_params is one entry, and one Back returns to where it was followed.
#
# Seen: 2 entries by st.switch_page, and Back leads to /?image=7; 1 by st.page_link, and Back leads to /.
set -euo pipefail
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "Chromium is missing: as root, apt-get install chromium" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check streamlit==1.67.0 playwright==1.55.0 2>/dev/null
cd "$folder"
cat > app.py <<'PYTHON'
import streamlit as st


def home():
    st.write("at home")
    if st.button("by switch_page"):
        st.switch_page(away_page, query_params={"image": "7"})
    st.page_link(away_page, label="by page_link", query_params={"image": "7"})


def away():
    st.write("away with", st.query_params.get("image"))


away_page = st.Page(away, url_path="away")
st.navigation([st.Page(home, default=True), away_page]).run()
PYTHON
CHROMIUM=$chromium "$folder/env/bin/python" - <<'PYTHON'
import os
import socket
import subprocess
import sys
import time

import streamlit as st
from playwright.sync_api import expect, sync_playwright

assert st.__version__ == "1.67.0"
expect.set_options(timeout=60_000)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
flags = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
flags += ["--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]
command = [sys.executable, "-m", "streamlit", "run", "app.py", *flags]
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def follow(browser, role: str, name: str) -> tuple[int, str]:
    """The entries that one click leaves in the history of a tab, and where one Back leads from there."""
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    expect(page.get_by_text("at home")).to_be_visible()
    before = page.evaluate("history.length")
    page.get_by_test_id("stMain").get_by_role(role, name=name).click()
    expect(page.get_by_text("away with 7")).to_be_visible()
    page.wait_for_timeout(1000)
    assert page.url.endswith("/away?image=7"), page.url
    added = page.evaluate("history.length") - before
    page.go_back()
    page.wait_for_timeout(1000)
    return added, page.url.partition(f":{port}")[2]


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
        switched, linked = follow(browser, "button", "by switch_page"), follow(browser, "link", "by page_link")
    server.terminate()
for what, (added, back) in (("st.switch_page", switched), ("st.page_link", linked)):
    print(f"{added} entries by {what}, and Back leads to {back}")
assert switched == (2, "/?image=7") and linked == (1, "/"), "it behaves otherwise now"
PYTHON
