"""`python -m train`: flags become a Config, and whatever ends it is a code and a sentence."""

import dataclasses
import json
import sys

import cards
import pytest
from flax import nnx

from train import data, interrupt, loop
from train.__main__ import main
from train.config import PRESETS, Config
from train.dataset import DataError
from train.interrupt import Interrupted
from train.store import STATE, Store

TEST = {"accuracy": 0.9, "accuracy_interval": [0.8, 0.95], "n": 50}


@dataclasses.dataclass
class Call:
    """What `loop.train` is asked for."""

    config: Config
    output: object
    resume: bool
    quiet: bool
    command: str
    report: object
    overwrite: bool


@pytest.fixture
def calls(monkeypatch) -> list[Call]:
    """In the place of trainings: what they are asked for."""
    calls = []

    def train(*arguments):
        calls.append(Call(*arguments))
        return cards.card(test=TEST)

    monkeypatch.setattr(loop, "train", train)
    return calls


def config_of(calls: list[Call], flags: str) -> Config:
    """What a command line trains with."""
    assert main(flags.split()) == 0
    return calls[-1].config


def test_without_flags_it_is_the_default_recipe(calls, capsys):
    assert config_of(calls, "") == PRESETS["default"] == Config()
    call = calls[0]
    assert str(call.output) == "runs/default" and call.command == "python -m train"
    assert (call.resume, call.quiet, call.report, call.overwrite) == (False, False, None, False)
    assert capsys.readouterr().out == (
        "Test accuracy 90.00% (95 % interval 80.00% to 95.00%, n = 50).\nCheckpoint: runs/default\n"
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_a_config_and_a_flag_goes_before_it(preset, calls):
    assert config_of(calls, f"--preset {preset}") == PRESETS[preset]
    assert str(calls[0].output) == f"runs/{preset}"
    config = config_of(calls, f"--preset {preset} --epochs 3 --output elsewhere --quiet")
    assert config == dataclasses.replace(PRESETS[preset], epochs=3)
    assert str(calls[1].output) == "elsewhere" and calls[1].quiet


def test_every_field_of_a_config_has_its_flag(calls):
    wanted = Config(
        data="letters",
        freeze="conv1",
        from_="checkpoints/default",
        rehearse=0.25,
        corrections="mine.npz",
        teacher="checkpoints/default",
        widths=(4, 5, 6),
        features=7,
        augmentation=False,
        learning_rate=0.5,
        seed=3,
    )
    flags = []
    for field in dataclasses.fields(Config):
        value, name = getattr(wanted, field.name), field.name.strip("_").replace("_", "-")
        if isinstance(value, bool):
            flags.append(f"--{name}" if value else f"--no-{name}")
        else:
            text = ",".join(map(str, value)) if isinstance(value, tuple) else value
            flags.append(f"--{name} {text}")
    assert config_of(calls, " ".join(flags)) == wanted


def test_from_a_checkpoint_it_takes_its_shape_and_fewer_epochs(calls):
    config = config_of(calls, "--from checkpoints/tiny")
    assert config == dataclasses.replace(
        PRESETS["finetune"],
        from_="checkpoints/tiny",
        widths=config.widths,
        depth=3,
        features=0,
        dropout=config.dropout,
    )
    assert list(config.widths) == [10, 10, 13]
    assert config_of(calls, "--from checkpoints/tiny --depth 4").depth == 4


def test_with_corrections_it_teaches_and_rehearses_what_the_checkpoint_was_trained_on(calls):
    config = config_of(calls, "--corrections mine.npz --from checkpoints/default")
    assert config.epochs == PRESETS["teach"].epochs and config.data == "mnist"
    config = config_of(calls, "--corrections mine.npz --from checkpoints/default --data other")
    assert config.data == "other"


def test_a_resumed_run_has_the_flags_that_it_began_with(calls, tmp_path):
    began = Config(epochs=3, widths=(4, 4, 8))
    state = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
    Store(tmp_path / STATE, began, 9, {}).save(state, {"step": 1})
    assert config_of(calls, f"--resume --output {tmp_path}") == began
    assert calls[0].resume
    assert config_of(calls, f"--resume --output {tmp_path} --preset fast") == PRESETS["fast"]


def test_the_command_that_is_kept_begins_a_run_anew(calls):
    assert main(["--epochs", "2", "--overwrite", "--output", "there"]) == 0
    assert calls[0].command == "python -m train --epochs 2 --output there"
    assert calls[0].overwrite
    assert main(["--data", "my pictures", "--output", "it's"]) == 0
    assert calls[1].command == """python -m train --data 'my pictures' --output 'it'"'"'s'"""


def test_a_program_gets_an_object_a_line_and_nothing_else(calls, capsys):
    config_of(calls, "--json")
    calls[0].report({"event": "step", "loss": 0.5})
    calls[0].report({"event": "end"})
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"event": "step", "loss": 0.5},
        {"event": "end"},
    ]


