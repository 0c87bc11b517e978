"""Several trained networks become one checkpoint, whose answer is the mean of theirs.

    python -m train.ensemble runs/0 runs/1 runs/2 --output checkpoints/committee

The members are networks of one shape, trained on one dataset from other seeds; none is chosen, all
are taken. Where one of the checkpoints is an ensemble, its members sit in the new one. What the
ensemble's confidence means is fitted on the validation images anew, as every network's is.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from model import checkpoint, flax_weights
from model.card import Card
from model.checkpoint import CheckpointError
from model.flax_weights import shapes_of
from model.network import DigitCNN, Ensemble
from train import metrics
from train.calibration import calibrate, calibration_data
from train.command_line import report_failures
from train.provenance import reproducing_command, versions
from train.store import claim


def build(
    sources: Sequence[Path], output: Path, command: str = "", overwrite: bool = False
) -> Card:
    """Writes the ensemble of these checkpoints to `output`; returns its card.

    Raises:
        CheckpointError: a checkpoint can't be used, or they don't fit together.
        DataError: the dataset can't be had.
        TrainError: `output` can't be written, is a training's, or has a network that would be lost
            without `overwrite`.
    """
    with claim(output, overwrite=overwrite):
        return _write_ensemble(sources, output, command)


def _write_ensemble(sources: Sequence[Path], output: Path, command: str) -> Card:
    """As `build`."""
    loaded = [checkpoint.load(source) for source in sources]
    (model, first), *others = [(_members(network)[0], card) for network, card in loaded]
    for source, (member, card) in zip(sources[1:], others, strict=True):
        alike = {
            "classes": card.classes == first.classes,
            "datasets": card.dataset == first.dataset,
            "shapes": shapes_of(member) == shapes_of(model),
        }
        if different := [what for what, same in alike.items() if not same]:
            raise CheckpointError(
                f"{source} can't sit with {sources[0]}: their {' and '.join(different)} differ."
            )
    members = [member for network, _ in loaded for member in _members(network)]
    if len(members) < 2:
        raise CheckpointError("A committee takes two or more networks.")
    arguments = {**first.network, "members": len(members)}
    network = Ensemble(classes=len(first.classes), **arguments, rngs=nnx.Rngs(0))
    for seat, member in zip(network.members, members, strict=True):
        nnx.update(seat, nnx.state(member, flax_weights.TRAINED))
    dataset, abstain = calibration_data(first)
    calibration, probabilities = calibrate(network, dataset, abstain)
    card = Card(
        name=output.name,
        description=f"Committee of {len(members)} DigitCNN trained on {dataset.name}",
        command=command,
        classes=first.classes,
        network=arguments,
        config=first.config,
        seed=first.seed,
        members=tuple(about for _, card in loaded for about in card.members or [_about(card)]),
        versions=versions(),
        data=first.data,
        history=(),
        **calibration._asdict(),
    )
    checkpoint.save(output, network, card, (dataset.test.labels, probabilities), np.float16)
    return card


def _about(card: Card) -> dict[str, Any]:
    """What an ensemble's card tells of a member."""
    return {field: getattr(card, field) for field in ("command", "seed", "validation", "test")}


def _members(network: DigitCNN | Ensemble) -> list[DigitCNN]:
    return list(network.members) if isinstance(network, Ensemble) else [network]


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.ensemble", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("checkpoints", nargs="+", type=Path, help="the members' checkpoints")
    parser.add_argument(
        "--output", type=Path, required=True, help="where the committee's checkpoint goes"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="in the place of what is in --output"
    )
    options = parser.parse_args(arguments)
    command = reproducing_command("python -m train.ensemble", arguments)
    with report_failures(options.output) as outcome:
        card = build(options.checkpoints, options.output, command, options.overwrite)
    if outcome.code:
        return outcome.code
    for number, member in enumerate(card.members):
        print(
            f"Member {number}, seed {member['seed']}: test accuracy "
            f"{metrics.describe_accuracy(member['test'])}."
        )
    print(f"Committee: {metrics.describe_accuracy(card.test)}.")
    print(f"Checkpoint: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
