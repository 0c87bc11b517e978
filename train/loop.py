"""Training: a Config in, a checkpoint out; interrupted, it goes on where it was.

    from train.loop import Config, train
    train(Config(epochs=4), output="runs/quick")

The arrays lie on the devices from the start. Shuffling, taking a batch, distorting it and the step
itself are inside jit, each device working on its part of the batch. All randomness comes from the
seed and the number of the step, so a run that was interrupted and resumed ends with the very
weights of one that was not.

Started from a checkpoint, a run goes on from its weights: see `Config.from_` and train/transfer.py.
"""

import contextlib
import dataclasses
import functools
import hashlib
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import random
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from scipy.special import softmax
from tqdm import tqdm

from model import checkpoint
from model.convolution import BATCH_AXIS
from model.network import DigitCNN, Ensemble
from train import data as datasets
from train import interrupt, metrics, transfer
from train.augment import augment
from train.outliers import draw_outliers
from train.store import STATE, Store, TrainError, claim
from train.synthetic import draw_digits

DIGITS = tuple("0123456789")
# of a Config's values, those that are arguments of DigitCNN
NETWORK = ("widths", "depth", "features", "dropout")
EVALUATION_BATCH = 500
CALIBRATION_IMAGES = 300  # validation images; fewer tell neither how sure to be nor when to abstain
# times that a correction is taken in an epoch, at most: few of them should not drown what is
# rehearsed
TAKES = 10
# steps between two looks at the loss, each of which waits for the device; for a program
LOOK, LOOK_CLOSELY = 20, 4
AGREE = 20  # steps between two times that several processes ask each other whether to stop
OTHERS_GONE = (
    "Another process of this training has died or can't be reached any more; the last state is "
    "kept, start all of them again with --resume, as many as you like."
)
NAMED = 10  # pictures that can't be read are named, up to so many

SHARES = (
    "warmup",
    "label_smoothing",
    "dropout",
    "average_decay",
    "damage",
    "drawn",
    "outliers",
    "abstain",
)
BOUNDS = dict.fromkeys(SHARES, (0, 1)) | {  # what values of a Config make sense
    "epochs": (1, 10_000),
    "batch_size": (1, 65_536),
    "learning_rate": (0, 10),
    "train_limit": (0, 10**9),
    "epoch_images": (0, 10**9),
    "validation": (1, 10**9),
    "rehearse": (0, 0.9),
    "warp": (0, 3),
    "depth": (1, 9),
    "features": (0, 65_536),
    "beta1": (0, 0.999),
    "beta2": (0, 0.99999),
}


class Interrupted(Exception):
    """The run was asked to stop; its state is saved."""


