#!/usr/bin/env bash
# Streamlit 1.67.0, JAX 0.10.1, Flax 0.12.7: nearly all that a run of a short script costs is garbage collection.
#
# After each run of a script, each widget and each stroke on a canvas, Streamlit calls gc.collect(2): its option
# runner.postScriptGC is on, and its documentation doesn't show it. That looks at every object of the process: Streamlit's
# own, and those of all that was imported, which JAX and Flax double. It keeps a core busy and holds the interpreter,
# for all visitors at once. gc.freeze() once everything is there takes them out of it: the collection stays, and costs
# next to nothing.
#
# Seen: Streamlit alone 29 ms of a core a run, beside JAX and Flax 60 ms, these frozen 2 ms.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check streamlit==1.67.0 jax==0.10.1 flax==0.12.7 2>/dev/null
cd "$folder"
cat > app.py <<'PYTHON'
import gc
import os

import streamlit as st

if os.environ["BESIDE"] != "nothing":
    import flax.nnx


@st.cache_resource
def freeze():
    gc.collect()
    gc.freeze()


if os.environ["BESIDE"] == "frozen":
    freeze()
st.write("one line")
PYTHON
"$folder/env/bin/python" - <<'PYTHON'
import os
import socket
import subprocess
import sys
import time

import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

assert st.__version__ == "1.67.0"
RUNS = 40


def core_seconds(process: int) -> float:
    fields = open(f"/proc/{process}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def milliseconds(beside: str) -> float:
    """Of a core, for a run of the script."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    flags += ["--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *flags]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=os.environ | {"BESIDE": beside}, **quiet) as server:
        for _ in range(100):
            time.sleep(0.2)
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                continue
        with connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as page:

            def run() -> None:
                message = BackMsg()
                message.rerun_script.query_string = ""
                page.send(message.SerializeToString())
                while ForwardMsg.FromString(page.recv(60)).WhichOneof("type") != "script_finished":
                    pass

            for _ in range(3):
                run()
            time.sleep(1)
            before = core_seconds(server.pid)
            for _ in range(RUNS):
                run()
            time.sleep(1)
            taken = core_seconds(server.pid) - before
        server.terminate()
    return 1000 * taken / RUNS


without, beside, frozen = map(milliseconds, ("nothing", "all", "frozen"))
print(f"Streamlit alone {without:.0f} ms of a core a run, beside JAX and Flax {beside:.0f} ms, these frozen {frozen:.0f} ms")
assert beside > 1.4 * without and frozen < without / 4, "it behaves otherwise now"
PYTHON
