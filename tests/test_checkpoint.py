"""A checkpoint comes back as it was saved, or not at all."""

import dataclasses
import json
import shutil

import cards
import numpy as np
import pytest
from flax import nnx
from safetensors.numpy import load_file, save_file

from model import checkpoint
from model.checkpoint import CARD, DEFAULT, EVALUATION, WEIGHTS, CheckpointError
from model.classifier import certainty
from model.network import DigitCNN
from train import metrics


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(DEFAULT, tmp_path / "copy")


def test_saved_and_loaded_is_the_same_network(tmp_path):
    network = DigitCNN(3, widths=(4, 6, 8), features=5, rngs=nnx.Rngs(1))
    network(np.full((2, 28, 28), 99, np.uint8))  # statistics that are not the initial ones
    network.eval()
    card = cards.card(network={"widths": (4, 6, 8), "features": 5}, temperature=1.5, seed=1)
    probabilities = np.array([[0.5, 0.25, 0.25]], np.float32)
    checkpoint.save(tmp_path / "small", network, card, (np.array([2]), probabilities))
    loaded, loaded_card = checkpoint.load(tmp_path / "small")
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    np.testing.assert_array_equal(loaded(images), network(images))
    assert loaded_card.sha256
    assert dataclasses.replace(loaded_card, sha256="") == card
    labels, back = checkpoint.read_evaluation(tmp_path / "small")
    assert labels.tolist() == [2]
    np.testing.assert_array_equal(back, probabilities)
    assert sorted(path.name for path in (tmp_path / "small").iterdir()) == [
        CARD,
        EVALUATION,
        WEIGHTS,
    ]


def edit_card(folder, change):
    card = json.loads((folder / CARD).read_text())
    change(card)
    (folder / CARD).write_text(json.dumps(card))


def edit_weights(folder, change):
    weights = dict(load_file(folder / WEIGHTS))
    change(weights)
    save_file(weights, folder / WEIGHTS)


def flip_bit(path):
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)


FAULTS = {
    "no weights": (lambda f: (f / WEIGHTS).unlink(), "safetensors is missing"),
    "no card": (lambda f: (f / CARD).unlink(), "json is missing"),
    "truncated weights": (
        lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-1000]),
        "damaged",
    ),
    "empty weights": (lambda f: (f / WEIGHTS).write_bytes(b""), "damaged"),
    "truncated card": (lambda f: (f / CARD).write_text((f / CARD).read_text()[:500]), "not a JSON"),
    "binary card": (lambda f: (f / CARD).write_bytes(b"\xff\xfe\x00"), "not a JSON"),
    "list card": (lambda f: (f / CARD).write_text("[]"), "should hold an object"),
    "no temperature": (
        lambda f: edit_card(f, lambda c: c.pop("temperature")),
        "'temperature' is missing",
    ),
    "text temperature": (
        lambda f: edit_card(f, lambda c: c.update(temperature="1")),
        "'temperature' should be",
    ),
    "zero temperature": (lambda f: edit_card(f, lambda c: c.update(temperature=0.0)), "above 0"),
    "other network": (
        lambda f: edit_card(f, lambda c: c["network"].update(stages=3)),
        "does not describe",
    ),
    "fewer classes": (lambda f: edit_card(f, lambda c: c["classes"].pop()), "head.* should be"),
    "name gone": (
        lambda f: edit_weights(f, lambda w: w.pop("head.bias")),
        r"head\.bias is missing",
    ),
    "name more": (
        lambda f: edit_weights(f, lambda w: w.update(more=np.ones(1))),
        "more is not part",
    ),
    "shape": (
        lambda f: edit_weights(f, lambda w: w.update({"head.bias": np.ones(11, np.float32)})),
        r"\(11,\)",
    ),
    "type": (lambda f: edit_weights(f, lambda w: w.update({"head.bias": np.ones(10)})), "float64"),
    "flipped bit": (lambda f: flip_bit(f / WEIGHTS), "checksum is not the card's"),
    "large weights": (lambda f: (f / WEIGHTS).write_bytes(bytes(3_000_000)), "larger than"),
    "large card": (lambda f: (f / CARD).write_bytes(b" " * 5_000_000), "larger than"),
    "deep card": (lambda f: (f / CARD).write_text("[" * 100_000), "not a JSON"),
    "long number": (lambda f: (f / CARD).write_text("1" * 100_000), "not a JSON"),
    "no number": (
        lambda f: edit_card(f, lambda c: c.update(temperature=float("nan"))),
        "NaN is no number",
    ),
    "twice a class": (lambda f: edit_card(f, lambda c: c.update(classes=["0"] * 10)), "each once"),
    "list for a name": (
        lambda f: edit_card(f, lambda c: c["classes"].__setitem__(3, ["3"])),
        "list of names",
    ),
    "threshold": (
        lambda f: edit_card(f, lambda c: c.update(threshold=7)),
        "'threshold' should be from 0 to 1, not 7",
    ),
    "least certainty": (
        lambda f: edit_card(f, lambda c: c.update(least_certainty=-1)),
        "'least_certainty' should be from 0 to 1, not -1",
    ),
    "accuracy": (
        lambda f: edit_card(f, lambda c: c["test"].update(accuracy="all")),
        "'test' should have shares",
    ),
    "parameters": (
        lambda f: edit_card(f, lambda c: c.update(parameters="many")),
        "'parameters' should be a count",
    ),
    "wide": (
        lambda f: edit_card(f, lambda c: c["network"].update(widths=[10**9] * 3)),
        "should be from 1 to 1024",
    ),
    "nan": (lambda f: edit_weights(f, lambda w: w["head.bias"].fill(np.nan)), "not finite"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named(copy, fault):
    damage, says = FAULTS[fault]
    damage(copy)
    with pytest.raises(CheckpointError, match=says) as caught:
        checkpoint.load(copy)
    assert str(copy) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("threshold", "shares"),
    [
        (0.0, [0.1] * 10),
        (0.05, [0.1] * 10),  # nothing is below
        (0.2, [0.2] * 5),
        (0.58, [0.58, 0.21, 0.21]),
        (1.0, [1.0]),
    ],
)
def test_a_card_of_before_abstains_as_near_as_can_be(copy, threshold, shares):
    """What it says of the largest probability, the reader takes for a certainty."""

    def age(card):
        del card["least_certainty"]
        card["threshold"] = threshold

    edit_card(copy, age)
    expected = certainty(np.array(shares + [0.0] * (10 - len(shares))))
    assert checkpoint.read_card(copy).least_certainty == pytest.approx(expected, abs=1e-6)


