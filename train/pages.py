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
import functools
import multiprocessing
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import random
from jax.sharding import PartitionSpec
from tqdm import tqdm

from model import checkpoint
from model.convolution import BATCH_AXIS
from model.page_network import LARGEST, NAMES, SMALLEST, STRIDE, UNIT, PageNetwork
from model.page_reader import FOUND, Peaks, box_overlaps, find_peaks, suppress_overlaps
from train import data, interrupt, store
from train.__main__ import set_up_devices
from train.compose import SIDE, UNSAID, Composer, Scene
from train.loop import Interrupted, mesh, replicate_on, versions
from train.store import STATE, Store, TrainError, claim, load_config

FONTS = (".ttf", ".otf", ".woff2")
MOST = 256  # things in a scene that the network is told of, at most
VALIDATION_SEED = 2**31  # of scenes composed to validate with; those of training have smaller ones
BORDER = 1.4  # how far beyond SMALLEST and LARGEST a digit may be found or not


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
    widths: tuple = (24, 32, 64, 96)  # the network's channels
    start: str = ""  # a page network's checkpoint to begin with, in place of random weights
    validation: int = 128  # scenes to validate with


class TrainState(nnx.Pytree):
    """All that changes while training: the network, its optimizer, and the average of the network's
    state."""

    def __init__(self, config: Config, steps: int):
        self.model, self.average = (
            PageNetwork(config.widths, rngs=nnx.Rngs(config.seed)) for _ in range(2)
        )
        schedule = optax.warmup_cosine_decay_schedule(
            0, config.learning_rate, min(300, steps // 10), steps
        )
        if config.start:
            begin, _ = checkpoint.load_page(config.start)
            for part in (self.model, self.average):
                nnx.update(part, nnx.state(begin, checkpoint.TRAINED))
        decayed = functools.partial(jax.tree.map, lambda p: p.ndim > 1)
        transform = optax.chain(
            optax.clip_by_global_norm(5.0),
            optax.adamw(schedule, weight_decay=config.weight_decay, mask=decayed),
        )
        self.optimizer = nnx.Optimizer(self.model, transform, wrt=nnx.Param)


def targets(boxes: jax.Array, sizes: jax.Array, classes: jax.Array) -> tuple[jax.Array, ...]:
    """What a network is to say of one scene.

    Args:
        boxes: (m, 4) float32 left, top, right, bottom in pixels; of no size where there is nothing.
        sizes: (m,) float32 pixels.
        classes: (m,) int8.

    Returns:
        heat: (h, w) float32, 1 at the place of each middle, falling off as a Gaussian of a sixth of
            the box.
        told: (h, w) bool, False where it is all the same what the network says.
        weight: (h, w) float32 of a place for classes and boxes; 0 where nothing lies.
        kind: (h, w) int32, the class there.
        reach: (h, w, 4) float32, from the place's middle to the box' sides, in UNITs.
    """
    places = STRIDE * (jnp.arange(SIDE // STRIDE) + 0.5)
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    there = wide > 0
    fits = there & (sizes >= SMALLEST) & (sizes <= LARGEST)
    near = there & (sizes >= SMALLEST / BORDER) & (sizes <= LARGEST * BORDER)
    active, unsaid = fits & (classes >= 0), near & ~(fits & (classes >= 0))
    x, y = ((boxes[:, side] + boxes[:, side + 2]) / 2 for side in (0, 1))
    # The middle of the place in which the middle lies, so that each digit has a place of full heat.
    x0, y0 = (STRIDE * (jnp.floor(middle / STRIDE) + 0.5) for middle in (x, y))
    spread_x, spread_y = (jnp.maximum(side / 6, 0.55 * STRIDE) for side in (wide, high))
    along_x = jnp.exp(-(((places[None] - x0[:, None]) / spread_x[:, None]) ** 2) / 2)  # (m, w)
    along_y = jnp.exp(-(((places[None] - y0[:, None]) / spread_y[:, None]) ** 2) / 2)  # (m, h)
    each = along_y[:, :, None] * along_x[:, None, :] * active[:, None, None]
    heat, owner = each.max(0), each.argmax(0)
    inside_x = (places[None] >= boxes[:, :1]) & (places[None] <= boxes[:, 2:3])
    inside_y = (places[None] >= boxes[:, 1:2]) & (places[None] <= boxes[:, 3:])
    covered = jnp.einsum(
        "my,mx->yx", (inside_y & unsaid[:, None]).astype(jnp.float32), inside_x.astype(jnp.float32)
    )
    told = (covered == 0) | (heat > 0.5)
    box = boxes[owner]  # (h, w, 4)
    xs, ys = (
        jnp.broadcast_to(places[None], heat.shape),
        jnp.broadcast_to(places[:, None], heat.shape),
    )
    reach = (
        jnp.stack([xs - box[..., 0], ys - box[..., 1], box[..., 2] - xs, box[..., 3] - ys], -1)
        / UNIT
    )
    return heat, told, jnp.where(heat > 0.4, heat, 0.0), classes[owner].astype(jnp.int32), reach


@jax.jit
def batch_targets(*scenes: jax.Array) -> tuple[jax.Array, ...]:
    """`targets` of many scenes, in types that take little memory."""
    heat, told, weight, kind, reach = jax.vmap(targets)(*scenes)
    return (
        heat.astype(jnp.float16),
        told,
        weight.astype(jnp.float16),
        kind.astype(jnp.int8),
        reach.astype(jnp.float16),
    )


def loss_fn(model: PageNetwork, pictures, heat, told, weight, kind, reach):
    """Heat by CenterNet's focal loss, classes by cross-entropy, boxes by their absolute error; also
    the three."""
    logits, kinds, reaches = model(pictures)
    heat, weight, reach = (part.astype(jnp.float32) for part in (heat, weight, reach))
    # Zhou et al., 2019, equation 1: α = 2, β = 4, a sum over places, for each digit.
    log_p, log_q = jax.nn.log_sigmoid(logits), jax.nn.log_sigmoid(-logits)
    middle = heat > 0.999
    focal = jnp.where(
        middle, jnp.exp(2 * log_q) * log_p, (1 - heat) ** 4 * jnp.exp(2 * log_p) * log_q
    )
    count = jnp.maximum(middle.sum(), 1)
    of_heat = -(focal * told).sum() / count
    total = jnp.maximum(weight.sum(), 1e-3)
    of_class = (
        optax.softmax_cross_entropy_with_integer_labels(kinds, jnp.clip(kind, 0).astype(jnp.int32))
        * weight
    ).sum() / total
    of_box = (jnp.abs(reaches - reach).sum(-1) * weight).sum() / total
    return of_heat + of_class + of_box, jnp.stack([of_heat, of_class, of_box])


def relight(key: jax.Array, pictures: jax.Array) -> jax.Array:
    """(n, h, w) uint8 → the same in another light: brightness and contrast of each."""
    gain, offset = (random.uniform(k, (len(pictures), 1, 1)) for k in random.split(key))
    values = pictures.astype(jnp.float32) * (0.6 + 0.4 * gain)
    return jnp.round(values + (255 - values.max((1, 2), keepdims=True)) * offset).astype(jnp.uint8)


@functools.partial(nnx.jit, static_argnames="config", donate_argnames="state")
def train_step(state: TrainState, scenes: tuple, chosen, step, config: Config):
    """One step of AdamW, inside the context of a mesh, on those scenes that are `chosen`; returns
    the three losses.

    Args:
        state: changed in place; its buffers are donated.
        scenes: pictures (n, SIDE, SIDE) uint8, and what `all_targets` gives for them.
        chosen: (batch_size,) int.
        step: the number of the step since the run began.
    """
    pictures, *told = jax.lax.with_sharding_constraint(
        tuple(part[chosen] for part in scenes), PartitionSpec(BATCH_AXIS)
    )
    pictures = relight(random.fold_in(random.key(config.seed), step), pictures)
    (_, losses), grads = nnx.value_and_grad(loss_fn, has_aux=True)(state.model, pictures, *told)
    state.optimizer.update(state.model, grads)
    decay = jnp.minimum(config.average_decay, (1 + step) / (10 + step))
    averaged, current = (
        nnx.state(part, checkpoint.TRAINED) for part in (state.average, state.model)
    )
    nnx.update(
        state.average, jax.tree.map(lambda a, c: a + (1 - decay) * (c - a), averaged, current)
    )
    return losses


@functools.cache
def get_composer(fonts: str, validation: bool) -> Composer:
    """Of the digits of MNIST to train on, or of those to validate with; once a process."""
    paths = []
    if fonts:
        if not Path(fonts).is_dir():
            raise TrainError(f"--fonts should be a folder of fonts, and {fonts} is none.")
        paths = sorted(p for p in Path(fonts).iterdir() if p.suffix in FONTS and p.stat().st_size)
        if not paths:
            raise TrainError(f"There is no font ({', '.join(FONTS)}) in {fonts}.")
    mnist = data.load("mnist")
    try:
        return Composer(mnist.validation if validation else mnist.train, paths)
    except OSError as error:
        raise TrainError(f"A font in {fonts} can't be opened: {error}.") from error


def compose_scenes(
    fonts: str, seed: int, start: int, count: int, validation: bool = False
) -> tuple[np.ndarray, ...]:
    """Scenes numbered from `start`: pictures (count, SIDE, SIDE), boxes (count, MOST, 4), sizes,
    classes."""
    scenes = [
        get_composer(fonts, validation).scene(np.random.default_rng([seed, n]))
        for n in range(start, start + count)
    ]
    return stack_scenes(scenes)


def stack_scenes(scenes: list[Scene]) -> tuple[np.ndarray, ...]:
    """Scenes as arrays of one length each; what is beyond MOST is left out of none, since few hold
    so much."""
    boxes = np.zeros((len(scenes), MOST, 4), np.float32)
    sizes = np.zeros((len(scenes), MOST), np.float32)
    classes = np.full((len(scenes), MOST), UNSAID, np.int8)
    for number, scene in enumerate(scenes):
        # Smaller than can be told: those are the first to go.
        order = np.argsort(-np.where(scene.sizes <= LARGEST * BORDER, scene.sizes, 0))[:MOST]
        boxes[number, : len(order)] = scene.boxes[order]
        sizes[number, : len(order)] = scene.sizes[order]
        classes[number, : len(order)] = scene.classes[order]
    return np.stack([scene.picture for scene in scenes]), boxes, sizes, classes


@nnx.jit
def forward(model: PageNetwork, pictures):
    """(n, h, w) uint8 → heat, classes and boxes, with the statistics that the network has
    learned."""
    return model(pictures)


def validate(network: PageNetwork, scenes: tuple[np.ndarray, ...]) -> dict[str, float]:
    """How much of what lies in the scenes is found: digits, those read right, and what was found
    where nothing is."""
    network = nnx.view(network, use_running_average=True)
    counts = dict.fromkeys(("digits", "found", "right", "spurious"), 0)
    for start in range(0, len(scenes[0]), 16):
        answers = [np.asarray(part) for part in forward(network, scenes[0][start : start + 16])]
        for number in range(len(answers[0])):
            found = suppress_overlaps(find_peaks(*(part[number] for part in answers), least=FOUND))
            _count(found, *(part[start + number] for part in scenes[1:]), counts)
    return counts


def _count(
    found: Peaks, boxes: np.ndarray, sizes: np.ndarray, classes: np.ndarray, counts: dict[str, int]
) -> None:
    there = (boxes[:, 2] > boxes[:, 0]) & (sizes >= SMALLEST / BORDER) & (sizes <= LARGEST * BORDER)
    boxes, sizes, classes = boxes[there], sizes[there], classes[there]
    kinds = found.probabilities.argmax(1)
    shared, _ = box_overlaps(found.boxes, boxes)
    wanted = (classes >= 0) & (classes < 10) & (sizes >= SMALLEST) & (sizes <= LARGEST)
    counts["digits"] += int(wanted.sum())
    if not len(kinds):
        return
    if len(boxes):
        hit = shared > 0.4
        counts["found"] += int((hit.any(0) & wanted).sum())
        counts["right"] += int(((hit & (kinds[:, None] == classes[None])).any(0) & wanted).sum())
        middles = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        inside = (
            (middles[:, None] >= boxes[None, :, :2]) & (middles[:, None] <= boxes[None, :, 2:])
        ).all(2)
        excused = (hit | (inside & (classes < 0)[None])).any(1)
    else:
        excused = np.zeros(len(kinds), bool)
    counts["spurious"] += int((~excused & (kinds < 10)).sum())


def train(
    config: Config,
    output: Path,
    resume: bool = False,
    quiet: bool = False,
    command: str = "",
    overwrite: bool = False,
) -> dict:
    """Trains, and writes a checkpoint to `output` after each round; returns its card.

    Raises:
        DataError: MNIST can't be had.
        TrainError: no such fonts, `output` can't be written or is another training's, nothing to
            resume, a state of another config, or a run that would be lost without `overwrite`.
        Interrupted: Ctrl-C or SIGTERM; the state after the last whole round is saved.
    """
    with claim(output, resume, overwrite):
        return _trained(config, output, resume, quiet, command)


def _trained(config: Config, output: Path, resume: bool, quiet: bool, command: str) -> dict:
    """As `train`."""
    a_round = config.passes * (config.scenes // config.batch_size)
    state = TrainState(config, config.rounds * a_round)
    store = Store(output / STATE, config, config.rounds * a_round, {})
    progress = store.restore(state) if resume else {"step": 0, "seconds": 0.0, "history": []}
    step, history = progress["step"], progress["history"]
    started = time.perf_counter() - progress["seconds"]
    checks = compose_scenes(config.fonts, VALIDATION_SEED, 0, config.validation, True)
    # a fork of a process with JAX's threads may hang
    spawning = multiprocessing.get_context("spawn")
    devices = mesh(config)
    everywhere = replicate_on(devices)
    nnx.update(state, everywhere(nnx.state(state)))
    with (
        ProcessPoolExecutor(1, spawning) as pool,
        interrupt.defer_signals() as stop,
        jax.set_mesh(devices),
    ):

        def ordered(number: int):
            return pool.submit(
                compose_scenes, config.fonts, config.seed, number * config.scenes, config.scenes
            )

        coming = ordered(step // a_round)
        for number in range(step // a_round, config.rounds):
            scenes = coming.result()
            if number + 1 < config.rounds:
                coming = ordered(number + 1)
            told = [
                batch_targets(*(part[i : i + 16] for part in scenes[1:]))
                for i in range(0, config.scenes, 16)
            ]
            scenes = everywhere(
                (scenes[0], *(np.concatenate(part) for part in zip(*told, strict=True)))
            )
            rng = np.random.default_rng([config.seed, number])
            order = np.concatenate([rng.permutation(config.scenes) for _ in range(config.passes)])
            order = order[: a_round * config.batch_size].reshape(a_round, config.batch_size)
            losses = []
            for chosen in tqdm(
                order, f"Round {number + 1}/{config.rounds}", disable=quiet, mininterval=5
            ):
                losses.append(train_step(state, scenes, chosen, step, config))
                step += 1
                if stop:
                    saved = "go on with --resume" if history else "nothing was written"
                    raise Interrupted(f"Stopped in round {number + 1}; {saved}.")
            losses = np.mean(losses, axis=0).tolist()
            checked = validate(state.average, checks)
            seconds = time.perf_counter() - started
            history.append({"round": number + 1, "losses": losses, "seconds": seconds} | checked)
            card = _card(config, state.average, history, seconds, output, command)
            checkpoint.save(output, state.average, card)
            store.save(state, {"step": step, "seconds": seconds, "history": history})
            tqdm.write(
                f"Round {number + 1}: losses {losses[0]:.3f} {losses[1]:.3f} {losses[2]:.3f}; of "
                f"{checked['digits']} digits {checked['found'] / checked['digits']:.2%} found, "
                f"{checked['right'] / checked['digits']:.2%} right, {checked['spurious']} "
                f"spurious; {seconds:.0f} s"
            )
        store.clear()
    return card


def _card(
    config: Config, network: PageNetwork, history: list, seconds: float, output: Path, command: str
) -> dict:
    return {
        "name": output.name,
        "description": "PageNetwork trained on scenes composed of MNIST's training digits",
        "command": command,
        "classes": list(NAMES),
        "network": {"widths": list(config.widths)},
        "temperature": 1.0,
        "config": dataclasses.asdict(config) | {"fonts": Path(config.fonts).name},
        "seed": config.seed,
        "versions": versions(),
        "hardware": f"{jax.device_count()} × {jax.devices()[0].device_kind}, {platform.machine()}",
        "seconds": seconds,
        "parameters": sum(p.size for p in jax.tree.leaves(nnx.state(network, nnx.Param))),
        "data": {"name": "mnist", "validation": config.validation},
        "history": history,
        "test": {},
    }


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.pages", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs/pages"), help="where the checkpoint goes"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the interrupted run in --output"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="train in the place of what is in --output"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    for field in dataclasses.fields(Config):
        kind = (
            (lambda text: tuple(map(int, text.split(",")))) if field.type is tuple else field.type
        )
        flag = "from" if field.name == "start" else field.name.replace("_", "-")
        parser.add_argument(f"--{flag}", dest=field.name, type=kind)
    given = vars(parser.parse_args(arguments))
    output, resume, quiet, overwrite = (
        given.pop(name) for name in ("output", "resume", "quiet", "overwrite")
    )
    values = {name: value for name, value in given.items() if value is not None}
    command = store.reproducing_command("train.pages", arguments)
    try:
        config = load_config(output, Config) if resume else Config()
        train(dataclasses.replace(config, **values), output, resume, quiet, command, overwrite)
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return 130
    except (TrainError, data.DataError, checkpoint.CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"error: {error.filename or output} can't be written: {error.strerror or error}.",
            file=sys.stderr,
        )
        return 1
    print(f"Checkpoint: {output}")
    return 0


if __name__ == "__main__":
    interrupt.raise_on_signals()
    set_up_devices()  # JAX reads it when it first computes
    sys.exit(main())
