"""Training of the page reader: what the network is told, and that a run can be stopped and gone on
with."""

import contextlib
import dataclasses
import runpy
import signal
import sys
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from model import checkpoint
from model.boxes import box_overlaps
from model.page_format import CLASSES, LARGEST, STRIDE, UNIT
from model.page_network import PageNetwork
from model.peaks import Peaks, find_peaks, suppress_overlaps
from train import devices, interrupt, page_scenes, pages
from train.compose import IGNORE, SIDE
from train.interrupt import Interrupted
from train.page_config import Config
from train.page_targets import targets
from train.store import TrainError

TINY = Config(rounds=2, scenes=8, passes=1, batch_size=4, validation=4, widths=(4, 4, 8, 8))


def targets_of(*things):
    """Things (left, top, right, bottom, size, class) → what `targets` says of a scene of them, as
    NumPy arrays."""
    boxes, sizes, classes = (
        np.zeros((8, 4), np.float32),
        np.zeros(8, np.float32),
        np.full(8, IGNORE, np.int8),
    )
    for number, (*box, size, kind) in enumerate(things):
        boxes[number], sizes[number], classes[number] = box, size, kind
    return [
        np.asarray(part)
        for part in targets(jnp.asarray(boxes), jnp.asarray(sizes), jnp.asarray(classes))
    ]


