"""What the four training programs do alike: flags of a Config, and how they end."""

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_origin

from model.checkpoint import CheckpointError
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


def flag_parser(field: "dataclasses.Field[Any]") -> Callable[[str], Any]:
    """What makes a value of a Config's field from its flag's text."""
    if get_origin(field.type) is tuple:
        return parse_numbers
    assert isinstance(field.type, type)
    return field.type


def parse_numbers(text: str) -> tuple[int, ...]:
    """32,48,96 → (32, 48, 96); raises ValueError."""
    return tuple(int(number) for number in text.split(","))
