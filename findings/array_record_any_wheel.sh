#!/usr/bin/env bash
# array_record 0.4.1: the wheel that says "none-any" holds a library for Linux on x86_64 alone.
#
# It is the only version that pip finds for Windows, so that a requirement without a bound is met there, and TensorFlow
# Datasets' too, which asks for array_record on every system: both install without a word. What is in it is an ELF file,
# which only a Linux of that machine can load; elsewhere the first import fails. Hence ";platform_system" in requirements.
#
# Seen: "array_record-0.4.1-py310-none-any.whl holds python/array_record_module.so: ELF, machine 62" (62: x86_64).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" download -q --disable-pip-version-check --no-deps --only-binary :all: \
    --platform win_amd64 --python-version 3.11 -d "$folder" "array_record==0.4.1" 2>/dev/null
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import pathlib
import struct
import sys
import zipfile

(wheel,) = pathlib.Path(sys.argv[1]).glob("array_record-*.whl")
with zipfile.ZipFile(wheel) as archive:
    libraries = [name for name in archive.namelist() if name.endswith((".so", ".pyd", ".dll", ".dylib"))]
    assert libraries and wheel.name.endswith("none-any.whl"), "it behaves otherwise now"
    for name in libraries:
        head = archive.read(name)[:20]
        (machine,) = struct.unpack_from("<H", head, 18)
        print(f"{wheel.name} holds {name.partition('/')[2]}: {head[1:4].decode()}, machine {machine}")
        assert head[:4] == b"\x7fELF" and machine == 62, "it behaves otherwise now"
PYTHON