def test_a_page_network_is_told_from_one_that_reads_digits():
    with pytest.raises(
        CheckpointError, match="pages is a page network, which every checkpoint uses"
    ):
        checkpoint.load(checkpoint.PAGE)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda f: (f / EVALUATION).unlink(), "missing"),
        (lambda f: (f / EVALUATION).write_bytes((f / EVALUATION).read_bytes()[:5000]), "damaged"),
        (lambda f: np.savez(f / EVALUATION, labels=np.ones(3, int)), "damaged"),
        (
            lambda f: np.savez(
                f / EVALUATION, labels=np.ones(3, int), probabilities=np.ones((2, 10))
            ),
            "fit",
        ),
        (
            lambda f: np.savez(
                f / EVALUATION, labels=np.full(2, -1), probabilities=np.ones((2, 10))
            ),
            "no class",
        ),
        (
            lambda f: np.savez(
                f / EVALUATION, labels=np.ones(2, "U1"), probabilities=np.ones((2, 10))
            ),
            "damaged",
        ),
        (
            lambda f: np.savez_compressed(
                f / EVALUATION, labels=np.zeros(30_000_000, "u1"), probabilities=1
            ),
            "damaged",
        ),
    ],
)
def test_a_faulty_evaluation_is_named_and_does_not_stop_the_reader(copy, damage, says):
    damage(copy)
    with pytest.raises(CheckpointError, match=says):
        checkpoint.read_evaluation(copy)
    checkpoint.load(copy)


def test_weights_that_lie_otherwise_in_memory_are_saved_as_they_are(tmp_path):
    network = DigitCNN(rngs=nnx.Rngs(0))
    network.head.kernel[...] = np.asarray(network.head.kernel[...]).T.copy().T
    checkpoint.save(
        tmp_path, network, dataclasses.replace(checkpoint.read_card(DEFAULT), network={})
    )
    loaded, _ = checkpoint.load(tmp_path)
    np.testing.assert_array_equal(loaded.head.kernel[...], network.head.kernel[...])


def test_a_failed_save_leaves_the_old_checkpoint(copy):
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    network, card = checkpoint.load(copy)
    with pytest.raises(TypeError):
        checkpoint.save(copy, network, dataclasses.replace(card, data={"name": object()}))
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


@pytest.mark.parametrize(
    "wrong",
    [{"network": {"features": 8193}}, {"temperature": float("nan")}, {"name": "n" * 201}],
)
def test_a_card_that_could_not_be_read_back_is_not_saved(wrong, copy, tmp_path):
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    network, card = checkpoint.load(copy)
    for folder in (copy, tmp_path / "new"):
        with pytest.raises(CheckpointError, match=CARD):
            checkpoint.save(folder, network, dataclasses.replace(card, **wrong))
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    assert not (tmp_path / "new").exists()


def test_what_ships_keeps_its_promise():
    """The card's figures are those of the evaluation that ships with it."""
    card = checkpoint.read_card(DEFAULT)
    labels, probabilities = checkpoint.read_evaluation(DEFAULT)
    counted = metrics.summary(labels, probabilities)
    assert card.test.keys() == counted.keys()
    for name, value in counted.items():  # sums of float32 depend on the order of the images
        assert card.test[name] == pytest.approx(value, abs=1e-6)
    assert card.test["n"] == 10_000
    assert card.test["accuracy"] >= 0.9960
    assert sum(path.stat().st_size for path in DEFAULT.iterdir()) <= 5e6


def test_the_network_that_ships_is_the_one_evaluated(mnist, recognizer):
    _, probabilities = checkpoint.read_evaluation(DEFAULT)
    np.testing.assert_allclose(
        recognizer.classify(mnist.test.images[:500]), probabilities[:500], atol=1e-3
    )
