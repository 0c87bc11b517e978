"""A layer's maps on one sheet, any of which can be pointed at: its kernel, what it sees of the
digit, and what excites it most among the training images."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app_pages.figures import pictures
from app_pages.figures.pictures import Figure
from app_pages.inside import attributions
from app_pages.inside.attributions import LINE
from app_pages.theme import BLUE_ON_BLACK
from model.boxes import clip_box
from model.explainer import Excitations, Field, Layer
from model.glyph import GLYPH_SIZE
from train.data import Split

STRONGEST = 6  # of the maps before, those on which a kernel has its largest weights
ENLARGED = 6  # times, a digit with a box on it
HTML = """<div class="sheet" role="slider" tabindex="0"><img><div class="frame"></div></div>"""
CSS = """
.sheet { position: relative; cursor: pointer; border-radius: 6px; overflow: hidden;
  touch-action: manipulation; max-width: 700px }
.sheet:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px }
img { display: block; width: 100%; image-rendering: pixelated }
.frame { position: absolute; box-sizing: border-box; pointer-events: none;
  outline: 2px dashed #fff; outline-offset: -2px;
  box-shadow: inset 0 0 0 4px var(--st-primary-color), 0 0 0 2px var(--st-primary-color) }
.held .frame { outline-style: solid }
"""


def choose(layer: Layer, key: str) -> int:
    """Shows a layer's sheet; returns the number of the map that is chosen on it, counted from 0."""
    drawn, count = _draw(layer.output), layer.output.shape[-1]
    before = st.session_state.get(key, {}).get("map")
    number = before if isinstance(before, int) and 0 <= before < count else strongest(layer)
    _component()(
        key=key,
        data={
            **drawn,
            "words": f"The {layer.kind.lower()}'s output: {count} {unit(layer).lower()}s, "
            f"{drawn['columns']} in a row.",
            "name": layer.name,
            "unit": unit(layer),
            "count": count,
            "chosen": number,
        },
        on_map_change=lambda: None,
        height="content",
    )
    return number


@st.cache_data(max_entries=256, show_spinner=False)
def _draw(output: np.ndarray) -> dict[str, Any]:
    """A layer's sheet as sheet.js takes it: its picture, and where on it the maps lie."""
    sheet = attributions.tiles(output)
    height, width = sheet.picture.shape[:2]
    return {
        "picture": pictures.source(sheet.picture),
        "columns": sheet.columns,
        "cell": [LINE / width, LINE / height, sheet.wide / width, sheet.high / height],
        "step": [(sheet.wide + LINE) / width, (sheet.high + LINE) / height],
    }


def unit(layer: Layer) -> str:
    """What one of a layer's outputs is called."""
    return "Map" if layer.output.ndim == 3 else "Unit"


def strongest(layer: Layer) -> int:
    """The map that answers a digit most."""
    return int(layer.output.reshape(-1, layer.output.shape[-1]).max(0).argmax())


def answer(glyph: np.ndarray, layer: Layer, number: int) -> list[Figure]:
    """One map, with its strongest place, and what that place sees of the glyph (28, 28)."""
    if layer.output.ndim == 1:
        return []
    output = layer.output[..., number]
    row, column = np.unravel_index(output.argmax(), output.shape)
    map_name = f"Map {number + 1}"
    scale = max(1, ENLARGED * GLYPH_SIZE // len(output))
    shades = attributions.brightness(output, layer.output.max()).repeat(scale, 0).repeat(scale, 1)
    place = (int(column) * scale, int(row) * scale, scale, scale)
    if output.max() <= 0:
        return [Figure(pictures.source(shades), f"{map_name} is silent.", f"{map_name}, black.")]
    large = glyph.repeat(ENLARGED, 0).repeat(ENLARGED, 1)
    box = clip_box(layer.field.box(int(row), int(column)), GLYPH_SIZE, GLYPH_SIZE)
    seen = tuple(ENLARGED * side for side in box)
    return [
        Figure(
            pictures.source(pictures.outline(shades, [place], BLUE_ON_BLACK)),
            f"{map_name}: strongest here, {output.max():.2f}",
            f"{map_name} with a box around its strongest place.",
        ),
        Figure(
            pictures.source(pictures.outline(large, [seen], BLUE_ON_BLACK)),
            "What that place sees",
            f"The digit with a box around what the strongest place of {map_name.lower()} sees.",
        ),
    ]


def kernel(layer: Layer, number: int) -> list[Figure]:
    """A map's kernel: of many maps before, the part on each of those that it weighs most."""
    if layer.kernel is None:
        return []
    weights = layer.kernel[..., number]  # (h, w, before)
    most = float(np.abs(weights).max())
    order = np.argsort(-np.linalg.norm(weights, axis=(0, 1)), kind="stable")[:STRONGEST]
    return [
        Figure(
            pictures.source(
                attributions.signed(
                    np.zeros(weights.shape[:2], np.uint8), weights[..., place], most
                )
            ),
            f"map {place + 1}" if weights.shape[-1] > 1 else "the image",
            f"Weights of the kernel {f'on map {place + 1} before it' if len(order) > 1 else ''}: "
            f"plus is blue, minus orange.",
        )
        for place in order
    ]


def exciting(
    found: Excitations, field: Field, number: int, split: Split, classes: Sequence[str], side: int
) -> list[Figure]:
    """The patches of training images that excite a map most, the most first.

    Args:
        found: of the layer.
        field: the layer's.
        number: the map's.
        split: the training images.
        classes: their names.
        side: places of the map in a row.
    """
    figures = []
    for value, image, place in zip(*(each[number] for each in found), strict=True):
        label = classes[split.labels[image]]
        patch = _cut(split.images[image], field.box(*divmod(int(place), side)))
        figures.append(
            Figure(
                pictures.source(patch),
                f"{label} · {value:.2f}",
                f"Patch of training image {image}, which is labelled {label}.",
                crisp=True,
            )
        )
    return figures


def _cut(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """What lies in a box (left, top, width, height), black outside the image; all of the image,
    where the box is larger."""
    left, top, width, height = box
    if width >= GLYPH_SIZE:
        return image
    padded = np.pad(image, GLYPH_SIZE)
    return padded[GLYPH_SIZE + top :, GLYPH_SIZE + left :][:height, :width]


@functools.cache
def _component() -> Any:
    script = Path(__file__).with_name("sheet.js").read_text(encoding="utf-8")
    return st.components.v2.component("sheet of maps", html=HTML, css=CSS, js=script)
