"""Pictures of what goes on inside a network: what speaks for and against a class, and the maps of a
layer."""

import numpy as np
from PIL import Image, ImageDraw

from app_pages.figures.bars import BLUE
from app_pages.figures.charts import ORANGE

CELL = 16  # pixels a side of a glyph's pixel
# of the strongest: from there a + or − stands in the pixel, since colour says nothing alone
MARKED = 0.25
WIDEST = 700  # pixels of a layer's sheet, about
GAP = (74, 106, 138)  # between maps: no map has this blue grey


def signed(glyph: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What speaks for (blue, +) and against (orange, −) in a glyph, over its ink in grey.

    Args:
        glyph: (h, w) uint8, white ink.
        values: (h, w) float. The strongest, of either sign, gets the full colour, 0 none, in
            between it is linear.

    Returns:
        (CELL h, CELL w, 3) uint8.
    """
    most = np.abs(values).max()
    strength = np.abs(values) / most if most else np.zeros(values.shape)
    colours = np.where((values > 0)[..., None], _rgb(BLUE), _rgb(ORANGE))
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


def tiles(output: np.ndarray) -> tuple[np.ndarray, int]:
    """A layer's output side by side, on one scale: white is the layer's strongest, black 0 or
    below.

    Between them brightness is the square root of the strength, so that faint answers show, too.

    Args:
        output: (h, w, channels) maps, or (units,) numbers, each shown as a square.

    Returns:
        (height, width, 3) uint8, and how many are in a row.
    """
    maps = output if output.ndim == 3 else output[None, None]
    height, width, count = maps.shape
    columns = min(count, -(-int((2.2 * count) ** 0.5) // 4) * 4)  # about twice as wide as high
    rows = -(-count // columns)
    scale = max(1, min(WIDEST // (columns * width), 252 // width, 24 if output.ndim == 1 else 252))
    most = maps.max()
    shades = (
        np.round(255 * np.sqrt(np.clip(maps / most, 0, 1))).astype(np.uint8)
        if most > 0
        else np.zeros(maps.shape, np.uint8)
    )
    shades = shades.repeat(scale, 0).repeat(scale, 1)
    high, wide, line = scale * height, scale * width, 2
    sheet = np.full((rows * (high + line) + line, columns * (wide + line) + line, 3), GAP, np.uint8)
    for number in range(count):
        top, left = (
            line + number // columns * (high + line),
            line + number % columns * (wide + line),
        )
        sheet[top : top + high, left : left + wide] = shades[..., number, None]
    return sheet, columns


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)], float)
