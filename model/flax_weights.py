"""A Flax network ↔ its weights as arrays by their names, such as `conv1.conv.kernel`."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from flax import nnx

from model.card import Card
from model.network import DigitCNN, Ensemble
from model.page_network import PageNetwork
from model.pen_network import PenNetwork
from model.weights import Shape, Weights

TRAINED = nnx.Param, nnx.BatchStat  # what of a network training changes, and a checkpoint keeps

State = nnx.State[Any, Any]
Variable = nnx.Variable[Any]
Network = TypeVar("Network", bound=nnx.Module)


def digit_network(card: Card, weights: Weights) -> DigitCNN | Ensemble:
    """The network of a card, ready to infer, with weights as `model.weights.shapes` has them."""

    def build() -> DigitCNN | Ensemble:
        kind = Ensemble if "members" in card.network else DigitCNN
        return kind(classes=len(card.classes), **card.network, rngs=nnx.Rngs(0))

    return _with_weights(build, weights)


def page_network(card: Card, weights: Weights) -> PageNetwork:
    """The page network of a card, likewise."""
    return _with_weights(lambda: PageNetwork(**card.network, rngs=nnx.Rngs(0)), weights)


def pen_network(card: Card, weights: Weights) -> PenNetwork:
    """The pen network of a card, likewise."""
    return _with_weights(lambda: PenNetwork(**card.network, rngs=nnx.Rngs(0)), weights)


def weights_of(network: nnx.Module) -> dict[str, np.ndarray]:
    """What training changed."""
    return {name: np.asarray(variable[...]) for name, variable in variables_of(network).items()}


def shapes_of(network: nnx.Module) -> dict[str, Shape]:
    """The shapes of these, which tell whether two networks are of one architecture."""
    return {name: variable.shape for name, variable in variables_of(network).items()}


def variables_of(network: nnx.Module) -> dict[str, Variable]:
    """What training changes, the network's own."""
    return variables_by_name(nnx.state(network, TRAINED))


def variables_by_name(state: State) -> dict[str, Variable]:
    """A state's variables by their paths, such as `conv1.conv.kernel`."""
    return {".".join(map(str, path)): variable for path, variable in nnx.to_flat_state(state)}


def _with_weights(build: Callable[[], Network], weights: Weights) -> Network:
    """What `build` makes, with these weights in the place of its own."""
    network = nnx.eval_shape(build)
    values = [
        (path, variable.replace(jax.device_put(weights[".".join(map(str, path))])))
        for path, variable in nnx.to_flat_state(nnx.state(network, TRAINED))
    ]
    nnx.update(network, nnx.from_flat_state(values))
    module: nnx.Module = network
    module.eval()
    for _, module in nnx.iter_modules(network):
        if isinstance(module, nnx.Dropout):  # what infers draws no random numbers
            module.rngs = None
    return network
