"""What moves a network's parameters: AdamW, or Muon for its matrices and AdamW for the rest."""

from typing import Any

import jax
import optax
from optax.contrib import MuonDimensionNumbers, muon

from model.flax_weights import State
from train.config import Config

# In short runs optax's 0.95 and 5 gained nothing over these.
MOMENTUM = 0.9
NEWTON_SCHULZ_STEPS = 3
# A kernel as the matrix that it is to one place of an image: (height × width × in, out).
CONVOLUTION = MuonDimensionNumbers((0, 1, 2), 3)
MATRIX = MuonDimensionNumbers(0, 1)


def build_optimizer(config: Config, steps: int) -> optax.GradientTransformation:
    """The optimizer of a run of so many steps; its learning rates rise, then fall as a cosine.

    With a `muon_learning_rate`, Muon moves the convolutions' kernels and the hidden layer's, along
    all directions of a matrix alike, however small their gradients are (Jordan et al., 2024:
    https://kellerjordan.github.io/posts/muon). AdamW moves the head, biases and norms, and without
    that rate all.
    """

    def schedule(peak: float) -> optax.Schedule:
        return optax.warmup_cosine_decay_schedule(0, peak, int(config.warmup * steps), steps)

    adamw_rate = schedule(config.learning_rate)
    if not config.muon_learning_rate:
        # AdamW, whose averages are of one array: there is less to compile
        return optax.chain(
            optax.flatten(optax.scale_by_adam(config.beta1, config.beta2)),
            optax.add_decayed_weights(config.weight_decay, find_kernels),
            optax.scale_by_learning_rate(adamw_rate),
        )
    return muon(
        schedule(config.muon_learning_rate),
        ns_steps=NEWTON_SCHULZ_STEPS,
        beta=MOMENTUM,
        weight_decay=config.weight_decay,
        adam_b1=config.beta1,
        adam_b2=config.beta2,
        adam_learning_rate=adamw_rate,
        muon_weight_dimension_numbers=_matrices,
    )


def find_kernels(params: State) -> State:
    """Which parameters are kernels, of which weights decay, rather than biases and norms."""
    return jax.tree.map(lambda parameter: parameter.ndim > 1, params)


def _matrices(params: State) -> State:
    """Which axes of each parameter make a matrix for Muon; None of those that AdamW moves."""

    def axes(path: tuple[Any, ...], parameter: jax.Array) -> MuonDimensionNumbers | None:
        if path[0].key == "head":  # the layer's name
            return None
        return {4: CONVOLUTION, 2: MATRIX}.get(parameter.ndim)

    return jax.tree_util.tree_map_with_path(axes, params)
