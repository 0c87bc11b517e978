"""A running dashboard and a Chromium to look at it with, for test_browser.py and for benchmarks/speed.py."""

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
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
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def serve() -> Iterator[tuple[int, str]]:
    """Runs the dashboard on a free port; gives its process id and address once it says that it is ready.

    Raises:
        RuntimeError: it ended instead; the message is what it printed.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.address=127.0.0.1"]
    command += [f"--server.port={port}", "--server.fileWatcherType=none"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
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
