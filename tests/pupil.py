"""A small network of two digits, 1 and 7, that is taught in seconds, with the pictures that it was
trained on."""

import dataclasses
from pathlib import Path

import numpy as np
from pages import written

from train import loop
from train.config import Config

CLASSES = ("1", "7")
SMALL = Config(
    epochs=3,
    batch_size=32,
    learning_rate=8e-3,
    widths=(4, 4, 8),
    depth=1,
    features=0,
    dropout=0.0,
    average_decay=0.9,
    augmentation=False,
    outliers=0.0,
    epoch_images=256,
)


def make(folder: Path) -> Path:
    """Draws the pictures into `folder/pictures` and trains `folder/checkpoints/pupil` on them;
    returns its path."""
    generator = np.random.default_rng(0)
    for name in CLASSES:
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(18):
            picture = written(int(name), int(generator.integers(60, 140))).rotate(
                generator.uniform(-12, 12), fillcolor="white"
            )
            picture.save(folder / "pictures" / name / f"{number}.png")
    config = dataclasses.replace(SMALL, data=str(folder / "pictures"))
    loop.train(config, folder / "checkpoints" / "pupil", quiet=True)
    return folder / "checkpoints" / "pupil"
