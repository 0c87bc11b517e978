"""docs/walk.md says what is so: its code runs, and prints what the page shows."""

import contextlib
import io
import re
from pathlib import Path

import pytest

WALK = (Path(__file__).parents[1] / "docs" / "walk.md").read_text()
# a block of code and, where it prints anything, what
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def run(page: str) -> None:
    """Runs a page's code in one namespace; AssertionError where it prints what is not shown."""
    namespace = {"__name__": "walk"}
    for code, shown in BLOCK.findall(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "docs/walk.md", "exec"), namespace)
        assert printed.getvalue() == shown, code


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The walk writes its picture where it is run."""
    monkeypatch.chdir(tmp_path)


def test_each_block_prints_what_is_shown():
    run(WALK)


def test_all_of_the_page_is_looked_at():
    assert len(BLOCK.findall(WALK)) > 5 and "```" not in BLOCK.sub("", WALK)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("[98 98 98]", "[99 98 98]"),
        ("\n47\n", "\n41\n"),
        ("0.45 * paper", "0.9 * paper"),
        ("scores / temperature", "scores"),
    ],
)
def test_a_page_that_is_wrong_is_found_out(said, wrong):
    assert said in WALK
    with pytest.raises(AssertionError):
        run(WALK.replace(said, wrong))


def test_the_code_is_short():
    lines = "".join(code for code, _ in BLOCK.findall(WALK)).splitlines()
    code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 60
    assert max(map(len, lines)) <= 100
