"""Several trained networks become one checkpoint, whose answer is the mean of theirs.

    python -m train.committee runs/0 runs/1 runs/2 --output checkpoints/committee

The members are networks of one shape, trained on one dataset from other seeds; none is chosen, all are taken. What the
committee's confidence means is fitted on the validation images anew, as every network's is.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from flax import nnx

from model import checkpoint
from model.checkpoint import CheckpointError
from model.network import Committee, DigitCNN
from train import data, evaluate, loop


def build(sources: Sequence[Path], output: Path, command: str = "") -> dict:
    """Writes the committee of these checkpoints to `output`; returns its card.

    Raises:
        CheckpointError: a checkpoint can't be used, or they don't fit together.
        DataError: the dataset can't be had.
    """
    loaded = [checkpoint.load(source) for source in sources]
    (model, first), *others = loaded
    if len(loaded) < 2 or isinstance(model, Committee):
        raise CheckpointError("A committee takes two or more checkpoints of single networks.")
    for source, (member, card) in zip(sources[1:], others, strict=True):
        alike = {
            "classes": card["classes"] == first["classes"],
            "datasets": card["data"].get("name") == first["data"].get("name"),
            "shapes": _shapes(member) == _shapes(model),
        }
        if different := [what for what, same in alike.items() if not same]:
            raise CheckpointError(f"{source} can't sit with {sources[0]}: their {' and '.join(different)} differ.")
    arguments = {"members": len(loaded)} | checkpoint.network_arguments(first)
    network = Committee(classes=len(first["classes"]), **arguments, rngs=nnx.Rngs(0))
    for seat, (member, _) in zip(network.members, loaded, strict=True):
        nnx.update(seat, nnx.state(member, checkpoint.TRAINED))
    dataset = data.load(first["data"].get("name", ""))
    abstain = first["config"].get("abstain", loop.Config.abstain)
    calibration, probabilities = loop.calibrated(network, dataset, abstain)
    about = "command", "seed", "validation", "test"
    card = {
        "name": output.name,
        "description": f"Committee of {len(loaded)} DigitCNN trained on {dataset.name}",
        "command": command,
        "classes": first["classes"],
        "network": arguments,
        "config": first["config"],
        "seed": first["seed"],
        "members": [{field: card.get(field) for field in about} for _, card in loaded],
        "versions": loop.versions(),
        "data": first["data"],
        "history": [],
    } | calibration
    checkpoint.save(output, network, card, dataset.test.labels, probabilities, np.float16)
    return card


def _shapes(network: DigitCNN | Committee) -> dict[str, tuple]:
    variables = checkpoint.by_name(nnx.state(network, checkpoint.TRAINED))
    return {name: variable.shape for name, variable in variables.items()}


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.committee", description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoints", nargs="+", type=Path, help="the members' checkpoints")
    parser.add_argument("--output", type=Path, required=True, help="where the committee's checkpoint goes")
    given = parser.parse_args(arguments)
    command = "python -m train.committee " + " ".join(sys.argv[1:] if arguments is None else arguments)
    try:
        card = build(given.checkpoints, given.output, command)
    except (CheckpointError, data.DataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or given.output} can't be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    for number, member in enumerate(card["members"]):
        print(f"Member {number}, seed {member['seed']}: test accuracy {member['test']['accuracy']:.2%}.")
    print(f"Committee: {evaluate.accuracy_of(card['test'])}.")
    print(f"Checkpoint: {given.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
