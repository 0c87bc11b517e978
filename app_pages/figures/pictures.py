"""Pictures with captions, in rows that wrap on narrow screens: steps of a reading, contact sheets,
boxes and names."""

import base64
import dataclasses
import functools
import html
import io
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from app_pages.pen import samples
from app_pages.theme import BLUE, ORANGE, rgb
from model import Digit, Reading
from model.image import downscale
from model.pen.path import PLACES, as_path
from model.strokes import FILLED, FINER

LEFT_OUT_COLOUR, DASH = "#767676", 5  # of the boxes of what was left out; pixels
SMALL = 40  # pixels: a smaller digit has a finer box and label
UNSURE = 0.9  # confidence below which a digit is marked


class Figure(NamedTuple):
    """A picture for a page: where it comes from (a data: address), what stands below, what it shows
    in words."""

    source: str
    caption: str
    alt: str
    crisp: bool = False  # its pixels are shown as squares
    link: str | None = None  # where a click on it leads


def show(figures: Iterable[Figure], width: int, abreast: int = 1) -> None:
    """Figures side by side, each `width` pixels wide, or less where so many `abreast` would not fit
    the screen."""
    st.html(as_html(figures, width, abreast))


def as_html(figures: Iterable[Figure], width: int, abreast: int = 1) -> str:
    """What `show` shows."""
    items = "".join(
        f'<figure style="margin:0;width:min({width}px,calc({100 / abreast:.2f}% - '
        f'.9rem))">{_picture(figure, width)}'
        "<figcaption "
        'style="font-size:.8rem;line-height:1.3;margin-top:.35rem;opacity:.85;white-space:pre-line">'
        f"{html.escape(figure.caption)}</figcaption></figure>"
        for figure in figures
    )
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:.9rem;align-items:flex-start">{items}</div>'
    )


def _picture(figure: Figure, width: int) -> str:
    rendering = "pixelated" if figure.crisp else "auto"
    picture = (
        f'<img src="{figure.source}" alt="{html.escape(figure.alt)}" '
        f'style="display:block;width:100%;max-height:{1.5 * width}px;object-fit:contain;'
        f"image-rendering:{rendering};"
        f'border-radius:6px;outline:1px solid rgba(128,128,128,.35)">'
    )
    if not figure.link:
        return picture
    # app_pages/links.py follows it within the session.
    return f'<a href="{html.escape(figure.link)}" data-session="1">{picture}</a>'


def steps(reading: Reading, digit: Digit) -> list[Figure]:
    """From a picture to what the networks see of one of its digits."""
    figures = [
        Figure(source(reading.image), "1. Your drawing", "The drawing as it came in."),
        Figure(
            source(outline(_on_white(reading.ink), [digit.box])),
            "2. The ink, and the box around it",
            "The ink that was found, with a box around the digit.",
        ),
        Figure(
            source(digit.glyph),
            "3. What the network sees: 28 × 28 pixels",
            "The digit cut out, scaled to 28 by 28 pixels and centred, white on black.",
            crisp=True,
        ),
    ]
    if strokes := digit.strokes:
        figures.append(
            Figure(
                source(_draw_path(as_path([stroke.points for stroke in strokes]))),
                "4. What the pen network sees: how you moved the pen, from blue to orange",
                f"{PLACES} places along the pen's path; strokes: {len(strokes)}.",
            )
        )
    return figures


def _draw_path(path: np.ndarray, side: int = 280) -> np.ndarray:
    """(PLACES, 3) as model/pen/path.py has it → (side, side, 3) uint8: places from blue to orange,
    and a ring where a stroke begins."""
    picture = Image.new("RGB", (FINER * side, FINER * side), "white")
    pen = ImageDraw.Draw(picture)
    places = FINER * side * (0.5 + FILLED * path[:, :2])
    first, last = np.array(rgb(BLUE)), np.array(rgb(ORANGE))
    for number, ((x, y), goes_on) in enumerate(zip(places, path[:, 2], strict=True)):
        share = number / (len(path) - 1)
        colour = tuple(np.rint((1 - share) * first + share * last).astype(int))
        if goes_on:
            pen.line((*places[number - 1], x, y), fill=colour, width=FINER * side // 100)
        radius = FINER * side / (80 if goes_on else 45)
        inside = colour if goes_on else "white"
        pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius),
            fill=inside,
            outline=colour,
            width=FINER * side // 100,
        )
    return np.asarray(picture.reduce(FINER))


