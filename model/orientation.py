"""Which way up a picture's writing is.

It is turned where more digits are read surely that way. What is rightly "?" speaks for no turn. On
its side, the page network tells, from a few tiles; upside down, the digits' glyphs do.

The constants were tuned with benchmarks/pages.py, on pages composed of validation digits and turned
all four ways, and kept where benchmarks/real_pages.py turned none of the team's pages wrongly.
"""

from collections.abc import Sequence
from typing import Literal, TypeVar

import numpy as np

from model import detection, leftovers
from model.boxes import typical_size
from model.glyph import GLYPH_SIZE, normalise
from model.ink import Ink
from model.upright import (
    ConnectedInk,
    Page,
    UprightReader,
    boxes_of,
    mean_log_confidence,
)

SEVERAL = 4  # digits from which it may be told that a page is turned
# Mean confidence in connected ink: with less, the picture may lie on its side, and is looked at so
# first.
UNSURE = 0.8
UPRIGHT = 0.97  # mean confidence from which a page is taken to be upright
CLEAR = 1.08  # times the evidence of an upright page must speak for one that is upside down
# The same, of the page network's evidence for a page on its side: to it, digits that are turned are
# digits, too.
SIDEWAYS = 1.4
MIN_EVIDENCE = 1.5  # digits without doubt that must speak for a turned page beyond an upright one
PRINTED = 0.07  # on its side, so many of a text's letters look like digits
# Digits, as a share of what was left out: with fewer, a page is one of print, which is not upside
# down.
MIN_DIGITS = 0.12
TILES, GLYPHS = 3, 20  # of the page network, looked at to tell on which side a page lies
DIGITS = 100  # looked at to tell whether a page is upside down
ALIKE = 1.5  # times as large: tiles at scales that differ by less were looked at already

Item = TypeVar("Item")


def read_any_way_up(
    picture: np.ndarray, reader: UprightReader, ink: Ink | None = None
) -> tuple[int, Page]:
    """An (h, w, 3) uint8 picture, and its ink, where that is known → by how many degrees,
    clockwise, its writing is turned, and what it holds, turned upright."""
    connected = reader.read_connected(picture, ink)
    has_network, pieces = reader.page_network is not None, connected.pieces
    unsure = not connected.lines or mean_log_confidence(connected.lines) < np.log(UNSURE)
    tried = pieces.boxes() if pieces and has_network and unsure else []
    if tried and (turn := _sideways(connected, tried, reader)):
        ink = connected.ink.turned(turn)
        return turn, reader.read(np.rot90(picture, turn // 90), ink, clean=False)
    page = reader.complete(picture, connected)
    count = sum(map(len, page.lines))
    if page.note or count + (len(page.left_out) if has_network else 0) < SEVERAL:
        return 0, page
    glyphs = [digit.glyph for line in page.lines for digit in line]
    boxes: Sequence[Sequence[float]] = []
    if pieces and has_network and count < max(SEVERAL, len(page.left_out)):
        # Turned, it may show none of its digits, or few.
        every = tried or pieces.boxes()
        boxes = [] if tried else every
        several = count >= max(SEVERAL, MIN_DIGITS * len(page.left_out))
        chosen = _spread(every, DIGITS) if several else []
        glyphs = [normalise(page.ink.map[y : y + h, x : x + w]) for x, y, w, h in chosen]
    elif mean_log_confidence(page.lines) >= np.log(UPRIGHT):
        return 0, page
    else:
        boxes = [[side / connected.reduction for side in box] for box in boxes_of(page.lines)]
        if tried and max(sizes := [typical_size(boxes), typical_size(tried)]) < ALIKE * min(sizes):
            boxes = []  # at that scale, it was looked at before
    if has_network and (turn := _sideways(connected, boxes, reader)):
        return turn, reader.read(np.rot90(picture, turn // 90), page.ink.turned(turn), clean=False)
    if len(glyphs) < SEVERAL:
        return 0, page
    turns = (180,) if has_network else (180, 90, 270)
    some = np.array(_spread(glyphs, DIGITS))
    evidence = {turn: _evidence(np.rot90(some, turn // 90, (1, 2)), reader) for turn in (0, *turns)}
    best = max(turns, key=lambda turn: evidence[turn])
    if evidence[best] <= max(CLEAR * evidence[0], evidence[0] + MIN_EVIDENCE):
        return 0, page
    return best, reader.read(np.rot90(picture, best // 90), page.ink.turned(best))


def _sideways(
    connected: ConnectedInk, boxes: Sequence[Sequence[float]], reader: UprightReader
) -> Literal[0, 90, 270]:
    """By how much a picture is turned, if around some boxes of it the page network is sure of more
    digits when they are turned by a quarter; which quarter, the digits' glyphs say."""
    if len(boxes) < SEVERAL or reader.page_network is None:
        return 0
    tiles = detection.sample_tiles(connected.small, np.array(boxes, float), TILES)
    upright, _ = detection.detect_in_samples(tiles, reader.page_network)
    on_one_side, on_the_other = (
        detection.detect_in_samples(np.rot90(tiles, quarters, (1, 2)), reader.page_network, GLYPHS)
        for quarters in (1, 3)
    )
    least = MIN_EVIDENCE + PRINTED * min(len(boxes), leftovers.MAX_LEFT_OUT)
    if max(on_one_side[0], on_the_other[0]) <= max(SIDEWAYS * upright, upright + least):
        return 0
    return 90 if _evidence(on_one_side[1], reader) >= _evidence(on_the_other[1], reader) else 270


def _evidence(glyphs: np.ndarray, reader: UprightReader) -> float:
    """How many of (n, 28, 28) uint8 glyphs are read surely: how far each is from being as likely
    wrong, summed."""
    centred = np.array([normalise(glyph / np.float32(255)) for glyph in glyphs], np.uint8)
    glyphs = centred.reshape(-1, GLYPH_SIZE, GLYPH_SIZE)
    confidence = reader.classifier.probabilities(glyphs).max(1)
    return float(np.clip(2 * confidence - 1, 0, None).sum())


def _spread(items: Sequence[Item], most: int) -> Sequence[Item]:
    """All of them, or so many that are evenly spread."""
    if len(items) <= most:
        return items
    return [items[at] for at in np.linspace(0, len(items) - 1, most).astype(int)]
