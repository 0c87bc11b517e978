"""Training: a Config in, a checkpoint out; interrupted, it goes on where it was.

    from train.config import Config
    from train.loop import train
    train(Config(epochs=4), output="runs/quick")

The arrays lie on the devices from the start. Shuffling, taking a batch, distorting it and the step
itself are inside jit, each device working on its share of the batch. All randomness comes from the
seed and the number of the step, so a run that was interrupted and resumed ends with the very
weights of one that was not.

Started from a checkpoint, a run goes on from its weights: see `Config.from_`, train/transfer.py and
train/rehearsal.py.
"""

import contextlib
import dataclasses
import hashlib
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import random
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray
from scipy.special import softmax
from tqdm import tqdm

from model import checkpoint
from model.card import DIGITS, Card
from model.convolution import BATCH_AXIS
from model.network import DigitCNN, Ensemble
from train import data, interrupt, metrics, moving_average, rehearsal, transfer
from train.augment import augment
from train.calibration import calibrate, predict
from train.comparison import compare_with_source
from train.config import Config, network_shape
from train.dataset import Dataset, Split
from train.devices import choose_mesh, replicate_on
from train.interrupt import Interrupted
from train.optimizer import build_optimizer
from train.outliers import draw_outliers
from train.provenance import hardware, versions
from train.rehearsal import Mixture, shuffle_into_batches
from train.store import STATE, Store, TrainError, claim
from train.synthetic import draw_digits

# Steps that one program takes: to start it costs Python as long as a small step costs an
# accelerator, and nobody can stop it before its end.
STEPS = 5
LOSS_EVERY = 4  # programs between two looks at the loss, each of which waits for the device
LOSS_EVERY_REPORTED = 1  # the same, where another program follows the training
# programs between two times that several processes ask each other whether to stop
STOP_VOTE_EVERY = 4
OTHERS_GONE = (
    "Another process of this training has died or can't be reached any more; the last state is "
    "kept, start all of them again with --resume, as many as you like."
)
MAX_NAMED = 10  # pictures that can't be read are named, up to so many

Report = Callable[[dict[str, Any]], None]


class TrainState(nnx.Pytree):
    """All that changes while training: the model, its optimizer, and the average of the model's
    state."""

    def __init__(self, config: Config, classes: Sequence[str], steps: int) -> None:
        # Two of one seed rather than a clone, which would share the buffers that a step donates.
        self.model, self.average = (
            transfer.build_network(classes, config.seed, config.from_, **network_shape(config))
            for _ in range(2)
        )
        self.optimizer = nnx.Optimizer(
            self.model,
            build_optimizer(config, steps),
            wrt=transfer.freeze_layers(config.freeze, self.model),
        )


