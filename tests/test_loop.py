"""Training learns, repeats itself, survives interruption, and refuses what does not fit."""

import contextlib
import dataclasses
import json

import jax
import numpy as np
import pytest
import safetensors
from flax import nnx

from model import checkpoint, flax_weights
from train import __main__ as command
from train import data, loop, rehearsal
from train.calibration import predict
from train.config import Config
from train.dataset import Split
from train.devices import choose_mesh
from train.interrupt import Interrupted
from train.store import STATE, TrainError

SMALL = Config(
    epochs=2,
    batch_size=64,
    augmentation=False,
    average_decay=0.9,
    drawn=0.0,
    outliers=0.0,
    train_limit=1000,
    epoch_images=0,
)


@pytest.fixture(autouse=True)
def small_mnist(mnist, monkeypatch):
    """MNIST with splits small enough to predict in a moment."""
    small = mnist._replace(
        validation=Split(*(array[:500] for array in mnist.validation)),
        test=Split(*(array[:500] for array in mnist.test)),
    )
    monkeypatch.setattr(data, "load", lambda *_, **__: small)
    return small


def weights(folder) -> list[np.ndarray]:
    network, _ = checkpoint.load(folder)
    return [
        np.asarray(leaf) for leaf in jax.tree.leaves(nnx.state(network, (nnx.Param, nnx.BatchStat)))
    ]


