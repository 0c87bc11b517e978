"""What makes a run of `python -m train.pages`."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Config:
    """What makes a run; each field is a flag, and all are saved in the card."""

    fonts: str = ""  # a folder of fonts (TTF, OTF, WOFF2); Pillow's own is always there
    seed: int = 0
    rounds: int = 60  # sets of scenes
    scenes: int = 512  # in a round
    passes: int = 4  # over the scenes of a round
    batch_size: int = 16  # scenes a step
    learning_rate: float = 3e-3  # the highest
    weight_decay: float = 0.02
    average_decay: float = 0.999  # of the weights' moving average, which is what ships
    widths: tuple[int, int, int, int] = (24, 32, 64, 96)  # the network's channels
    start: str = ""  # a page network's checkpoint to begin with, in place of random weights
    validation: int = 128  # scenes to validate with
