"""Ink is found whatever the light, the paper and the pen; and none is found where none is."""

import numpy as np
import pytest
from pages import Sheet
from PIL import Image, ImageDraw

from benchmarks.cut_out import cut_out
from model.ink import ink_map
from model.paper import add_margin, is_cut_close


@pytest.fixture
def mask(seven) -> np.ndarray:
    return seven < 128


def page(mask, paper, pen, light=1.0, noise=0.0) -> np.ndarray:
    colours = np.where(mask[..., None], pen, paper) * np.asarray(light)[..., None]
    colours = colours + np.random.default_rng(0).normal(0, noise, colours.shape)
    return np.clip(colours, 0, 255).astype(np.uint8)


def agreement(ink, mask) -> float:
    """Intersection over union of what was found and what was written."""
    found = ink > 0.5
    return (found & mask).sum() / (found | mask).sum()


@pytest.mark.parametrize(
    ("paper", "pen"),
    [
        ((255, 255, 255), (0, 0, 0)),
        ((0, 0, 0), (255, 255, 255)),
        ((250, 240, 120), (40, 40, 160)),  # blue on a yellow note
        ((180, 140, 95), (30, 25, 20)),  # kraft
        ((40, 80, 50), (220, 225, 215)),  # chalk on a board
        ((255, 255, 255), (200, 30, 40)),  # red pen
        ((128, 128, 128), (128, 60, 128)),
        ((230, 230, 230), (200, 200, 200)),  # a hard pencil
    ],
)
def test_papers_and_pens(mask, paper, pen):
    assert agreement(ink_map(page(mask, paper, pen)), mask) > 0.95
    assert agreement(ink_map(page(mask, paper, pen, noise=4)), mask) > 0.8


def test_uneven_light(mask):
    height, width = mask.shape
    light = np.linspace(0.35, 1, width)[None] * np.linspace(0.8, 1, height)[:, None]
    assert agreement(ink_map(page(mask, (235, 230, 220), (60, 60, 70), light, 3)), mask) > 0.8


@pytest.mark.parametrize("margin", [1, 2, 3])
@pytest.mark.parametrize(("noise", "alike", "share"), [(0, 0.8, 0.9), (2, 0.2, 0.7)])
def test_few_pixels_of_a_digit_cut_out_are_ink(mnist, margin, noise, alike, share):
    found = []
    for image in mnist.validation.images[:100]:
        digit = 255 - cut_out(image, 20, margin)
        grey = 240 - 0.8 * digit + np.random.default_rng(0).normal(0, noise, digit.shape)
        picture = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, 2)
        found.append(agreement(ink_map(picture), digit > 127))
    assert np.mean(np.array(found) > alike) >= share


@pytest.mark.parametrize("noise", [0, 2, 8, 20])
def test_an_empty_page_has_no_ink(noise):
    empty = page(
        np.zeros((300, 200), bool),
        (200, 200, 190),
        (0, 0, 0),
        np.linspace(0.5, 1, 200)[None],
        noise,
    )
    assert (ink_map(empty) > 0.35).mean() < 1e-3


def test_soft_edges_stay_soft():
    grey = np.full((40, 40), 255, np.uint8)
    grey[10:30, 18:22] = 0
    grey[10:30, 22] = 128
    ink = ink_map(np.dstack([grey] * 3))
    assert ink[20, 20] == 1
    assert 0.4 < ink[20, 22] < 0.6
    assert ink[20, 30] == 0


@pytest.mark.parametrize(
    ("paper", "pen", "line"),
    [
        ((250, 250, 245), (40, 40, 45), (150, 170, 215)),  # blue squares, fainter than the pen
        ((245, 245, 245), (160, 160, 165), (150, 170, 215)),  # and as dark as the pencil
        # on brown paper, lighter than it in part
        ((190, 150, 110), (120, 100, 80), (150, 170, 215)),
    ],
)
def test_squared_paper_loses_its_lines_and_their_crossings(mask, paper, pen, line):
    picture = page(np.zeros((700, 560), bool), paper, pen)
    written = np.zeros((700, 560), bool)
    for top, left in ((60, 60), (260, 300)):
        written[top : top + 200, left : left + 160] = mask
    for start in range(20, 700, 44):
        picture[start : start + 2] = line
    for start in range(20, 560, 44):
        picture[:, start : start + 2] = line
    picture[written] = pen
    ink = ink_map(picture)
    assert agreement(ink, written) > 0.85
    assert (ink[~written] > 0.35).mean() < 0.002


def test_rulings_go_where_a_crease_darkens_the_page(mask):
    x = np.arange(560)
    # falls off at once, recovers slowly
    light = 1 - 0.12 * np.exp(-np.abs(x - 300) / 60) * (x >= 300)
    picture = page(np.zeros((700, 560), bool), (245, 245, 245), (90, 90, 95))
    written = np.zeros((700, 560), bool)
    written[260:460, 60:220] = mask
    for start in range(20, 700, 44):
        picture[start : start + 2] = (150, 170, 215)
    picture[written] = (90, 90, 95)
    ink = ink_map((picture * light[None, :, None]).astype(np.uint8))
    away = ~written & (np.abs(x - 330) > 80)[None]
    assert (ink[away] > 0.35).mean() < 0.002
    assert agreement(ink[:, :250], written[:, :250]) > 0.85


