"""What pip installs: its dependencies, and the one import package that a wheel holds."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import digits
import hatch_build

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OPTIONAL = ("cluster",)  # what requirements.txt leaves out


def _requirements(lines) -> list[str]:
    return sorted(line for line in lines if line and not line.startswith("-"))


def test_requirements_are_those_of_the_package():
    given = (ROOT / "requirements.txt").read_text().splitlines()
    extras = PROJECT["optional-dependencies"]
    declared = {*PROJECT["dependencies"]}.union(
        *(extras[name] for name in extras if name not in OPTIONAL)
    )
    assert _requirements(line.partition("#")[0].strip() for line in given) == sorted(declared)


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("from model import image\n", "from digits.model import image\n"),
        ("def f():\n    from train.x import y\n", "def f():\n    from digits.train.x import y\n"),
        ("import model\n", "from digits import model\n"),
        ("import models, os\n", "import models, os\n"),
        ("from modelling import a\n'from model import b'\n", None),
    ],
)
def test_imports_are_moved(written, moved):
    assert hatch_build.move_imports(written) == (moved or written)


@pytest.mark.parametrize(
    "line", ["import model.ink\n", "import os, model\n", "import model as m\n"]
)
def test_an_import_that_can_t_be_moved_is_refused(line):
    with pytest.raises(ValueError, match="should be written as from"):
        hatch_build.move_imports(line)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with what the wheel installs."""
    place = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", place, ROOT]
    subprocess.run([sys.executable, *build], check=True, capture_output=True)
    with zipfile.ZipFile(next(place.glob("digits-*.whl"))) as wheel:
        wheel.extractall(place / "site")
    return place / "site"


def test_all_that_a_wheel_installs_is_one_package(installed):
    (info,) = installed.glob("*.dist-info")
    assert {path.name for path in installed.iterdir()} == {"digits", info.name}
    assert info.name == f"digits-{digits.__version__}.dist-info"
    assert (installed / "digits" / "py.typed").is_file()


def test_what_is_installed_reads_and_hides_nobody_s_model(installed, tmp_path):
    program = """
import sys
import model
sys.modules.update(jax=None, flax=None)  # who only reads needs neither
from digits import Recognizer
from digits.__main__ import main
import digits.train.metrics
assert model.MINE and "train" not in sys.modules and "app_pages" not in sys.modules
where = {file for name, module in sys.modules.items() if name.startswith("digits")
         and (file := getattr(module, "__file__", None))}
assert all(file.startswith(sys.argv[1]) for file in where), where
sys.exit(main(["read", sys.argv[2], "--checkpoint", "tiny", "--workers", "1"]))
"""
    (tmp_path / "model.py").write_text("MINE = True")
    (tmp_path / "program.py").write_text(program)
    scan = Path(__file__).parent / "files" / "scan.pdf"
    result = subprocess.run(
        [sys.executable, tmp_path / "program.py", installed, scan],
        env={"PYTHONPATH": str(installed), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert result.stderr == ""
    assert [line.split(": ")[1].split()[0] for line in result.stdout.splitlines()] == [
        "407",
        "1289",
        "63",
    ]


def test_the_dashboard_is_installed_with_its_component(installed):
    package = installed / "digits"
    project = tomllib.loads((package / "pyproject.toml").read_text())
    (component,) = project["tool"]["streamlit"]["component"]["components"]
    assert (package / component["asset_dir"] / "tiny.onnx").is_file()
    assert (package / "streamlit_app.py").is_file()
    assert (package / ".streamlit" / "config.toml").is_file()
