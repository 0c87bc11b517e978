"""A checkpoint on disk ↔ a network and its card.

A checkpoint is a folder of three files, none of which can run code when read:

- `weights.safetensors`: every parameter and statistic of the network by its path, such as `conv1.conv.kernel`, in
  float32, or in float16, which halves the file of a committee;
- `card.json`: what it is and how it came to be (`CARD_FIELDS`);
- `evaluation.npz`: test labels and probabilities, what the charts of the dashboard need. Readers do without it.

Loading is strict: whatever is missing, doesn't fit or can't be read raises a CheckpointError that names file and fault.
"""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
from flax import nnx
from safetensors import SafetensorError
from safetensors.numpy import load_file
from safetensors.numpy import save as to_bytes

from model.network import Committee, DigitCNN
from model.page_network import NAMES, PageNetwork

SHIPPED = Path(__file__).parent.parent / "checkpoints"
DEFAULT, PAGE = SHIPPED / "default", SHIPPED / "pages"
WEIGHTS, CARD, EVALUATION = "weights.safetensors", "card.json", "evaluation.npz"
TRAINED = nnx.Param, nnx.BatchStat  # what of a network training changes, and a checkpoint keeps
CARD_FIELDS = {
    "name": str,
    "classes": list,  # names, in the order of the logits
    "network": dict,  # DigitCNN's arguments; with "members", Committee's
    "temperature": float,  # logits are divided by it
    "config": dict,
    "seed": int,
    "versions": dict,
    "data": dict,
    "history": list,  # one object an epoch
    "test": dict,
}


class CheckpointError(Exception):
    """A checkpoint can't be used; the message is one sentence that names the file and the fault."""


def load(directory: os.PathLike | str) -> tuple[DigitCNN | Committee, dict]:
    """The network, ready to infer, and its card.

    Raises:
        CheckpointError: a file is missing or damaged, or names, shapes or types don't fit.
    """
    directory = Path(directory)
    if tuple(read_card(directory)["classes"]) == NAMES:
        raise CheckpointError(
            f"{directory} is a page network, which every checkpoint uses; choose one that reads digits."
        )
    return _load(directory, "a DigitCNN", _network)


def load_page(directory: os.PathLike | str = PAGE) -> tuple[PageNetwork, dict]:
    """The network that finds digits on a page, ready to infer, and its card. Raises as `load`."""

    def network(card: dict) -> PageNetwork:
        return PageNetwork(**network_arguments(card), rngs=nnx.Rngs(0))

    return _load(Path(directory), "a PageNetwork", network)


def _load(directory: Path, kind: str, build: Callable[[dict], nnx.Module]) -> tuple[nnx.Module, dict]:
    card = read_card(directory)
    path = directory / WEIGHTS
    try:
        network = nnx.eval_shape(lambda: build(card))
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{directory / CARD}: 'network' does not describe {kind} ({error}).") from error
    try:
        loaded = load_file(path)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing.") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged or not a safetensors file ({error}).") from error
    state = nnx.state(network, TRAINED)
    wanted = by_name(state)
    for name in sorted(wanted.keys() ^ loaded.keys()):
        raise CheckpointError(f"{path}: {name} is {'missing' if name in wanted else 'not part of this network'}.")
    for name, variable in wanted.items():
        value = loaded[name]
        if value.shape != variable.shape or value.dtype not in (variable.dtype, np.float16):
            raise CheckpointError(
                f"{path}: {name} is {value.dtype} {value.shape}, but should be {variable.dtype} {variable.shape}."
            )
        if not np.isfinite(value).all():
            raise CheckpointError(f"{path}: {name} has values that are not finite.")
    nnx.update(network, jax.tree.map(lambda v: v, nnx.from_flat_state(_with_values(state, loaded))))
    network.eval()
    for _, module in nnx.iter_modules(network):
        if isinstance(module, nnx.Dropout):  # what infers draws no random numbers
            module.rngs = None
    return network, card


