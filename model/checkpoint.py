"""A checkpoint on disk ↔ a network and its card.

A checkpoint is a folder of three files, none of which can run code when read:

- `weights.safetensors`: every parameter and statistic of the network by its path, such as
  `conv1.conv.kernel`, in float32, or in float16, which halves the file of an ensemble;
- `card.json`: what it is and how it came to be (`CARD_FIELDS`);
- `evaluation.npz`: test labels and probabilities, what the charts of the dashboard need. Readers do
  without it.

Loading is strict: whatever is missing, doesn't fit or can't be read raises a CheckpointError that
names file and fault.
"""

import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np
from flax import nnx
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from model.network import DigitCNN, Ensemble
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


# What the fields may hold, that a damaged card asks for no memory and shows no nonsense.
# bytes: of a card; of a weights file beyond its values
MOST_CARD, MOST_HEADER = 4_000_000, 1_000_000
MOST_CLASSES, MOST_NAME = 1000, 200  # classes; characters of a name
MOST_VALUES = 20_000_000  # of an array of an evaluation: images times classes
# of a network's arguments
RANGES = {"widths": (1, 1024), "depth": (1, 16), "features": (0, 8192), "members": (1, 32)}
SHARES = ("accuracy", "ece")  # of an evaluation's summary, from 0 to 1


class CheckpointError(Exception):
    """A checkpoint can't be used; the message is one sentence that names the file and the fault."""


def load(directory: os.PathLike | str) -> tuple[DigitCNN | Ensemble, dict]:
    """The network, ready to infer, and its card.

    Raises:
        CheckpointError: a file is missing or damaged, or names, shapes or types don't fit.
    """
    directory = Path(directory)
    card = read_card(directory)
    if tuple(card["classes"]) == NAMES:
        raise CheckpointError(
            f"{directory} is a page network, which every checkpoint uses; choose one that reads "
            f"digits."
        )
    return _load(directory, card, "a DigitCNN", _network)


def load_page(directory: os.PathLike | str = PAGE) -> tuple[PageNetwork, dict]:
    """The network that finds digits on a page, ready to infer, and its card. Raises as `load`."""

    def network(card: dict) -> PageNetwork:
        return PageNetwork(**network_arguments(card), rngs=nnx.Rngs(0))

    return _load(Path(directory), read_card(directory), "a PageNetwork", network)


def _load(
    directory: Path, card: dict, kind: str, build: Callable[[dict], nnx.Module]
) -> tuple[nnx.Module, dict]:
    path = directory / WEIGHTS
    try:
        network = nnx.eval_shape(lambda: build(card))
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"{directory / CARD}: 'network' does not describe {kind} ({_line(error)})."
        ) from error
    state = nnx.state(network, TRAINED)
    wanted = variables_by_name(state)
    most = (
        sum(variable.size * variable.dtype.itemsize for variable in wanted.values()) + MOST_HEADER
    )
    try:
        content = _bounded(path, most)
        loaded = from_bytes(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{path} is damaged or not a safetensors file ({_line(error)})."
        ) from error
    for name in sorted(wanted.keys() ^ loaded.keys()):
        fault = "is missing" if name in wanted else "is not part of this network"
        raise CheckpointError(f"{path}: {_line(name)} {fault}.")
    for name, variable in wanted.items():
        value = loaded[name]
        if value.shape != variable.shape or value.dtype not in (variable.dtype, np.float16):
            raise CheckpointError(
                f"{path}: {name} is {value.dtype} {value.shape}, but should be {variable.dtype} "
                f"{variable.shape}."
            )
        if not np.isfinite(value).all():
            raise CheckpointError(f"{path}: {name} has values that are not finite.")
    if "sha256" in card and card["sha256"] != _sha256(content):
        raise CheckpointError(
            f"{path} is damaged or of another checkpoint: its checksum is not the card's."
        )
    nnx.update(network, jax.tree.map(lambda v: v, nnx.from_flat_state(_with_values(state, loaded))))
    network.eval()
    for _, module in nnx.iter_modules(network):
        if isinstance(module, nnx.Dropout):  # what infers draws no random numbers
            module.rngs = None
    return network, card


