"""The pen network: trained, kept, read back, and alike in Flax and as ONNX."""

import sys

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file, save_file

from model import checkpoint, onnx_graph
from model.card import DIGITS
from model.checkpoint import CheckpointError
from model.pen.path import PLACES
from model.runtime import Program
from train import pen_paths, pens
from train.store import TrainError

SMALL = pens.Config(digits=2000, strangers=200, steps=600, validation=500, features=64)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "pens"
    return folder, pens.train(SMALL, folder, quiet=True, command="python -m train.pens")


def test_it_learns_to_read_paths(trained):
    folder, card = trained
    assert card.validation["accuracy"] > 0.8
    assert (card.classes, card.command) == (DIGITS, "python -m train.pens")
    assert card.network == {"places": PLACES, "features": 64}
    assert card.parameters == 96 * 64 + 64 + 64 * 64 + 64 + 64 * 10 + 10
    assert checkpoint.read_card(folder).validation == card.validation


def test_it_is_less_sure_of_strangers_than_of_digits(trained):
    program = Program(onnx_graph.to_onnx(*checkpoint.load_pen_weights(trained[0])), 128)
    rng = np.random.default_rng(1)
    (digits,) = program(pen_paths.draw_digits(rng, 200)[0])
    (strangers,) = program(pen_paths.draw_strangers(rng, 200))
    assert digits.max(1).mean() > strangers.max(1).mean() + 0.2


def test_a_run_repeats(trained, tmp_path):
    pens.train(SMALL, tmp_path / "again", quiet=True)
    some, others = (
        load_file(path / checkpoint.WEIGHTS) for path in (trained[0], tmp_path / "again")
    )
    for name, values in some.items():
        np.testing.assert_array_equal(values, others[name])


def test_onnx_says_what_flax_says():
    network, card = checkpoint.load_pen()
    content = onnx_graph.to_onnx(*checkpoint.load_pen_weights())
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    paths, _ = pen_paths.draw_digits(np.random.default_rng(2), 50)
    logits = np.asarray(network(paths)) / card.temperature
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    (probabilities,) = Program(content, 16)(paths)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_what_ships_reads_what_it_never_saw():
    program = Program(onnx_graph.to_onnx(*checkpoint.load_pen_weights()), 128)
    paths, labels = pen_paths.draw_digits(np.random.default_rng(99), 2000)
    (probabilities,) = program(paths)
    assert (probabilities.argmax(1) == labels).mean() > 0.98


def test_it_is_no_network_to_read_pictures_with(trained):
    with pytest.raises(CheckpointError, match="is a pen network, which helps every checkpoint"):
        checkpoint.load(trained[0])


def test_damaged_files_are_told(trained, tmp_path):
    folder = tmp_path / "pens"
    network, card = checkpoint.load_pen(trained[0])
    checkpoint.save(folder, network, card)
    values = load_file(folder / checkpoint.WEIGHTS)
    del values["head.bias"]
    save_file(values, folder / checkpoint.WEIGHTS)
    with pytest.raises(CheckpointError, match=r"head\.bias is missing"):
        checkpoint.load_pen_weights(folder)
    with pytest.raises(CheckpointError, match="does not describe a PenNetwork"):
        _with_network(folder, '"features": 64', '"widths": 64')
    with pytest.raises(CheckpointError, match=r"places \[5000\], which should be from 1 to 1024"):
        _with_network(folder, f'"places": {PLACES}', '"places": 5000')


def _with_network(folder, before, after):
    path = folder / checkpoint.CARD
    text = path.read_text()
    try:
        path.write_text(text.replace(before, after, 1))
        checkpoint.load_pen_weights(folder)
    finally:
        path.write_text(text)


def test_a_run_is_not_overwritten(trained):
    with pytest.raises(TrainError, match="--overwrite"):
        pens.train(SMALL, trained[0], quiet=True)


def test_command_line(monkeypatch, tmp_path, capsys):
    output = tmp_path / "pens"
    few = ["--digits=200", "--strangers=20", "--steps=5", "--validation=50", "--features=8"]
    assert pens.main([*few, "--output", str(output), "--quiet"]) == 0
    assert f"Checkpoint: {output}" in capsys.readouterr().out
    checkpoint.load_pen(output)
    for wrong, words in (
        (["--steps", "0"], "--steps should be from 1 to"),
        (["--features", "0"], "--features should be from 1 to"),
        ([], "--overwrite"),
    ):
        assert pens.main([*few, *wrong, "--output", str(output), "--quiet"]) == 1
        assert words in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["pens", *few, "--output", str(output), "--overwrite"])
    assert pens.main() == 0
