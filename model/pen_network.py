"""PenNetwork: reads a digit by how the pen moved, where that is known.

A picture of a 7 with a bar through it may look like a 2; but a 2 is one stroke and that 7 two. So
what a canvas or a tablet tells of a pen has a say beside the picture (model/pen_reader.py).
"""

import jax
from flax import nnx

from model.card import DIGITS
from model.network import lecun_normal
from model.pen.path import PLACES
from model.weights import PEN_FEATURES


class PenNetwork(nnx.Module):
    """Two hidden layers: (n, places, 3) float32 paths, as model/pen/path.py makes them → (n, 10)
    logits.

    Args:
        places: along a path.
        features: units of each hidden layer.
        rngs: source of the initial weights.
    """

    def __init__(self, places: int = PLACES, features: int = PEN_FEATURES, *, rngs: nnx.Rngs):
        def linear(before: int, units: int) -> nnx.Linear:
            return nnx.Linear(before, units, kernel_init=lecun_normal, rngs=rngs)

        self.hidden1 = linear(3 * places, features)
        self.hidden2 = linear(features, features)
        self.head = linear(features, len(DIGITS))

    def __call__(self, paths: jax.Array) -> jax.Array:
        """The logits of paths."""
        x = paths.reshape(len(paths), -1)
        x = nnx.relu(self.hidden1(x))
        x = nnx.relu(self.hidden2(x))
        return self.head(x)
