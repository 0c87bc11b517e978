"""No picture holds a core: what is on it may cost so much, and no more."""

import json
import time

import numpy as np
import pytest
from PIL import Image

import recognize_digits
from benchmarks import worst_case
from model.hints import find_hints
from model.image import ImageError
from model.pieces import Pieces
from model.recognizer import as_single_glyph
from model.segmentation import Atom, Detection, Line, candidate_groups, read_lines

CHEAP = [
    "grey noise, 280 × 280",
    "binary noise, 20% black, 280 × 280",
    "binary noise, 50% black, 1400 × 1400",
    "blobs, 2 px",
    "checkerboard, 64 px",
    "100,000 specks",
    "7,278 specks around a ring",
    "a ring of 2 px",
    "a spiral, 8 px apart",
    "concentric circles, 6 px apart",
    "upright lines, 6 px apart",
    "hatching with paper around, 6 px apart",
    "6,000 dashes",
    "a round gradient",
]
DENSE = "binary noise, 20% black, 280 × 280"


def drawn(name: str) -> np.ndarray:
    side, draw = worst_case.PICTURES[name]
    return draw(side, 1)


def ink_of_a_row(count: int) -> np.ndarray:
    """(h, w) float32, with room enough above and below that no end of the row is taken for the
    picture's border."""
    return np.pad(
        (255 - worst_case.digits_in_a_row(count).astype(np.float32)) / 255, ((200, 200), (0, 0))
    )


@pytest.mark.parametrize("name", CHEAP)
def test_no_picture_of_2_megapixels_takes_more_than_2_seconds(recognizer, name):
    picture = drawn(name)
    recognizer.read(picture)  # compiles every size of batch and of tile
    start = time.process_time()
    recognizer.read(picture)
    assert time.process_time() - start <= worst_case.LIMIT


def test_a_long_line_is_writing(recognizer):
    reading = recognizer.read(worst_case.digits_in_a_row(800))
    assert reading.text == "7421" * 200
    assert reading.note == ""


def test_what_the_network_looks_at_grows_with_a_line(recognizer):
    def groups(count: int) -> int:
        looked = []

        def classify(glyphs):
            looked.append(len(glyphs))
            return recognizer.classify(glyphs)

        (line,) = read_lines(Pieces.of_page(ink_of_a_row(count)), classify)
        assert len(line) == count
        return sum(looked)

    few = groups(100)
    assert few <= 200
    assert groups(400) <= 4.1 * few


def test_a_line_of_atoms_has_so_many_groups_for_each(recognizer):
    """Upright bars close together, high enough that any of them could be one digit: not a square of
    their number."""

    def groups(count: int) -> int:
        atoms = [Atom((), 4 * n, 0, 4 * n + 2, 4 * count, False) for n in range(count)]
        doubtful = np.full(10, 0.1, np.float32)
        bar = Detection((0, 0, 2, 4 * count), np.zeros((28, 28), np.uint8), doubtful)
        line = Line(atoms, {(n, n + 1): bar for n in range(count)})
        return len(candidate_groups(line, 4 * count, np.inf))

    assert groups(800) <= 2.2 * groups(400)


def test_what_is_no_writing_is_said_to_be_none(recognizer):
    reading = recognizer.read(drawn(DENSE))
    assert (reading.text, reading.digits, reading.turn) == ("", (), 0)
    assert "too much on this picture" in reading.note
    assert find_hints(reading) == [reading.note]
    turned = recognizer.read(drawn(DENSE), turn=90)
    assert (turned.note, turned.turn) == (reading.note, 90)
    with pytest.raises(ImageError, match="too much"):
        as_single_glyph(drawn("100,000 specks"))


def test_the_command_line_says_so(tmp_path, capsys):
    file = tmp_path / "noise.png"
    Image.fromarray(drawn(DENSE)).save(file)
    assert recognize_digits.main([str(file)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{file}: \n"
    assert said.err.startswith(f"{file}: note: There is too much")
    assert recognize_digits.main(["--json", str(file)]) == 0
    assert "too much" in json.loads(capsys.readouterr().out)["note"]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_with_much_on_it_is_turned(recognizer, turn):
    page = drawn("a page of digits")
    reading = recognizer.read(np.rot90(page, -turn // 90))
    assert reading.turn == turn
    assert len(reading.digits) > 200
