"""Training: a Config in, a checkpoint out; interrupted, it goes on where it was.

    from train.loop import Config, train
    train(Config(epochs=4), output="runs/quick")

The arrays lie on the devices from the start. Shuffling, taking a batch, distorting it and the step itself are inside
jit, each device working on its part of the batch. All randomness comes from the seed and the number of the step, so a
run that was interrupted and resumed ends with the very weights of one that was not.
"""

import contextlib
import dataclasses
import functools
import platform
import shutil
import signal
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
from flax import nnx
from jax import random
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from tqdm import tqdm

from model import checkpoint
from model.convolution import BATCH_AXIS
from model.network import DigitCNN
from train import data as datasets
from train import evaluate
from train.augment import augment
from train.drawn import drawn
from train.outliers import outliers

DIGITS = tuple("0123456789")
STATE = "state"  # the folder in a run's output that holds what --resume needs
EVALUATION_BATCH = 500


@dataclasses.dataclass(frozen=True)
class Config:
    """What makes a run. Each field is a flag of `python -m train`, and all are saved in the card."""

    data: str = "mnist"  # a TFDS name
    seed: int = 0  # of the weights, the order, the distortions and the dropout
    epochs: int = 56  # passes over the training images
    batch_size: int = 128  # images a step
    learning_rate: float = 2e-3  # the highest, reached after the warm-up
    warmup: float = 0.1  # share of the run in which the learning rate rises; then it falls as a cosine
    weight_decay: float = 0.02  # AdamW's, times the learning rate
    label_smoothing: float = 0.02  # share of the target that is spread over all classes
    dropout: float = 0.4  # share of the hidden layer's inputs that are dropped
    average_decay: float = 0.9995  # of the weights' exponential moving average, which is what ships
    augmentation: bool = True  # distort the images (train/augment.py)
    damage: float = 0.4  # share of the images that are damaged, not only warped
    drawn: float = 0.0625  # digits drawn by program, as a share of the batch added to it; none where classes are others
    outliers: float = 0.125  # glyphs that show no digit, drawn by program, as a share of the batch added to it
    abstain: float = 0.002  # share of the validation digits on which the reader is to abstain, being the least sure
    validation: int = datasets.VALIDATION  # the last training images, never trained on
    train_limit: int = 0  # train on the first so many images alone; 0: on all


PRESETS = {
    "fast": Config(
        epochs=3, learning_rate=4e-3, average_decay=0.99, damage=0.0, augmentation=False, drawn=0.0, outliers=0.0
    ),
    "default": Config(),
    "best": Config(epochs=80),
}


class TrainError(Exception):
    """Training can't start or go on; the message is one sentence that says why and what to do."""


class Interrupted(Exception):
    """The run was asked to stop; its state is saved."""


class TrainState(nnx.Pytree):
    """All that changes while training: the model, its optimizer, and the average of the model's state."""

    def __init__(self, config: Config, classes: int, steps: int):
        # Two of one seed rather than a clone, which would share the buffers that a step donates.
        self.model, self.average = (
            DigitCNN(classes, dropout=config.dropout, rngs=nnx.Rngs(config.seed)) for _ in range(2)
        )
        schedule = optax.warmup_cosine_decay_schedule(0, config.learning_rate, int(config.warmup * steps), steps)
        decayed = functools.partial(jax.tree.map, lambda p: p.ndim > 1)  # kernels, not biases and norms
        transform = optax.adamw(schedule, weight_decay=config.weight_decay, mask=decayed)
        self.optimizer = nnx.Optimizer(self.model, transform, wrt=nnx.Param)


def loss_fn(model: DigitCNN, images, targets):
    """Mean cross-entropy with (n, classes) targets, in nats; also the logits."""
    logits = model(images)
    return optax.softmax_cross_entropy(logits, targets).mean(), logits


