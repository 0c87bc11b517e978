"""Train the pen network, which reads how a pen moved: `python -m train.pens --help`.

    python -m train.pens    # into runs/pens, in two minutes

It learns from paths that are drawn by program (train/pen_paths.py), so it needs no data.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import random
from tqdm import tqdm

from model import checkpoint
from model.card import ARGUMENT_RANGES, DIGITS, Card
from model.pen.path import PLACES
from model.pen_network import PenNetwork
from model.weights import PEN_FEATURES
from train import interrupt
from train.command_line import add_flags, add_run_flags, report_failures
from train.config import Bounds, check_bounds, value
from train.devices import set_up_devices
from train.interrupt import Interrupted
from train.optimizer import find_kernels
from train.pen_paths import bend, draw_digits, draw_strangers
from train.provenance import hardware, reproducing_command, versions
from train.store import claim

BOUNDS: Bounds = {
    "seed": (0, 2**31 - 1),
    "digits": (1, 10_000_000),
    "strangers": (3, 10_000_000),
    "steps": (1, 10_000_000),
    "batch_size": (1, 65_536),
    "stranger_share": (0, 10),
    "smoothing": (0, 1),
    "learning_rate": (0, 10),
    "features": (1, ARGUMENT_RANGES["features"][1]),
    "validation": (1, 1_000_000),
}


@dataclasses.dataclass(frozen=True)
class Config:
    """What makes a run; each field is a flag, and all are saved in the card.

    They were chosen by what is read, together with the default network, of pendigits' training
    digits and of UNIPEN's, and by which of UNIPEN's letters is no digit.
    """

    seed: int = value(0, "of the weights, and of what is drawn")
    digits: int = value(200_000, "that are drawn")
    strangers: int = value(120_000, "that are drawn, of what is no digit")
    steps: int = value(20_000, "of the optimizer")
    batch_size: int = value(256, "digits a step")
    stranger_share: float = value(0.45, "strangers a step, for each digit")
    smoothing: float = value(0.005, "of the labels: no path makes it wholly sure")
    learning_rate: float = value(2e-3, "AdamW's, which falls as a cosine")
    weight_decay: float = value(0.01, "AdamW's, times the learning rate")
    features: int = value(PEN_FEATURES, "units of each hidden layer")
    validation: int = value(10_000, "digits to validate with, drawn anew")

    def __post_init__(self) -> None:
        check_bounds(self, BOUNDS)


class Drawn(NamedTuple):
    """What there is to learn from: (n, PLACES, 3) float32 paths, and the (n,) labels of digits."""

    digits: jax.Array
    labels: jax.Array
    strangers: jax.Array


class TrainState(nnx.Pytree):
    """All that changes while training: the network and its optimizer."""

    def __init__(self, config: Config) -> None:
        self.network = PenNetwork(features=config.features, rngs=nnx.Rngs(config.seed))
        schedule = optax.cosine_decay_schedule(config.learning_rate, config.steps)
        transform = optax.adamw(schedule, weight_decay=config.weight_decay, mask=find_kernels)
        self.optimizer = nnx.Optimizer(self.network, transform, wrt=nnx.Param)


@nnx.jit(static_argnames="config")
def train_step(state: TrainState, drawn: Drawn, step: int, config: Config) -> jax.Array:
    """Takes a step on some of what is drawn, each bent anew; returns the loss.

    Of a digit the target is its label, smoothed; of a stranger, each class alike (outlier exposure:
    Hendrycks, Mazeika and Dietterich, 2019).
    """
    keys = random.split(random.fold_in(random.key(config.seed), step), 3)
    digits, labels, strangers = drawn
    some = random.randint(keys[0], (config.batch_size,), 0, len(digits))
    others = random.randint(
        keys[1], (round(config.stranger_share * config.batch_size),), 0, len(strangers)
    )
    paths = bend(keys[2], jnp.concatenate([digits[some], strangers[others]]))
    classes = len(DIGITS)
    targets = optax.smooth_labels(jax.nn.one_hot(labels[some], classes), config.smoothing)
    unsure = jnp.full((len(others), classes), 1 / classes)

    def loss_fn(network: PenNetwork) -> jax.Array:
        losses = optax.softmax_cross_entropy(network(paths), jnp.concatenate([targets, unsure]))
        return losses.mean()

    loss, gradients = nnx.value_and_grad(loss_fn)(state.network)
    state.optimizer.update(state.network, gradients)
    return loss


def train(
    config: Config,
    output: Path,
    quiet: bool = False,
    command: str = "",
    overwrite: bool = False,
) -> Card:
    """Trains, and writes a checkpoint to `output`; returns its card.

    Raises:
        TrainError: `output` can't be written, or a checkpoint there would be lost without
            `overwrite`.
        Interrupted: Ctrl-C or SIGTERM; nothing is written.
    """
    with claim(output, overwrite=overwrite), interrupt.defer_signals() as stop:
        started = time.perf_counter()
        rng = np.random.default_rng(config.seed)
        every = *draw_digits(rng, config.digits), draw_strangers(rng, config.strangers)
        drawn = Drawn(*map(jnp.asarray, every))
        state = TrainState(config)
        loss = jnp.zeros(())
        for step in tqdm(range(config.steps), "Steps", disable=quiet, mininterval=5):
            loss = train_step(state, drawn, step, config)
            if stop:
                raise Interrupted(f"Stopped at step {step + 1:,}; nothing was written.")
        paths, labels = draw_digits(rng, config.validation)
        right = np.asarray(state.network(jnp.asarray(paths)).argmax(1)) == labels
        card = Card(
            name=output.name,
            description="PenNetwork trained on paths drawn by program",
            command=command,
            classes=DIGITS,
            network={"places": PLACES, "features": config.features},
            temperature=1.0,
            config=dataclasses.asdict(config),
            seed=config.seed,
            versions=versions(),
            hardware=hardware(),
            seconds=time.perf_counter() - started,
            parameters=sum(p.size for p in jax.tree.leaves(nnx.state(state.network, nnx.Param))),
            data={"name": "drawn by program", "train": config.digits, "validation": len(labels)},
            history=({"step": config.steps, "loss": float(loss)},),
            test={},
            validation={"accuracy": float(right.mean())},
        )
        checkpoint.save(output, state.network, card, dtype=np.float16)
    return card


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.pens", description=__doc__.partition("\n")[0]
    )
    add_run_flags(parser, Path("runs/pens"))
    add_flags(parser, Config, BOUNDS)
    options = vars(parser.parse_args(arguments))
    output, quiet, overwrite = (options.pop(name) for name in ("output", "quiet", "overwrite"))
    values = {name: value for name, value in options.items() if value is not None}
    command = reproducing_command("python -m train.pens", arguments)
    with report_failures(output) as outcome:
        card = train(Config(**values), output, quiet, command, overwrite)
    if outcome.code:
        return outcome.code
    print(f"Of digits drawn anew, {card.validation['accuracy']:.2%} are read. Checkpoint: {output}")
    return 0


if __name__ == "__main__":
    with interrupt.end_on_signals():
        set_up_devices()  # JAX reads it when it first computes
        code = main()
    sys.exit(code)
