"""Pictures of what goes on inside a network: what speaks for and against a class, and the maps of a
layer."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from app_pages.theme import BLUE, ORANGE, rgb

CELL = 16  # pixels a side of a glyph's pixel
# of the strongest: from there a + or − stands in the pixel, since colour says nothing alone
MARKED = 0.25
WIDEST = 700  # pixels of a layer's sheet, about
LINE = 2  # pixels between maps
GAP = (74, 106, 138)  # of these: no map has this blue grey


def signed(glyph: np.ndarray, values: np.ndarray, most: float | None = None) -> np.ndarray:
    """What speaks for (blue, +) and against (orange, −) in a glyph, over its ink in grey.

    Args:
        glyph: (h, w) uint8, white ink.
        values: (h, w) float; 0 has no colour, in between it is linear.
        most: the value, of either sign, that has the full colour; None: the strongest's.

    Returns:
        (CELL h, CELL w, 3) uint8.
    """
    most = np.abs(values).max() if most is None else most
    strength = np.abs(values) / most if most else np.zeros(values.shape)
    colours = np.where((values > 0)[..., None], rgb(BLUE), rgb(ORANGE))
    paper = (255 - 45 * (glyph[..., None] / 255)) * np.ones(3)
    blend = paper + strength[..., None] * (colours - paper)
    picture = Image.fromarray(np.round(blend).astype(np.uint8)).resize(
        (CELL * glyph.shape[1], CELL * glyph.shape[0]), Image.Resampling.NEAREST
    )
    pen = ImageDraw.Draw(picture)
    for y, x in np.argwhere(strength >= MARKED):
        middle_x, middle_y, arm = CELL * x + CELL // 2, CELL * y + CELL // 2, CELL // 4
        ink = "white" if strength[y, x] > 0.5 else "black"
        pen.rectangle((middle_x - arm, middle_y - 1, middle_x + arm - 1, middle_y), fill=ink)
        if values[y, x] > 0:
            pen.rectangle((middle_x - 1, middle_y - arm, middle_x, middle_y + arm - 1), fill=ink)
    return np.asarray(picture)


def legend(against: str, in_favour: str) -> str:
    """HTML: the scale of `signed`, with words at its ends."""
    return (
        "<div "
        'style="display:flex;gap:.6rem;align-items:center;font-size:.85rem;line-height:1.25;max-width:700px">'
        f"<span>− {against}</span>"
        f'<span aria-hidden="true" style="flex:1;min-width:3rem;height:.8rem;border-radius:4px;'
        f"background:linear-gradient(90deg,{ORANGE},#fff,{BLUE});outline:1px solid "
        'rgba(128,128,128,.35)"></span>'
        f"<span>+ {in_favour}</span></div>"
    )


class Sheet(NamedTuple):
    """A layer's maps side by side, and where each lies."""

    picture: np.ndarray  # (height, width, 3) uint8
    columns: int  # maps in a row
    wide: int  # pixels of a map, and LINE of them between two
    high: int


def tiles(output: np.ndarray) -> Sheet:
    """A layer's output side by side, on one scale: white is the layer's strongest, black 0 or
    below.

    Between them brightness is the square root of the strength, so that faint answers show, too.

    Args:
        output: (h, w, channels) maps, or (units,) numbers, each shown as a square.
    """
    maps = output if output.ndim == 3 else output[None, None]
    height, width, count = maps.shape
    columns = min(count, -(-int((2.2 * count) ** 0.5) // 4) * 4)  # about twice as wide as high
    rows = -(-count // columns)
    scale = max(1, min(WIDEST // (columns * width), 252 // width, 24 if output.ndim == 1 else 252))
    shades = brightness(maps, maps.max()).repeat(scale, 0).repeat(scale, 1)
    high, wide = scale * height, scale * width
    sheet = np.full((rows * (high + LINE) + LINE, columns * (wide + LINE) + LINE, 3), GAP, np.uint8)
    for number in range(count):
        top, left = (
            LINE + number // columns * (high + LINE),
            LINE + number % columns * (wide + LINE),
        )
        sheet[top : top + high, left : left + wide] = shades[..., number, None]
    return Sheet(sheet, columns, wide, high)


def brightness(values: np.ndarray, most: float) -> np.ndarray:
    """Numbers of any shape → uint8: 255 for `most`, 0 for none."""
    if most <= 0:
        return np.zeros(values.shape, np.uint8)
    return np.round(255 * np.sqrt(np.clip(values / most, 0, 1))).astype(np.uint8)
