"""The command line, in this process and as a user starts it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import recognize_digits


@pytest.fixture
def folder(tmp_path, seven) -> Path:
    Image.fromarray(seven).save(tmp_path / "a.png")
    Image.fromarray(seven).save(tmp_path / "c.JPG")
    (tmp_path / "b.png").write_text("<html></html>")
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def test_a_line_a_file(folder, capsys):
    assert recognize_digits.main([str(folder / "a.png"), str(folder / "c.JPG")]) == 0
    assert capsys.readouterr().out == f"{folder / 'a.png'}: 7\n{folder / 'c.JPG'}: 7\n"


def test_a_folder_with_a_bad_file_is_read_to_its_end(folder, capsys):
    assert recognize_digits.main([str(folder)]) == 1
    out, err = capsys.readouterr()
    assert [line.rpartition("/")[2] for line in out.splitlines()] == ["a.png: 7", "c.JPG: 7"]
    assert err.startswith(f"{folder / 'b.png'}: error: This is a web page")


def test_json(folder, capsys):
    assert recognize_digits.main(["--json", str(folder)]) == 1
    good, bad, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert good["text"] == "7"
    (digit,) = good["digits"]
    assert set(digit) == {"value", "confidence", "box"}
    assert digit["value"] == 7
    assert len(digit["box"]) == 4
    (number,) = good["numbers"]
    assert {key: number[key] for key in ("text", "row", "column")} == {"text": "7", "row": 1, "column": 1}
    assert set(bad) == {"file", "error"}


def test_errors_are_sentences(tmp_path, capsys):
    assert recognize_digits.main([str(tmp_path)]) == 1
    assert "no pictures" in capsys.readouterr().err
    assert recognize_digits.main(["x.png", "--checkpoint", str(tmp_path)]) == 1
    assert "card.json is missing" in capsys.readouterr().err


def test_as_a_user_starts_it(folder):
    script = Path(recognize_digits.__file__)
    environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    command = [sys.executable, script, folder / "a.png"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == f"{folder / 'a.png'}: 7\n"
    assert result.stderr == ""