def page_steps(
    reading: Reading, boxes: Iterable[tuple[int, int, int, int]], side: int
) -> list[Figure]:
    """From a picture to the boxes of its digits: the picture, its ink, the boxes (left, top, width,
    height) around."""
    scale = reading.ink_scale
    ink = _fit_side(_on_white(reading.ink), side)
    factor = ink.shape[1] / reading.image.shape[1]
    boxes = [tuple(round(factor * length) for length in box) for box in boxes]
    return [
        Figure(
            source(_fit_side(reading.image, side)),
            "1. The picture, upright",
            "The picture as it came in.",
        ),
        Figure(
            source(ink),
            "2. The ink: how much darker each place is than the paper around it"
            + (f", at {scale:.0%} of the size" if scale < 1 else ""),
            "The ink without the paper's colour, light and rulings.",
        ),
        Figure(
            source(outline(ink, boxes)),
            "3. The boxes: connected ink, grouped into the digits that the network is surest of",
            f"The ink with {len(boxes)} boxes around the digits.",
        ),
    ]


def contact_sheet(images: np.ndarray, captions: list[str], alts: list[str]) -> list[Figure]:
    """(n, 28, 28) uint8 glyphs with a caption each."""
    return [
        Figure(source(image), *words, crisp=True)
        for image, *words in zip(images, captions, alts, strict=True)
    ]


def outline(
    image: np.ndarray, boxes: Iterable[tuple[int, int, int, int]], colour: str = BLUE
) -> np.ndarray:
    """(h, w) or (h, w, 3) uint8 → (h, w, 3) uint8 with boxes (left, top, width, height) drawn
    in."""
    picture = Image.fromarray(image).convert("RGB")
    line = max(1, round(max(picture.size) / 90))
    for left, top, width, height in boxes:
        ImageDraw.Draw(picture).rectangle(
            (left - line, top - line, left + width + line - 1, top + height + line - 1),
            outline=colour,
            width=line,
        )
    return np.asarray(picture)


def is_unsure(digit: Digit) -> bool:
    """Whether a digit is marked as one to look at."""
    return digit.value is None or digit.confidence < UNSURE


def annotate(reading: Reading, names: list[str], side: int) -> np.ndarray:
    """The picture of a reading (h, w, 3) uint8, fitted to a square of `side` pixels, with each
    digit's box and name.

    An unsure digit has a double box and a question mark behind its name: colour says it too, but
    not alone. What was left out has a box of dashes.
    """
    picture = Image.fromarray(_fit_side(reading.image, side))
    scale = max(picture.size) / max(reading.image.shape)
    pen = ImageDraw.Draw(picture)
    for box in reading.left_out:
        left, top, right, bottom = (
            scale * length for length in (*box[:2], box[0] + box[2], box[1] + box[3])
        )
        for ends in (
            (left, top, right, top),
            (left, bottom, right, bottom),
            (left, top, left, bottom),
            (right, top, right, bottom),
        ):
            _draw_dashes(pen, *ends)
    for digit, name in zip(reading.digits, names, strict=True):
        doubt = is_unsure(digit)
        left, top, box_width, box_height = (scale * length for length in digit.box)
        colour = ORANGE if doubt else BLUE
        near = 1 if box_height < SMALL else 3  # on a full page there is little white around
        for margin in (near, 2 * near + 1) if doubt else (near,):
            box = left - margin, top - margin, left + box_width + margin, top + box_height + margin
            pen.rectangle(box, outline=colour, width=2 if margin == 3 else 1)
        label = f"{name}?" if doubt and name != "?" else name
        font = ImageFont.load_default(
            max(11 if box_height < SMALL else 16, min(28, round(0.6 * box_height)))
        )
        place = left + box_width / 2, max(font.size, top - 2 * near - 1)
        pen.text(
            place,
            label,
            fill=colour,
            font=font,
            anchor="ms",
            stroke_width=near,
            stroke_fill="white",
        )
    return np.asarray(picture)


