"""What the Playground's sliders do to a glyph, and where along a slider the network's answer flips.

Glyphs are uint8 (28, 28), white on black. Everything is a function of its arguments; the noise has
a fixed seed, so that a slider changes its strength and nothing else.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from model.glyph import GLYPH_SIZE, normalise

CENTRE = (GLYPH_SIZE - 1) / 2
NOISE = np.random.default_rng(0).normal(size=(GLYPH_SIZE, GLYPH_SIZE))


class Slider(NamedTuple):
    """One way to distort a glyph."""

    name: str  # in the address
    label: str
    unit: str
    low: float
    high: float
    rest: float  # where it changes nothing
    step: float


SLIDERS = (
    Slider("turn", "Rotate", "°", -90.0, 90.0, 0.0, 1.0),
    Slider("right", "Shift sideways", "pixels", -10.0, 10.0, 0.0, 0.5),
    Slider("down", "Shift up and down", "pixels", -10.0, 10.0, 0.0, 0.5),
    Slider("scale", "Scale", "times", 0.4, 1.8, 1.0, 0.05),
    Slider("thick", "Thicken", "pixels", -1.5, 3.0, 0.0, 0.1),
    Slider("blur", "Blur", "pixels", 0.0, 4.0, 0.0, 0.1),
    Slider("noise", "Noise", "of full ink", 0.0, 1.0, 0.0, 0.02),
)
REST = {slider.name: slider.rest for slider in SLIDERS}
POINTS = 41  # of a curve


class Curve(NamedTuple):
    """What happens along one slider while the others stay."""

    slider: Slider
    values: np.ndarray  # (POINTS,) rising
    glyphs: np.ndarray  # (POINTS, 28, 28) uint8


def distort(glyph: np.ndarray, settings: dict[str, float], again: bool = False) -> np.ndarray:
    """A glyph with every slider's distortion, in the order of SLIDERS.

    Args:
        glyph: (28, 28) uint8.
        settings: each slider's name → its value.
        again: whether the result is cut out, scaled and centred once more, as the reader does with
            a drawing.
    """
    image = _move(glyph / 255, *(settings[name] for name in ("turn", "right", "down", "scale")))
    image = _thicken(image, settings["thick"])
    if settings["blur"]:
        image = ndimage.gaussian_filter(image, settings["blur"])
    if settings["noise"]:
        image = image + settings["noise"] * NOISE
    image = np.clip(image, 0, 1)
    return normalise(image.astype(np.float32)) if again else np.round(255 * image).astype(np.uint8)


def curves(glyph: np.ndarray, settings: dict[str, float], again: bool = False) -> list[Curve]:
    """For each slider, the glyph along its whole range, with the others as in `settings`."""
    curves = []
    for slider in SLIDERS:
        values = np.linspace(slider.low, slider.high, POINTS)
        glyphs = [distort(glyph, settings | {slider.name: value}, again) for value in values]
        curves.append(Curve(slider, values, np.stack(glyphs)))
    return curves


def flips(values: np.ndarray, answers: Sequence[int], now: float) -> list[tuple[float, int]]:
    """Where, going each way from `now`, the answer first becomes another one.

    Args:
        values: (n,) rising.
        answers: (n,) the class at each.
        now: the slider's value; the answer there is that of the nearest of `values`.

    Returns:
        Below `now` at most one (value, class), then above it at most one.
    """
    here = int(np.abs(values - now).argmin())
    flips = []
    for way in (range(here - 1, -1, -1), range(here + 1, len(values))):
        other = next((place for place in way if answers[place] != answers[here]), None)
        if other is not None:
            flips.append((float(values[other]), int(answers[other])))
    return flips


def _move(image: np.ndarray, turn: float, right: float, down: float, scale: float) -> np.ndarray:
    """Turned clockwise about its middle by so many degrees, scaled, then shifted by so many pixels;
    black outside."""
    if (turn, right, down, scale) == (0, 0, 0, 1):
        return image
    cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    # of (row, column): from where each pixel comes
    back = np.array([[cos, -sin], [sin, cos]]) / scale
    middle = np.full(2, CENTRE)
    return ndimage.affine_transform(
        image, back, middle - back @ (middle + np.array([down, right])), order=1
    )


def _thicken(image: np.ndarray, pixels: float) -> np.ndarray:
    """Strokes so many pixels wider on each side, or thinner where negative; between whole pixels, a
    mixture."""
    if not pixels:
        return image
    change = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    whole, part = divmod(abs(pixels), 1)
    less, more = (change(image, footprint=_disk(radius)) for radius in (int(whole), int(whole) + 1))
    return (1 - part) * less + part * more


def _disk(radius: int) -> np.ndarray:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return x**2 + y**2 <= (radius + 0.3) ** 2
