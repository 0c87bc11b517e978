"""What a training takes from another's checkpoint: its weights to start from, its classes, or its
answers as targets. The images that are rehearsed are train/rehearsal.py's.

    python -m train --data my_digits --from checkpoints/default --freeze conv1,conv2
    python -m train --preset tiny --teacher checkpoints/default
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from flax import nnx

from model import checkpoint, flax_weights
from model.network import DigitCNN, Ensemble
from train import data
from train.dataset import Dataset, Split


class TransferError(Exception):
    """A network can't start as asked; the message is one sentence that says why and what to do."""


def check_start(source: str, freeze: str, teacher: str = "", **arguments: Any) -> None:
    """Sees that a training can start as asked, before any data are read.

    Args:
        source: the folder of a checkpoint to start from, or "".
        freeze: as `freeze_layers` takes it.
        teacher: the folder of a checkpoint to learn from, or "".
        arguments: DigitCNN's.

    Raises:
        CheckpointError: a checkpoint is missing or damaged.
        TransferError: what `build_network` and `freeze_layers` would raise.
    """
    if source:
        freeze_layers(
            freeze, build_network(checkpoint.read_card(source).classes, 0, source, **arguments)
        )
    if teacher:
        checkpoint.read_card(teacher)


def build_network(classes: Sequence[str], seed: int, source: str, **arguments: Any) -> DigitCNN:
    """A network to train.

    Args:
        classes: their names, in the order of the logits.
        seed: of the random weights.
        source: the folder of a checkpoint whose weights it takes. Of the head, those of the classes
            that both have; the others' stay random. "" for random weights alone.
        arguments: DigitCNN's. Its shape must be the checkpoint's.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        TransferError: the checkpoint is of another architecture.
    """
    network = DigitCNN(len(classes), **arguments, rngs=nnx.Rngs(seed))
    if not source:
        return network
    loaded, card = checkpoint.load(source)
    state = nnx.state(network, flax_weights.TRAINED)
    trained, wanted = (
        flax_weights.variables_by_name(variables)
        for variables in (nnx.state(loaded, flax_weights.TRAINED), state)
    )
    another = f"The checkpoint {source} is of another architecture ({dict(card.network)}): its "
    if trained.keys() != wanted.keys():
        raise TransferError(
            f"{another}layers are others; take that of a single network, and its --depth."
        )
    shared = [
        (classes.index(name), card.classes.index(name)) for name in classes if name in card.classes
    ]
    for name, variable in wanted.items():
        value = trained[name][...]
        if name.startswith("head.") and value.shape[:-1] == variable.shape[:-1]:
            for own, theirs in shared:
                variable[...] = variable[...].at[..., own].set(value[..., theirs])
        elif value.shape == variable.shape:
            variable[...] = value
        else:
            raise TransferError(f"{another}{name} doesn't fit; take its --widths and --features.")
    nnx.update(network, state)
    return network


def with_corrections(dataset: Dataset, path: str, source: str) -> Dataset:
    """A dataset with a file of corrections in the place of its training images.

    Its classes come first, so that the labels of its images stay as they are; then follow the
    others that the checkpoint knows, and those that are new.

    Args:
        dataset: the one to correct; its validation and test splits stay.
        path: of the corrections, as `data.read_glyphs` takes it.
        source: the folder of the checkpoint to start from, or "".

    Raises:
        DataError: the corrections can't be read.
        CheckpointError: the checkpoint is missing or damaged.
    """
    glyphs, names = data.read_glyphs(path)
    former = checkpoint.read_card(source).classes if source else ()
    classes = tuple(dict.fromkeys((*dataset.classes, *former, *sorted(names.tolist()))))
    labels = np.array([classes.index(name) for name in names.tolist()], np.int32)
    return dataset._replace(classes=classes, train=Split(glyphs, labels))


def load_teacher(source: str, classes: Sequence[str]) -> DigitCNN | Ensemble | None:
    """The network to learn from, ready to answer; None where there is no source.

    Args:
        source: the folder of a checkpoint, or "".
        classes: those of the network to train, in the order of its logits.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        TransferError: the teacher knows other classes.
    """
    if not source:
        return None
    loaded, card = checkpoint.load(source)
    if card.classes != tuple(classes):
        raise TransferError(
            f"The teacher {source} tells other classes apart than these; take one of the same data."
        )
    return loaded


def freeze_layers(names: str, model: DigitCNN) -> nnx.All:
    """Freezes layers of a network.

    Args:
        names: of the layers, such as `conv1,conv2`.
        model: its layers of these names are put into evaluation mode, so that their batch norms
            keep their statistics.

    Returns:
        A filter of nnx that holds for the parameters that are still trained.

    Raises:
        TransferError: no such layer, or nothing is left to train.
    """
    layers = list(
        dict.fromkeys(str(path[0]) for path, _ in nnx.to_flat_state(nnx.state(model, nnx.Param)))
    )
    chosen = [name for name in names.split(",") if name]
    for name in chosen:
        if name not in layers:
            raise TransferError(
                f"There is no layer '{name}' to freeze; there are {', '.join(layers)}."
            )
        getattr(model, name).eval()
    if set(chosen) == set(layers):
        raise TransferError(
            "With all layers frozen, there is nothing to train; leave one out of --freeze."
        )
    return nnx.All(nnx.Param, lambda path, _: path[0] not in chosen)
