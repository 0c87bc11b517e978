"""Scenes to train the page reader with, as arrays: composed of MNIST and fonts, in whatever
process."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.page_format import LARGEST
from train import data
from train.compose import IGNORE, Composer, Scene
from train.store import TrainError

FONTS = (".ttf", ".otf", ".woff2")
MOST = 256  # things in a scene that the network is told of, at most
BORDER = 1.4  # how far beyond SMALLEST and LARGEST a digit may be found or not


class Scenes(NamedTuple):
    """Several scenes, with places for as many things in each.

    Attributes:
        pictures: (n, SIDE, SIDE) uint8 grey.
        boxes: (n, MOST, 4) float32 left, top, right, bottom in pixels; of no size where there is
            nothing.
        sizes: (n, MOST) float32 pixels.
        classes: (n, MOST) int8.
    """

    pictures: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    sizes: NDArray[np.float32]
    classes: NDArray[np.int8]


@functools.cache
def get_composer(fonts: str, validation: bool) -> Composer:
    """Of the digits of MNIST to train on, or of those to validate with; once a process.

    Raises:
        DataError: MNIST can't be had.
        TrainError: there is no such folder of fonts, none in it, or one that can't be opened.
    """
    paths: list[Path] = []
    if fonts:
        if not Path(fonts).is_dir():
            raise TrainError(f"--fonts should be a folder of fonts, and {fonts} is none.")
        paths = sorted(
            path for path in Path(fonts).iterdir() if path.suffix in FONTS and path.stat().st_size
        )
        if not paths:
            raise TrainError(f"There is no font ({', '.join(FONTS)}) in {fonts}.")
    mnist = data.load("mnist")
    try:
        return Composer(mnist.validation if validation else mnist.train, paths)
    except OSError as error:
        raise TrainError(f"A font in {fonts} can't be opened: {error}.") from error


def compose_scenes(
    fonts: str, seed: int, start: int, count: int, validation: bool = False
) -> Scenes:
    """So many scenes, numbered from `start`; raises as `get_composer` does."""
    scenes = [
        get_composer(fonts, validation).compose(np.random.default_rng([seed, n]))
        for n in range(start, start + count)
    ]
    return stack_scenes(scenes)


def stack_scenes(scenes: list[Scene]) -> Scenes:
    """Scenes as arrays of one length each; the few that hold more than MOST things lose those
    too large to be found, then the smallest."""
    boxes = np.zeros((len(scenes), MOST, 4), np.float32)
    sizes = np.zeros((len(scenes), MOST), np.float32)
    classes = np.full((len(scenes), MOST), IGNORE, np.int8)
    for number, scene in enumerate(scenes):
        # Those too large to be found come last, behind the smallest: they are the first to go.
        order = np.argsort(-np.where(scene.sizes <= LARGEST * BORDER, scene.sizes, 0))[:MOST]
        boxes[number, : len(order)] = scene.boxes[order]
        sizes[number, : len(order)] = scene.sizes[order]
        classes[number, : len(order)] = scene.classes[order]
    return Scenes(np.stack([scene.picture for scene in scenes]), boxes, sizes, classes)
