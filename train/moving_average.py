"""The exponential moving average of a network's weights, which is what ships (Polyak and Juditsky,
1992: Acceleration of stochastic approximation by averaging)."""

import jax
import jax.numpy as jnp
from flax import nnx

from model import flax_weights


def update(average: nnx.Module, model: nnx.Module, decay: float, step: jax.Array | int) -> None:
    """Moves an average, in place, towards the model's parameters and statistics; inside jit.

    Args:
        average, model: of one architecture.
        decay: how much of the average stays at each step.
        step: () int, the number of the step since the run began. An average over few steps would
            remember the random start: it grows with the steps.
    """
    stays = jnp.minimum(decay, (1 + step) / (10 + step))
    averaged, current = (nnx.state(network, flax_weights.TRAINED) for network in (average, model))
    nnx.update(average, jax.tree.map(lambda a, c: a + (1 - stays) * (c - a), averaged, current))
