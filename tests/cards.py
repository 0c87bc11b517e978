"""Cards and checkpoints for tests."""

from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from model import checkpoint
from model.card import Card
from model.network import DigitCNN

SHAPE = {"widths": (4, 4, 8), "features": 8, "dropout": 0.0}  # of a network that is quick to make


def card(**fields: Any) -> Card:
    """A card that says as little as a card may, but for the fields given."""
    least: dict[str, Any] = {
        "name": "small",
        "classes": ("a", "b", "c"),
        "network": {},
        "temperature": 1.0,
        "config": {},
        "seed": 0,
        "versions": {},
        "data": {},
        "history": (),
        "test": {},
    }
    return Card(**(least | fields))


def with_norms(network: nnx.Module) -> nnx.Module:
    """The network, its norms such that they do something."""
    rng = np.random.default_rng(0)
    for _, norm in nnx.iter_modules(network):
        if isinstance(norm, nnx.BatchNorm):
            for variable in (norm.scale, norm.bias, norm.var):
                variable[...] = rng.uniform(0.5, 1.5, variable.shape)
            norm.mean[...] = rng.uniform(-0.1, 0.1, norm.mean.shape)
    return network


def letters(folder: Path) -> Path:
    """A checkpoint of random weights that knows a, b and c, of a dataset called letters."""
    network = DigitCNN(3, **SHAPE, rngs=nnx.Rngs(1))
    checkpoint.save(folder, network, card(network=SHAPE, data={"name": "letters"}))
    return folder
