"""docs/nginx.conf in a real nginx: a visitor stays with a dashboard, and goes to another when that
one is gone.

Where nginx is not installed this is skipped; in CI (the environment has CI=true) that fails.
"""

import contextlib
import http.server
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from browser import free_port
from conftest import missing

CONFIGURATION = Path(__file__).parents[1] / "docs" / "nginx.conf"
PORTS = "8501", "8502", "8080"  # in the configuration: two dashboards, and nginx itself


class Dashboard(http.server.BaseHTTPRequestHandler):
    """Predictions with the port it listens on, and with what it was asked to upgrade to."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.server.server_port} {self.headers.get('Upgrade')}".encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def dashboard():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dashboard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def nginx(tmp_path):
    """Two dashboards and the address of an nginx before them."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        missing("nginx is not installed.")
    port = free_port()
    with dashboard() as one, dashboard() as other:
        text = CONFIGURATION.read_text()
        for before, after in zip(PORTS, (one.server_port, other.server_port, port), strict=True):
            assert text.count(before) == 1, before
            text = text.replace(before, str(after))
        (tmp_path / "nginx.conf").write_text(text)
        flags = ["-e", tmp_path / "errors", "-g", f"daemon off; pid {tmp_path}/pid;"]
        with subprocess.Popen(
            [program, "-p", tmp_path, "-c", tmp_path / "nginx.conf", *flags]
        ) as process:
            try:
                deadline = time.monotonic() + 30
                while not listens(port):
                    assert process.poll() is None and time.monotonic() < deadline, (
                        tmp_path / "errors"
                    ).read_text()
                yield (one, other), f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def ask(address: str, cookie: str = "", **headers: str) -> tuple[str, str]:
    """What a dashboard answers, and the cookie that comes with it."""
    request = urllib.request.Request(
        address, headers=headers | ({"Cookie": cookie} if cookie else {})
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode(), (answer.headers["Set-Cookie"] or "").partition(";")[0]


def test_a_visitor_stays_with_a_dashboard_and_moves_when_it_is_gone(nginx):
    both, address = nginx
    visitors = {}
    for _ in range(40):
        answer, cookie = ask(address)
        visitors[cookie] = answer
    assert len(visitors) == 40
    assert {answer.split()[0] for answer in visitors.values()} == {
        str(server.server_port) for server in both
    }
    for cookie, answer in visitors.items():
        assert ask(f"{address}/upload", cookie) == (answer, "")
    gone, left = both
    gone.shutdown()
    gone.server_close()
    for cookie in visitors:
        assert ask(address, cookie)[0].split()[0] == str(left.server_port)


def test_a_websocket_is_passed_on(nginx):
    _, address = nginx
    assert ask(address, Connection="upgrade", Upgrade="websocket")[0].split()[1] == "websocket"
