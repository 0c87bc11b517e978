"""Finding digits on a page: what is whose ink, at which scales it is looked, and pages that ink
alone does not tell."""

import itertools

import numpy as np
import pytest
from pages import Sheet
from PIL import Image, ImageDraw, ImageFont

from model import page_reader
from model import recognizer as recognizer_module
from model.page_network import CLASSES, MARK, POINT
from model.segmentation import Detection, Pieces


@pytest.fixture
def ink() -> np.ndarray:
    """(60, 400) float32: two bars apart, and a third of which a level line makes a far larger
    piece."""
    ink = np.zeros((60, 400), np.float32)
    ink[10:40, 10:14] = ink[10:40, 30:34] = ink[10:40, 60:64] = 1
    ink[40:42, 50:400] = 1
    return ink


def test_a_piece_is_its_box_as_far_as_it_goes(ink):
    (box, part), (other, _) = page_reader.assign_ink(
        Pieces(ink), np.array([[8, 12, 16, 36], [28, 8, 36, 42]], float)
    )
    assert box == (10, 10, 4, 30) and part.shape == (30, 4) and part.min() == 1
    assert other == (30, 10, 4, 30)


def test_of_a_piece_that_runs_on_a_box_has_what_lies_in_it(ink):
    (((left, top, width, height), part),) = page_reader.assign_ink(
        Pieces(ink), np.array([[56, 8, 68, 40]], float)
    )
    assert (left, top) == (54, 10) and width <= 16 and height <= 34 and part.sum() >= 120


def test_what_lies_mostly_outside_of_its_box_is_a_part_of_a_letter(ink):
    assert page_reader.assign_ink(Pieces(ink), np.array([[8, 8, 16, 20]], float)) == [None]


def test_two_boxes_of_one_stroke_are_one_digit(ink):
    first, second = page_reader.assign_ink(
        Pieces(ink), np.array([[8, 8, 16, 26], [8, 24, 16, 42]], float)
    )
    assert first[0] == (10, 10, 4, 30) and second is None


@pytest.mark.parametrize(
    ("shape", "largest"), [((280, 280), 560), ((900, 700), 900), ((28, 28), 64), ((30, 1200), 1200)]
)
def test_a_picture_is_looked_at_an_octave_after_the_other(shape, largest):
    levels = page_reader.make_pyramid(np.zeros(shape, np.uint8))
    scales = [scale for scale, _ in levels]
    assert scales == sorted(scales) and all(b / a <= 2.4 for a, b in itertools.pairwise(scales))
    assert max(levels[0][1].shape) <= 64
    assert max(levels[-1][1].shape) == pytest.approx(largest, rel=0.15)


def test_tiles_cover_all_that_is_not_plain_once():
    level = np.full((500, 700), 255, np.uint8)
    level[::10] = 0
    tiles, places = page_reader.cut_tiles(level, np.ones((1, 1), bool), None, 1.0)
    covered = np.zeros((800, 1000), int)
    for (x, y), (left, top, right, bottom) in places:
        covered[y + top : y + bottom, x + left : x + right] += 1
    assert (covered[:500, :700] == 1).all() and len(tiles) == len(places)
    assert not len(
        page_reader.cut_tiles(np.full((500, 700), 200, np.uint8), np.ones((1, 1), bool), None, 1.0)[
            0
        ]
    )