@dataclasses.dataclass(frozen=True)
class Config:
    """What makes a run. Each field is a flag of `python -m train`, and all are saved in the
    card."""

    data: str = "mnist"  # a TFDS name, or a folder of class folders of pictures
    from_: str = ""  # the folder of a checkpoint to start from, rather than from random weights
    freeze: str = ""  # layers that stay as they are in that checkpoint, such as conv1,conv2
    # share of an epoch's images that come from what that checkpoint was trained on
    rehearse: float = 0.0
    # a file of glyphs with labels (npz) to train on; the training images of --data are rehearsed
    corrections: str = ""
    # the folder of a checkpoint whose answers are the targets, in place of the labels
    teacher: str = ""
    seed: int = 0  # of the weights, the order, the distortions and the dropout
    epochs: int = 56  # passes over the training images
    batch_size: int = 128  # images a step
    learning_rate: float = 2e-3  # the highest, reached after the warm-up
    # share of the run in which the learning rate rises; then it falls as a cosine
    warmup: float = 0.1
    weight_decay: float = 0.02  # AdamW's, times the learning rate
    beta1: float = 0.9  # AdamW's, how much of the gradients' average stays at each step
    beta2: float = 0.999  # and of their squares' average
    widths: tuple = (32, 48, 96)  # channels of the network's stem and of its two stages
    depth: int = 2  # convolutions in each of these stages
    features: int = 128  # units of its hidden layer; 0: none
    label_smoothing: float = 0.02  # share of the target that is spread over all classes
    dropout: float = 0.4  # share of the hidden layer's inputs that are dropped
    average_decay: float = 0.9995  # of the weights' exponential moving average, which is what ships
    augmentation: bool = True  # distort the images (train/augment.py)
    # how far the distortions bend, turn and thicken an image; 1 is as hands differ
    warp: float = 1.0
    damage: float = 0.4  # share of the images that are damaged, not only warped
    # digits drawn by program, as a share of the batch added to it; none where classes are others
    drawn: float = 0.0625
    # glyphs that show no digit, drawn by program, as a share of the batch added to it
    outliers: float = 0.125
    # share of the validation digits on which the reader is to abstain, being the least sure
    abstain: float = 0.002
    # the last training images, never trained on; at most a sixth
    validation: int = datasets.VALIDATION
    train_limit: int = 0  # train on the first so many images alone; 0: on all
    # the least images of an epoch: where there are fewer, each is taken several times
    epoch_images: int = 2048

    def __post_init__(self):
        for field, (low, high) in BOUNDS.items():
            if not low <= getattr(self, field) <= high:
                flag = "--" + field.replace("_", "-")
                raise TrainError(
                    f"{flag} should be from {low} to {high}, not {getattr(self, field)}."
                )
        if len(self.widths) != 3 or min(self.widths) < 1:
            raise TrainError(f"--widths should be three numbers above 0, not {self.widths}.")
        if self.freeze and not self.from_:
            raise TrainError(
                "--freeze keeps layers as they are in a checkpoint; say which one with --from."
            )


