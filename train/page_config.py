"""What makes a run of `python -m train.pages`."""

import dataclasses

from model.card import ARGUMENT_RANGES
from train.config import Bounds, check_bounds, value
from train.store import TrainError

# what values of a Config make sense; widths are what a card may say
BOUNDS: Bounds = {
    "seed": (0, 2**31 - 1),  # scenes to validate with are composed of the next one
    "rounds": (1, 10_000),
    "scenes": (1, 1_000_000),
    "passes": (1, 1000),
    "batch_size": (1, 65_536),
    "learning_rate": (0, 10),
    "average_decay": (0, 1),
    "widths": ARGUMENT_RANGES["widths"],
    "validation": (1, 1_000_000),
}


@dataclasses.dataclass(frozen=True)
class Config:
    """What makes a run; each field is a flag, and all are saved in the card.

    The defaults are judgement, as first written, and no measurement of other values is kept;
    checkpoints/pages/card.json says what the last runs of what ships had instead.
    """

    fonts: str = value("", "a folder of fonts (TTF, OTF, WOFF2); Pillow's own is always there")
    seed: int = value(0, "of the weights and of the scenes")
    rounds: int = value(60, "sets of scenes")
    scenes: int = value(512, "in a round")
    passes: int = value(4, "over the scenes of a round")
    batch_size: int = value(16, "scenes a step")
    learning_rate: float = value(3e-3, "the highest")
    weight_decay: float = value(0.02, "AdamW's, times the learning rate")
    average_decay: float = value(0.999, "of the weights' moving average, which is what ships")
    widths: tuple[int, int, int, int] = value((24, 32, 64, 96), "the network's channels")
    start: str = value("", "a page network's checkpoint to begin with, in place of random weights")
    validation: int = value(128, "scenes to validate with")

    def __post_init__(self) -> None:
        check_bounds(self, BOUNDS, widths=4)
        if self.batch_size > self.scenes:
            raise TrainError(
                f"--batch-size should be at most --scenes, which is {self.scenes}, not "
                f"{self.batch_size}."
            )
