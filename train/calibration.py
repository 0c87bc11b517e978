"""What a trained network answers, and how sure it is to be.

from train.calibration import calibrate
calibration, probabilities = calibrate(network, dataset, abstain=0.002)
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import PartitionSpec
from numpy.typing import NDArray
from scipy.special import softmax

from model import checkpoint
from model.card import Card
from model.classifier import certainty
from model.network import DigitCNN, Ensemble
from train import data, metrics
from train.config import Config
from train.dataset import VALIDATION, Dataset

# Both are judgement; no measurement of other values is kept.
EVALUATION_BATCH = 500  # images that a network answers at once
CALIBRATION_IMAGES = 300  # validation images; fewer tell neither how sure to be nor when to abstain


@nnx.jit
def forward(model: DigitCNN | Ensemble, images: jax.Array) -> jax.Array:
    """(n, 28, 28) uint8 → (n, classes) float32 logits, the same on every device."""
    logits, alone = model(images), jax.sharding.get_abstract_mesh().empty
    return logits if alone else jax.lax.with_sharding_constraint(logits, PartitionSpec())


def predict(model: DigitCNN | Ensemble, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 28, 28) uint8 → (n, classes) float32 logits, in batches of one size: the last is
    padded."""
    model = nnx.view(model, deterministic=True, use_running_average=True)
    logits = []
    for start in range(0, len(images), EVALUATION_BATCH):
        batch = images[start : start + EVALUATION_BATCH]
        padded = np.concatenate(
            [batch, np.zeros((EVALUATION_BATCH - len(batch), *batch.shape[1:]), batch.dtype)]
        )
        logits.append(np.asarray(forward(model, jnp.asarray(padded)))[: len(batch)])
    return np.concatenate(logits)


class CalibrationResult(NamedTuple):
    """The fields of a card that calibrating a network tells."""

    parameters: int
    temperature: float
    least_certainty: float
    validation: dict[str, Any]
    test: dict[str, Any]


def calibration_data(card: Card) -> tuple[Dataset, float]:
    """The dataset that a card's network was trained on, split as then, and the share of its
    validation images on which the reader is to abstain; raises DataError."""
    config = card.config
    dataset = data.load(card.dataset, validation=config.get("validation", VALIDATION))
    return dataset, config.get("abstain", Config.abstain)


def calibrate(
    network: DigitCNN | Ensemble,
    dataset: Dataset,
    abstain: float,
    source: str = "",
    logits: NDArray[np.float32] | None = None,
) -> tuple[CalibrationResult, NDArray[np.float32]]:
    """How sure a trained network is to be, and how good it then is.

    Args:
        network: as it was trained.
        dataset: its validation split decides, its test split is looked at.
        abstain: share of the validation images on which the reader is to abstain.
        source: the folder of a checkpoint that tells temperature and least certainty where
            validation images are few, or "".
        logits: (n, classes) what the network answers to the validation images, where it was asked.

    Returns:
        the calibration, and the calibrated probabilities (n, classes) float32 of the test images.
    """
    labels = dataset.validation.labels
    if logits is None:
        logits = predict(network, dataset.validation.images)
    temperature, least_certainty = 1.0, 0.0
    few = len(logits) < CALIBRATION_IMAGES
    if few and source:
        former = checkpoint.read_card(source)
        temperature, least_certainty = former.temperature, former.least_certainty
    elif not few:
        temperature = metrics.fit_temperature(labels, logits)
    validated = softmax(logits / temperature, axis=1)
    if not few:
        least_certainty = float(np.quantile(certainty(validated), abstain))
    probabilities = softmax(predict(network, dataset.test.images) / temperature, axis=1)
    calibration = CalibrationResult(
        parameters=sum(p.size for p in jax.tree.leaves(nnx.state(network, nnx.Param))),
        temperature=temperature,
        least_certainty=least_certainty,
        validation=metrics.summary(labels, validated),
        test=metrics.summary(dataset.test.labels, probabilities),
    )
    return calibration, probabilities
