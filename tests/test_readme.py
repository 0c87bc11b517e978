"""The README says what is so: its commands are there, and its accuracy is the card's."""

import re
from pathlib import Path

from model import checkpoint

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_two_commands_do_all_their_set_up():
    for marker, end in (("start", "streamlit run streamlit_app.py"), ("test", "python -m pytest")):
        command = re.search(rf"<!-- {marker} command -->\n```\n(.*)\n```", README)[1]
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt && ")
        assert command.endswith(end)


def test_accuracy_is_the_cards():
    test = checkpoint.read_card(checkpoint.DEFAULT)["test"]
    low, high = test["accuracy_interval"]
    claim = f"**{test['accuracy']:.2%}** of the {test['n']:,} test images (95 % interval {low:.2%} to {high:.2%})"
    assert claim in README


def test_every_path_named_is_there():
    for path in re.findall(r"`((?:model|train|app_pages|benchmarks|checkpoints)/[\w./]*)`", README):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / path).exists(), path
