"""Train the page reader, the network that finds digits on a page: `python -m train.pages --help`.

    python -m train.pages --fonts FOLDER             # into runs/pages
    python -m train.pages --fonts FOLDER --resume    # after Ctrl-C, a crash or a power cut

It learns from scenes composed by program (train/compose.py) of MNIST's training digits and of
letters in fonts; more fonts, among them some that look handwritten, make fewer letters pass for
digits. A process of its own composes the next round's scenes while the network learns from this
round's.
"""

import argparse
import dataclasses
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Sized
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import random
from jax.sharding import Mesh, PartitionSpec
from numpy.typing import NDArray
from tqdm import tqdm

from model import checkpoint, flax_weights
from model.boxes import box_overlaps
from model.card import Card
from model.convolution import BATCH_AXIS
from model.page_format import LARGEST, NAMES, SMALLEST
from model.page_network import PageNetwork
from model.peaks import FOUND, Peaks, find_peaks, suppress_overlaps
from train import interrupt, moving_average
from train.command_line import add_flags, add_run_flags, report_failures
from train.devices import choose_mesh, replicate_on, set_up_devices
from train.interrupt import Interrupted
from train.optimizer import find_kernels
from train.page_config import BOUNDS, Config
from train.page_scenes import BORDER, Scenes, compose_scenes
from train.page_targets import Targets, batch_targets, loss_fn
from train.provenance import hardware, reproducing_command, versions
from train.store import STATE, Store, claim, load_config
from train.transfer import TransferError

# Judgement, as first written; docs/results.md has what came of it, and no measurement of other
# values is kept.
VALIDATION_SEED = 2**31  # of scenes composed to validate with; those of training have smaller ones
WARMUP = 300  # steps in which the learning rate rises, but at most a tenth of all
LARGEST_GRADIENT = 5.0  # norm to which a step's gradients are cut
EVALUATION_BATCH = 16  # scenes that are looked at, or whose targets are made, at once
OVERLAP = 0.4  # intersection over union of two boxes: with more, a digit counts as found