def test_a_digit_has_one_place_of_full_heat_that_knows_its_class_and_box():
    heat, mask, weight, kind, reach = targets_of((100, 60, 116, 84, 24, 7))
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert (y, x) == (72 // STRIDE, 108 // STRIDE) and heat[y, x] == 1 and (heat > 0.999).sum() == 1
    assert kind[y, x] == 7 and weight[y, x] == 1 and mask.all()
    middle = STRIDE * (np.array([x, y]) + 0.5)
    left, up, right, down = UNIT * reach[y, x]
    np.testing.assert_allclose([middle[0] - left, middle[1] - up], [100, 60], atol=1e-4)
    np.testing.assert_allclose([middle[0] + right, middle[1] + down], [116, 84], atol=1e-4)


def test_what_is_ignored_is_all_the_same_and_what_is_far_too_large_is_nothing():
    heat, mask, *_ = targets_of((20, 20, 60, 50, 30, IGNORE), (100, 100, 250, 250, 150, 3))
    assert heat.max() == 0
    assert not mask[30 // STRIDE, 40 // STRIDE] and mask[120 // STRIDE :, 120 // STRIDE :].all()


def test_a_digit_a_little_too_large_may_be_found_or_not():
    heat, mask, *_ = targets_of((100, 100, 130, 100 + 1.2 * LARGEST, 1.2 * LARGEST, 3))
    assert heat.max() == 0 and not mask[110 // STRIDE, 110 // STRIDE]


def test_spots_are_the_targets_again():
    heat, _, _, kind, reach = targets_of((100, 60, 116, 84, 24, 7), (130, 60, 140, 90, 30, 1))
    found = suppress_overlaps(
        find_peaks(
            np.where(heat > 0.999, 5.0, -5.0), 9 * np.eye(CLASSES)[np.clip(kind, 0, None)], reach
        )
    )
    assert sorted(found.probabilities.argmax(1)) == [1, 7]
    shared, _ = box_overlaps(
        found.boxes, np.array([[100, 60, 116, 84], [130, 60, 140, 90]], np.float32)
    )
    np.testing.assert_allclose(np.sort(shared.max(1)), 1, atol=1e-3)


def test_of_two_boxes_of_one_digit_the_surer_stays():
    boxes = np.array([[0, 0, 20, 20], [1, 1, 21, 21], [40, 0, 60, 20]], np.float32)
    found = suppress_overlaps(Peaks(boxes, np.array([0.9, 0.8, 0.7]), np.eye(CLASSES)[:3]))
    np.testing.assert_array_equal(found.heats, [0.9, 0.7])


def test_a_run_ends_with_a_checkpoint_and_one_that_was_stopped_goes_on(
    mnist, tmp_path, monkeypatch, capsys
):
    # A process that is spawned imports what __main__ is: after a test of the dashboard, that is the
    # dashboard.
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    card = pages.train(TINY, tmp_path / "whole", quiet=True)
    assert (
        checkpoint.read_card(tmp_path / "whole").history == card.history and len(card.history) == 2
    )

    numbers = iter(range(100))
    step, stop = pages.train_step, []
    monkeypatch.setattr(pages.interrupt, "defer_signals", lambda: contextlib.nullcontext(stop))

    def stopping(*arguments):
        if next(numbers) == 2:  # the first of the second round
            stop.append(15)
        return step(*arguments)

    monkeypatch.setattr(pages, "train_step", stopping)
    with pytest.raises(Interrupted, match="round 2; go on with --resume"):
        pages.train(TINY, tmp_path / "stopped", quiet=True, command="the first")
    with pytest.raises(TrainError, match="interrupted run"):
        pages.train(TINY, tmp_path / "stopped", quiet=True)
    stop.clear()
    card = pages.train(TINY, tmp_path / "stopped", resume=True, quiet=True, command="another")
    assert card.command == "the first"
    assert capsys.readouterr() == ("", "")
    weights = [(tmp_path / name / checkpoint.WEIGHTS).read_bytes() for name in ("whole", "stopped")]
    assert weights[0] == weights[1]


def test_a_run_begins_with_a_checkpoints_weights(tmp_path, capsys):
    begin = PageNetwork(TINY.widths, rngs=nnx.Rngs(3))
    checkpoint.save(
        tmp_path / "first", begin, pages.describe(TINY, begin, [], 0.0, tmp_path / "first", "")
    )
    state = pages.TrainState(dataclasses.replace(TINY, start=str(tmp_path / "first")), 4)
    for network in (state.model, state.average):
        jax.tree.map(
            np.testing.assert_array_equal,
            *(nnx.state(part, nnx.Param) for part in (network, begin)),
        )
    assert (
        pages.main(
            ["--from", str(tmp_path / "none"), "--output", str(tmp_path / "run"), "--rounds", "1"]
        )
        == 1
    )
    assert "card.json is missing" in capsys.readouterr().err


def test_a_checkpoint_of_other_widths_is_refused_before_scenes_are_composed(
    tmp_path, capsys, monkeypatch
):
    begin = PageNetwork(TINY.widths, rngs=nnx.Rngs(3))
    card = pages.describe(TINY, begin, [], 0.0, tmp_path / "first", "")
    checkpoint.save(tmp_path / "first", begin, card)
    monkeypatch.setattr(pages, "compose_scenes", lambda *_: pytest.fail("scenes were composed"))
    flags = ["--from", str(tmp_path / "first"), "--output", str(tmp_path / "run")]
    assert pages.main([*flags, "--widths", "4,4,8,16"]) == 1
    error = capsys.readouterr().err
    assert "another architecture" in error and "--widths" in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--scenes 8", "--batch-size should be at most --scenes, which is 8, not 16."),
        ("--validation 0", "--validation should be from 1"),
        ("--rounds 0", "--rounds should be from 1"),
        ("--seed -1", "--seed should be from 0"),
        ("--widths 4,4,8", "--widths should be 4 numbers, not 4,4,8."),
        ("--widths 4,4,8,2000", "--widths should be from 1 to 1024"),
    ],
)
def test_flags_that_make_no_sense_are_one_sentence(flags, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pages, "compose_scenes", lambda *_: pytest.fail("scenes were composed"))
    assert pages.main([*flags.split(), "--output", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and words in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_folder_of_fonts_that_is_not_there_is_told_in_a_sentence(tmp_path, capsys):
    assert (
        pages.main(
            [
                "--fonts",
                str(tmp_path / "none"),
                "--output",
                str(tmp_path / "run"),
                "--validation",
                "1",
            ]
        )
        == 1
    )
    assert "none" in capsys.readouterr().err and not (tmp_path / "run").exists()


def test_ctrl_c_while_scenes_are_composed_is_a_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(devices, "set_up_devices", lambda: None)
    monkeypatch.setattr(
        page_scenes, "compose_scenes", lambda *_: signal.raise_signal(signal.SIGINT)
    )
    monkeypatch.setattr(sys, "argv", ["pages", "--output", str(tmp_path / "run")])
    monkeypatch.delitem(sys.modules, "train.pages")
    before = [signal.getsignal(kind) for kind in interrupt.SIGNALS]
    try:
        with pytest.raises(SystemExit, match="130"):
            runpy.run_module("train.pages", run_name="__main__")
    finally:
        for kind, handler in zip(interrupt.SIGNALS, before, strict=True):
            signal.signal(kind, handler)
        interrupt.received.clear()
    error = capsys.readouterr().err
    assert error == "Stopped before the training began; nothing was written.\n"
    assert not (tmp_path / "run").exists()


def test_scenes_are_wide_enough_for_the_network():
    assert SIDE % 16 == 0