@functools.partial(nnx.jit, static_argnames="config", donate_argnames=("state", "totals"))
def train_step(state: TrainState, totals, split: datasets.Split, order, step, config: Config):
    """One step of AdamW on one batch.

    Args:
        state: changed in place; its buffers are donated.
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
    images, labels = jax.lax.with_sharding_constraint((split.images[chosen], split.labels[chosen]), sharded(config))
    classes = state.model.head.out_features
    digits, named = drawn(key, round(config.drawn * len(images)))
    strange = outliers(key, images[: round(config.outliers * len(images))])
    right = optax.smooth_labels(jax.nn.one_hot(jnp.append(labels, named), classes), config.label_smoothing)
    targets = jnp.concatenate([right, jnp.full((len(strange), classes), 1 / classes)])
    images = jnp.concatenate([images, digits, strange])
    if config.augmentation:
        images = augment(key, images, config.damage)
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(state.model, images, targets)
    state.optimizer.update(state.model, grads)
    # An average over few steps would remember the random start: let it grow with the steps.
    decay = jnp.minimum(config.average_decay, (1 + step) / (10 + step))
    kinds = (nnx.Param, nnx.BatchStat)
    averaged, current = nnx.state(state.average, kinds), nnx.state(state.model, kinds)
    nnx.update(state.average, jax.tree.map(lambda a, c: a + (1 - decay) * (c - a), averaged, current))
    right = (logits[: len(labels)].argmax(-1) == labels).sum()
    return totals + jnp.stack([loss * len(labels), right, len(labels)])


def mesh(config: Config) -> Mesh:
    """As many of the devices as share a batch evenly, in one row."""
    devices = jax.devices()
    count = max(n for n in range(1, len(devices) + 1) if config.batch_size % n == 0)
    return Mesh(np.array(devices[:count]), (BATCH_AXIS,))


def sharded(config: Config) -> NamedSharding:
    """A batch, split over the devices."""
    return NamedSharding(mesh(config), PartitionSpec(BATCH_AXIS))


def replicated(config: Config) -> NamedSharding:
    """The same on every device."""
    return NamedSharding(mesh(config), PartitionSpec())


@functools.partial(jax.jit, static_argnames=("n", "batch_size"))
def shuffled(key, n: int, batch_size: int):
    """A random order of n images in whole batches; the first ones fill up the last batch."""
    batches = -(-n // batch_size)
    return jnp.resize(random.permutation(key, n), (batches, batch_size))


@nnx.jit
def forward(model: DigitCNN, images):
    """(n, 28, 28) uint8 → (n, classes) float32 logits."""
    return model(images)


def predict(model: DigitCNN, images: np.ndarray) -> np.ndarray:
    """(n, 28, 28) uint8 → (n, classes) float32 logits, in batches of one size: the last is padded."""
    model = nnx.view(model, deterministic=True, use_running_average=True)
    logits = []
    for start in range(0, len(images), EVALUATION_BATCH):
        batch = images[start : start + EVALUATION_BATCH]
        padded = np.concatenate([batch, np.zeros((EVALUATION_BATCH - len(batch), *batch.shape[1:]), batch.dtype)])
        logits.append(np.asarray(forward(model, padded))[: len(batch)])
    return np.concatenate(logits)


def train(config: Config, output: Path | str, resume: bool = False, quiet: bool = False, command: str = "") -> dict:
    """Trains, and writes a checkpoint to `output`; returns its card.

    Each epoch ends with a look at the validation part. The test part is looked at once, after the last epoch.

    Raises:
        DataError: the dataset can't be had.
        TrainError: nothing to resume, a state that isn't of this config, or a run there that would be lost.
        Interrupted: Ctrl-C or SIGTERM; the state is saved, and `resume=True` goes on from it.
    """
    output = Path(output)
    dataset = _dataset(config, quiet)
    if dataset.classes != DIGITS:
        config = dataclasses.replace(config, drawn=0.0)
    split = dataset.train
    if config.train_limit:
        split = datasets.Split(*(part[: config.train_limit] for part in split))
    batches = -(-len(split.labels) // config.batch_size)
    state = TrainState(config, len(dataset.classes), batches * config.epochs)
    progress = {"step": 0, "seconds": 0.0, "totals": [0.0, 0.0, 0.0], "history": []}
    store = _Store(output / STATE, config)
    if resume:
        progress = store.restore(state)
    elif store.folder.exists():
        raise TrainError(f"There is an interrupted run in {output}: go on with --resume, or delete {store.folder}.")
    everywhere = replicated(config)
    nnx.update(state, jax.device_put(nnx.state(state), everywhere))
    split = jax.device_put(split, everywhere)
    order_key = random.fold_in(random.key(config.seed), 2**32 - 1)  # no step has this number
    totals = jax.device_put(jnp.array(progress["totals"]), everywhere)
    step, history = progress["step"], progress["history"]
    started = time.perf_counter() - progress["seconds"]

    next_step = nnx.cached_partial(train_step, state)  # spares each call a walk through the state
    with store, _stop_signals() as stop, jax.set_mesh(mesh(config)):
        while step < batches * config.epochs:
            epoch = step // batches
            order = shuffled(random.fold_in(order_key, epoch), len(split.labels), config.batch_size)
            order = jax.device_put(order, everywhere)
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
                if i % 20 == 0:  # looking waits for the device: not at every step
                    loss, right, seen = np.asarray(totals)
                    remaining = _clock((time.perf_counter() - started) / step * (batches * config.epochs - step))
                    bar.set_postfix_str(f"loss {loss / seen:.4f}, accuracy {right / seen:.2%}, {remaining} left in all")
                if stop and step % batches:  # at the end of an epoch, that is finished first
                    bar.close()
                    store.save(state, _progress(step, started, totals, history))
                    raise Interrupted(f"Stopped in epoch {epoch + 1}; go on with --resume.")
            loss, right, seen = (float(total) for total in totals)
            logits = predict(state.average, dataset.validation.images)
            checked = evaluate.summary(dataset.validation.labels, _softmax(logits))
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
            totals = jax.device_put(jnp.zeros(3), everywhere)
            store.save(state, _progress(step, started, totals, history))
            if not quiet:
                tqdm.write(
                    f"Epoch {epoch + 1}: training loss {loss / seen:.4f}, accuracy {right / seen:.2%}; "
                    f"validation loss {checked['log_loss']:.4f}, accuracy {checked['accuracy']:.2%}"
                )
            if stop and step < batches * config.epochs:
                raise Interrupted(f"Stopped after epoch {epoch + 1}; go on with --resume.")

    card = _finish(config, dataset, state.average, history, time.perf_counter() - started, output, command)
    store.clear()
    return card


def _finish(config, dataset, network, history, seconds, output: Path, command: str) -> dict:
    """Fits the temperature on validation, looks at test, and writes the checkpoint."""
    logits = predict(network, dataset.validation.images)
    temperature = evaluate.fit_temperature(dataset.validation.labels, logits)
    validated = _softmax(logits / temperature)
    probabilities = _softmax(predict(network, dataset.test.images) / temperature)
    card = {
        "name": output.name,
        "description": f"DigitCNN trained on {config.data}",
        "command": command,
        "classes": list(dataset.classes),
        "network": {"dropout": config.dropout},
        "parameters": sum(p.size for p in jax.tree.leaves(nnx.state(network, nnx.Param))),
        "temperature": temperature,
        "threshold": float(np.quantile(validated.max(1), config.abstain)),
        "config": dataclasses.asdict(config),
        "seed": config.seed,
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in ("jax", "jaxlib", "flax", "optax", "numpy")},
        "hardware": f"{jax.device_count()} × {jax.devices()[0].device_kind}, {platform.machine()}",
        "seconds": seconds,
        "data": {
            "name": config.data,
            "train": config.train_limit or len(dataset.train.labels),
            "validation": len(dataset.validation.labels),
            "test": len(dataset.test.labels),
        },
        "history": history,
        "validation": evaluate.summary(dataset.validation.labels, validated),
        "test": evaluate.summary(dataset.test.labels, probabilities),
    }
    checkpoint.save(output, network, card, dataset.test.labels, probabilities)
    return card


class _Store:
    """The run's own state, by Orbax: always one whole state on disk, the latest."""

    def __init__(self, folder: Path, config: Config):
        self.folder, self.config = folder.absolute(), config
        self.manager = None

    def _open(self):
        if self.manager is None:
            options = ocp.CheckpointManagerOptions(max_to_keep=1, enable_async_checkpointing=False)
            self.manager = ocp.CheckpointManager(self.folder, options=options)
        return self.manager

    def save(self, state: TrainState, progress: dict) -> None:
        # Random keys are saved as the numbers they are made of.
        arrays = jax.tree.map(_key_data, nnx.to_pure_dict(nnx.state(state)))
        self._open().save(
            progress["step"],
            args=ocp.args.Composite(
                arrays=ocp.args.StandardSave(arrays),
                progress=ocp.args.JsonSave(progress | {"config": dataclasses.asdict(self.config)}),
            ),
        )

    def restore(self, state: TrainState) -> dict:
        """Puts the saved state into `state`, and returns the progress saved with it."""
        step = self._open().latest_step() if self.folder.exists() else None
        if step is None:
            raise TrainError(
                f"There is no interrupted run in {self.folder.parent} to resume; start it without --resume."
            )
        saved = self.manager.restore(step, args=ocp.args.Composite(progress=ocp.args.JsonRestore()))["progress"]
        config = saved.pop("config")
        other = [field for field, value in dataclasses.asdict(self.config).items() if config.get(field) != value]
        if other:
            raise TrainError(
                f"The interrupted run in {self.folder.parent} has {other[0]} = {config.get(other[0])}; resume it with "
                "the flags it was started with, or start anew without --resume."
            )
        current = nnx.state(state)
        like = jax.tree.map(_key_data, nnx.to_pure_dict(current))
        arrays = self.manager.restore(step, args=ocp.args.Composite(arrays=ocp.args.StandardRestore(like)))["arrays"]
        keyed = jax.tree.map(
            lambda now, then: random.wrap_key_data(then) if jnp.issubdtype(now.dtype, jax.dtypes.prng_key) else then,
            nnx.to_pure_dict(current),
            arrays,
        )
        nnx.replace_by_pure_dict(current, keyed)
        nnx.update(state, current)
        return saved

    def clear(self) -> None:
        self.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.manager is not None:
            self.manager.close()
            self.manager = None


def _key_data(leaf):
    return random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf


def _progress(step: int, started: float, totals, history: list) -> dict:
    return {
        "step": step,
        "seconds": time.perf_counter() - started,
        "totals": [float(total) for total in totals],
        "history": history,
    }


def _dataset(config: Config, quiet: bool) -> datasets.Dataset:
    with tqdm(total=100, disable=quiet or datasets.is_cached(config.data), bar_format="{desc} {bar} {n:.0f} %") as bar:

        def show(share: float, what: str) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(100 * share - bar.n)

        return datasets.load(config.data, show, config.validation)


@contextlib.contextmanager
def _stop_signals() -> Iterator[list]:
    """A list that Ctrl-C and SIGTERM put something into, rather than breaking a step in the middle."""
    stop = []
    kinds = (signal.SIGINT, signal.SIGTERM)
    try:
        before = [signal.signal(kind, lambda number, frame: stop.append(number)) for kind in kinds]
    except ValueError:  # not the main thread: nobody sends it signals
        yield stop
        return
    try:
        yield stop
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)


def _softmax(logits: np.ndarray) -> np.ndarray:
    return np.asarray(jax.nn.softmax(logits, axis=-1))


def _clock(seconds: float) -> str:
    return tqdm.format_interval(int(seconds))
