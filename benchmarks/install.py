"""What an installation takes: prints docs/results.md's table.

    python benchmarks/install.py

Each kind goes into a fresh environment, is measured without pip and setuptools, and reads a scan.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = {
    "the reader: pip install .": ["."],
    "the dashboard: pip install '.[dashboard]'": [".[dashboard]"],
    "everything: pip install -r requirements.txt": ["-r", "requirements.txt"],
}
SCAN = ROOT / "tests" / "files" / "scan.pdf"


def main() -> None:
    print("| what | seconds | packages | megabytes | with Python's bytecode |")
    print("| --- | --- | --- | --- | --- |")
    for kind, arguments in KINDS.items():
        with tempfile.TemporaryDirectory() as place:
            subprocess.run([sys.executable, "-m", "venv", place], check=True)
            (packages,) = Path(place).glob("lib/*/site-packages")
            before = measure(packages)
            start = time.perf_counter()
            install = [f"{place}/bin/pip", "install", "-q", "-c", "constraints.txt", *arguments]
            subprocess.run(install, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
            seconds = time.perf_counter() - start
            read = [f"{place}/bin/digits", "read", SCAN]
            subprocess.run(read, cwd=place, check=True, stdout=subprocess.DEVNULL)
            count, size, bytecode = (
                one - other for one, other in zip(measure(packages), before, strict=True)
            )
        print(
            f"| {kind} | {seconds:.0f} | {count} | {size / 1e6:,.0f} "
            f"| {(size + bytecode) / 1e6:,.0f} |",
            flush=True,
        )


def measure(packages: Path) -> tuple[int, int, int]:
    """How many packages there are, the bytes of their files, and those of Python's bytecode."""
    sizes = {True: 0, False: 0}
    for path in packages.rglob("*"):
        if path.is_file() and not path.is_symlink():
            sizes[path.suffix == ".pyc"] += path.stat().st_size
    return len(list(packages.glob("*.dist-info"))), sizes[False], sizes[True]


if __name__ == "__main__":
    main()
