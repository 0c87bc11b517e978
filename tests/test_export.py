"""An exported network gives in another runtime what it gives in JAX."""

import json

import cards
import numpy as np
import onnx
import onnxruntime
import pytest
from flax import nnx

from model import checkpoint
from model.classifier import Classifier
from model.network import DigitCNN
from train import export

ROOT = checkpoint.DEFAULT.parents[1]
GLYPHS = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


def probabilities(file, glyphs):
    return onnxruntime.InferenceSession(str(file)).run(None, {"glyphs": glyphs})[0]


@pytest.mark.parametrize("name", ["default", "tiny"])
def test_probabilities_are_those_of_jax(tmp_path, capsys, name):
    file = tmp_path / "network.onnx"
    assert export.main([str(checkpoint.DEFAULT.parent / name), str(file)]) == 0
    assert capsys.readouterr().out.startswith(str(file))
    here = Classifier.load(checkpoint.DEFAULT.parent / name).probabilities(GLYPHS)
    np.testing.assert_allclose(probabilities(file, GLYPHS), here, atol=1e-5)
    assert probabilities(file, GLYPHS[:0]).shape == (0, 10)


def test_any_architecture_and_temperature(tmp_path):
    network = DigitCNN(3, (4, 5, 6), depth=1, features=7, rngs=nnx.Rngs(0))
    network.eval()
    card = cards.card(classes=("a", "b", "c"), temperature=2.5)
    (tmp_path / "network.onnx").write_bytes(export.to_onnx(network, card))
    here = Classifier(network, card).probabilities(GLYPHS)
    np.testing.assert_allclose(probabilities(tmp_path / "network.onnx", GLYPHS), here, atol=1e-5)


def test_what_reads_live_is_the_shipped_tiny_network():
    live = onnx.load(ROOT / "digits" / "live" / "assets" / "tiny.onnx")
    now = onnx.load_from_string(
        export.to_onnx(*checkpoint.load(checkpoint.DEFAULT.parent / "tiny"))
    )
    assert len(live.graph.initializer) == len(now.graph.initializer)
    for one, other in zip(live.graph.initializer, now.graph.initializer, strict=True):
        np.testing.assert_allclose(
            onnx.numpy_helper.to_array(one), onnx.numpy_helper.to_array(other), rtol=1e-6
        )
    (card,) = (entry.value for entry in live.metadata_props if entry.key == "card")
    now = checkpoint.read_card(checkpoint.DEFAULT.parent / "tiny").as_json()
    assert json.loads(card) == json.loads(json.dumps(now))


@pytest.mark.parametrize("name", ["committee", "nosuch"])
def test_what_cannot_be_exported_is_said_and_leaves_no_file(tmp_path, capsys, name):
    file = tmp_path / "network.onnx"
    assert export.main([str(checkpoint.DEFAULT.parent / name), str(file)]) == 1
    assert name in capsys.readouterr().err and not file.exists()
