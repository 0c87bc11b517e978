"""A checkpoint on disk ↔ a network's weights and its card.

A checkpoint is a folder of three files, none of which can run code when read:

- `weights.safetensors`: every parameter and statistic of the network by its path, such as
  `conv1.conv.kernel`, in float32, or in float16, which halves the file of a ensemble;
- `card.json`: what it is and how it came to be (model/card.py);
- `evaluation.npz`: test labels and probabilities, what the charts of the dashboard need. Readers do
  without it.

Loading is strict: whatever is missing, doesn't fit or can't be read raises a CheckpointError that
names file and fault. Flax is imported where a network is asked for, and not for weights alone.
"""

import dataclasses
import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from model import shipped
from model.card import Card, CardError, one_line
from model.disk import atomic_write
from model.page_format import NAMES
from model.weights import Shape, Weights, page_shapes, pen_shapes, shapes

if TYPE_CHECKING:
    from model.network import DigitCNN, Ensemble
    from model.page_network import PageNetwork
    from model.pen_network import PenNetwork

SHIPPED = shipped.SHIPPED
DEFAULT, PAGE, PEN = (SHIPPED / name for name in (shipped.DEFAULT, shipped.PAGES, shipped.PENS))
WEIGHTS, CARD, EVALUATION = "weights.safetensors", "card.json", "evaluation.npz"
# Bytes: of a card, of a weights file beyond its values; values of an array of an evaluation.
MAX_CARD, MAX_HEADER, MAX_VALUES = 4_000_000, 1_000_000, 20_000_000

Folder = os.PathLike[str] | str


class CheckpointError(Exception):
    """A checkpoint can't be used; the message is one sentence that names the file and the fault."""


def load(directory: Folder) -> "tuple[DigitCNN | Ensemble, Card]":
    """The network, ready to infer, and its card.

    Raises:
        CheckpointError: a file is missing or damaged, or names, shapes or types don't fit.
    """
    from model import flax_weights

    weights, card = load_weights(directory)
    return flax_weights.digit_network(card, weights), card


def load_page(directory: Folder = PAGE) -> "tuple[PageNetwork, Card]":
    """The network that finds digits on a page, ready to infer, and its card. Raises as `load`."""
    from model import flax_weights

    weights, card = load_page_weights(directory)
    return flax_weights.page_network(card, weights), card


def load_pen(directory: Folder = PEN) -> "tuple[PenNetwork, Card]":
    """The network that reads how a pen moved, ready to infer, and its card. Raises as `load`."""
    from model import flax_weights

    weights, card = load_pen_weights(directory)
    return flax_weights.pen_network(card, weights), card


def load_weights(directory: Folder) -> tuple[Weights, Card]:
    """The weights of a network that reads digits, float32, and its card. Raises as `load`."""
    directory = Path(directory)
    card = read_card(directory)
    if card.classes == NAMES:
        raise CheckpointError(
            f"{directory} is a page network, which every checkpoint uses; choose one that reads "
            f"digits."
        )
    if "places" in card.network:
        raise CheckpointError(
            f"{directory} is a pen network, which helps every checkpoint; choose one that reads "
            f"pictures."
        )
    return _read_weights(directory, card, "a DigitCNN", shapes), card


def load_page_weights(directory: Folder = PAGE) -> tuple[Weights, Card]:
    """The weights of a page network, float32, and its card. Raises as `load`."""
    directory = Path(directory)
    card = read_card(directory)
    return _read_weights(directory, card, "a PageNetwork", page_shapes), card


def load_pen_weights(directory: Folder = PEN) -> tuple[Weights, Card]:
    """The weights of a pen network, float32, and its card. Raises as `load`."""
    directory = Path(directory)
    card = read_card(directory)
    return _read_weights(directory, card, "a PenNetwork", pen_shapes), card


def _read_weights(
    directory: Path, card: Card, kind: str, shapes_of: Callable[[Card], Mapping[str, Shape]]
) -> Weights:
    """A checkpoint's arrays, which are those that `shapes_of` tells of its card."""
    path = directory / WEIGHTS
    try:
        expected = shapes_of(card)
        most = 4 * sum(math.prod(shape) for shape in expected.values())
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"{directory / CARD}: 'network' does not describe {kind} ({one_line(error)})."
        ) from error
    try:
        content = _read_bounded(path, most + MAX_HEADER)
        values = from_bytes(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{path} is damaged or not a safetensors file ({one_line(error)})."
        ) from error
    _check_values(path, expected, values)
    if card.sha256 and card.sha256 != _sha256(content):
        raise CheckpointError(
            f"{path} is damaged or of another checkpoint: its checksum is not the card's."
        )
    return {name: values[name].astype(np.float32, copy=False) for name in expected}


