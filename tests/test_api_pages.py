"""docs/api.py makes the API's pages; a warning of pdoc's is an error here, as all are."""

from pathlib import Path

import pytest

from docs import api

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    api.build(folder)
    return folder


def test_the_public_face_has_its_page(site):
    page = (site / "model.html").read_text()
    for name in ("Recognizer", "Recognizer.read", "Reading", "Reading.table", "Digit", "Digit.box"):
        assert f'id="{name}"' in page, name
    assert "calibrated probability of the likeliest class" in page


def test_each_module_has_a_page(site):
    for package in ("digits", "model", "train"):
        modules = {path.stem for path in (ROOT / package).glob("[!_]*.py")}
        modules |= {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
        assert {path.stem for path in site.glob(f"{package}/*.html")} == modules


def test_sections_of_docstrings_are_read_as_such(site):
    for path in site.rglob("*.html"):
        for section in ("Args", "Returns", "Raises", "Attributes"):
            assert f"<p>{section}:" not in path.read_text(), path.name
    assert 'id="raises"' in (site / "model.html").read_text()