def test_it_watches_standard_input_where_it_is_asked_to(calls, monkeypatch):
    watched = []
    monkeypatch.setattr(interrupt, "stop_when_closed", watched.append)
    config_of(calls, "")
    assert watched == []
    config_of(calls, "--while-stdin")
    assert watched == [sys.stdin]


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (Interrupted("Stopped in epoch 1; go on."), 130, "Stopped in epoch 1; go on."),
        (DataError("There is no network."), 1, "error: There is no network."),
        (OSError(28, "No space left"), 1, "error: there can't be written: No space left."),
    ],
)
def test_what_a_training_raises_is_a_code_and_a_line(error, code, line, capsys, monkeypatch):
    def train(*_):
        raise error

    monkeypatch.setattr(loop, "train", train)
    assert main(["--output", "there"]) == code
    assert capsys.readouterr() == ("", f"{line}\n")


@pytest.mark.parametrize("flags", ["--epoch 3", "--widths a,b", "--preset none", "--seed x"])
def test_flags_that_there_are_not_are_refused_by_name(flags, calls, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(flags.split())
    assert flags.split()[0] in capsys.readouterr().err and not calls


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--freeze conv1", "--from"),
        ("--epochs 0", "--epochs should be from 1"),
        ("--damage 1.5", "--damage should be from 0 to 1"),
        ("--widths 8,8", "--widths should be 3 numbers, not 8,8"),
        ("--widths 8,0,8", "--widths should be from 1 to 1024, not 8,0,8"),
        ("--widths 8,8,1025", "--widths should be from 1 to 1024"),
        ("--features 8193", "--features should be from 0 to 8192"),
        ("--depth 17", "--depth should be from 1 to 16"),
        ("--dropout 1", "--dropout should be from 0 to 0.99"),
        ("--from nowhere", "nowhere"),
        ("--from checkpoints/default --widths 8,8,16", "another architecture"),
        ("--from checkpoints/default --freeze conv9", "no layer"),
        ("--from checkpoints/committee", "single network"),
        ("--teacher nowhere", "nowhere"),
        ("--rehearse 0.5", "--from"),
        ("--coordinator localhost:1", "go together"),
    ],
)
def test_flags_that_make_no_sense_are_one_sentence_before_anything_is_read(
    flags, words, tmp_path, capsys, monkeypatch
):
    def load(*_):
        raise AssertionError("the data were read")

    monkeypatch.setattr(data, "load", load)
    assert main([*flags.split(), "--quiet", "--output", str(tmp_path / "run")]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert words in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_corrections_that_are_not_there_are_one_sentence(tmp_path, capsys):
    assert main(["--corrections", "nowhere.npz", "--quiet", "--output", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err == "error: There is no file nowhere.npz.\n"
    assert not (tmp_path / "run").exists()


def test_nothing_to_resume_and_no_data_are_sentences(tmp_path, capsys, monkeypatch):
    assert main(["--resume", "--output", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.startswith("error: There is no interrupted run")

    def fails(*_):
        raise DataError("There is no network.")

    monkeypatch.setattr(data, "load", fails)
    assert main(["--output", str(tmp_path / "none"), "--quiet"]) == 1
    assert capsys.readouterr().err == "error: There is no network.\n"
    assert not (tmp_path / "none").exists()