class TrainState(nnx.Pytree):
    """All that changes while training: the network, its optimizer, and the average of the network's
    state.

    Raises:
        CheckpointError: the checkpoint to start from is missing or damaged.
        TransferError: it is of other widths.
    """

    def __init__(self, config: Config, steps: int) -> None:
        self.model, self.average = (
            PageNetwork(config.widths, rngs=nnx.Rngs(config.seed)) for _ in range(2)
        )
        schedule = optax.warmup_cosine_decay_schedule(
            0, config.learning_rate, min(WARMUP, steps // 10), steps
        )
        if config.start:
            network, card = checkpoint.load_page(config.start)
            if flax_weights.shapes_of(network) != flax_weights.shapes_of(self.model):
                raise TransferError(
                    f"The checkpoint {config.start} is of another architecture "
                    f"({dict(card.network)}); take its --widths."
                )
            for copy in (self.model, self.average):
                nnx.update(copy, nnx.state(network, flax_weights.TRAINED))
        transform = optax.chain(
            optax.clip_by_global_norm(LARGEST_GRADIENT),
            optax.adamw(schedule, weight_decay=config.weight_decay, mask=find_kernels),
        )
        self.optimizer = nnx.Optimizer(self.model, transform, wrt=nnx.Param)


def relight(key: jax.Array, pictures: jax.Array) -> jax.Array:
    """(n, h, w) uint8 → the same in another light: brightness and contrast of each."""
    gain, offset = (random.uniform(k, (len(pictures), 1, 1)) for k in random.split(key))
    values = pictures.astype(jnp.float32) * (0.6 + 0.4 * gain)
    return jnp.round(values + (255 - values.max((1, 2), keepdims=True)) * offset).astype(jnp.uint8)


@nnx.jit(static_argnames="config", donate_argnames="state")
def train_step(
    state: TrainState,
    scenes: tuple[jax.Array, Targets],
    chosen: jax.Array,
    step: jax.Array | int,
    seed: jax.Array | int,
    config: Config,
) -> jax.Array:
    """One step of AdamW, inside the context of a mesh, on those scenes that are `chosen`; returns
    the three losses, (3,).

    Args:
        state: changed in place; its buffers are donated.
        scenes: pictures (n, SIDE, SIDE) uint8, and what `batch_targets` gives for them.
        chosen: (batch_size,) int.
        step: the number of the step since the run began.
        seed: config's. Of the program, it is no part: what is compiled serves all seeds.
    """
    pictures, wanted = jax.lax.with_sharding_constraint(
        jax.tree.map(lambda values: values[chosen], scenes), PartitionSpec(BATCH_AXIS)
    )
    pictures = relight(random.fold_in(random.key(seed), step), pictures)
    losses: jax.Array
    (_, losses), grads = nnx.value_and_grad(loss_fn, has_aux=True)(state.model, pictures, wanted)
    state.optimizer.update(state.model, grads)
    moving_average.update(state.average, state.model, config.average_decay, step)
    return losses


@nnx.jit
def forward(model: PageNetwork, pictures: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """(n, h, w) uint8 → heat, classes and boxes, with the statistics that the network has
    learned."""
    return model(pictures)


def validate(network: PageNetwork, scenes: Scenes) -> dict[str, int]:
    """How much of what lies in the scenes is found: digits, those read right, and what was found
    where nothing is."""
    network = nnx.view(network, use_running_average=True)
    counts = Counter(dict.fromkeys(("digits", "found", "right", "spurious"), 0))
    for start in range(0, len(scenes.pictures), EVALUATION_BATCH):
        heats, kinds, reaches = map(
            np.asarray,
            forward(network, jnp.asarray(scenes.pictures[start : start + EVALUATION_BATCH])),
        )
        for number in range(len(heats)):
            peaks = suppress_overlaps(
                find_peaks(heats[number], kinds[number], reaches[number], least=FOUND)
            )
            counts.update(
                count_found(
                    peaks,
                    scenes.boxes[start + number],
                    scenes.sizes[start + number],
                    scenes.classes[start + number],
                )
            )
    return dict(counts)


def count_found(
    peaks: Peaks,
    boxes: NDArray[np.float32],
    sizes: NDArray[np.float32],
    classes: NDArray[np.int8],
) -> dict[str, int]:
    """Of one scene: its `digits`, how many of them are `found` and read `right`, and how many peaks
    are `spurious`.

    Args:
        peaks: what the network finds.
        boxes: (m, 4), of what lies there, as in `Scenes`.
        sizes: (m,), theirs.
        classes: (m,), theirs.
    """
    there = (boxes[:, 2] > boxes[:, 0]) & (sizes >= SMALLEST / BORDER) & (sizes <= LARGEST * BORDER)
    boxes, sizes, classes = boxes[there], sizes[there], classes[there]
    kinds = peaks.probabilities.argmax(1)
    overlaps, _ = box_overlaps(peaks.boxes, boxes)
    wanted = (classes >= 0) & (classes < 10) & (sizes >= SMALLEST) & (sizes <= LARGEST)
    counts = {"digits": int(wanted.sum())}
    if not len(kinds):
        return counts
    if len(boxes):
        hit = overlaps > OVERLAP
        counts["found"] = int((hit.any(0) & wanted).sum())
        counts["right"] = int(((hit & (kinds[:, None] == classes[None])).any(0) & wanted).sum())
        middles = (peaks.boxes[:, :2] + peaks.boxes[:, 2:]) / 2
        inside = (
            (middles[:, None] >= boxes[None, :, :2]) & (middles[:, None] <= boxes[None, :, 2:])
        ).all(2)
        excused = (hit | (inside & (classes < 0)[None])).any(1)
    else:
        excused = np.zeros(len(kinds), bool)
    counts["spurious"] = int((~excused & (kinds < 10)).sum())
    return counts


@dataclasses.dataclass
class Run:
    """All that a training needs, on its devices.

    Attributes:
        config: what it was asked for.
        state: what changes.
        store: where the state is kept.
        mesh: the devices.
        validation: scenes to validate with.
        round_steps: steps in a round.
        step: how many were taken.
        history: the card's, a round an entry.
        started: `time.perf_counter` when it began, had it never been interrupted.
        command: the first one, whatever resumed the run.
        quiet: without bars.
    """

    config: Config
    state: TrainState
    store: Store
    mesh: Mesh
    validation: Scenes
    round_steps: int
    step: int
    history: list[dict[str, Any]]
    started: float
    command: str
    quiet: bool

    @property
    def next_round(self) -> int:
        """The number of the round that the next step is in, from 0."""
        return self.step // self.round_steps


def train(
    config: Config,
    output: Path,
    resume: bool = False,
    quiet: bool = False,
    command: str = "",
    overwrite: bool = False,
) -> Card:
    """Trains, and writes a checkpoint to `output` after each round; returns its card.

    Raises:
        DataError: MNIST can't be had.
        CheckpointError, TransferError: the checkpoint to start from can't be used.
        TrainError: no such fonts, `output` can't be written or is another training's, nothing to
            resume, a state of another config, or a run that would be lost without `overwrite`.
        Interrupted: Ctrl-C or SIGTERM; the state after the last whole round is saved.
    """
    with claim(output, resume, overwrite):
        run = prepare(config, output, resume, quiet, command)
        # a fork of a process with JAX's threads may hang
        spawning = multiprocessing.get_context("spawn")
        with (
            ProcessPoolExecutor(1, spawning) as pool,
            interrupt.defer_signals() as stop,
            jax.set_mesh(run.mesh),
        ):
            coming = request_scenes(pool, config, run.next_round)
            card = describe(config, run.state.average, run.history, 0.0, output, run.command)
            for number in range(run.next_round, config.rounds):
                scenes = coming.result()
                if number + 1 < config.rounds:
                    coming = request_scenes(pool, config, number + 1)
                losses = train_round(run, number, scenes, stop)
                card = finish_round(run, number, losses, output)
            run.store.clear()
    return card


def prepare(config: Config, output: Path, resume: bool, quiet: bool, command: str) -> Run:
    """Builds the networks and composes the scenes to validate with; raises as `train` does."""
    round_steps = config.passes * (config.scenes // config.batch_size)
    steps = config.rounds * round_steps
    state = TrainState(config, steps)
    store = Store(output / STATE, config, steps, {})
    progress: dict[str, Any] = {"step": 0, "seconds": 0.0, "history": []}
    if resume:
        progress = store.restore(state)
    started = time.perf_counter() - progress["seconds"]
    validation = compose_scenes(config.fonts, VALIDATION_SEED, 0, config.validation, True)
    mesh = choose_mesh(config.batch_size)
    nnx.update(state, replicate_on(mesh)(nnx.state(state)))
    return Run(
        config=config,
        state=state,
        store=store,
        mesh=mesh,
        validation=validation,
        round_steps=round_steps,
        step=progress["step"],
        history=progress["history"],
        started=started,
        command=progress.get("command") or command,  # a state of before has none
        quiet=quiet,
    )


def request_scenes(pool: ProcessPoolExecutor, config: Config, number: int) -> "Future[Scenes]":
    """The scenes of a round, composed meanwhile."""
    start = number * config.scenes
    return pool.submit(compose_scenes, config.fonts, config.seed, start, config.scenes)


def train_round(run: Run, number: int, scenes: Scenes, stop: Sized) -> list[float]:
    """Takes a round's steps on its scenes; returns the mean of the three losses.

    Raises:
        Interrupted: `stop` has something in it.
    """
    config = run.config
    targets = [
        batch_targets(*(values[start : start + EVALUATION_BATCH] for values in scenes[1:]))
        for start in range(0, config.scenes, EVALUATION_BATCH)
    ]
    joined = jax.tree.map(lambda *values: np.concatenate(values), *targets)
    on_devices = replicate_on(run.mesh)((scenes.pictures, joined))
    rng = np.random.default_rng([config.seed, number])
    order = np.concatenate([rng.permutation(config.scenes) for _ in range(config.passes)])
    order = order[: run.round_steps * config.batch_size].reshape(-1, config.batch_size)
    losses = []
    for chosen in tqdm(
        order, f"Round {number + 1}/{config.rounds}", disable=run.quiet, mininterval=5
    ):
        losses.append(train_step(run.state, on_devices, chosen, run.step, config.seed, config))
        run.step += 1
        if stop:
            advice = "go on with --resume" if run.history else "nothing was written"
            raise Interrupted(f"Stopped in round {number + 1}; {advice}.")
    return [float(loss) for loss in np.mean(losses, axis=0)]


def finish_round(run: Run, number: int, losses: list[float], output: Path) -> Card:
    """Looks at the scenes to validate with, writes a checkpoint, keeps the state, and says how it
    went; returns the checkpoint's card."""
    network = run.state.average
    counts = validate(network, run.validation)
    seconds = time.perf_counter() - run.started
    run.history.append({"round": number + 1, "losses": losses, "seconds": seconds} | counts)
    card = describe(run.config, network, run.history, seconds, output, run.command)
    checkpoint.save(output, network, card)
    progress = {"step": run.step, "seconds": seconds, "history": run.history}
    run.store.save(run.state, progress | {"command": run.command})
    if not run.quiet:
        tqdm.write(
            f"Round {number + 1}: losses {losses[0]:.3f} {losses[1]:.3f} {losses[2]:.3f}; of "
            f"{counts['digits']} digits {counts['found'] / counts['digits']:.2%} found, "
            f"{counts['right'] / counts['digits']:.2%} right, {counts['spurious']} "
            f"spurious; {seconds:.0f} s"
        )
    return card


def describe(
    config: Config,
    network: PageNetwork,
    history: list[dict[str, Any]],
    seconds: float,
    output: Path,
    command: str,
) -> Card:
    """A checkpoint's card."""
    return Card(
        name=output.name,
        description="PageNetwork trained on scenes composed of MNIST's training digits",
        command=command,
        classes=NAMES,
        network={"widths": config.widths},
        temperature=1.0,
        config=dataclasses.asdict(config) | {"fonts": Path(config.fonts).name},
        seed=config.seed,
        versions=versions(),
        hardware=hardware(),
        seconds=seconds,
        parameters=sum(p.size for p in jax.tree.leaves(nnx.state(network, nnx.Param))),
        data={"name": "mnist", "validation": config.validation},
        history=tuple(history),
        test={},
    )


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.pages", description=__doc__.partition("\n")[0]
    )
    add_run_flags(parser, Path("runs/pages"))
    parser.add_argument(
        "--resume", action="store_true", help="go on with the interrupted run in --output"
    )
    add_flags(parser, Config, BOUNDS, {"start": "from"})
    options = vars(parser.parse_args(arguments))
    output, resume, quiet, overwrite = (
        options.pop(name) for name in ("output", "resume", "quiet", "overwrite")
    )
    values = {name: value for name, value in options.items() if value is not None}
    command = reproducing_command("python -m train.pages", arguments)
    with report_failures(output) as outcome:
        config = load_config(output, Config) if resume else Config()
        train(dataclasses.replace(config, **values), output, resume, quiet, command, overwrite)
    if outcome.code:
        return outcome.code
    print(f"Checkpoint: {output}")
    return 0


if __name__ == "__main__":
    with interrupt.end_on_signals():
        set_up_devices()  # JAX reads it when it first computes
        code = main()
    sys.exit(code)
