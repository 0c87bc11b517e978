"""The weights between those of two runs, of which one went on from the other: of networks that read
digits, or of the page network.

    python -m train.average checkpoints/default runs/more --share 0.5 --output runs/between

On the way between such two lie networks that are better than both (Wortsman et al., 2022: Model
soups). How sure one that reads digits is to be is fitted on the validation images anew.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

from model import checkpoint, flax_weights
from model.card import Card
from model.checkpoint import CheckpointError
from model.page_format import NAMES
from model.page_network import PageNetwork
from train.calibration import calibrate, calibration_data
from train.command_line import report_failures
from train.provenance import reproducing_command
from train.store import claim


def average(
    first: Path,
    second: Path,
    share: float,
    output: Path,
    command: str = "",
    overwrite: bool = False,
) -> Card:
    """Writes the checkpoint that lies by so much of the way, 0 to 1, from one to the other; returns
    its card.

    Raises:
        CheckpointError: one of them is damaged, they are of two architectures, or tell other
            classes apart than each other or than the dataset of the second.
        DataError: that dataset can't be had.
        TrainError: `output` can't be written, is a training's, or has a network that would be lost
            without `overwrite`.
    """
    with claim(output, overwrite=overwrite):
        return _write_average(first, second, share, output, command)


def _write_average(first: Path, second: Path, share: float, output: Path, command: str) -> Card:
    """As `average`."""
    pages = checkpoint.read_card(second).classes == NAMES
    load = checkpoint.load_page if pages else checkpoint.load
    (network, card), (other, other_card) = map(load, (first, second))
    if (card.network, card.classes) != (other_card.network, other_card.classes):
        raise CheckpointError(
            f"{first} and {second} are of two architectures or tell other classes apart, so that "
            f"nothing lies between them."
        )
    theirs = flax_weights.variables_of(other)
    for name, variable in flax_weights.variables_of(network).items():
        variable[...] = (1 - share) * variable[...] + share * theirs[name][...]
    of = [each.as_json() for each in (card, other_card)]
    card = dataclasses.replace(
        other_card,
        name=output.name,
        command=command,
        average={"of": of, "share": share},
        compared={},
    )
    evaluation = None
    if not isinstance(network, PageNetwork):
        dataset, abstain = calibration_data(card)
        if dataset.classes != card.classes:
            raise CheckpointError(
                f"{second} tells other classes apart than {card.dataset} has; average networks "
                f"that were trained on one dataset alone."
            )
        calibration, probabilities = calibrate(network, dataset, abstain)
        card = dataclasses.replace(card, **calibration._asdict())
        evaluation = dataset.test.labels, probabilities
    checkpoint.save(output, network, card, evaluation)
    return card


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.average", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument(
        "--share", type=float, default=0.5, help="how far from the first to the second, 0 to 1"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs/between"), help="where the checkpoint goes"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="in the place of what is in --output"
    )
    options = parser.parse_args(arguments)
    if not 0 <= options.share <= 1:
        parser.error(f"--share should be from 0 to 1, not {options.share}.")
    command = reproducing_command("python -m train.average", arguments)
    with report_failures(options.output) as outcome:
        average(
            options.first, options.second, options.share, options.output, command, options.overwrite
        )
    if outcome.code:
        return outcome.code
    print(f"Checkpoint: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
