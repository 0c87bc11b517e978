"""Whatever ends a training program ends it with a code and, if it is an error, a sentence."""

import dataclasses

import pytest

from model.checkpoint import CheckpointError
from train.command_line import flag_parser, parse_numbers, report_failures
from train.dataset import DataError
from train.interrupt import Interrupted
from train.store import STATE, TrainError
from train.transfer import TransferError


@pytest.mark.parametrize("kind", [TrainError, TransferError, DataError, CheckpointError])
def test_an_error_is_its_sentence(kind, tmp_path, capsys):
    with report_failures(tmp_path) as outcome:
        raise kind("It is gone.")
    assert outcome.code == 1
    assert capsys.readouterr() == ("", "error: It is gone.\n")


def test_a_stop_is_no_error(tmp_path, capsys):
    with report_failures(tmp_path) as outcome:
        raise Interrupted("Stopped in epoch 3; go on with --resume.")
    assert outcome.code == 130
    assert capsys.readouterr() == ("", "Stopped in epoch 3; go on with --resume.\n")


def test_a_full_disk_is_told_and_what_is_left(tmp_path, capsys):
    with report_failures(tmp_path) as outcome:
        raise OSError(28, "No space left on device")
    assert outcome.code == 1
    assert capsys.readouterr().err == (
        f"error: {tmp_path} can't be written: No space left on device.\n"
    )
    (tmp_path / STATE).write_text("")
    with report_failures(tmp_path):
        raise OSError(28, "No space left on device", "weights")
    assert capsys.readouterr().err == (
        "error: weights can't be written: No space left on device; the last state is kept, go on "
        "with --resume.\n"
    )


def test_without_an_error_the_code_is_0_and_a_bug_is_no_sentence(tmp_path, capsys):
    with report_failures(tmp_path) as outcome:
        pass
    assert outcome.code == 0
    assert capsys.readouterr() == ("", "")
    with pytest.raises(ZeroDivisionError), report_failures(tmp_path):
        raise ZeroDivisionError


def test_a_fields_type_parses_its_flag():
    @dataclasses.dataclass
    class Config:
        epochs: int = 1
        share: float = 0.5
        widths: tuple[int, ...] = (1,)

    parsers = [flag_parser(field) for field in dataclasses.fields(Config)]
    values = [parse(text) for parse, text in zip(parsers, ("3", "0.25", "4,5"), strict=True)]
    assert values == [3, 0.25, (4, 5)]
    with pytest.raises(ValueError, match="invalid literal"):
        parse_numbers("4,five")
