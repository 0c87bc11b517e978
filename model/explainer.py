"""Explainer: what a network makes of a glyph inside, beside the probabilities that it gives.

    from model.classifier import Classifier
    from model.explainer import Explainer

    explainer = Explainer(Classifier.load())
    explainer.embeddings(glyphs)  # (n, 28, 28) uint8 → (n, features)
    explainer.layers(glyph)  # what each layer is and gives
    explainer.integrated_gradients(glyph, 7)  # (28, 28): which pixels speak for a 7

The page Inside the network shows all of it.
"""

from collections import OrderedDict
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from model.batches import in_batches
from model.classifier import Classifier
from model.network import GLYPH_SIZE, ConvNorm

BATCH = 128  # glyphs; the one size for which `embeddings` is compiled
STEPS = 128  # from the black image to the glyph; tests/test_explainer.py says how exact that is
# The power that bunches these steps near black, where norms and ReLUs make the network change
# fastest.
BUNCHED = 3
PATCH = 5  # pixels a side: wiping out so much breaks a stroke, which is 2 to 4 pixels wide


class Layer(NamedTuple):
    """A layer of a network and what it gives for one glyph."""

    name: str  # as in the checkpoint: "conv1"
    kind: str  # "Convolution"
    description: str  # what it does, in a sentence or two
    parameters: int  # trained numbers
    output: np.ndarray  # float32: maps (h, w, channels) or a vector (units,)


class Explainer:
    """Looks into one classifier's network. Nothing of it changes once it is made, so threads may
    share one."""

    def __init__(self, classifier: Classifier):
        self.classifier = classifier
        self._member = member = classifier.members[0]

        def outputs(images: jax.Array) -> OrderedDict[str, jax.Array]:
            layers = OrderedDict(
                member.layer_outputs(images)
            )  # of a plain dict, JAX forgets the order
            layers["head"] = member.head(layers[next(reversed(layers))])
            return layers

        def integrate(glyph: jax.Array, index: jax.Array) -> jax.Array:
            def log_probability(images: jax.Array) -> jax.Array:
                return nnx.log_softmax(classifier.calibrated_logits(images))[:, index].sum()

            u = (jnp.arange(STEPS) + 0.5) / STEPS
            glyph = glyph.astype(jnp.float32)
            path = (u**BUNCHED)[:, None, None] * glyph
            gradients = jax.grad(log_probability)(path)
            return glyph * jnp.tensordot(BUNCHED * u ** (BUNCHED - 1) / STEPS, gradients, 1)

        # The weights are constants of the compiled programs, as the classifier's are.
        self._embed = jax.jit(classifier.network.embed)
        self._outputs = jax.jit(outputs)
        self._integrate = jax.jit(integrate)

    def compile(self) -> "Explainer":
        """Compiles what it needs, which takes seconds, so that the first explanation needn't
        wait."""
        glyph = np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
        self.embeddings(glyph[None])
        self.layers(glyph)
        self.integrated_gradients(glyph, 0)
        self.classifier.probabilities(glyph[None])
        return self

    def embeddings(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs → (n, features) float32, ≥ 0: the network's own description of
        each."""
        return np.concatenate(list(in_batches(self._embed, glyphs, (BATCH,))))

    def layers(self, glyph: np.ndarray) -> list[Layer]:
        """(28, 28) uint8 → each layer with its output, from the image to a score a class; of an
        ensemble, its first member's.

        The outputs of convolutions and of the hidden layer are those after batch norm and ReLU.
        """
        outputs = {name: np.asarray(value[0]) for name, value in self._outputs(glyph[None]).items()}
        layers = []
        # Pixels of the image: the side of what a place of the maps sees, and from place to place.
        field, step = 1, 1
        before = outputs["image"]
        for name, output in outputs.items():
            module = getattr(self._member, name, None)
            parameters = 0
            if module is not None:
                parameters = sum(p.size for p in jax.tree.leaves(nnx.state(module, nnx.Param)))
            if isinstance(module, ConvNorm):
                field += (module.size - 1) * step
                step *= module.strides
            elif name == "pool":
                field, step = field + step, 2 * step
            kind, description = _describe(name, module, before, output, field)
            layers.append(Layer(name, kind, description, parameters, output))
            before = output
        return layers

    def integrated_gradients(self, glyph: np.ndarray, index: int) -> np.ndarray:
        """What each pixel adds to the logarithm of a class's probability, on the way from a black
        image to the glyph.

        The pixel's brightness times the gradient's mean over that straight way (Sundararajan, Taly
        and Yan, 2017: Axiomatic attribution for deep networks). Completeness: the sum is what the
        glyph's log-probability has more than the black image's, but for the mean's being one of
        STEPS midpoints.

        Args:
            glyph: (28, 28) uint8.
            index: of the class.

        Returns:
            (28, 28) float32 in nats, above 0 where ink speaks for the class.
        """
        return np.asarray(self._integrate(glyph, index))

    def occlusion(self, glyph: np.ndarray) -> np.ndarray:
        """How much of each class's probability is lost as a patch around a pixel is wiped out, for
        every pixel.

        Zeiler and Fergus, 2014: Visualizing and understanding convolutional networks.

        Args:
            glyph: (28, 28) uint8.

        Returns:
            (28, 28, classes) float32 in [-1, 1], below 0 where the class gains.
        """
        reach = PATCH // 2
        wiped, places = [], []
        for y, x in np.ndindex(glyph.shape):
            patch = np.s_[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
            if glyph[patch].any():
                places.append((y, x))
                wiped.append(glyph.copy())
                wiped[-1][patch] = 0
        probabilities = self.classifier.probabilities(np.stack([glyph, *wiped]))
        lost = np.zeros((*glyph.shape, len(self.classifier.classes)), np.float32)
        for place, left in zip(places, probabilities[1:], strict=True):
            lost[place] = probabilities[0] - left
        return lost


def _describe(
    name: str, module: nnx.Module | None, before: np.ndarray, output: np.ndarray, field: int
) -> tuple[str, str]:
    """A layer's kind, and what it does with the output before, in words; a place of it sees `field`
    pixels a side."""
    sees = f"{field} × {field} pixels of the image"
    if field >= GLYPH_SIZE:
        sees = "nearly the whole image"
    if name == "image":
        return (
            "Image",
            "What the network gets: the brightness of each pixel, from 0 for black to 1 for white.",
        )
    if isinstance(module, ConvNorm) and name == "conv1":
        return "Convolution", (
            f"Moves {output.shape[-1]} filters of {field} × {field} pixels over the image, "
            f"{module.strides} pixels"
            " a step. Each answers where it finds its own pattern, such as an edge in one "
            "direction."
        )
    if isinstance(module, ConvNorm):
        return "Convolution", (
            f"Each of its {output.shape[-1]} filters looks for a pattern in {module.size} × "
            f"{module.size} places of all {before.shape[-1]} maps before. One place now sees "
            f"{sees}."
        )
    if name == "pool":
        return "Max pooling", (
            "Keeps the strongest of each 2 × 2 places, so that a small shift of the digit matters "
            "less. "
            f"One place now sees {sees}."
        )
    if name == "hidden":
        return "Hidden layer", (
            f"Each of its {output.size} units weighs all {before.size:,} numbers before. Together "
            f"they are the "
            "network's own description of the digit."
        )
    if name == "mean":
        return (
            "Mean",
            f"The mean of each map: {output.size} numbers, the network's own description of the "
            f"digit.",
        )
    return (
        "Output",
        f"Weighs the {before.size:,} numbers before into one score a class. The highest score "
        f"wins.",
    )
