"""A trained network's answers, and how sure it is to be."""

import cards
import numpy as np
import pytest

from model.classifier import certainty
from train import calibration
from train.config import Config
from train.dataset import Dataset, Split
from train.loop import DIGITS, TrainState

SMALL = Config(widths=(4, 4, 8), depth=1, features=0)


@pytest.fixture(scope="module")
def network():
    return TrainState(SMALL, DIGITS, 1).model


def test_predict_pads_the_last_batch(network):
    images = np.random.default_rng(0).integers(
        0, 256, (calibration.EVALUATION_BATCH + 3, 28, 28), np.uint8
    )
    np.testing.assert_allclose(
        calibration.predict(network, images)[-3:],
        calibration.predict(network, images[-3:]),
        atol=1e-5,
    )


@pytest.mark.parametrize("count", [400, 100])
def test_few_validation_images_decide_nothing(network, count, monkeypatch):
    """Then temperature and least certainty are those of the checkpoint that the training started
    from."""
    monkeypatch.setattr(
        calibration.checkpoint,
        "read_card",
        lambda source: cards.card(temperature=3.0, least_certainty=0.25),
    )
    rng = np.random.default_rng(0)
    split = Split(
        rng.integers(0, 256, (count, 28, 28), np.uint8), np.arange(count, dtype=np.int32) % 10
    )
    dataset = Dataset("noise", DIGITS, split, split, split)
    calibrated, probabilities = calibration.calibrate(network, dataset, 0.1, "somewhere")
    assert probabilities.shape == (count, 10) and calibrated.test["n"] == count
    if count < calibration.CALIBRATION_IMAGES:
        assert (calibrated.temperature, calibrated.least_certainty) == (3.0, 0.25)
        alone, _ = calibration.calibrate(network, dataset, 0.1)
        assert (alone.temperature, alone.least_certainty) == (1.0, 0.0)
    else:
        assert calibrated.temperature != 3.0
        # a tenth of the validation images lie below the least certainty
        low = certainty(probabilities) < calibrated.least_certainty
        assert np.mean(low) == pytest.approx(0.1, abs=0.01)
