#!/usr/bin/env bash
# onnxruntime 1.32.0 on Linux: to import it is enough for it to record this machine and an event for its makers.
#
# The wheels report usage since 1.29 on Linux, too, unless ORT_DISABLE_TELEMETRY=1 stands in the environment before the
# import. That alone, without a session, writes a lasting number of the machine and an event to be sent into ~/.cache;
# disable_telemetry_events(), the only switch that Python has, comes too late for both, being a function of the module.
# Under CI=true it keeps still, so that no test of who uses it sees anything.
#
# Seen: "left at home: 2 files and 1 event by the import, 2 and 1 with disable_telemetry_events(), 0 and 0 where the
# environment says so, 0 and 0 where CI=true".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 2>/dev/null
left() { # what a program leaves in an empty home; further arguments are its environment
    local home
    home=$(mktemp -d -p "$folder")
    env -i PATH="$PATH" HOME="$home" "${@:2}" "$folder/env/bin/python" -c "$1"
    "$folder/env/bin/python" - "$home" <<'PYTHON'
import pathlib
import sqlite3
import sys

files = [path for path in pathlib.Path(sys.argv[1]).rglob("*") if path.is_file()]
stores = [path for path in files if path.suffix == ".db"]
events = sum(sqlite3.connect(path).execute("select count(*) from events").fetchone()[0] for path in stores)
print(len(files), "and", events)
PYTHON
}
plain=$(left "import onnxruntime")
api=$(left "import onnxruntime; onnxruntime.disable_telemetry_events()")
environment=$(left "import onnxruntime" ORT_DISABLE_TELEMETRY=1)
ci=$(left "import onnxruntime" CI=true)
echo "left at home: ${plain/and/files and} event by the import, $api with disable_telemetry_events()," \
    "$environment where the environment says so, $ci where CI=true"
[ "$plain|$api|$environment|$ci" = "2 and 1|2 and 1|0 and 0|0 and 0" ] || { echo "it behaves otherwise now"; exit 1; }