def _check_values(
    path: Path, expected: Mapping[str, Shape], values: Mapping[str, np.ndarray]
) -> None:
    """Raises CheckpointError where a file's arrays aren't those of the network."""
    for name in sorted(expected.keys() ^ values.keys()):
        fault = "is missing" if name in expected else "is not part of this network"
        raise CheckpointError(f"{path}: {one_line(name)} {fault}.")
    for name, shape in expected.items():
        value = values[name]
        if value.shape != shape or value.dtype not in (np.float32, np.float16):
            raise CheckpointError(
                f"{path}: {name} is {value.dtype} {value.shape}, but should be float32 {shape}."
            )
        if not np.isfinite(value).all():
            raise CheckpointError(f"{path}: {name} has values that are not finite.")


def save(
    directory: Folder,
    network: "DigitCNN | Ensemble | PageNetwork | PenNetwork",
    card: Card,
    evaluation: tuple[np.ndarray, np.ndarray] | None = None,
    dtype: type[np.float32] | type[np.float16] = np.float32,
) -> None:
    """Writes a checkpoint, each file whole or not at all.

    Args:
        directory: made where it isn't there.
        network: its parameters and statistics are written.
        card: it gets the weights' checksum.
        evaluation: (n,) int classes of the test split, and (n, classes) float calibrated
            probabilities; None where there is none.
        dtype: of the weights on disk, np.float32 or np.float16.

    Raises:
        CheckpointError: the card says what no card may; nothing is written.
    """
    from model import flax_weights

    directory = Path(directory)
    weights = flax_weights.weights_of(network)
    # safetensors writes the memory of an array as it lies, whatever its strides.
    values = {name: np.ascontiguousarray(value, dtype) for name, value in weights.items()}
    content = to_bytes(values)
    card = dataclasses.replace(card, sha256=_sha256(content))
    about = json.dumps(card.as_json(), indent=1) + "\n"
    _parse_card(directory / CARD, about)  # what could not be read back is not written
    directory.mkdir(parents=True, exist_ok=True)
    with atomic_write(directory / WEIGHTS) as path:
        path.write_bytes(content)
    if evaluation is not None:
        labels, probabilities = evaluation
        with atomic_write(directory / EVALUATION) as path, open(path, "wb") as file:
            np.savez_compressed(
                file,
                labels=labels.astype(np.min_scalar_type(len(card.classes))),
                probabilities=probabilities.astype(np.float32),
            )
    with atomic_write(directory / CARD) as path:
        path.write_text(about)


def read_card(directory: Folder) -> Card:
    """The card of a checkpoint; raises CheckpointError."""
    path = Path(directory) / CARD
    return _parse_card(path, _read_bounded(path, MAX_CARD))


def _parse_card(path: Path, content: bytes | str) -> Card:
    """The card that a file's content describes; raises CheckpointError."""
    try:
        text = content if isinstance(content, str) else content.decode()
        values = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # also of digits or brackets without end
        raise CheckpointError(
            f"{path} is not a JSON file that can be read ({one_line(error)})."
        ) from error
    try:
        return Card.parse(values)
    except CardError as error:
        raise CheckpointError(f"{path}: {error}.") from error


def read_evaluation(directory: Folder) -> tuple[np.ndarray, np.ndarray]:
    """Test labels (n,) int and probabilities (n, classes) float32 of a checkpoint; raises
    CheckpointError."""
    path = Path(directory) / EVALUATION
    classes = len(read_card(directory).classes)
    content = _read_bounded(path, 4 * MAX_VALUES)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            # Each header first: it says how much memory its array takes.
            labels, probabilities = (
                _array(members, f"{name}.npy") for name in ("labels", "probabilities")
            )
    except Exception as error:  # what a damaged file makes zipfile and NumPy raise is of any kind
        raise CheckpointError(
            f"{path} is damaged or not an evaluation ({one_line(error)})."
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
    known = (labels >= 0) & (labels < classes)
    if not known.all() or not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise CheckpointError(
            f"{path} has labels that are no class, or probabilities that are not from 0 to 1."
        )
    return labels, probabilities.astype(np.float32, copy=False)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _read_bounded(path: Path, most: int) -> bytes:
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
        or math.prod(shape) > MAX_VALUES
    ):
        raise ValueError(f"{name} is {dtype} {shape}")
    with members.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)