PRESETS = {
    # what makes a network good soonest: small, large steps, little memory, no distortions
    "fast": Config(
        epochs=1,
        batch_size=256,
        learning_rate=8e-3,
        warmup=0.2,
        beta1=0.7,
        beta2=0.9,
        widths=(16, 32, 64),
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
    "best": Config(epochs=80),
    # 7,460 parameters, to learn from a --teacher; depth does more for it than width
    "tiny": Config(
        epochs=40,
        learning_rate=2e-2,
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
    "finetune": Config(epochs=12, learning_rate=5e-4, average_decay=0.99, rehearse=0.5),
    # What --corrections takes. With more epochs, a hundred are read no better. Damages would take
    # half the time that all waits for the compiler, and in so few epochs a network hardly forgets
    # how to read what is damaged.
    "teach": Config(
        epochs=4,
        learning_rate=5e-4,
        average_decay=0.98,
        rehearse=0.5,
        epoch_images=1024,
        damage=0.0,
    ),
}


class TrainState(nnx.Pytree):
    """All that changes while training: the model, its optimizer, and the average of the model's
    state."""

    def __init__(self, config: Config, classes: Sequence[str], steps: int):
        # Two of one seed rather than a clone, which would share the buffers that a step donates.
        shape = {name: getattr(config, name) for name in NETWORK}
        self.model, self.average = (
            transfer.build_network(classes, config.seed, config.from_, **shape) for _ in range(2)
        )
        schedule = optax.warmup_cosine_decay_schedule(
            0, config.learning_rate, int(config.warmup * steps), steps
        )
        # kernels, not biases and norms
        decayed = functools.partial(jax.tree.map, lambda p: p.ndim > 1)
        transform = optax.adamw(
            schedule, config.beta1, config.beta2, weight_decay=config.weight_decay, mask=decayed
        )
        self.optimizer = nnx.Optimizer(
            self.model, transform, wrt=transfer.trainable_filter(config.freeze, self.model)
        )


def architecture_of(source: str) -> dict:
    """The values of a Config that make a network of a checkpoint's shape; raises
    CheckpointError."""
    arguments = checkpoint.network_arguments(checkpoint.read_card(source))
    return {name: value for name, value in arguments.items() if name in NETWORK}


def loss_fn(model: DigitCNN, images, targets):
    """Mean cross-entropy with (n, classes) targets, in nats; also the logits."""
    logits = model(images)
    return optax.softmax_cross_entropy(logits, targets).mean(), logits


@functools.partial(nnx.jit, static_argnames="config", donate_argnames=("state", "totals"))
def train_step(
    state: TrainState, teacher, totals, split: datasets.Split, order, step, config: Config
):
    """One step of AdamW on one batch, inside the context of a mesh.

    Args:
        state: changed in place; its buffers are donated.
        teacher: a trained network, or None. It sees the images as they are after the distortions,
            and what it says of each is the target, right or wrong (Beyer et al., 2022: Knowledge
            distillation, a good teacher is patient and consistent).
        totals: (3,) float32 sums over the epoch so far: loss, right answers, images.
        split: all training images (n, 28, 28) uint8 and labels (n,) int32, on the device.
        order: (batches, batch_size) int32, the epoch's shuffled indices.
        step: the number of the step since the run began.

    Returns:
        The new totals.
    """
    key = random.fold_in(random.key(config.seed), step)
    chosen = order[step % len(order)]
    # Each device takes its part of the batch; the weights are the same on all.
    images, labels = jax.lax.with_sharding_constraint(
        (split.images[chosen], split.labels[chosen]), PartitionSpec(BATCH_AXIS)
    )
    classes = state.model.head.out_features
    digits, named = draw_digits(key, round(config.drawn * len(images)))
    strange = draw_outliers(key, images[: round(config.outliers * len(images))])
    right = optax.smooth_labels(
        jax.nn.one_hot(jnp.append(labels, named), classes), config.label_smoothing
    )
    targets = jnp.concatenate([right, jnp.full((len(strange), classes), 1 / classes)])
    images = jnp.concatenate([images, digits, strange])
    if config.augmentation:
        images = augment(key, images, config.damage, config.warp)
    if teacher is not None:
        targets = nnx.softmax(teacher(images))
    trained = nnx.DiffState(0, state.optimizer.wrt)
    (loss, logits), grads = nnx.value_and_grad(loss_fn, argnums=trained, has_aux=True)(
        state.model, images, targets
    )
    state.optimizer.update(state.model, grads)
    # An average over few steps would remember the random start: let it grow with the steps.
    decay = jnp.minimum(config.average_decay, (1 + step) / (10 + step))
    averaged, current = (
        nnx.state(part, checkpoint.TRAINED) for part in (state.average, state.model)
    )
    nnx.update(
        state.average, jax.tree.map(lambda a, c: a + (1 - decay) * (c - a), averaged, current)
    )
    right = (logits[: len(labels)].argmax(-1) == labels).sum()
    return totals + jnp.stack([loss * len(labels), right, len(labels)])


def mesh(config: Config) -> Mesh:
    """As many of the devices as share a batch evenly, in one row; those of all processes, if there
    are several.

    Raises:
        TrainError: there are several processes, and their devices can't share a batch evenly.
    """
    devices = jax.devices()
    count = max(n for n in range(1, len(devices) + 1) if config.batch_size % n == 0)
    if jax.process_count() > 1 and count < len(devices):
        raise TrainError(
            f"A batch of {config.batch_size} can't be split over {len(devices)} devices; choose "
            f"another --batch-size."
        )
    return Mesh(np.array(devices[:count]), (BATCH_AXIS,))


def replicate_on(devices: Mesh) -> Callable:
    """A function that puts arrays, in any structure, on every device of a mesh.

    Not jax.device_put: it knows this process' devices alone, an identity under jit those of all.
    """
    return jax.jit(lambda arrays: arrays, out_shardings=NamedSharding(devices, PartitionSpec()))


def epoch_indices(labels: np.ndarray, epoch_images: int) -> np.ndarray:
    """(n,) int labels → (m,) int32: the images of an epoch, m ≥ epoch_images, each at least once.

    Images of rare classes are taken several times: every class comes up at least half as often as
    the largest.
    """
    counts = np.bincount(labels)
    repeats = np.ceil(counts.max() / (2 * np.maximum(counts, 1))).astype(int)
    images = np.repeat(np.arange(len(labels), dtype=np.int32), repeats[labels])
    return np.tile(images, -(-max(epoch_images, 1) // len(images)))


def shuffle_into_batches(
    images: np.ndarray, batch_size: int, seed: int, epoch: int, old=(), rehearsed: int = 0
) -> np.ndarray:
    """(m,) int32 → (batches, batch_size): an epoch's own order of the images; the first fill up the
    last batch.

    Among them are so many that are `rehearsed`, chosen at random of those called `old`.
    """
    generator = np.random.default_rng((seed, epoch))
    if rehearsed:
        images = np.concatenate([images, generator.choice(np.asarray(old, np.int32), rehearsed)])
    batches = -(-len(images) // batch_size)
    return np.resize(generator.permutation(images), (batches, batch_size))


@nnx.jit
def forward(model: DigitCNN | Ensemble, images):
    """(n, 28, 28) uint8 → (n, classes) float32 logits, the same on every device."""
    logits, alone = model(images), jax.sharding.get_abstract_mesh().empty
    return logits if alone else jax.lax.with_sharding_constraint(logits, PartitionSpec())


def predict(model: DigitCNN | Ensemble, images: np.ndarray) -> np.ndarray:
    """(n, 28, 28) uint8 → (n, classes) float32 logits, in batches of one size: the last is
    padded."""
    model = nnx.view(model, deterministic=True, use_running_average=True)
    logits = []
    for start in range(0, len(images), EVALUATION_BATCH):
        batch = images[start : start + EVALUATION_BATCH]
        padded = np.concatenate(
            [batch, np.zeros((EVALUATION_BATCH - len(batch), *batch.shape[1:]), batch.dtype)]
        )
        logits.append(np.asarray(forward(model, padded))[: len(batch)])
    return np.concatenate(logits)


def train(
    config: Config,
    output: Path | str,
    resume: bool = False,
    quiet: bool = False,
    command: str = "",
    report: Callable[[dict], None] | None = None,
    overwrite: bool = False,
) -> dict:
    """Trains, and writes a checkpoint to `output`; returns its card.

    Each epoch ends with a look at the validation part. The test part is looked at once, after the
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
    with claim(Path(output), resume, overwrite):
        shape = {name: getattr(config, name) for name in NETWORK}
        # these are mixed with the images of --data
        rehearse = config.rehearse > 0 and not config.corrections
        transfer.check_start(config.from_, config.freeze, config.teacher, rehearse, **shape)
        return _trained(config, Path(output), resume, quiet, command, report)


def _trained(
    config: Config, output: Path, resume: bool, quiet: bool, command: str, report: Callable | None
) -> dict:
    """As `train`."""
    quiet = quiet or report is not None or jax.process_index() > 0
    look = LOOK_CLOSELY if report else LOOK
    report = report if report and jax.process_index() == 0 else lambda event: None
    dataset, known = _dataset(config, quiet), None
    if dataset.classes != DIGITS:
        config = dataclasses.replace(config, drawn=0.0)
    if config.corrections:
        known, dataset = (
            dataset.train,
            transfer.with_corrections(dataset, config.corrections, config.from_),
        )
    split = dataset.train
    if config.train_limit:
        split = datasets.Split(*(part[: config.train_limit] for part in split))
    least = (
        min(config.epoch_images, TAKES * len(split.labels))
        if config.corrections
        else config.epoch_images
    )
    images, old, rehearsed = epoch_indices(split.labels, least), (), 0
    if config.rehearse:
        known = known or transfer.rehearsal_images(config.from_, dataset.classes)
        old = range(len(split.labels), len(split.labels) + len(known.labels))
        whole = max(len(images), config.epoch_images) / (1 - config.rehearse)
        rehearsed = round(whole) - len(images) if old else 0
        split = datasets.Split(*map(np.concatenate, zip(split, known, strict=True)))
    batches = -(-(len(images) + rehearsed) // config.batch_size)
    state = TrainState(config, dataset.classes, batches * config.epochs)
    teacher = transfer.load_teacher(config.teacher, dataset.classes)
    progress = {"step": 0, "seconds": 0.0, "totals": [0.0, 0.0, 0.0], "history": []}
    store = Store(output / STATE, config, batches * config.epochs, _identity(dataset, split))
    if resume:
        progress = store.restore(state)
    devices = mesh(config)
    everywhere = replicate_on(devices)
    for network in filter(None, (state, teacher)):
        nnx.update(network, everywhere(nnx.state(network)))
    split = everywhere(split)
    totals = everywhere(jnp.array(progress["totals"]))
    step, history = progress["step"], progress["history"]
    started = time.perf_counter() - progress["seconds"]
    compiled = None  # when, and after which step

    # spares each call a walk through them
    next_step = nnx.cached_partial(train_step, state, teacher)
    with interrupt.defer_signals() as stop, jax.set_mesh(devices), _others_alive():
        while step < batches * config.epochs:
            epoch = step // batches
            order = everywhere(
                shuffle_into_batches(images, config.batch_size, config.seed, epoch, old, rehearsed)
            )
            bar = tqdm(
                range(step % batches, batches),
                initial=step % batches,
                total=batches,
                desc=f"Epoch {epoch + 1}/{config.epochs}",
                disable=quiet,
                unit="batch",
                mininterval=1,
                dynamic_ncols=True,
            )
            for i in bar:
                totals = next_step(totals, split, order, epoch * batches + i, config)
                step += 1
                if i % look == 0:
                    loss, right, seen = np.asarray(totals).tolist()
                    compiled, steps = (
                        compiled or (time.perf_counter(), step),
                        batches * config.epochs,
                    )
                    since, done = time.perf_counter() - compiled[0], step - compiled[1]
                    remaining = since / done * (steps - step) if done else None
                    left = f", {_clock(remaining)} left in all" if done else ""
                    bar.set_postfix_str(
                        f"loss {loss / seen:.4f}, accuracy {right / seen:.2%}{left}"
                    )
                    now = {
                        "epoch": epoch + 1,
                        "epochs": config.epochs,
                        "step": step,
                        "steps": steps,
                    }
                    now |= {"loss": loss / seen, "accuracy": right / seen, "remaining": remaining}
                    report({"event": "step"} | now)
                # at the end of an epoch, that is finished first
                if _all_stop(stop, step) and step % batches:
                    bar.close()
                    store.save(state, _progress(step, started, totals, history))
                    raise Interrupted(f"Stopped in epoch {epoch + 1}; go on with --resume.")
            loss, right, seen = (float(total) for total in totals)
            logits = predict(state.average, dataset.validation.images)
            checked = metrics.summary(dataset.validation.labels, softmax(logits, axis=1))
            history.append(
                {
                    "epoch": epoch + 1,
                    "train_loss": loss / seen,
                    "train_accuracy": right / seen,
                    "validation_loss": checked["log_loss"],
                    "validation_accuracy": checked["accuracy"],
                    "seconds": time.perf_counter() - started,
                }
            )
            report({"event": "epoch"} | history[-1])
            totals = everywhere(jnp.zeros(3))
            store.save(state, _progress(step, started, totals, history))
            if not quiet:
                tqdm.write(
                    f"Epoch {epoch + 1}: training loss {loss / seen:.4f}, accuracy "
                    f"{right / seen:.2%}; validation loss {checked['log_loss']:.4f}, accuracy "
                    f"{checked['accuracy']:.2%}"
                )
            if _all_stop(stop) and step < batches * config.epochs:
                raise Interrupted(f"Stopped after epoch {epoch + 1}; go on with --resume.")
        card = _finish(
            config, dataset, state.average, history, time.perf_counter() - started, output, command
        )
        store.clear()
        report({"event": "end", "test": card["test"]})
    return card


def _finish(config, dataset, network, history, seconds, output: Path, command: str) -> dict:
    """Calibrates the network, looks at test, and writes the checkpoint."""
    calibration, probabilities = calibrate(network, dataset, config.abstain, config.from_)
    card = {
        "name": output.name,
        "description": f"DigitCNN trained on {config.data}",
        "command": command,
        "classes": list(dataset.classes),
        "network": {name: getattr(config, name) for name in NETWORK},
        "config": dataclasses.asdict(config),
        "seed": config.seed,
        "versions": versions(),
        "hardware": f"{jax.device_count()} × {jax.devices()[0].device_kind}, {platform.machine()}",
        "seconds": seconds,
        "data": {
            "name": config.data,
            "train": config.train_limit or len(dataset.train.labels),
            "validation": len(dataset.validation.labels),
            "test": len(dataset.test.labels),
            "skipped": len(dataset.skipped),
        },
        "history": history,
    } | calibration
    if not jax.process_index():
        checkpoint.save(output, network, card, dataset.test.labels, probabilities)
    return card


def calibrate(
    network, dataset: datasets.Dataset, abstain: float, source: str = ""
) -> tuple[dict, np.ndarray]:
    """How sure a trained network is to be, and how good it then is.

    Args:
        network: as it was trained.
        dataset: its validation part decides, its test part is looked at.
        abstain: share of the validation images on which the reader is to abstain.
        source: the folder of a checkpoint that tells temperature and threshold where validation
            images are few, or "".

    Returns:
        A card's fields `parameters`, `temperature`, `threshold`, `validation` and `test`, and the
        calibrated probabilities (n, classes) float32 of the test images.
    """
    labels, logits = dataset.validation.labels, predict(network, dataset.validation.images)
    few = len(logits) < CALIBRATION_IMAGES
    given = checkpoint.read_card(source) if few and source else {}
    temperature = given.get("temperature", 1.0) if few else metrics.fit_temperature(labels, logits)
    validated = softmax(logits / temperature, axis=1)
    threshold = (
        given.get("threshold", 0.0) if few else float(np.quantile(validated.max(1), abstain))
    )
    probabilities = softmax(predict(network, dataset.test.images) / temperature, axis=1)
    return {
        "parameters": sum(p.size for p in jax.tree.leaves(nnx.state(network, nnx.Param))),
        "temperature": temperature,
        "threshold": threshold,
        "validation": metrics.summary(labels, validated),
        "test": metrics.summary(dataset.test.labels, probabilities),
    }, probabilities


def versions() -> dict[str, str]:
    """Of what decides how a training comes out."""
    packages = ("jax", "jaxlib", "flax", "optax", "numpy")
    return {"python": platform.python_version()} | {
        package: version(package) for package in packages
    }


def _progress(step: int, started: float, totals, history: list) -> dict:
    return {
        "step": step,
        "seconds": time.perf_counter() - started,
        "totals": [float(total) for total in totals],
        "history": history,
    }


def _dataset(config: Config, quiet: bool) -> datasets.Dataset:
    with tqdm(
        total=100,
        disable=quiet or datasets.is_cached(config.data),
        bar_format="{desc} {bar} {n:.0f} %",
    ) as bar:

        def show(share: float, what: str) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(100 * share - bar.n)

        dataset = datasets.load(config.data, show, config.validation)
    for fault in dataset.skipped[:NAMED]:
        print(f"skipped {fault}", file=sys.stderr)
    if dataset.skipped:
        print(f"{len(dataset.skipped)} pictures can't be read and are left out.", file=sys.stderr)
    return dataset


def _identity(dataset: datasets.Dataset, split: datasets.Split) -> dict[str, int | str]:
    """What tells data from others: how many there are, and a checksum of all."""
    digest = hashlib.sha256(json.dumps(dataset.classes).encode())
    for part in (split, dataset.validation, dataset.test):
        for array in part:
            digest.update(np.ascontiguousarray(array).data)
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


def _all_stop(stop: list, step: int = 0) -> bool:
    """Whether to stop. Several processes stop together, if one of them was asked to; they agree now
    and then."""
    if jax.process_count() == 1:
        return bool(stop)
    return step % AGREE == 0 and bool(multihost_utils.process_allgather(np.array(bool(stop))).any())


def _clock(seconds: float) -> str:
    return tqdm.format_interval(int(seconds))
