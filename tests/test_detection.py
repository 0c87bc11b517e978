"""At which scales and where the page network looks."""

import itertools

import numpy as np
import pytest
from pages import Sheet

from model import detection
from model.page_format import CLASSES


@pytest.mark.parametrize(
    ("shape", "largest"), [((280, 280), 560), ((900, 700), 900), ((28, 28), 64), ((30, 1200), 1200)]
)
def test_a_picture_is_looked_at_an_octave_after_the_other(shape, largest):
    levels = detection.make_pyramid(np.zeros(shape, np.uint8))
    scales = [scale for scale, _ in levels]
    assert scales == sorted(scales) and all(b / a <= 2.4 for a, b in itertools.pairwise(scales))
    assert max(levels[0][1].shape) <= 64
    assert max(levels[-1][1].shape) == pytest.approx(largest, rel=0.15)


def test_tiles_cover_all_that_is_not_plain_once():
    level = np.full((500, 700), 255, np.uint8)
    level[::10] = 0
    unexplained = np.ones((1, 1), bool)
    covered = np.zeros((800, 1000), int)
    for tile in detection.cut_tiles(level, unexplained, None, 1.0):
        left, top, right, bottom = tile.core
        covered[tile.y + top : tile.y + bottom, tile.x + left : tile.x + right] += 1
    assert (covered[:500, :700] == 1).all()
    plain = np.full((500, 700), 200, np.uint8)
    assert detection.cut_tiles(plain, unexplained, None, 1.0) == []


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
    found = detection.detect(np.uint8(255 - 255 * ink), ink, network)
    assert looked == [(1, 32, 32)] and len(found.heats) == 1


def test_tiles_of_a_page_on_its_side_show_fewer_digits(recognizer):
    sheet = Sheet(512, 512)
    for line in range(4):
        sheet.write("27354", 40, 30 + 120 * line, 60)
    tiles = detection.sample_tiles(sheet.picture(), np.array([(60, 60, 40, 60)]), 1)
    upright, glyphs = detection.detect_in_samples(tiles, detection.load_page_network(), 10)
    sideways, _ = detection.detect_in_samples(
        np.rot90(tiles, 1, (1, 2)), detection.load_page_network()
    )
    assert upright > 3 * max(sideways, 1)
    assert 5 <= len(glyphs) <= 10 and glyphs.shape[1:] == (28, 28)
    twice = np.repeat(tiles, 2, 0)
    _, glyphs = detection.detect_in_samples(twice, detection.load_page_network(), 5)
    assert len(glyphs) == 5
