"""digits read, in this process and as a user starts it."""

import contextlib
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from PIL import Image

from digits import folders, formats, read, workers
from digits.__main__ import main
from digits.answer import Answer
from digits.workers import File
from model import checkpoint, shipped

pytestmark = pytest.mark.usefixtures("plain_main")
FILES = Path(__file__).parent / "files"
ROOT = Path(__file__).parents[1]
# the tests' cache of compiled programs has a word to say for each
AS_A_USER = {**os.environ, "JAX_ENABLE_COMPILATION_CACHE": "false"}


@pytest.fixture
def drawer(tmp_path, seven) -> Path:
    """Scans in folders, and what else lies there."""
    for name in ("scan10.png", "scan2.png", "deep/er/a.JPG", ".hidden/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(seven).save(tmp_path / name)
    (tmp_path / "scan3.png").write_text("<html></html>")
    shutil.copy(FILES / "scan.pdf", tmp_path / "deep")
    for name in ("notes.txt", "deep/a.docx", ".DS_Store", "Thumbs.db"):
        (tmp_path / name).write_text("not a picture")
    return tmp_path


def _read(*arguments: object) -> int:
    """By the network that is loaded soonest."""
    return read.main([*map(str, arguments), "--checkpoint", "tiny"])


def test_folders_are_read_to_their_depth_in_the_order_of_people(drawer, capsys):
    assert _read(drawer) == 1
    out, err = capsys.readouterr()
    assert [line.replace(str(drawer), "").rpartition(" (")[0] for line in out.splitlines()] == [
        "/scan2.png: 7",
        "/scan10.png: 7",
        "/deep/scan.pdf, page 1: 407",
        "/deep/scan.pdf, page 2: 1289",
        "/deep/scan.pdf, page 3: 63",
        "/deep/er/a.JPG: 7",
    ]
    assert f"note: In {drawer}, notes.txt, deep/a.docx are no pictures and were not read." in err
    assert f"{drawer / 'scan3.png'}: error: This is a web page" in err


def test_class_folders_are_told(tmp_path, seven):
    for name in ("3", "7"):
        (tmp_path / name).mkdir()
        Image.fromarray(seven).save(tmp_path / name / "a.png")
    (note,) = folders.find([tmp_path], ["png"]).notes
    assert f"{tmp_path} has a folder for each of 3, 7" in note
    assert f"digits train --data {tmp_path}" in note
    Image.fromarray(seven).save(tmp_path / "a.png")
    assert folders.find([tmp_path], ["png"]).notes == []


def test_what_is_linked_in_a_circle_is_read_once(tmp_path, seven):
    Image.fromarray(seven).save(tmp_path / "a.png")
    (tmp_path / "again").symlink_to(tmp_path)
    assert folders.find([tmp_path], ["png"]).files == [tmp_path / "a.png"]


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    assert folders.find([tmp_path / "a", tmp_path / "a"], ["png"]).files == [tmp_path / "a"]


def test_an_empty_folder(tmp_path, capsys):
    assert _read(tmp_path) == 1
    said = f"note: There are no pictures in {tmp_path}.\nerror: there is nothing to read.\n"
    assert capsys.readouterr() == ("", said)


def test_csv_has_a_row_a_number(drawer, capsys):
    assert _read(drawer, "--format", "csv") == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["page"], row["number"]) for row in rows] == [
        *[("", "7"), ("", ""), ("", "7")],
        *[("1", "407"), ("2", "1289"), ("3", "63"), ("", "7")],
    ]
    assert rows[1]["note"].startswith("This is a web page")
    assert 0.9 < float(rows[0]["confidence"]) <= 1
    assert all(int(rows[0][side]) >= 0 for side in ("left", "top", "width", "height"))


def test_a_workbook_is_whole_or_not_there(drawer, tmp_path, capsys):
    output = tmp_path / "out" / "numbers.xlsx"
    assert _read(drawer, "--format", "xlsx", "--output", output) == 1
    assert "can't be written: No such file or directory." in capsys.readouterr().err
    output.parent.mkdir()
    assert _read(drawer, "--format", "xlsx", "--output", output) == 1
    (sheet,) = openpyxl.load_workbook(output).worksheets
    numbers = [row[4] for row in sheet.iter_rows(values_only=True)]
    assert numbers == ["number", 7, None, 7, 407, 1289, 63, 7]
    assert list(output.parent.iterdir()) == [output]


def test_a_file_is_kept_until_there_is_something_to_write(drawer, tmp_path):
    output = tmp_path / "numbers.csv"
    output.write_text("of last year")
    arguments = [str(drawer / "scan2.png"), "--format", "csv", "--output", str(output)]
    assert read.main([*arguments, "--checkpoint", "huge"]) == 1
    assert output.read_text() == "of last year"
    assert read.main([*arguments, "--checkpoint", "tiny"]) == 0
    header, row = csv.reader(output.read_text("utf-8-sig").splitlines())
    assert (header[4], row[4]) == ("number", "7")