@pytest.mark.parametrize(("times", "falloff"), [(1, 0), (1, 0.25), (4, 0)])
def test_a_digit_in_a_picture_cut_close_is_found_whole(mask, times, falloff):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    # its strokes are cut by the border
    close = mask[rows[0] + 4 : rows[-1] - 3, columns[0] + 4 : columns[-1] - 3]
    close = np.kron(close, np.ones((times, times), bool))
    light = np.broadcast_to(np.linspace(1, 1 - falloff, close.shape[1]), close.shape)
    picture = page(close, 235, (30, 30, 60), light, noise=3)
    assert is_cut_close(picture)
    assert agreement(ink_map(picture), close) > 0.8
    assert not is_cut_close(page(mask, 235, (30, 30, 60), noise=3))


def test_a_table_beside_a_large_page_is_no_digit_cut_close(mask):
    written = np.pad(mask, 300)
    picture = page(written, 235, (30, 30, 60), noise=3)
    for side in (np.s_[:, :30], np.s_[-30:]):
        picture[side] = 80
        assert not is_cut_close(picture)


@pytest.mark.parametrize(
    "strokes",
    [
        [np.s_[:, 10:16]],  # of a 1, through
        [np.s_[:6, 12:48], np.s_[-6:, 12:48]],  # of a 5, along two sides
    ],
)
def test_a_margin_goes_on_as_the_paper_does_without_the_strokes(strokes):
    picture = np.full((40, 60, 3), 200, np.uint8)
    for stroke in strokes:
        picture[stroke] = 20
    around, inside = add_margin(picture)
    assert around.shape == (40 + 2 * 15, 60 + 2 * 15, 3)
    np.testing.assert_array_equal(around[inside], picture)
    around[inside] = 200
    assert (around == 200).all()


def test_a_margin_goes_on_as_the_light_does():
    light = np.broadcast_to(np.linspace(90, 220, 60)[None, :, None], (40, 60, 3)).astype(np.uint8)
    around, _ = add_margin(light)
    assert np.abs(around[:15, 15:-15].astype(int) - light[:1]).max() < 10
    assert np.abs(around[:, 0].astype(int) - 90).max() < 10
    assert np.abs(around[:, -1].astype(int) - 220).max() < 10


SHAPES = {  # of a unit square
    "1": [[(0.5, 0.05), (0.5, 0.95)]],
    "7": [[(0.1, 0.08), (0.9, 0.08), (0.4, 0.95)]],
    "4": [[(0.65, 0.05), (0.1, 0.65), (0.95, 0.65)], [(0.7, 0.35), (0.7, 0.95)]],
    "0": [[(0.5 + 0.4 * np.cos(t), 0.5 + 0.45 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 64)]],
}


def written(text: str, side: int, pen: int, height: float) -> np.ndarray:
    """(side, side) uint8: straight digits, `height` of the page high, by a pen of so many
    pixels."""
    page = Image.new("L", (side, side), 255)
    high = height * side
    wide = min(0.6 * high, 0.6 * side / len(text))
    for number, digit in enumerate(text):
        left = side / 2 + (number - len(text) / 2) * 1.35 * wide + 0.17 * wide
        for line in SHAPES[digit]:
            points = [(left + x * wide, (side - high) / 2 + y * high) for x, y in line]
            ImageDraw.Draw(page).line(points, fill=0, width=pen, joint="curve")
    return np.asarray(page)


@pytest.mark.parametrize("side", [399, 400, 640, 1000, 1600])
@pytest.mark.parametrize(
    ("text", "height"), [("1071", 0.3), ("7", 0.6), ("4", 0.6), ("1", 0.6), ("1", 0.8)]
)
def test_a_thin_straight_stroke_is_no_ruling_whatever_the_size_of_the_page(
    recognizer, text, height, side
):
    read = [recognizer.read(written(text, side, pen, height)).text for pen in (2, 3, 4, 6)]
    assert read == [text] * 4


@pytest.mark.parametrize("pen", [2, 4])
def test_rulings_go_where_thin_digits_stand_on_them(pen):
    page = written("1071", 640, pen, 0.15)
    ruled = page.copy()
    for row in range(40, 640, 60):
        ruled[row : row + 2] = np.minimum(ruled[row : row + 2], 120)
    ink = ink_map(np.dstack([ruled] * 3))
    empty = np.ones(640, bool)
    empty[260:380] = False
    assert (ink[empty] > 0.35).sum() == 0
    assert agreement(ink, page < 128) > 0.8


def test_a_line_by_itself_is_writing_unless_it_runs_through_the_page():
    page = np.full((600, 600, 3), 255, np.uint8)
    page[300:303, 60:480] = 0
    assert (ink_map(page)[300:303, 60:480] > 0.35).all()
    page[300:303] = 0
    assert not (ink_map(page) > 0.35).any()


def test_a_ruled_page_is_seen_as_its_mirror_image_is():
    for width, height in ((500, 400), (480, 400), (640, 480), (600, 600)):
        sheet = Sheet(width, height).write("407", 60, 70, height=50)
        for y in range(60, height - 20, 40):
            sheet.line(0, y, width, y, pen=1, ink=90)
        page = sheet.picture(noise=0)
        np.testing.assert_array_equal(ink_map(page[:, ::-1].copy())[:, ::-1], ink_map(page))