def loss_fn(model: DigitCNN, images: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Mean cross-entropy with (n, classes) targets, in nats; also the logits."""
    logits = model(images)
    return optax.softmax_cross_entropy(logits, targets).mean(), logits


def train_step(
    state: TrainState,
    teacher: DigitCNN | Ensemble | None,
    totals: jax.Array,
    split: Split,
    order: jax.Array,
    step: jax.Array | int,
    seed: jax.Array | int,
    config: Config,
) -> jax.Array:
    """One step of the optimizer on one batch, inside jit and the context of a mesh.

    Args:
        state: changed in place.
        teacher: a trained network, or None. It sees the images as they are after the distortions,
            and what it says of each is the target, right or wrong (Beyer et al., 2022: Knowledge
            distillation, a good teacher is patient and consistent).
        totals: (3,) float32 sums over the epoch so far: loss, right answers, images.
        split: all training images (n, 28, 28) uint8 and labels (n,) int32, on the device.
        order: (batches, batch_size) int32, the epoch's shuffled indices.
        step: the number of the step since the run began.
        seed: config's. Of the program, it is no part: what is compiled serves all seeds.

    Returns:
        The new totals.
    """
    keys = random.split(random.fold_in(random.key(seed), step), 3)
    chosen = order[step % len(order)]
    # Each device takes its share of the batch; the weights are the same on all.
    images, labels = jax.lax.with_sharding_constraint(
        (split.images[chosen], split.labels[chosen]), PartitionSpec(BATCH_AXIS)
    )
    classes = state.model.head.out_features
    digits, digit_labels = draw_digits(keys[0], round(config.drawn * len(images)))
    outliers = draw_outliers(keys[1], images[: round(config.outliers * len(images))])
    label_targets = optax.smooth_labels(
        jax.nn.one_hot(jnp.append(labels, digit_labels), classes), config.label_smoothing
    )
    targets = jnp.concatenate([label_targets, jnp.full((len(outliers), classes), 1 / classes)])
    images = jnp.concatenate([images, digits, outliers])
    if config.augmentation:
        images = augment(keys[2], images, config.damage, config.warp)
    if teacher is not None:
        targets = nnx.softmax(teacher(images))
    trained = nnx.DiffState(0, state.optimizer.wrt)
    (loss, logits), grads = nnx.value_and_grad(loss_fn, argnums=trained, has_aux=True)(
        state.model, images, targets
    )
    state.optimizer.update(state.model, grads)
    moving_average.update(state.average, state.model, config.average_decay, step)
    right = (logits[: len(labels)].argmax(-1) == labels).sum()
    return totals + jnp.stack([loss * len(labels), right, len(labels)])


@nnx.jit(static_argnames="config", donate_argnames=("state", "totals"))
def train_steps(
    state: TrainState,
    teacher: DigitCNN | Ensemble | None,
    totals: jax.Array,
    split: Split,
    order: jax.Array,
    start: jax.Array | int,
    end: jax.Array | int,
    seed: jax.Array | int,
    config: Config,
) -> jax.Array:
    """The steps from `start` on that come before `end`, in one program; else as `train_step`. The
    buffers of `state` and `totals` are donated."""

    def step(
        number: jax.Array, changing: tuple[TrainState, jax.Array]
    ) -> tuple[TrainState, jax.Array]:
        state, totals = changing
        return state, train_step(state, teacher, totals, split, order, number, seed, config)

    # Without updates of its graph, which has none, the step is traced once, not twice.
    _, totals = nnx.fori_loop(start, end, step, (state, totals), graph_updates=False)
    return totals


@dataclasses.dataclass
class Progress:
    """How far a run is, and how it was started; kept with its state."""

    command: str = ""  # the first one, whatever resumes the run; a state of before has none
    step: int = 0
    seconds: float = 0.0
    # sums over the epoch so far: loss, right answers, images
    totals: list[float] = dataclasses.field(default_factory=lambda: [0.0, 0.0, 0.0])
    history: list[dict[str, Any]] = dataclasses.field(default_factory=list)


class Pace:
    """How long the steps take, from when the first one is compiled."""

    def __init__(self) -> None:
        self.start: tuple[float, int] | None = None  # when, and after which step

    def remaining(self, step: int, steps: int) -> float | None:
        """Seconds until all steps are done; None at the first look."""
        time_then, step_then = self.start = self.start or (time.perf_counter(), step)
        if step == step_then:
            return None
        return (time.perf_counter() - time_then) / (step - step_then) * (steps - step)


@dataclasses.dataclass
class Run:
    """All that a training needs, on its devices.

    Attributes:
        config: what it was asked for; `drawn` is 0 where the classes are no digits.
        dataset: its training images are those to learn, without those to rehearse.
        mixture: which images an epoch shows.
        split: the mixture's images, on every device.
        state: what changes.
        next_steps: `train_steps` of this state and its teacher.
        totals: (3,) float32, as `train_step` takes them.
        store: where the state is kept.
        mesh: the devices.
        batches: steps in an epoch.
        progress: how far it is; its totals are those of the last `keep`.
        started: `time.perf_counter` when it began, had it never been interrupted.
        pace: how fast it goes.
        report: who follows it.
        look: programs between two looks at the loss.
        quiet: without bars.
        logits: (n, classes) of the validation images, after the last epoch that ended here.
    """

    config: Config
    dataset: Dataset
    mixture: Mixture
    split: Split
    state: TrainState
    next_steps: Callable[..., jax.Array]
    totals: jax.Array
    store: Store
    mesh: Mesh
    batches: int
    progress: Progress
    started: float
    pace: Pace
    report: Report
    look: int
    quiet: bool
    logits: NDArray[np.float32] | None = None

    @property
    def steps(self) -> int:
        """How many there are in all."""
        return self.batches * self.config.epochs

    @property
    def epoch(self) -> int:
        """The number of the epoch that the next step is in, from 0."""
        return self.progress.step // self.batches

    def seconds(self) -> float:
        """How long it has trained, interruptions left out."""
        return time.perf_counter() - self.started

    def keep(self) -> None:
        """Keeps its state, so that it can go on from here."""
        self.progress.seconds = self.seconds()
        self.progress.totals = np.asarray(self.totals).tolist()
        self.store.save(self.state, dataclasses.asdict(self.progress))


def train(
    config: Config,
    output: Path | str,
    resume: bool = False,
    quiet: bool = False,
    command: str = "",
    report: Report | None = None,
    overwrite: bool = False,
) -> Card:
    """Trains, and writes a checkpoint to `output`; returns its card.

    Each epoch ends with a look at the validation split. The test split is looked at once, after the
    last epoch.

    A program may follow it by `report`, in place of the bars. It is called now and then within an
    epoch with `{"event": "step", "step", "steps", "epoch", "epochs", "loss", "accuracy",
    "remaining"}`, where `step` of `steps` are those of the whole run, `loss` and `accuracy` those
    of the epoch so far, and `remaining` seconds, None while nobody knows; after each epoch with
    `{"event": "epoch"}` and its entry of the card's history; at the end with `{"event": "end",
    "test"}`.

    Where JAX knows of several processes (`jax.distributed`), all of them call this alike; the first
    one writes.

    Raises:
        DataError: the dataset can't be had.
        CheckpointError, TransferError: the checkpoint to start from can't be used.
        TrainError: `output` can't be written or is another training's, there is nothing to resume,
            a state that isn't of this config and data, or a run that would be lost without
            `overwrite`.
        Interrupted: Ctrl-C or SIGTERM; the state is saved, and `resume=True` goes on from it.
    """
    output = Path(output)
    with claim(output, resume, overwrite):
        rehearsal.check(config)
        transfer.check_start(config.from_, config.freeze, config.teacher, **network_shape(config))
        run = prepare(config, output, resume, quiet, report)
        run.progress.command = run.progress.command or command
        with interrupt.defer_signals() as stop, jax.set_mesh(run.mesh), _others_alive():
            while run.progress.step < run.steps:
                epoch = run.epoch
                train_epoch(run, stop)
                validate(run)
                if _all_stop(stop) and run.progress.step < run.steps:
                    raise Interrupted(f"Stopped after epoch {epoch + 1}; go on with --resume.")
            card = finish(run, output)
            run.store.clear()
            run.report({"event": "end", "test": card.test})
    return card


def prepare(config: Config, output: Path, resume: bool, quiet: bool, report: Report | None) -> Run:
    """Reads the data, builds the networks, and puts all of it on the devices; raises as `train`
    does."""
    first = jax.process_index() == 0
    quiet = quiet or report is not None or not first
    original = load_dataset(config, quiet)
    dataset = original
    if original.classes != DIGITS:
        config = dataclasses.replace(config, drawn=0.0)
    if config.corrections:
        dataset = transfer.with_corrections(original, config.corrections, config.from_)
    mixture = rehearsal.mix(config, dataset, original)
    batches = -(-mixture.epoch_images // config.batch_size)
    steps = batches * config.epochs
    mesh = choose_mesh(config.batch_size)
    everywhere = replicate_on(mesh)
    teacher = transfer.load_teacher(config.teacher, dataset.classes)
    if teacher:
        nnx.update(teacher, everywhere(nnx.state(teacher)))

    begin = nnx.jit(lambda: TrainState(config, dataset.classes, steps))
    with compiling(begin.eval_shape(), teacher, mixture, batches, config, mesh):
        state = begin()
        store = Store(output / STATE, config, steps, fingerprint(dataset, mixture.split))
        progress = Progress(**store.restore(state)) if resume else Progress()
        nnx.update(state, everywhere(nnx.state(state)))
        split = everywhere(mixture.split)
        importlib.import_module("scipy.optimize")  # for the end, while there is time
    return Run(
        config=config,
        dataset=dataset,
        mixture=mixture,
        split=split,
        state=state,
        # spares each call a walk through them
        next_steps=nnx.cached_partial(train_steps, state, teacher),
        totals=everywhere(jnp.array(progress.totals)),
        store=store,
        mesh=mesh,
        batches=batches,
        progress=progress,
        started=time.perf_counter() - progress.seconds,
        pace=Pace(),
        report=report if report and first else lambda event: None,
        look=LOSS_EVERY_REPORTED if report else LOSS_EVERY,
        quiet=quiet,
    )


@contextlib.contextmanager
def compiling(
    shapes: TrainState,
    teacher: DigitCNN | Ensemble | None,
    mixture: Mixture,
    batches: int,
    config: Config,
    mesh: Mesh,
) -> Iterator[None]:
    """Compiles `train_steps` beside what is in the context, and waits for it at its end; JAX then
    knows the program of these shapes.

    Args:
        shapes: a state of jax.ShapeDtypeStruct in place of arrays.
        teacher: as `train_step` takes it.
        mixture, batches, config: of the training.
        mesh: on whose every device all arrays will be.
    """

    def placed(array: Any) -> jax.ShapeDtypeStruct:
        sharding = NamedSharding(mesh, PartitionSpec())
        return jax.ShapeDtypeStruct(array.shape, array.dtype, sharding=sharding)

    nnx.update(shapes, jax.tree.map(placed, nnx.state(shapes)))
    totals = jax.ShapeDtypeStruct((3,), np.float32)
    order = jax.ShapeDtypeStruct((batches, config.batch_size), np.int32)
    arrays = jax.tree.map(placed, (totals, mixture.split, order))

    def compile_steps() -> None:
        with jax.set_mesh(mesh):
            train_steps.lower(shapes, teacher, *arrays, 0, STEPS, config.seed, config).compile()

    with ThreadPoolExecutor(1) as executor:
        compiled = executor.submit(compile_steps)
        yield
    compiled.result()


def train_epoch(run: Run, stop: Sized) -> None:
    """Takes the steps that are left of the run's epoch.

    Raises:
        Interrupted: `stop` has something in it; the state is kept.
    """
    config, progress, epoch = run.config, run.progress, run.epoch
    order = replicate_on(run.mesh)(
        shuffle_into_batches(run.mixture, config.batch_size, config.seed, epoch)
    )
    end = (epoch + 1) * run.batches
    bar = tqdm(
        initial=progress.step % run.batches,
        total=run.batches,
        desc=f"Epoch {epoch + 1}/{config.epochs}",
        disable=run.quiet,
        unit="batch",
        mininterval=1,
        dynamic_ncols=True,
    )
    with bar:
        for number, start in enumerate(range(progress.step, end, STEPS)):
            progress.step = min(start + STEPS, end)
            steps = start, progress.step
            run.totals = run.next_steps(run.totals, run.split, order, *steps, config.seed, config)
            bar.update(progress.step - start)
            if number % run.look == 0:
                _show(run, bar, epoch)
            # at the end of an epoch, that is finished first
            if _all_stop(stop, number) and progress.step < end:
                run.keep()
                raise Interrupted(f"Stopped in epoch {epoch + 1}; go on with --resume.")


def _show(run: Run, bar: "tqdm[int]", epoch: int) -> None:
    """Says how the epoch goes, to the bar and to who follows the run."""
    loss, right, count = np.asarray(run.totals).tolist()
    step, steps = run.progress.step, run.steps
    remaining = run.pace.remaining(step, steps)
    left = "" if remaining is None else f", {tqdm.format_interval(int(remaining))} left in all"
    bar.set_postfix_str(f"loss {loss / count:.4f}, accuracy {right / count:.2%}{left}")
    run.report(
        {
            "event": "step",
            "epoch": epoch + 1,
            "epochs": run.config.epochs,
            "step": step,
            "steps": steps,
            "loss": loss / count,
            "accuracy": right / count,
            "remaining": remaining,
        }
    )


def validate(run: Run) -> None:
    """Ends an epoch: looks at the validation split, says how it went, and keeps the state."""
    labels, progress = run.dataset.validation.labels, run.progress
    run.logits = predict(run.state.average, run.dataset.validation.images)
    validation = metrics.summary(labels, softmax(run.logits, axis=1))
    loss, right, count = np.asarray(run.totals).tolist()
    entry = {
        "epoch": progress.step // run.batches,
        "train_loss": loss / count,
        "train_accuracy": right / count,
        "validation_loss": validation["log_loss"],
        "validation_accuracy": validation["accuracy"],
        "seconds": run.seconds(),
    }
    progress.history.append(entry)
    run.report({"event": "epoch"} | entry)
    run.totals = replicate_on(run.mesh)(jnp.zeros(3))
    run.keep()
    if not run.quiet:
        tqdm.write(
            f"Epoch {entry['epoch']}: training loss {loss / count:.4f}, accuracy "
            f"{right / count:.2%}; validation loss {validation['log_loss']:.4f}, accuracy "
            f"{metrics.describe_accuracy(validation)}"
        )


def finish(run: Run, output: Path) -> Card:
    """Calibrates the network, looks at the test split, also with the checkpoint that it started
    from, writes the checkpoint, and returns its card."""
    config, dataset, network = run.config, run.dataset, run.state.average
    seconds = run.seconds()
    count = len(dataset.train.labels)
    calibration, probabilities = calibrate(
        network, dataset, config.abstain, config.from_, run.logits
    )
    compared = {}
    if config.from_:
        right = probabilities.argmax(1) == dataset.test.labels
        compared = compare_with_source(config.from_, network, dataset, right, run.mesh)
    card = Card(
        name=output.name,
        description=f"DigitCNN trained on {config.data}",
        command=run.progress.command,
        classes=dataset.classes,
        network=network_shape(config),
        config=dataclasses.asdict(config),
        seed=config.seed,
        versions=versions(),
        hardware=hardware(),
        seconds=seconds,
        data={
            "name": config.data,
            "train": min(config.train_limit or count, count),
            "validation": len(dataset.validation.labels),
            "test": len(dataset.test.labels),
            "skipped": len(dataset.skipped),
        },
        history=tuple(run.progress.history),
        compared={name: dataclasses.asdict(found) for name, found in compared.items()},
        **calibration._asdict(),
    )
    if not jax.process_index():
        checkpoint.save(output, network, card, (dataset.test.labels, probabilities))
    return card


def load_dataset(config: Config, quiet: bool) -> Dataset:
    """The dataset of a config; says what was put right in it, and what can't be read. Raises
    DataError."""
    with tqdm(
        total=100,
        disable=quiet or data.is_cached(config.data),
        bar_format="{desc} {bar} {n:.0f} %",
    ) as bar:

        def show(share: float, what: str) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(100 * share - bar.n)

        dataset = data.load(config.data, show, config.validation)
    for note in dataset.notes:
        print(f"note: {note}", file=sys.stderr)
    for fault in dataset.skipped[:MAX_NAMED]:
        print(f"skipped {fault}", file=sys.stderr)
    if len(dataset.skipped) == 1:
        print("1 picture can't be read and is left out.", file=sys.stderr)
    elif dataset.skipped:
        print(f"{len(dataset.skipped)} pictures can't be read and are left out.", file=sys.stderr)
    return dataset


def fingerprint(dataset: Dataset, split: Split) -> dict[str, int | str]:
    """What tells data from others: how many there are, and a checksum of all.

    Args:
        dataset: its classes, validation and test splits count.
        split: the images that training shows.
    """
    digest = hashlib.sha256(json.dumps(dataset.classes).encode())
    for images, labels in (split, dataset.validation, dataset.test):
        digest.update(np.ascontiguousarray(images).data)
        digest.update(np.ascontiguousarray(labels).data)
    return {
        "classes": len(dataset.classes),
        "training images": len(split.labels),
        "validation images": len(dataset.validation.labels),
        "test images": len(dataset.test.labels),
        "checksum": digest.hexdigest()[:16],
    }


@contextlib.contextmanager
def _others_alive() -> Iterator[None]:
    """What JAX raises when another process is gone, in one sentence."""
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if jax.process_count() == 1:
            raise
        raise TrainError(OTHERS_GONE) from error


def _all_stop(stop: Sized, number: int = 0) -> bool:
    """Whether to stop after a program of that number. Several processes stop together, if one of
    them was asked to; they agree now and then."""
    if jax.process_count() == 1:
        return bool(stop)
    if number % STOP_VOTE_EVERY:
        return False
    return bool(multihost_utils.process_allgather(np.array(bool(stop))).any())