def test_a_workbook_needs_a_file(drawer, capsys):
    with pytest.raises(SystemExit):
        _read(drawer, "--format", "xlsx")
    assert "--format xlsx needs --output FILE" in capsys.readouterr().err


def test_json_is_as_the_script_has_it(drawer, capsys):
    assert _read(drawer / "deep", "--format", "json") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one.get("page"), one["text"]) for one in found] == [
        *[(1, "407"), (2, "1289"), (3, "63"), (None, "7")],
    ]
    assert set(found[0]) >= {"file", "page", "text", "digits", "numbers"}


def test_a_turn_that_is_known(tmp_path, seven, capsys):
    Image.fromarray(seven).rotate(-90, expand=True).save(tmp_path / "a.png")
    assert _read(tmp_path, "--turn", "90") == 0
    assert ": 7 (" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["tiny", str(ROOT / "checkpoints" / "tiny")])
def test_checkpoints_by_name_and_by_folder(drawer, capsys, name):
    assert read.main([str(drawer / "scan2.png"), "--checkpoint", name]) == 0
    assert ": 7 (" in capsys.readouterr().out


def test_a_checkpoint_that_is_none(drawer, capsys):
    assert read.main([str(drawer), "--checkpoint", "huge"]) == 1
    said = "There is no checkpoint huge: give the folder of one, or default or committee or tiny."
    assert said in capsys.readouterr().err
    assert main(["checkpoints"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in listed] == shipped.names()
    accuracy = checkpoint.read_card(checkpoint.DEFAULT).test["accuracy"]
    assert f"{accuracy:.2%}" in listed[0]


def test_doubt_is_never_rounded_away():
    file = io.StringIO()
    summary = {"digits": [{"confidence": 0.9999}], "numbers": [{"text": "−1"}, {"text": "2.5"}]}
    formats.WRITERS["text"](file)(Answer("a.png", 3, summary))
    assert file.getvalue() == "a.png, page 3: −1 2.5 (99%)\n"


def _run(*arguments: object, **more):
    command = [sys.executable, "-m", "digits", "read", "--checkpoint", "tiny", *arguments]
    return subprocess.run(
        [*map(str, command)], cwd=ROOT, capture_output=True, text=True, env=AS_A_USER, **more
    )


def test_processes_side_by_side_give_the_same_in_order(drawer):
    """As a user starts it; and one process alone, which reads standard input, too."""
    together = _run(drawer, "--workers", 2)
    alone = _run(drawer, "--workers", 1)
    assert (together.stdout, together.stderr) == (alone.stdout, alone.stderr)
    assert (together.returncode, alone.returncode) == (1, 1)
    assert together.stdout.count("\n") == 6
    with (drawer / "scan2.png").open("rb") as file:
        piped = _run("-", stdin=file)
    assert piped.stdout.startswith("standard input: 7 (") and piped.stderr == ""


def test_a_process_that_dies_loses_no_other_page(drawer, monkeypatch):
    """A page that kills each process that reads it is left out and told; the rest is read."""
    monkeypatch.setattr(workers, "_work", _die_of_scan2)
    files = [File(str(drawer / name)) for name in ("scan10.png", "scan2.png", "deep/scan.pdf")]
    with contextlib.closing(workers.Team(shipped.find("tiny"), None, 2)) as team:
        answers = [answer for answer in team.read(files) if answer]
    assert [answer.error for answer in answers] == ["", workers.BROKEN, "", "", ""]
    assert [answer.summary.get("text") for answer in answers] == ["7", None, "407", "1289", "63"]


def _die_of_scan2(pipe, checkpoint, turn):
    class Pipe:
        send, close = pipe.send, pipe.close

        def recv(self):
            file, number = pipe.recv()
            if file and "scan2" in file.name:
                os.kill(os.getpid(), signal.SIGKILL)
            return file, number

    workers_as_they_are(Pipe(), checkpoint, turn)


workers_as_they_are = workers._work


def test_processes_that_never_begin_are_told(drawer, monkeypatch):
    monkeypatch.setattr(workers, "_work", _die_at_once)
    with pytest.raises(workers.ReaderError, match="--workers 1"):
        next(workers.Team(shipped.find("tiny"), None, 2).read([File("a.png")]))


def _die_at_once(*_):
    os._exit(1)


def test_ctrl_c_ends_all_processes(drawer):
    for number in range(2000):
        (drawer / "deep" / f"{number}.png").symlink_to(drawer / "scan2.png")
    command = [sys.executable, "-m", "digits", "read", drawer / "deep", "--workers", "2"]
    with subprocess.Popen(
        [*map(str, command)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=AS_A_USER,
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert (said.splitlines()[1:], process.returncode) == (["Stopped."], 130)