def test_what_is_explained_from_afar_is_not_looked_at_again():
    looked = []

    def network(tiles):
        looked.append(tiles.shape)
        side = tiles.shape[1] // 4
        heat = np.full((len(tiles), side, side), -9.0)
        heat[:, side // 2, side // 2] = 9
        return heat, np.zeros((*heat.shape, CLASSES)), np.full((*heat.shape, 4), 0.6)

    ink = np.zeros((280, 280), np.float32)
    ink[60:220, 80:200] = 1
    found = page_reader.detect(np.uint8(255 - 255 * ink), ink, network)
    assert looked == [(1, 32, 32)] and len(found.heats) == 1


def digits(mnist) -> np.ndarray:
    """(180, 420) uint8: 2, 3, 4, 7, 5 and 2 in black on white."""
    sheet = np.full((180, 420), 255, np.uint8)
    for place, label in enumerate((2, 3, 4, 7, 5, 2)):
        glyph = mnist.train.images[np.flatnonzero(mnist.train.labels == label)[3]]
        large = np.asarray(Image.fromarray(glyph).resize((56, 56), Image.Resampling.BICUBIC))
        sheet[60:116, 30 + 60 * place : 86 + 60 * place] -= np.minimum(large, 235)
    return sheet


def test_a_small_sheet_on_a_dark_desk_is_read(recognizer, mnist):
    desk = np.random.default_rng(0).normal(40, 12, (700, 900)).clip(0, 255).astype(np.uint8)
    desk[260:440, 240:660] = digits(mnist)
    assert recognizer.read(desk).text == "234752"


def test_letters_around_do_not_turn_an_upright_page(recognizer, mnist):
    sheet = Image.fromarray(np.pad(digits(mnist), ((0, 200), (0, 0)), constant_values=255))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(34)
    for line, word in enumerate(("KNAWER + WHAM", "MARKE x FRANK")):
        pen.text((30, 190 + 60 * line), word, 0, font)
    reading = recognizer.read(np.asarray(sheet))
    assert reading.turn == 0 and reading.text.split("\n")[0] == "234752"


def test_two_networks_that_are_certain_of_other_classes_leave_all_as_likely():
    both = page_reader.combine_votes(
        np.eye(10, dtype=np.float32)[[3, 4]], np.eye(10, dtype=np.float32)[[3, 7]]
    )
    np.testing.assert_allclose(both, [np.eye(10)[3], np.full(10, 0.1)], atol=1e-6)


def row(x: float, widths: list[float], height: float = 20, gap: float = 4) -> np.ndarray:
    """(n, 4) left, top, right, bottom of boxes side by side."""
    ends = np.cumsum([width + gap for width in widths])
    return np.array(
        [
            (x + end - width - gap, 0, x + end - gap, height)
            for width, end in zip(widths, ends, strict=True)
        ]
    )


def test_a_figure_in_a_word_is_a_letter_and_one_beside_a_unit_is_none():
    figure, letters = row(0, [12]), row(16, [11, 11, 11], 14)
    assert page_reader.is_in_word(figure, letters).tolist() == [True]  # as in 1ere
    assert page_reader.is_in_word(figure, letters[:2]).tolist() == [False]  # as in 5 kg
    assert page_reader.is_in_word(figure, letters + np.array([40, 0, 40, 0])).tolist() == [
        False
    ]  # far away
    # on another line
    assert page_reader.is_in_word(figure, letters + np.array([0, 40, 0, 40])).tolist() == [False]
    assert page_reader.is_in_word(row(0, [12] * 3), row(48, [11, 11, 11])).tolist() == [False] * 3
    assert page_reader.is_in_word(figure, row(16, [40], 16)).tolist() == [
        True
    ]  # letters that touch


def test_what_is_found_twice_is_kept_once_but_a_point_under_a_digits_tail_stays():
    boxes = np.array([(0, 0, 30, 60), (12, 50, 18, 56), (11, 49, 20, 58)], np.float32)
    kinds = np.eye(CLASSES)[[7, POINT, MARK]].astype(np.float32)
    kept = page_reader.suppress_overlaps(
        page_reader.Peaks(boxes, np.array([0.9, 0.8, 0.7], np.float32), kinds)
    )
    assert kept.probabilities.argmax(1).tolist() == [7, POINT]


def test_tiles_of_a_page_on_its_side_show_fewer_digits(recognizer):
    sheet = Sheet(512, 512)
    for line in range(4):
        sheet.write("27354", 40, 30 + 120 * line, 60)
    tiles = page_reader.sample_tiles(sheet.picture(), np.array([(60, 60, 40, 60)]), 1)
    upright, glyphs = page_reader.detect_in_samples(tiles, page_reader.load_shipped(), 10)
    sideways, _ = page_reader.detect_in_samples(
        np.rot90(tiles, 1, (1, 2)), page_reader.load_shipped()
    )
    assert upright > 3 * max(sideways, 1)
    assert 5 <= len(glyphs) <= 10 and glyphs.shape[1:] == (28, 28)


def sure(kind: int) -> np.ndarray:
    """(10,) probabilities of a digit of which there is no doubt."""
    return np.eye(10, dtype=np.float32)[kind] * 0.99 + 0.001


def test_a_faint_digit_is_read_beside_clear_ones_but_no_stroke():
    boxes = [
        (10, 10, 20, 30),
        (40, 12, 20, 30),
        (70, 10, 4, 30),
        (400, 10, 20, 30),
        (100, 10, 20, 90),
    ]
    kinds, heats = [3, 5, 1, 7, 2], np.array([0.9, 0.35, 0.35, 0.35, 0.35])
    digits = [
        Detection(box, np.zeros((28, 28), np.uint8), sure(kind))
        for box, kind in zip(boxes, kinds, strict=True)
    ]
    votes = np.array([one.probabilities for one in digits])
    found = page_reader.Peaks(
        page_reader.corners(digits), heats, np.pad(votes, ((0, 0), (0, CLASSES - 10)))
    )
    # Beside the clear one; a bar; too far away; three times as high.
    assert page_reader._beside(digits, votes, found)[1:].tolist() == [True, False, False, False]
    other = votes[[0, 2, 2, 3, 4]]
    assert not page_reader._beside(digits, other, found)[1]


def test_connected_ink_says_where_and_both_networks_say_which():
    def line(*digits):
        return [[Detection(box, np.zeros((28, 28), np.uint8), sure(kind)) for box, kind in digits]]

    connected = line(((0, 0, 20, 30), 1), ((20, 0, 20, 30), 4), ((60, 0, 20, 30), 5))
    seen = line(((0, 0, 20, 30), 7), ((4, 0, 34, 30), 4), ((60, 0, 20, 30), 5))
    which = [one.probabilities.argmax() for one in recognizer_module._confirmed(connected, seen)[0]]
    assert which == [7, 4, 5]
    more = [*seen[0], *line(((100, 0, 20, 30), 8))[0]]
    assert recognizer_module._confirmed(connected, [more]) == [more]  # it sees something else, too
