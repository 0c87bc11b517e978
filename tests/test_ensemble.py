"""A committee's answer is the mean of its members', and it is a checkpoint as any other."""

import cards
import numpy as np
import pytest
from flax import nnx

from model import Recognizer, checkpoint, flax_weights
from model.network import DigitCNN
from train import data, ensemble
from train.dataset import VALIDATION, DataError, Dataset, Split
from train.loop import DIGITS
from train.store import TrainError

SHAPE = {"widths": [4, 4, 8], "features": 8}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Three checkpoints of small networks that know digits, in `0` to `2`, and a dataset of noise
    to calibrate on."""
    generator = np.random.default_rng(0)
    splits = [
        Split(generator.integers(0, 256, (n, 28, 28), np.uint8), np.arange(n, dtype=np.int32) % 10)
        for n in (10, 400, 50)
    ]

    def load(name: str, validation: int = VALIDATION) -> Dataset:
        train, validated, test = splits
        return Dataset(name, DIGITS, train, Split(*(part[:validation] for part in validated)), test)

    monkeypatch.setattr(data, "load", load)

    def write(number: int, classes=DIGITS, config=None, **shape) -> DigitCNN:
        network = DigitCNN(len(classes), **(SHAPE | shape), rngs=nnx.Rngs(number))
        card = cards.card(
            name=str(number),
            classes=classes,
            seed=number,
            network=SHAPE | shape,
            config=config or {},
            data={"name": "noise"},
            test={"accuracy": 0.5},
        )
        checkpoint.save(tmp_path / str(number), network, card)
        return nnx.view(network, deterministic=True, use_running_average=True)

    return write


def test_the_answer_is_the_mean_of_the_members(written, tmp_path):
    members = [written(number) for number in range(3)]
    card = ensemble.build([tmp_path / str(number) for number in range(3)], tmp_path / "all")
    images = data.load("noise").test.images
    mean = np.mean([nnx.softmax(member(images)) for member in members], axis=0)
    expected = mean ** (1 / card.temperature)
    recognizer = Recognizer.load(tmp_path / "all")
    # The weights are kept in half precision.
    np.testing.assert_allclose(
        recognizer.classify(images), expected / expected.sum(1, keepdims=True), atol=2e-3
    )
    assert [member["seed"] for member in card.members] == [0, 1, 2]
    assert card.parameters == 3 * sum(
        p.size for p in flax_weights.variables_by_name(nnx.state(members[0], nnx.Param)).values()
    )


def test_it_is_calibrated_on_as_many_images_as_its_members_were(written, tmp_path):
    for number in range(2):
        written(number, config={"validation": 350})
    card = ensemble.build([tmp_path / "0", tmp_path / "1"], tmp_path / "all")
    assert card.validation["n"] == 350


def test_a_committee_takes_more_members_later(written, tmp_path):
    for number in range(3):
        written(number)
    at_once = ensemble.build([tmp_path / str(number) for number in range(3)], tmp_path / "all")
    ensemble.build([tmp_path / "0", tmp_path / "1"], tmp_path / "grown")
    with pytest.raises(TrainError, match="finished network"):
        ensemble.build([tmp_path / "grown", tmp_path / "2"], tmp_path / "grown")
    grown = ensemble.build([tmp_path / "grown", tmp_path / "2"], tmp_path / "grown", overwrite=True)
    assert grown.members == at_once.members and grown.network == at_once.network
    images = data.load("noise").test.images
    answers = [Recognizer.load(tmp_path / name).classify(images) for name in ("all", "grown")]
    np.testing.assert_allclose(*answers, rtol=1e-5)


def test_members_that_do_not_fit_are_refused(written, tmp_path, capsys):
    written(0)
    written(1, classes=("a", "b"))
    written(2, depth=1)
    for others, why in (
        ([], "two or more"),
        ([1], "classes and shapes differ"),
        ([2], "shapes differ"),
        ([3], "missing"),
    ):
        sources = [str(tmp_path / str(number)) for number in (0, *others)]
        assert ensemble.main([*sources, "--output", str(tmp_path / "all")]) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert why in error
        assert not (tmp_path / "all").exists()


def test_the_command_line_says_how_good_each_is_and_keeps_what_makes_it_again(
    written, tmp_path, capsys
):
    for number in range(2):
        written(number)
    arguments = [str(tmp_path / "0"), str(tmp_path / "1"), "--output", str(tmp_path / "all")]
    assert ensemble.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"Member {n}, seed {n}: test accuracy 50.00%." for n in range(2)]
    assert lines[2].startswith("Committee: ") and lines[3] == f"Checkpoint: {tmp_path / 'all'}"
    card = checkpoint.read_card(tmp_path / "all")
    assert card.command == "python -m train.ensemble " + " ".join(arguments)
    assert ensemble.main(arguments) == 1
    assert "finished network" in capsys.readouterr().err
    assert ensemble.main([*arguments, "--overwrite"]) == 0


def test_data_that_are_gone_and_a_full_disk_are_sentences(written, tmp_path, capsys, monkeypatch):
    for number in range(2):
        written(number)
    arguments = [str(tmp_path / "0"), str(tmp_path / "1"), "--output", str(tmp_path / "all")]

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(checkpoint, "save", full)
        assert ensemble.main(arguments) == 1
    assert capsys.readouterr().err == (
        f"error: {tmp_path / 'all'} can't be written: No space left on device.\n"
    )

    def gone(name, validation):
        raise DataError(f"{name} is gone.")

    monkeypatch.setattr(data, "load", gone)
    assert ensemble.main(arguments) == 1
    assert capsys.readouterr().err == "error: noise is gone.\n"
    assert not (tmp_path / "all").exists()


def test_an_output_has_to_be_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        ensemble.main(["checkpoints/default", "checkpoints/default"])
    assert "--output" in capsys.readouterr().err
