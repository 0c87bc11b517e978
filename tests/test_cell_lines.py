"""Digits that were cut out of a table's cells are read, whatever of the lines is left."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.cells import Cells, cut_out
from model.cell_lines import LEAST, without_cell_lines


def row(digits, height, lines, mnist, thick=2, colour=30):
    """(h, w) uint8: a cell a digit, with the lines at these sides and, for "|", between them."""
    width = height * len(digits)
    picture = Image.new("L", (width, height), 235)
    side = round(0.7 * height)
    for number, digit in enumerate(digits):
        glyph = mnist.validation.images[mnist.validation.labels == int(digit)][0]
        mask = Image.fromarray(glyph).resize((side, side), Image.Resampling.BICUBIC)
        place = number * height + (height - side) // 2, (height - side) // 2
        picture.paste(Image.new("L", mask.size, 60), place, mask)
    draw = ImageDraw.Draw(picture)
    right, bottom = width - thick, height - thick
    for line in lines:
        boxes = {
            "left": [(0, 0, thick - 1, height)],
            "right": [(right, 0, width, height)],
            "top": [(0, 0, width, thick - 1)],
            "bottom": [(0, bottom, width, height)],
            "|": [(n * height, 0, n * height + thick - 1, height) for n in range(1, len(digits))],
        }[line]
        for box in boxes:
            draw.rectangle(box, colour)
    return np.asarray(picture)


ALL = "left", "right", "top", "bottom"


@pytest.mark.parametrize("height", [40, 64, 120, 300])
@pytest.mark.parametrize("lines", [ALL, ALL[:2], ALL[2:], ("left", "bottom"), ALL[1:]])
def test_a_cell_with_its_lines_is_read(recognizer, mnist, height, lines):
    for digit in "1475":
        picture = row(digit, height, lines, mnist, thick=max(1, height // 40))
        assert recognizer.read(picture).text == digit


@pytest.mark.parametrize("colour", [30, 150])
@pytest.mark.parametrize("lines", [("|",), ("|", *ALL)])
def test_a_row_of_cells_is_read(recognizer, mnist, lines, colour):
    for digits in ("358", "20617", "4096"):
        picture = row(digits, 64, lines, mnist, colour=colour)
        assert recognizer.read(picture).text == digits


@pytest.mark.parametrize("turn", [-2, 2])
def test_of_a_row_cut_out_turned_no_piece_of_a_line_is_read(recognizer, mnist, turn):
    rng, digits, right = np.random.default_rng(2), mnist.validation, 0
    for _ in range(30):
        chosen = rng.integers(0, len(digits.labels), 5)
        picture = cut_out(Cells(5, turn=turn), digits, chosen, rng)
        right += recognizer.read(picture).text == "".join(map(str, digits.labels[chosen]))
    assert right >= 28


def test_a_stroke_across_a_line_stays(mnist):
    """It goes on to the other side of it."""
    picture = np.repeat(row("88", 64, ("|", *ALL), mnist)[..., None], 3, axis=2)
    picture[30:36, 50:80] = 60
    without = without_cell_lines(picture)
    assert (without[31:35, 50:80] < 100).all()
    assert without[:28, 62:68].min() > 200 and without[:2].min() > 200
    assert (without[10:54, 10:50] == picture[10:54, 10:50]).all()


@pytest.mark.parametrize("digits", ["1", "4", "7", "11", "0"])
def test_digits_that_fill_their_picture_are_no_lines(digits, mnist):
    picture = row(digits, 64, (), mnist)
    rows, columns = (np.flatnonzero((picture < 150).any(axis)) for axis in (1, 0))
    tight = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    for size in (tight.shape[::-1], (64, 64), (100, 100)):
        image = Image.fromarray(tight).resize(size).convert("RGB")
        rgb = np.asarray(image)
        assert without_cell_lines(rgb) is rgb


@pytest.mark.parametrize("shape", [(LEAST - 1, 60), (500, 500), (100, 1200)])
def test_what_is_no_cell_is_left_as_it_is(shape):
    rgb = np.full((*shape, 3), 230, np.uint8)
    rgb[:2] = rgb[-2:] = rgb[:, :2] = rgb[:, -2:] = 20
    assert without_cell_lines(rgb) is rgb


def test_nothing_but_lines_is_left_as_it_is():
    rgb = np.full((60, 60, 3), 230, np.uint8)
    rgb[:2] = rgb[-2:] = rgb[:, :2] = rgb[:, -2:] = 20
    assert without_cell_lines(rgb) is rgb