class After:
    """True after so many looks, one after each program and each epoch: a stop signal that comes in
    the middle of an epoch."""

    def __init__(self, looks: int):
        self.looks = looks

    def __bool__(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_learns_and_an_interrupted_run_ends_the_same(tmp_path, monkeypatch, small_mnist):
    card = loop.train(SMALL, tmp_path / "whole", quiet=True)
    assert card.test["accuracy"] > 0.7
    assert card.test["n"] == card.validation["n"] == 500
    assert [epoch["epoch"] for epoch in card.history] == [1, 2]
    assert card.history[1]["train_loss"] < card.history[0]["train_loss"]
    assert card.config == dataclasses.asdict(SMALL)
    assert sorted(path.name for path in (tmp_path / "whole").iterdir()) == sorted(
        (checkpoint.CARD, checkpoint.EVALUATION, checkpoint.WEIGHTS)
    )

    with monkeypatch.context() as interrupted:
        interrupted.setattr(
            loop.interrupt, "defer_signals", lambda: contextlib.nullcontext(After(5))
        )
        with pytest.raises(Interrupted, match="--resume"):
            loop.train(SMALL, tmp_path / "parts", quiet=True)
    assert [path.name for path in (tmp_path / "parts").iterdir()] == [STATE]
    with pytest.raises(TrainError, match="interrupted run"):
        loop.train(SMALL, tmp_path / "parts", quiet=True)
    with pytest.raises(TrainError, match="epochs = 2"):
        loop.train(
            dataclasses.replace(SMALL, epochs=3), tmp_path / "parts", resume=True, quiet=True
        )
    with monkeypatch.context() as changed:
        other = Split(small_mnist.test.images[::-1], small_mnist.test.labels)
        changed.setattr(data, "load", lambda *_, **__: small_mnist._replace(test=other))
        with pytest.raises(
            TrainError, match=r"data of the interrupted run .* changed: it had checksum"
        ):
            loop.train(SMALL, tmp_path / "parts", resume=True, quiet=True)
    # with its own flags
    assert command.main(["--resume", "--output", str(tmp_path / "parts"), "--quiet"]) == 0
    resumed = checkpoint.read_card(tmp_path / "parts")
    # the state knows of no command that it was started by
    assert resumed.command == f"python -m train --output {tmp_path / 'parts'} --quiet"
    for whole, parts in zip(weights(tmp_path / "whole"), weights(tmp_path / "parts"), strict=True):
        np.testing.assert_array_equal(whole, parts)
    assert [epoch | {"seconds": 0} for epoch in resumed.history] == [
        epoch | {"seconds": 0} for epoch in card.history
    ]


def test_a_stop_at_the_end_of_an_epoch_finishes_it_first(tmp_path, monkeypatch):
    batches = 16
    programs = -(-batches // loop.STEPS)
    monkeypatch.setattr(
        loop.interrupt, "defer_signals", lambda: contextlib.nullcontext(After(programs - 1))
    )
    with pytest.raises(Interrupted, match="after epoch 1"):
        loop.train(SMALL, tmp_path / "run", quiet=True)
    with safetensors.safe_open(tmp_path / "run" / STATE, "numpy") as file:
        saved = json.loads(file.metadata()["progress"])
    assert saved["step"] == batches
    assert saved["totals"] == [0, 0, 0]
    assert len(saved["history"]) == 1


def test_the_command_line_trains_with_augmentation_and_says_what_came_out(
    tmp_path, capsys, monkeypatch
):
    flags = (
        "--preset fast --epochs 1 --batch-size 32 --train-limit 96 --augmentation --damage 0.5 "
        "--drawn 0.125 --outliers 0.25 --quiet --output"
    )
    with monkeypatch.context() as interrupted:
        interrupted.setattr(loop, "STEPS", 2)
        interrupted.setattr(
            loop.interrupt, "defer_signals", lambda: contextlib.nullcontext(After(0))
        )
        assert command.main([*flags.split(), str(tmp_path / "run")]) == 130
        assert capsys.readouterr().err == "Stopped in epoch 1; go on with --resume.\n"
        interrupted.setattr(
            loop.interrupt, "defer_signals", lambda: contextlib.nullcontext(After(1))
        )
        assert command.main(["--resume", *flags.split(), str(tmp_path / "run")]) == 130
    assert command.main(["--resume", "--output", str(tmp_path / "run")]) == 0
    assert "Test accuracy" in capsys.readouterr().out
    card = checkpoint.read_card(tmp_path / "run")
    assert card.config["damage"] == 0.5
    assert card.command == f"python -m train {flags} {tmp_path / 'run'}"


def test_a_run_goes_on_from_a_checkpoint_with_frozen_layers(tmp_path, capsys):
    flags = [
        "--preset",
        "fast",
        "--epochs",
        "1",
        "--train-limit",
        "128",
        "--epoch-images",
        "0",
        "--quiet",
        "--widths",
    ]
    assert command.main([*flags, "4,4,8", "--output", str(tmp_path / "first")]) == 0
    start = [
        "--from",
        str(tmp_path / "first"),
        "--freeze",
        "conv1,conv2",
        "--output",
        str(tmp_path / "second"),
    ]
    assert "Before" not in capsys.readouterr().out
    assert command.main([*flags[:-1], *start]) == 0  # the widths are the checkpoint's
    assert "Before → after, of 500 test images of mnist: " in capsys.readouterr().out
    first, _ = checkpoint.load(tmp_path / "first")
    second, card = checkpoint.load(tmp_path / "second")
    assert card.network["widths"] == (4, 4, 8)
    assert card.config["freeze"] == "conv1,conv2"
    before = checkpoint.read_card(tmp_path / "first").test
    assert card.compared["mnist"]["before"] == round(500 * before["accuracy"])
    assert card.compared["mnist"]["after"] == round(500 * card.test["accuracy"])
    for layer, same in (("conv1", True), ("conv2", True), ("conv3", False)):
        for part in ("conv.kernel", "norm.mean", "norm.scale"):
            values = [
                dict(flax_weights.variables_by_name(nnx.state(network)))[f"{layer}.{part}"][...]
                for network in (first, second)
            ]
            assert np.array_equal(*values) == same, (layer, part)


def test_old_images_are_rehearsed_and_a_teacher_takes_the_labels_place(tmp_path, monkeypatch):
    orders = []

    def shuffle(*arguments):
        orders.append(rehearsal.shuffle_into_batches(*arguments))
        return orders[-1]

    monkeypatch.setattr(loop, "shuffle_into_batches", shuffle)
    flags = [
        "--train-limit",
        "96",
        "--epoch-images",
        "0",
        "--batch-size",
        "32",
        "--epochs",
        "1",
        "--quiet",
        "--output",
    ]
    shape = ["--widths", "4,4,8", "--depth", "1", "--features", "0"]
    assert command.main(["--preset", "fast", *shape, *flags, str(tmp_path / "first")]) == 0
    first = str(tmp_path / "first")
    plain = ["--no-augmentation", "--drawn", "0", "--outliers", "0"]
    more = ["--from", first, "--rehearse", "0.75", *plain, *flags, str(tmp_path / "more")]
    assert command.main(more) == 0
    assert (
        command.main(
            ["--preset", "fast", *shape, "--teacher", first, *flags, str(tmp_path / "pupil")]
        )
        == 0
    )
    assert len(orders[1]) == 4 * len(orders[0]) == 4 * len(orders[2])
    assert [(order < 96).mean() for order in orders] == [1, pytest.approx(0.25, abs=0.02), 1]
    alone, taught = (
        checkpoint.read_card(tmp_path / name).history[0] for name in ("first", "pupil")
    )
    # As sure as its teacher is, which knows little, and no surer: the same weights and images with
    # other targets.
    assert taught["train_loss"] != alone["train_loss"]
    assert taught["train_accuracy"] == pytest.approx(alone["train_accuracy"], abs=0.15)


def test_one_correction_is_learned_and_all_classes_are_kept_and_a_program_can_follow(
    tmp_path, capsys, mnist
):
    flags = ["--epoch-images", "0", "--batch-size", "32", "--epochs", "1", "--output"]
    shape = [
        "--preset",
        "fast",
        "--train-limit",
        "96",
        "--widths",
        "4,4,8",
        "--depth",
        "1",
        "--features",
        "0",
    ]
    assert command.main([*shape, "--quiet", *flags, str(tmp_path / "first")]) == 0
    np.savez(tmp_path / "one.npz", glyphs=mnist.test.images[:1], labels=np.array(["seven"]))
    start = [
        "--train-limit",
        "96",  # more than there are
        "--corrections",
        str(tmp_path / "one.npz"),
        "--from",
        str(tmp_path / "first"),
        "--json",
    ]
    plain = [
        "--no-augmentation",
        "--drawn",
        "0",
        "--outliers",
        "0",
        "--epochs",
        "2",
        "--epoch-images",
        "60",
    ]
    capsys.readouterr()
    assert command.main([*start, *flags[2:4], *plain, "--output", str(tmp_path / "more")]) == 0
    card = checkpoint.read_card(tmp_path / "more")
    assert card.classes == (*"0123456789", "seven")
    assert card.data == {
        "name": "mnist",
        "train": 1,
        "validation": 500,
        "test": 500,
        "skipped": 0,
    }
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event.pop("event") for event in said] == ["step", "epoch", "step", "epoch", "end"]
    assert (said[1], said[3]) == card.history
    assert said[4] == {"test": card.test}
    assert said[2].items() >= {"epoch": 2, "epochs": 2, "step": 8, "steps": 8}.items()
    assert said[2].keys() >= {"loss", "accuracy", "remaining"}
    after, _ = checkpoint.load(tmp_path / "more")
    before, _ = checkpoint.load(tmp_path / "first")
    labels = mnist.test.labels[:500]
    right = [
        (predict(network, mnist.test.images[:500]).argmax(1) == labels).mean()
        for network in (before, after)
    ]
    assert right[1] > right[0] - 0.1  # it has not become the network of one digit


@pytest.mark.parametrize(
    ("skipped", "says"),
    [
        ((), ""),
        (("a: none",), "skipped a: none\n1 picture can't be read and is left out.\n"),
        (
            ("a: none", "b: none"),
            "skipped a: none\nskipped b: none\n2 pictures can't be read and are left out.\n",
        ),
    ],
)
def test_what_can_not_be_read_is_named_and_counted(skipped, says, small_mnist, capsys, monkeypatch):
    some = small_mnist._replace(skipped=skipped)
    monkeypatch.setattr(data, "load", lambda *_, **__: some)
    assert loop.load_dataset(SMALL, quiet=True) is some
    assert capsys.readouterr().err == says
    some = some._replace(notes=("They look transposed.",))
    loop.load_dataset(SMALL, quiet=True)
    assert capsys.readouterr().err == f"note: They look transposed.\n{says}"


def test_a_finished_network_is_overwritten_where_one_says_so(tmp_path, capsys, monkeypatch):
    output = tmp_path / "run"
    flags = ["--preset", "fast", "--train-limit", "256", "--output", str(output), "--quiet"]
    assert command.main(flags) == 0
    before = (output / checkpoint.WEIGHTS).read_bytes()
    assert command.main([*flags, "--seed", "1"]) == 1
    assert "finished network" in (said := capsys.readouterr().err) and "--overwrite" in said
    assert (output / checkpoint.WEIGHTS).read_bytes() == before
    assert command.main([*flags, "--seed", "1", "--overwrite"]) == 0
    assert (output / checkpoint.WEIGHTS).read_bytes() != before
    assert "--overwrite" not in checkpoint.read_card(output).command


def test_what_is_compiled_serves_all_seeds(small_mnist):
    """Else nothing that is kept of one run would start the next one sooner."""
    programs = set()
    for seed in (0, 1):
        config = dataclasses.replace(SMALL, seed=seed, augmentation=True, widths=(4, 4, 8))
        state = loop.TrainState(config, loop.DIGITS, 4)
        order = np.zeros((2, config.batch_size), np.int32)
        with jax.set_mesh(choose_mesh(config.batch_size)):
            lowered = loop.train_steps.lower(
                *(state, None, np.zeros(3, np.float32), small_mnist.validation, order),
                *(0, 2, seed, config),
            )
        programs.add(lowered.as_text())
    assert len(programs) == 1


def test_the_step_is_traced_and_compiled_once(tmp_path, monkeypatch):
    """Beside the networks' making, from shapes alone; the first step then finds the program."""
    traced, step = [], loop.train_step
    monkeypatch.setattr(loop, "train_step", lambda *values: traced.append(1) or step(*values))
    # widths that no other test compiles
    config = dataclasses.replace(SMALL, epochs=1, widths=(4, 5, 9))
    run = loop.prepare(config, tmp_path, False, True, None)
    assert len(traced) == 1
    with jax.set_mesh(run.mesh):
        loop.train_epoch(run, [])
    assert len(traced) == 1
