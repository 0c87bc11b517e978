"""The command line, in this process and as a user starts it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import recognize_digits

AS_A_USER = {
    name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"
}


# The program as it is, but for a line when it begins to import what takes long.
ANNOUNCED = """
import runpy, sys
class Announcement:
    def find_spec(name, *_):
        if name == "model":
            print("importing", flush=True)
sys.meta_path.insert(0, Announcement)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


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
    assert {key: number[key] for key in ("text", "row", "column")} == {
        "text": "7",
        "row": 1,
        "column": 1,
    }
    assert set(bad) == {"file", "error"}


def test_a_line_a_page(capsys):
    scan = str(Path(__file__).parent / "files" / "scan.pdf")
    assert recognize_digits.main([scan]) == 0
    texts = ["407", "1289", "63"]
    assert capsys.readouterr().out.splitlines() == [
        f"{scan}, page {number}: {text}" for number, text in enumerate(texts, 1)
    ]
    assert recognize_digits.main(["--json", scan]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["file"], one["page"], one["text"]) for one in found] == [
        (scan, number, text) for number, text in enumerate(texts, 1)
    ]


def test_errors_are_sentences(tmp_path, capsys):
    assert recognize_digits.main([str(tmp_path)]) == 1
    assert "no pictures" in capsys.readouterr().err
    assert recognize_digits.main(["x.png", "--checkpoint", str(tmp_path)]) == 1
    assert "card.json is missing" in capsys.readouterr().err


def test_who_reads_the_lines_may_have_enough(folder):
    command = [sys.executable, recognize_digits.__file__, *[folder / "a.png"] * 200]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=AS_A_USER
    ) as process:
        assert process.stdout.readline() == f"{folder / 'a.png'}: 7\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


@pytest.mark.parametrize("after_a_line", [False, True])
def test_ctrl_c_is_one_word(folder, after_a_line):
    program = [recognize_digits.__file__, *[folder / "a.png"] * 5000]
    if not after_a_line:
        program = ["-c", ANNOUNCED, *program]
    with subprocess.Popen(
        [sys.executable, *program],
        cwd=Path(recognize_digits.__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=AS_A_USER,
    ) as process:
        line = f"{folder / 'a.png'}: 7\n" if after_a_line else "importing\n"
        assert process.stdout.readline() == line
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert (said, process.returncode) == ("Stopped.\n", 130)


def test_as_a_user_starts_it(folder):
    script = Path(recognize_digits.__file__)
    command = [sys.executable, script, folder / "a.png"]
    result = subprocess.run(command, env=AS_A_USER, capture_output=True, text=True, check=True)
    assert result.stdout == f"{folder / 'a.png'}: 7\n"
    assert result.stderr == ""