def save(
    directory: os.PathLike | str,
    network: DigitCNN | Committee,
    card: dict,
    labels: np.ndarray | None = None,
    probabilities: np.ndarray | None = None,
    dtype: type = np.float32,
) -> None:
    """Writes a checkpoint, each file whole or not at all.

    Args:
        directory: made where it isn't there.
        network: its parameters and statistics are written.
        card: must have CARD_FIELDS.
        labels: (n,) int, the test part's classes; None where there is no evaluation.
        probabilities: (n, classes) float, calibrated.
        dtype: of the weights on disk, np.float32 or np.float16.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    state = nnx.state(network, TRAINED)
    values = {name: np.asarray(variable[...], dtype) for name, variable in by_name(state).items()}
    with replacing(directory / WEIGHTS) as path:
        path.write_bytes(to_bytes(values))
    if labels is not None:
        with replacing(directory / EVALUATION) as path, open(path, "wb") as file:
            np.savez_compressed(
                file,
                labels=labels.astype(np.min_scalar_type(len(card["classes"]))),
                probabilities=probabilities.astype(np.float32),
            )
    with replacing(directory / CARD) as path:
        path.write_text(json.dumps(card, indent=1) + "\n")


def read_card(directory: os.PathLike | str) -> dict:
    """The card of a checkpoint, checked against CARD_FIELDS; raises CheckpointError."""
    path = Path(directory) / CARD
    try:
        card = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing.") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} is not a JSON file that can be read ({error}).") from error
    if not isinstance(card, dict):
        raise CheckpointError(f"{path} should hold an object, but holds a {type(card).__name__}.")
    for field, kind in CARD_FIELDS.items():
        if field not in card:
            raise CheckpointError(f"{path}: the field '{field}' is missing.")
        if not isinstance(card[field], kind):
            raise CheckpointError(f"{path}: '{field}' should be a {kind.__name__}, not {card[field]!r:.60}.")
    if not card["temperature"] > 0:
        raise CheckpointError(f"{path}: 'temperature' should be above 0, not {card['temperature']}.")
    if not card["classes"] or not all(isinstance(name, str) for name in card["classes"]):
        raise CheckpointError(f"{path}: 'classes' should be a list of names.")
    return card


def read_evaluation(directory: os.PathLike | str) -> tuple[np.ndarray, np.ndarray]:
    """Test labels (n,) int and probabilities (n, classes) float32 of a checkpoint; raises CheckpointError."""
    path = Path(directory) / EVALUATION
    classes = len(read_card(directory)["classes"])
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            labels, probabilities = arrays["labels"].astype(int), arrays["probabilities"]
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing.") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is damaged or not an evaluation ({error}).") from error
    if labels.ndim != 1 or probabilities.shape != (len(labels), classes) or not (labels < classes).all():
        raise CheckpointError(
            f"{path}: labels {labels.shape} and probabilities {probabilities.shape} don't fit {classes} classes."
        )
    return labels, probabilities


def _network(card: dict) -> DigitCNN | Committee:
    arguments = network_arguments(card)
    kind = Committee if "members" in arguments else DigitCNN
    return kind(classes=len(card["classes"]), **arguments, rngs=nnx.Rngs(0))


def network_arguments(card: dict) -> dict:
    """The network's arguments, as a card has them, with tuples for JSON's lists."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in card["network"].items()}


def by_name(state: nnx.State) -> dict[str, nnx.Variable]:
    """A state's variables by their paths, such as `conv1.conv.kernel`."""
    return {".".join(map(str, path)): variable for path, variable in nnx.to_flat_state(state)}


def _with_values(state: nnx.State, values: dict[str, np.ndarray]) -> list:
    return [
        (path, variable.replace(jax.device_put(np.asarray(values[".".join(map(str, path))], variable.dtype))))
        for path, variable in nnx.to_flat_state(state)
    ]


class replacing:
    """A path to write to, that takes the place of the real one when all went well."""

    def __init__(self, path: Path):
        self.path, self.draft = path, path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> Path:
        return self.draft

    def __exit__(self, kind, *_):
        if kind is None:
            os.replace(self.draft, self.path)
        else:
            self.draft.unlink(missing_ok=True)
