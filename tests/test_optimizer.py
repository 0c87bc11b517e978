"""Muon moves all directions of a kernel alike, and AdamW what is none."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax import random

from model.network import DigitCNN
from train import transfer
from train.config import Config
from train.optimizer import build_optimizer

RATE, ADAMW_RATE = 0.03, 2e-3
CONFIG = Config(
    widths=(4, 6, 8), features=16, warmup=0.0, weight_decay=0.0, learning_rate=ADAMW_RATE
)


def first_step(config: Config, freeze: str = "") -> dict[str, np.ndarray]:
    """How a step of gradients at random, small and large, moves each parameter of a network, by
    its path."""
    shape = {"widths": config.widths, "depth": 1, "features": config.features, "dropout": 0.0}
    network = DigitCNN(**shape, rngs=nnx.Rngs(0))
    trained = transfer.freeze_layers(freeze, network)
    before = jax.tree.map(jnp.copy, nnx.state(network, nnx.Param))
    optimizer = nnx.Optimizer(network, build_optimizer(config, 10), wrt=trained)
    gradients = jax.tree.map(
        lambda p: 10.0 ** (p.size % 7) * random.normal(random.key(p.size), p.shape),
        nnx.state(network, trained),
    )
    optimizer.update(network, gradients)
    moved = jax.tree.map(jnp.subtract, nnx.state(network, nnx.Param), before)
    return {"/".join(map(str, path)): np.asarray(leaf) for path, leaf in nnx.to_flat_state(moved)}


@pytest.mark.parametrize("features", [16, 0])
def test_muon_moves_each_direction_of_a_kernel_alike_and_adamw_the_rest(features):
    config = dataclasses.replace(CONFIG, muon_learning_rate=RATE, features=features)
    kernels = set()
    for path, move in first_step(config).items():
        if move.ndim > 1 and not path.startswith("head"):
            kernels.add(path.split("/")[0])
            matrix = move.reshape(-1, move.shape[-1])
            widened = max(1.0, matrix.shape[1] / matrix.shape[0]) ** 0.5
            singular = np.linalg.svd(matrix, compute_uv=False) / (RATE * widened)
            assert 0.3 < singular.min() and singular.max() < 1.5, path
        else:  # AdamW's first step is as long as its rate, and with Nesterov's momentum, as here
            nesterov = 1 + CONFIG.beta1 / (1 + CONFIG.beta1)
            np.testing.assert_allclose(np.abs(move), ADAMW_RATE * nesterov, rtol=0.01)
    assert kernels == {"conv1", "conv2", "conv3"} | ({"hidden"} if features else set())


def test_without_its_rate_adamw_moves_all():
    for move in first_step(dataclasses.replace(CONFIG, muon_learning_rate=0.0)).values():
        np.testing.assert_allclose(np.abs(move), ADAMW_RATE, rtol=0.01)


@pytest.mark.parametrize("freeze", ["conv1,hidden", "conv1,conv2,conv3,hidden", "head"])
def test_frozen_layers_stay_and_the_others_move(freeze):
    moves = first_step(dataclasses.replace(CONFIG, muon_learning_rate=RATE), freeze)
    for path, move in moves.items():
        assert np.any(move != 0) == (path.split("/")[0] not in freeze.split(",")), path


@pytest.mark.parametrize(("rate", "undecayed"), [(RATE, "head/kernel"), (0.0, "")])
def test_kernels_decay_but_for_the_heads_beside_muon(rate, undecayed):
    config = dataclasses.replace(CONFIG, muon_learning_rate=rate)
    plain = first_step(config)
    decayed = first_step(dataclasses.replace(config, weight_decay=5.0))
    for path, move in decayed.items():
        same = np.allclose(move, plain[path], atol=1e-7)
        assert same == (move.ndim == 1 or path == undecayed), path
