#!/usr/bin/env bash
# Streamlit 1.67.0: a component's asset_dir is counted from the package's folder, not from the pyproject.toml that names it.
#
# A package that is installed in place (pip install -e) has its pyproject.toml beside the package's folder, and paths in
# that file are otherwise counted from there. Not asset_dir: Streamlit finds the file, counts from the folder of the
# package's __init__.py, finds no such folder there and leaves the component out without a word. What the page then says
# is that the component must be declared in pyproject.toml with asset_dir, which it is.
#
# Seen: with asset_dir = "assets" the component shows; with "PACKAGE/assets", where the files lie as seen from the
# pyproject.toml, the page says "must be declared in pyproject.toml with asset_dir".
set -euo pipefail
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "Chromium is missing: as root, apt-get install chromium" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check streamlit==1.67.0 playwright==1.55.0 setuptools==80.9.0 2>/dev/null
cd "$folder"
for name in from_package from_file; do
    mkdir -p "$name/streamlit_$name/assets"
    touch "$name/streamlit_$name/__init__.py"
    echo "export default ({ parentElement }) => { parentElement.append('shown') }" > "$name/streamlit_$name/assets/piece.js"
    assets=$([ "$name" = from_package ] && echo assets || echo "streamlit_$name/assets")
    cat > "$name/pyproject.toml" <<TOML
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "streamlit-${name//_/-}"
version = "1"
[tool.setuptools]
packages = ["streamlit_$name"]
[[tool.streamlit.component.components]]
name = "piece"
asset_dir = "$assets"
TOML
    "$folder/env/bin/pip" install -q --disable-pip-version-check --no-build-isolation -e "./$name" 2>/dev/null
    cat > "$name.py" <<PYTHON
import streamlit as st

st.components.v2.component("streamlit-${name//_/-}.piece", js="piece.js")()
PYTHON
done
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

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    for script, words in (("from_package", "shown"), ("from_file", "must be declared in pyproject.toml")):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        flags = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
        flags += ["--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]
        command = [sys.executable, "-m", "streamlit", "run", f"{script}.py", *flags]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            page = browser.new_page()
            for _ in range(120):
                try:
                    page.goto(f"http://127.0.0.1:{port}/")
                    break
                except Exception:
                    time.sleep(0.5)
            expect(page.get_by_text(words).first).to_be_visible()
            print(f"{script}: {words}")
        finally:
            server.terminate()
            server.wait()
PYTHON