def save(
    directory: os.PathLike | str,
    network: DigitCNN | Ensemble,
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
    # safetensors writes the memory of an array as it lies, whatever its strides.
    values = {
        name: np.ascontiguousarray(variable[...], dtype)
        for name, variable in variables_by_name(state).items()
    }
    content = to_bytes(values)
    with atomic_write(directory / WEIGHTS) as path:
        path.write_bytes(content)
    if labels is not None:
        with atomic_write(directory / EVALUATION) as path, open(path, "wb") as file:
            np.savez_compressed(
                file,
                labels=labels.astype(np.min_scalar_type(len(card["classes"]))),
                probabilities=probabilities.astype(np.float32),
            )
    with atomic_write(directory / CARD) as path:
        path.write_text(json.dumps(card | {"sha256": _sha256(content)}, indent=1) + "\n")


def read_card(directory: os.PathLike | str) -> dict:
    """The card of a checkpoint, checked against CARD_FIELDS; raises CheckpointError."""
    path = Path(directory) / CARD
    try:
        card = json.loads(_bounded(path, MOST_CARD).decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # also of digits or brackets without end
        raise CheckpointError(
            f"{path} is not a JSON file that can be read ({_line(error)})."
        ) from error
    if not isinstance(card, dict):
        raise CheckpointError(f"{path} should hold an object, but holds a {type(card).__name__}.")
    for field, kind in CARD_FIELDS.items():
        if field not in card:
            raise CheckpointError(f"{path}: the field '{field}' is missing.")
        kinds = (int, float) if kind is float else kind
        if not isinstance(card[field], kinds) or isinstance(card[field], bool):
            raise CheckpointError(
                f"{path}: '{field}' should be a {kind.__name__}, not {_line(repr(card[field]))}."
            )
    for fault in _faults(card):
        raise CheckpointError(f"{path}: {fault}.")
    return card


def _faults(card: dict) -> Iterator[str]:
    """What of a card's fields is out of range, in words."""
    if not 0 < card["temperature"] < math.inf:
        yield f"'temperature' should be above 0, not {card['temperature']}"
    names = card["classes"]
    if not all(isinstance(name, str) and 0 < len(name) <= MOST_NAME for name in names):
        yield f"'classes' should be a list of names of at most {MOST_NAME} characters"
    elif not 0 < len(names) <= MOST_CLASSES or len(set(names)) < len(names):
        yield f"'classes' should be 1 to {MOST_CLASSES} names, each once"
    texts = {
        "name": card["name"],
        "data": card["data"].get("name", ""),
        "command": card.get("command", ""),
    }
    for field, value in texts.items():
        if not isinstance(value, str) or (field != "command" and len(value) > MOST_NAME):
            yield (
                f"'{field}' should be named by at most {MOST_NAME} characters, not "
                f"{_line(repr(value))}"
            )
    if not _is_number(card.get("threshold", 0), 0, 1):
        yield f"'threshold' should be from 0 to 1, not {_line(repr(card['threshold']))}"
    if not isinstance(card.get("parameters", 0), int) or not _is_number(
        card.get("parameters", 0), 0, math.inf
    ):
        yield f"'parameters' should be a count, not {_line(repr(card['parameters']))}"
    for part in ("validation", "test"):
        summary = card.get(part, {})
        if not isinstance(summary, dict):
            yield f"'{part}' should be a dict, not {_line(repr(summary))}"
        elif any(not _is_number(summary.get(share, 0), 0, 1) for share in SHARES):
            yield f"'{part}' should have shares from 0 to 1"
    if not all(isinstance(epoch, dict) for epoch in card["history"]):
        yield "'history' should be a list of objects"
    for name, (least, most) in RANGES.items():
        values = card["network"].get(name, least)
        values = values if isinstance(values, list) else [values]
        if len(values) > len(RANGES) or not all(
            isinstance(v, int) and _is_number(v, least, most) for v in values
        ):
            yield (
                f"'network' has {name} {_line(repr(values))}, which should be from {least} to "
                f"{most}"
            )
    if not _is_number(card["network"].get("dropout", 0), 0, 0.99):
        yield "'network' has a dropout that is not from 0 to 0.99"


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _bounded(path: Path, most: int) -> bytes:
    """The content of a file of at most so many bytes; raises CheckpointError."""
    try:
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing.") from error
    except OSError as error:
        raise CheckpointError(f"{path} can't be read: {error.strerror}.") from error
    if len(content) > most:
        raise CheckpointError(f"{path} is larger than the {most:,} bytes that it may have.")
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _line(fault: object) -> str:
    """What somebody else says of a fault, or a value, on one line of bearable length."""
    return " ".join(str(fault).split())[:120]


def read_evaluation(directory: os.PathLike | str) -> tuple[np.ndarray, np.ndarray]:
    """Test labels (n,) int and probabilities (n, classes) float32 of a checkpoint; raises
    CheckpointError."""
    path = Path(directory) / EVALUATION
    classes = len(read_card(directory)["classes"])
    content = _bounded(path, 4 * MOST_VALUES)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            # Each header first: it says how much memory its array takes.
            labels, probabilities = (
                _array(members, f"{name}.npy") for name in ("labels", "probabilities")
            )
    except Exception as error:  # what a damaged file makes zipfile and NumPy raise is of any kind
        raise CheckpointError(
            f"{path} is damaged or not an evaluation ({_line(error)})."
        ) from error
    if labels.ndim != 1 or probabilities.shape != (len(labels), classes):
        raise CheckpointError(
            f"{path}: labels {labels.shape} and probabilities {probabilities.shape} don't fit "
            f"{classes} classes."
        )
    if labels.dtype.kind not in "iu" or probabilities.dtype.kind != "f":
        raise CheckpointError(
            f"{path}: labels are {labels.dtype} and probabilities {probabilities.dtype}."
        )
    labels = labels.astype(int)
    if (
        not ((labels >= 0) & (labels < classes)).all()
        or not ((probabilities >= 0) & (probabilities <= 1)).all()
    ):
        raise CheckpointError(
            f"{path} has labels that are no class, or probabilities that are not from 0 to 1."
        )
    return labels, probabilities.astype(np.float32, copy=False)


def _array(members: zipfile.ZipFile, name: str) -> np.ndarray:
    """An array of an .npz file; ValueError where it is larger than an evaluation may be."""
    with members.open(name) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in read_header:
            raise ValueError(f"{name} has a format of version {version}")
        shape, _, dtype = read_header[version](file)
    if (
        dtype.kind not in "iuf"
        or dtype.itemsize > 8
        or len(shape) > 2
        or math.prod(shape) > MOST_VALUES
    ):
        raise ValueError(f"{name} is {dtype} {shape}")
    with members.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _network(card: dict) -> DigitCNN | Ensemble:
    arguments = network_arguments(card)
    kind = Ensemble if "members" in arguments else DigitCNN
    return kind(classes=len(card["classes"]), **arguments, rngs=nnx.Rngs(0))


def network_arguments(card: dict) -> dict:
    """The network's arguments, as a card has them, with tuples for JSON's lists."""
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in card["network"].items()
    }


def variables_by_name(state: nnx.State) -> dict[str, nnx.Variable]:
    """A state's variables by their paths, such as `conv1.conv.kernel`."""
    return {".".join(map(str, path)): variable for path, variable in nnx.to_flat_state(state)}


def _with_values(state: nnx.State, values: dict[str, np.ndarray]) -> list:
    return [
        (
            path,
            variable.replace(
                jax.device_put(np.asarray(values[".".join(map(str, path))], variable.dtype))
            ),
        )
        for path, variable in nnx.to_flat_state(state)
    ]


class atomic_write:
    """A path to write to, that takes the place of the real one when all went well."""

    def __init__(self, path: Path):
        self.path, self.draft = path, path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> Path:
        return self.draft

    def __exit__(self, kind, *_):
        if kind is None:
            # Else a power cut might leave the new name with nothing in it, or the old one.
            sync_to_disk(self.draft)
            os.replace(self.draft, self.path)
            sync_to_disk(self.path.parent)
        else:
            self.draft.unlink(missing_ok=True)


def sync_to_disk(path: Path) -> None:
    """Waits until a file, or a folder's list of files, is on the disk."""
    if path.is_dir() and os.name != "posix":  # where folders can't be opened
        return
    opened = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
