"""The benchmark of real pictures counts as it says."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from real_pages import count  # noqa: E402


@pytest.mark.parametrize(
    ("written", "read", "wrong", "exact"),
    [
        (["12", "34"], "12\n34", {}, 2),
        (["12", "34"], "12\n35", {"changed": 1}, 1),
        (["12", "34"], "12\n?4", {"changed": 1}, 1),
        (["12", "34"], "1\n34", {"lost": 1}, 1),
        (["12", "34"], "12\n341", {"spurious": 1}, 1),
        (["1o2"], "1?2", {}, 1),
        (["1o2"], "12", {}, 1),
        (["1o2"], "142", {"spurious": 1}, 0),
        (["oo", "12"], "?\n12?", {}, 1),
        (["12"], "", {"lost": 2}, 0),
    ],
)
def test_what_is_counted(written, read, wrong, exact):
    counts = count([written], read)
    assert {key: counts[key] for key in ("changed", "lost", "spurious") if counts[key]} == wrong
    assert counts["wrong"] == sum(wrong.values()) and counts["exact"] == exact


def test_the_nearest_reading_counts():
    assert count([["99"], ["12"]], "12")["wrong"] == 0


def test_a_folder_is_read_and_a_picture_that_cannot_be_read_is_named(tmp_path, seven):
    Image.fromarray(np.pad(seven, 20, constant_values=255)).save(tmp_path / "seven.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    labels = {name: {"kind": "photo", "readings": [["7"]]} for name in ("seven.png", "broken.png")}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    program = [sys.executable, str(ROOT / "benchmarks" / "real_pages.py"), str(tmp_path)]
    printed = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert "broken.png: This is not a PNG, JPEG" in printed
    assert "| all | 2 | 2 | 1 | 0 | 1 | 0 | 1 of 2 |" in printed
