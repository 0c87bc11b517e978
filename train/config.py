"""What makes a run of `python -m train`: its Config, and the presets of one."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from model import checkpoint
from model.card import ARGUMENT_RANGES, MAX_DROPOUT
from train.dataset import VALIDATION
from train.store import TrainError

# of a Config's values, those that are arguments of DigitCNN
NETWORK = ("widths", "depth", "features", "dropout")
SHARES = (  # values of a Config from 0 to 1
    "warmup",
    "label_smoothing",
    "average_decay",
    "damage",
    "drawn",
    "outliers",
    "abstain",
)
HELP = "help"  # a field's metadata: what it means
Bounds = Mapping[str, tuple[float, float]]
# what values of a Config make sense; those of the network are what a card may say
BOUNDS: Bounds = dict.fromkeys(SHARES, (0, 1)) | {
    "seed": (0, 2**31 - 1),
    "weight_decay": (0, 10),
    "epochs": (1, 10_000),
    "batch_size": (1, 65_536),
    "learning_rate": (0, 10),
    "muon_learning_rate": (0, 10),
    "train_limit": (0, 10**9),
    "epoch_images": (0, 10**9),
    "validation": (1, 10**9),
    "rehearse": (0, 0.9),
    "warp": (0, 3),
    "widths": ARGUMENT_RANGES["widths"],
    "depth": ARGUMENT_RANGES["depth"],
    "features": ARGUMENT_RANGES["features"],
    "dropout": (0, MAX_DROPOUT),
    "beta1": (0, 0.999),
    "beta2": (0, 0.99999),
}


def value(default: Any, words: str) -> Any:
    """A field of a Config, with what it means: what --help says of its flag."""
    return dataclasses.field(default=default, metadata={HELP: words})


def check_bounds(config: Any, bounds: Bounds, widths: int = 0) -> None:
    """Sees that the values of a Config make sense.

    Args:
        config: a dataclass, each of whose fields is a flag; `widths`, if any, is a tuple.
        bounds: of a field, the least and the most that it, or each of its numbers, may be.
        widths: how many widths there are to be, 0 where it has none.

    Raises:
        TrainError: one does not; the message names its flag.
    """
    for field, (low, high) in bounds.items():
        value = getattr(config, field)
        numbers = value if isinstance(value, tuple) else (value,)
        if not all(low <= number <= high for number in numbers):
            raise TrainError(
                f"--{field.replace('_', '-')} should be from {low} to {high}, not "
                f"{','.join(map(str, numbers))}."
            )
    if widths and len(config.widths) != widths:
        raise TrainError(
            f"--widths should be {widths} numbers, not {','.join(map(str, config.widths))}."
        )


@dataclasses.dataclass(frozen=True)
class Config:
    """What makes a run. Each field is a flag of `python -m train`, and all are saved in the
    card."""

    data: str = value(
        "mnist",
        "a TFDS name, a folder of class folders of pictures, or of train and test of these, or "
        "files: IDX, npz, CSV, Parquet or mat",
    )
    from_: str = value(
        "",
        "a checkpoint to start from, rather than from random weights: its folder, or the name of "
        "one that ships",
    )
    freeze: str = value("", "layers that stay as they are in that checkpoint, such as conv1,conv2")
    rehearse: float = value(
        0.0, "share of an epoch's images that come from what that checkpoint was trained on"
    )
    corrections: str = value(
        "",
        "a file of glyphs with labels (npz) to train on; the training images of --data are "
        "rehearsed",
    )
    teacher: str = value(
        "", "the folder of a checkpoint whose answers are the targets, in place of the labels"
    )
    seed: int = value(0, "of the weights, the order, the distortions and the dropout")
    epochs: int = value(24, "passes over the training images")
    batch_size: int = value(128, "images a step")
    learning_rate: float = value(2e-3, "AdamW's highest, reached after the warm-up")
    muon_learning_rate: float = value(
        0.03,
        "Muon's highest, which moves all kernels but the last layer's; 0: AdamW moves these too",
    )
    warmup: float = value(
        0.1, "share of the run in which the learning rate rises; then it falls as a cosine"
    )
    weight_decay: float = value(
        0.02, "times the learning rate; of all kernels, with Muon of those that it moves"
    )
    beta1: float = value(0.9, "AdamW's, how much of the gradients' average stays at each step")
    beta2: float = value(0.999, "AdamW's, how much of the average of their squares stays")
    widths: tuple[int, ...] = value(
        (32, 48, 96), "channels of the network's stem and of its two stages"
    )
    depth: int = value(2, "convolutions in each of the network's two stages")
    features: int = value(128, "units of the network's hidden layer; 0: none")
    label_smoothing: float = value(0.02, "share of the target that is spread over all classes")
    dropout: float = value(0.4, "share of the hidden layer's inputs that are dropped")
    average_decay: float = value(
        0.9995, "of the weights' exponential moving average, which is what ships"
    )
    augmentation: bool = value(True, "distort the images (train/augment.py)")
    warp: float = value(
        1.0, "how far the distortions bend, turn and thicken an image; 1 is as hands differ"
    )
    damage: float = value(0.4, "share of the images that are damaged, not only warped")
    drawn: float = value(
        0.1875,
        "digits drawn by program, as a share of the batch added to it; none where classes are "
        "others",
    )
    outliers: float = value(
        0.25, "glyphs that show no digit, drawn by program, as a share of the batch added to it"
    )
    abstain: float = value(
        0.0025,
        "share of the validation digits on which the reader is to abstain, being the least sure",
    )
    validation: int = value(
        VALIDATION, "the last training images, never trained on; at most a sixth"
    )
    train_limit: int = value(0, "train on the first so many images alone; 0: on all")
    epoch_images: int = value(
        2048, "the least images of an epoch: where there are fewer, each is taken several times"
    )

    def __post_init__(self) -> None:
        check_bounds(self, BOUNDS, widths=3)
        if self.freeze and not self.from_:
            raise TrainError(
                "--freeze keeps layers as they are in a checkpoint; say which one with --from."
            )


PRESETS = {
    # what makes a network good soonest: small, large steps, little memory, no distortions
    "fast": Config(
        epochs=1,
        batch_size=192,
        learning_rate=8e-3,
        muon_learning_rate=0.0,  # it would wait longer for the compiler than it saves in steps
        warmup=0.2,
        beta1=0.7,
        beta2=0.9,
        widths=(16, 24, 64),
        depth=1,
        features=64,
        dropout=0.0,
        average_decay=0.98,
        augmentation=False,
        damage=0.0,
        drawn=0.0,
        outliers=0.0,
    ),
    "default": Config(),
    "best": Config(epochs=48),
    # 7,460 parameters, to learn from a --teacher; depth does more for it than width
    "tiny": Config(
        epochs=40,
        learning_rate=2e-2,
        muon_learning_rate=0.0,
        widths=(10, 10, 13),
        depth=3,
        features=0,
        dropout=0.0,
        average_decay=0.998,
        warp=0.5,
        damage=0.0,
        drawn=0.0,
        outliers=0.0,
    ),
    # what --from takes
    "finetune": Config(
        epochs=12, learning_rate=5e-4, muon_learning_rate=0.0, average_decay=0.99, rehearse=0.5
    ),
    # What --corrections takes. With more epochs, a hundred are read no better. Damages would take
    # half the time that all waits for the compiler, and in so few epochs a network hardly forgets
    # how to read what is damaged.
    "teach": Config(
        epochs=4,
        learning_rate=5e-4,
        muon_learning_rate=0.0,
        average_decay=0.98,
        rehearse=0.5,
        epoch_images=1024,
        damage=0.0,
    ),
}


def network_shape(config: Config) -> dict[str, Any]:
    """Of a Config's values, those that are arguments of DigitCNN."""
    return {name: getattr(config, name) for name in NETWORK}


def architecture_of(source: str) -> dict[str, Any]:
    """The values of a Config that make a network of a checkpoint's shape; raises
    CheckpointError."""
    arguments = checkpoint.read_card(source).network
    return {name: value for name, value in arguments.items() if name in NETWORK}