def _draw_dashes(
    pen: ImageDraw.ImageDraw, left: float, top: float, right: float, bottom: float
) -> None:
    """A line of dashes, level or upright."""
    length = max(right - left, bottom - top, 1)
    for start in np.arange(0, length, 2 * DASH):
        x, y = ((end - begin) / length for begin, end in ((left, right), (top, bottom)))
        end = min(start + DASH, length)
        pen.line(
            (left + x * start, top + y * start, left + x * end, top + y * end),
            fill=LEFT_OUT_COLOUR,
            width=2,
        )


def annotate_blank(reading: Reading, names: list[str]) -> np.ndarray:
    """What `annotate` draws, on white paper of the picture's own size (h, w, 3) uint8."""
    paper = np.full_like(reading.image, 255)
    return annotate(dataclasses.replace(reading, image=paper), names, max(paper.shape))


@functools.cache
def icon(side: int = 64) -> Image.Image:
    """The dashboard's icon: a pen's 2. Drawn here, since Streamlit fetches its own icons from
    another server."""
    picture = Image.new("RGB", (side, side), BLUE)
    (stroke,) = samples.lines(2, side)
    ImageDraw.Draw(picture).line(stroke, fill="white", width=side // 8, joint="curve")
    return picture


@functools.cache
def logo(dark: bool, height: int = 96) -> Image.Image:
    """The icon with rounded corners and the name beside it, on a transparent ground."""
    picture = Image.new("RGBA", (round(5.2 * height), height))
    corners = Image.new("L", (height, height))
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, height - 1, height - 1), height // 5, fill=255)
    picture.paste(icon(height), (0, 0), corners)
    font = ImageFont.load_default(round(0.62 * height))
    colour = "#e6ebf0" if dark else "#0a1018"
    ImageDraw.Draw(picture).text(
        (1.3 * height, height / 2), "Digit reader", fill=colour, font=font, anchor="lm"
    )
    return picture


def fit(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture as large as fits into so many pixels."""
    scale = min(width / image.shape[1], height / image.shape[0])
    return _scale(image, scale)


def _fit_side(image: np.ndarray, side: int) -> np.ndarray:
    """The picture, its longer side at most `side` pixels and at least a third of that."""
    longer = max(image.shape[:2])
    return _scale(image, min(max(longer, side / 3), side) / longer)


def _scale(image: np.ndarray, scale: float) -> np.ndarray:
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = downscale(image, max(1, int(1 / (2 * scale))))  # a large one is not copied as a whole
    return np.asarray(Image.fromarray(image).resize(size))


def _on_white(ink: np.ndarray) -> np.ndarray:
    """(h, w) ink in [0, 1] → uint8, dark ink on white."""
    return np.round(255 * (1 - ink)).astype(np.uint8)


def source(image: np.ndarray) -> str:
    """(h, w) or (h, w, 3) uint8 → a data: address with the picture itself."""
    png = io.BytesIO()
    Image.fromarray(image).save(png, "PNG")
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def photograph(image: np.ndarray) -> str:
    """(h, w, 3) uint8 → a data: address with the picture as a JPEG file, an eighth as long as that
    of `source`."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(image)).decode()}"


def jpeg(image: np.ndarray) -> bytes:
    """(h, w, 3) uint8 → a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=90, subsampling=0)
    return file.getvalue()
