"""The README says what is so: its commands are there, and its accuracy is the card's."""

import re
from pathlib import Path

import pytest

from model import checkpoint

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
RESULTS = (ROOT / "docs" / "results.md").read_text()


def test_two_commands_do_all_their_set_up():
    for marker, end in (("start", "streamlit run streamlit_app.py"), ("test", "python -m pytest")):
        command = re.search(rf"<!-- {marker} command -->\n```\n(.*)\n```", README)[1]
        assert command.startswith(
            "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt && "
        )
        assert command.endswith(end)


def test_accuracy_is_the_cards():
    test = checkpoint.read_card(checkpoint.DEFAULT).test
    low, high = test["accuracy_interval"]
    claim = (
        f"**{test['accuracy']:.2%}** of the {test['n']:,} test images (95 % interval {low:.2%} to "
        f"{high:.2%})"
    )
    assert claim in README and claim in RESULTS


@pytest.mark.parametrize("folder", sorted((ROOT / "checkpoints").glob("*/evaluation.npz")))
def test_each_networks_accuracy_is_in_the_results(folder):
    assert f"{checkpoint.read_card(folder.parent).test['accuracy']:.2%}" in RESULTS


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 80


@pytest.mark.parametrize(
    "document", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
)
def test_every_path_named_is_there(document):
    text = document.read_text()
    for path in re.findall(r"`((?:model|train|app_pages|benchmarks|checkpoints)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path
    for path, _, heading in (
        link.partition("#") for link in re.findall(r"\]\((?!http)([^)]+)\)", text)
    ):
        there = document.parent / path if path else document
        assert there.exists(), path
        headings = re.findall(r"^#+ (.*)$", there.read_text(), re.MULTILINE) if heading else []
        assert not heading or heading in [
            re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-") for name in headings
        ]
