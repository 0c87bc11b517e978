"""What lies between two checkpoints of the page network."""

import shutil

import cards
import numpy as np
import pytest
from flax import nnx

from model import checkpoint, flax_weights
from model.checkpoint import CheckpointError
from model.page_format import NAMES
from model.page_network import PageNetwork
from train import average


def values(path) -> dict[str, np.ndarray]:
    network, _ = checkpoint.load_page(path)
    return flax_weights.weights_of(network)


@pytest.fixture
def other(tmp_path):
    """A page network of the same architecture with random weights."""
    checkpoint.save(
        tmp_path / "other", PageNetwork(rngs=nnx.Rngs(0)), checkpoint.read_card(checkpoint.PAGE)
    )
    return tmp_path / "other"


def test_each_weight_lies_between(other, tmp_path, capsys):
    arguments = [
        str(checkpoint.PAGE),
        str(other),
        "--share",
        "0.25",
        "--output",
        str(tmp_path / "between"),
    ]
    assert average.main(arguments) == 0
    one, two, between = values(checkpoint.PAGE), values(other), values(tmp_path / "between")
    for name, value in between.items():
        np.testing.assert_allclose(value, 0.75 * one[name] + 0.25 * two[name], rtol=1e-5, atol=1e-6)
    card = checkpoint.read_card(tmp_path / "between")
    assert card.average["share"] == 0.25 and card.command.startswith("python -m train.average ")


def test_a_network_that_reads_digits_is_calibrated_anew(tmp_path, mnist, capsys):
    default, tiny = checkpoint.DEFAULT, checkpoint.SHIPPED / "tiny"
    weights, _ = checkpoint.load_weights(default)
    network, card = checkpoint.load(default)
    for variable in flax_weights.variables_of(network).values():
        variable[...] *= 1.05
    checkpoint.save(tmp_path / "other", network, card)
    output = tmp_path / "between"
    assert average.main([str(default), str(tmp_path / "other"), "--output", str(output)]) == 0
    between, card = checkpoint.load_weights(output)
    for name, value in between.items():
        np.testing.assert_allclose(value, 1.025 * weights[name], rtol=1e-5, atol=1e-6)
    labels, probabilities = checkpoint.read_evaluation(output)
    assert (labels == mnist.test.labels).all()
    assert card.test["accuracy"] == (probabilities.argmax(1) == labels).mean() > 0.99
    assert 0 < card.least_certainty != checkpoint.read_card(default).least_certainty
    assert average.main([str(default), str(tiny), "--output", str(tmp_path / "none")]) == 1
    assert "nothing lies between them" in capsys.readouterr().err


def test_nothing_lies_between_two_architectures(tmp_path, capsys):
    small = PageNetwork(widths=(4, 4, 4, 4), rngs=nnx.Rngs(0))
    card = cards.card(classes=NAMES, network={"widths": (4, 4, 4, 4)})
    checkpoint.save(tmp_path / "small", small, card)
    with pytest.raises(CheckpointError, match="two architectures"):
        average.average(checkpoint.PAGE, tmp_path / "small", 0.5, tmp_path / "between")
    shutil.rmtree(tmp_path / "small")
    assert (
        average.main(
            [str(checkpoint.PAGE), str(tmp_path / "small"), "--output", str(tmp_path / "between")]
        )
        == 1
    )
    assert "is missing" in capsys.readouterr().err and not (tmp_path / "between").exists()
