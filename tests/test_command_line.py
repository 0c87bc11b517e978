"""Whatever ends a training program ends it with a code and, if it is an error, a sentence."""

import argparse
import dataclasses

import pytest

from model.checkpoint import CheckpointError
from train import config, page_config
from train.command_line import add_flags, report_failures
from train.config import HELP, value
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


@dataclasses.dataclass
class Small:
    """A Config."""

    from_: str = value("", "where to start")
    epochs: int = value(1, "passes")
    share: float = value(0.5, "of 100 %")
    widths: tuple[int, ...] = value((1, 2), "channels")
    bent: bool = value(True, "whether")


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser(prog="small")
    add_flags(parser, Small, {"epochs": (1, 9)}, {"share": "part"})
    return parser


def test_a_fields_type_parses_its_flag(parser, capsys):
    given = ["--from", "here", "--epochs", "3", "--part", "0.25", "--widths", "4,5", "--no-bent"]
    assert vars(parser.parse_args(given)) == {
        "from_": "here",
        "epochs": 3,
        "share": 0.25,
        "widths": (4, 5),
        "bent": False,
    }
    assert set(vars(parser.parse_args([])).values()) == {None}
    with pytest.raises(SystemExit):
        parser.parse_args(["--widths", "4,five"])
    assert "'4,five' should be whole numbers with commas" in capsys.readouterr().err


def test_help_says_meaning_bounds_and_default(parser):
    words = " ".join(parser.format_help().split())
    assert "passes; from 1 to 9 (1)" in words and "of 100 % (0.5)" in words
    assert "channels (1,2)" in words and "where to start --" in words


@pytest.mark.parametrize(
    ("config", "bounds"), [(config.Config, config.BOUNDS), (page_config.Config, page_config.BOUNDS)]
)
def test_each_value_has_words_and_each_number_bounds(config, bounds):
    for field in dataclasses.fields(config):
        assert field.metadata[HELP]
        if field.type in (int, float) and not field.name.endswith("weight_decay"):
            low, high = bounds[field.name]
            assert low <= field.default <= high
