"""What the training programs do alike: flags of a Config, and how they end."""

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_origin

from model.checkpoint import CheckpointError
from train.config import HELP, Bounds
from train.dataset import DataError
from train.interrupt import Interrupted
from train.store import STATE, TrainError
from train.transfer import TransferError


@dataclasses.dataclass
class Outcome:
    """How a program ends: 0 well, 1 with an error, 130 asked to stop."""

    code: int = 0


@contextlib.contextmanager
def report_failures(output: Path) -> Iterator[Outcome]:
    """What a training raises becomes a line on standard error, and the outcome's code.

    Args:
        output: where it writes.
    """
    outcome = Outcome()
    try:
        yield outcome
    except Interrupted as stopped:
        outcome.code = 130
        print(stopped, file=sys.stderr)
    except (TrainError, TransferError, DataError, CheckpointError) as error:
        outcome.code = 1
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        outcome.code = 1
        print(f"error: {describe_os_error(error, output)}", file=sys.stderr)


def describe_os_error(error: OSError, output: Path) -> str:
    """One sentence for a file that can't be written or read."""
    advice = "; the last state is kept, go on with --resume" if (output / STATE).exists() else ""
    return f"{error.filename or output} can't be written: {error.strerror or error}{advice}."


def add_flags(
    parser: argparse.ArgumentParser,
    config: type,
    bounds: Bounds,
    names: Mapping[str, str] | None = None,
) -> None:
    """A flag for each field of a Config, None where it isn't given; --help says what it means, its
    bounds and its default.

    Args:
        parser: that gets them.
        config: a dataclass whose fields `train.config.value` made.
        bounds: of a field, the least and the most that it, or each of its numbers, may be.
        names: of a field, its flag's name where that is another one.
    """
    group = parser.add_argument_group("values of the recipe")
    for field in dataclasses.fields(config):
        name = (names or {}).get(field.name, field.name.strip("_").replace("_", "-"))
        words = field.metadata[HELP]
        if field.name in bounds:
            low, high = bounds[field.name]
            words += f"; from {low} to {high}"
        default = field.default
        if isinstance(default, tuple):
            default = ",".join(map(str, default))
        words += f" ({default})" if default != "" else ""
        how: dict[str, Any] = {"dest": field.name, "help": words.replace("%", "%%")}
        if field.type is bool:
            group.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, **how)
        elif get_origin(field.type) is tuple:
            group.add_argument(f"--{name}", type=parse_numbers, metavar="N,N,N", **how)
        else:
            assert isinstance(field.type, type)
            metavar = {int: "N", float: "X", str: "NAME"}[field.type]
            group.add_argument(f"--{name}", type=field.type, metavar=metavar, **how)


def add_run_flags(parser: argparse.ArgumentParser, output: Path) -> None:
    """The flags of where a run goes, by default to `output`, and of how it tells of itself."""
    parser.add_argument("--output", type=Path, default=output, help="where the checkpoint goes")
    parser.add_argument(
        "--overwrite", action="store_true", help="train in the place of what is in --output"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def parse_numbers(text: str) -> tuple[int, ...]:
    """32,48,96 → (32, 48, 96); raises ArgumentTypeError."""
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} should be whole numbers with commas between them, such as 32,48,96"
        ) from error
