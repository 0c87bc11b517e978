"""Explainer: what a network makes of a glyph inside, beside the probabilities that the Recognizer
gives.

from model import checkpoint
from model.explainer import Explainer

explainer = Explainer(*checkpoint.load(checkpoint.DEFAULT))
explainer.embeddings(glyphs)  # (n, 28, 28) uint8 → (n, features)
explainer.layers(glyph)  # what each layer is and gives
explainer.integrated_gradients(glyph, 7)  # (28, 28): which pixels speak for a 7
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from scipy import sparse

from model.network import GLYPH_SIZE, DigitCNN, Ensemble

BATCH = 128  # glyphs; one size, so that it is compiled once
STEPS = 128  # from the black image to the glyph
# the power that bunches these steps near black, where norms and ReLUs make the network change
# fastest
BUNCHED = 3
PATCH = 5  # pixels a side: wiping out so much breaks a stroke
CHUNK = 16 * BATCH  # images of an index between two reports of its progress


class Layer(NamedTuple):
    """A layer of a network and what it gives for one glyph."""

    name: str  # as in the checkpoint: "conv1"
    kind: str  # "Convolution"
    description: str  # what it does, in a sentence or two
    parameters: int  # trained numbers
    output: np.ndarray  # float32: maps (h, w, channels) or a vector (units,)


class Explainer:
    """Looks into one checkpoint's network. Nothing of it changes once it is made, so threads may
    share one."""

    def __init__(self, network: DigitCNN | Ensemble, card: dict):
        self.card = card
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self.members = len(network.members) if isinstance(network, Ensemble) else 1
        self._member = member = network.members[0] if isinstance(network, Ensemble) else network

        def log_probabilities(images):
            return nnx.log_softmax(network(images) / card["temperature"])

        def inside(images):
            outputs = OrderedDict(member.stages(images))  # of a plain dict, JAX forgets the order
            outputs["head"] = member.head(outputs[next(reversed(outputs))])
            return outputs

        def integrated(glyph, index):
            u = (jnp.arange(STEPS) + 0.5) / STEPS
            glyph = glyph.astype(jnp.float32)
            path = (u**BUNCHED)[:, None, None] * glyph
            gradients = jax.grad(lambda images: log_probabilities(images)[:, index].sum())(path)
            return glyph * jnp.tensordot(BUNCHED * u ** (BUNCHED - 1) / STEPS, gradients, 1)

        # The weights are constants of the compiled programs, as the Recognizer's are.
        self._embed = jax.jit(network.embed)
        self._log_probabilities = jax.jit(log_probabilities)
        self._inside = jax.jit(inside)
        self._integrated = jax.jit(integrated)

    def compile(self) -> "Explainer":
        """Compiles what it needs, which takes seconds, so that the first explanation needn't
        wait."""
        glyph = np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
        self.embeddings(glyph[None])
        self.layers(glyph)
        self.integrated_gradients(glyph, 0)
        self.probabilities(glyph[None])
        return self

    def embeddings(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs → (n, features) float32, ≥ 0: the network's own description of
        each."""
        return _in_batches(self._embed, glyphs)

    def probabilities(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs → (n, classes) float32, calibrated, as the Recognizer gives
        them."""
        return np.exp(_in_batches(self._log_probabilities, glyphs))

    def layers(self, glyph: np.ndarray) -> list[Layer]:
        """(28, 28) uint8 → each layer with its output, from the image to a score a class; a
        ensemble's first member's.

        The outputs of convolutions and of the hidden layer are those after batch norm and ReLU.
        """
        outputs = {name: np.asarray(value[0]) for name, value in self._inside(glyph[None]).items()}
        found = []
        # pixels of the image: the side of what a place of the maps sees, and from place to place
        field, step = 1, 1
        before = outputs["image"]
        for name, output in outputs.items():
            module = getattr(self._member, name, None)
            parameters = (
                sum(leaf.size for leaf in jax.tree.leaves(nnx.state(module, nnx.Param)))
                if module
                else 0
            )
            if name.startswith("conv"):
                field, step = (
                    field + (module.conv.kernel_size[0] - 1) * step,
                    step * module.conv.strides,
                )
            elif name == "pool":
                field, step = field + step, 2 * step
            found.append(
                Layer(name, *_in_words(name, module, before, output, field), parameters, output)
            )
            before = output
        return found

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
        return np.asarray(self._integrated(glyph, index))

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
        probabilities = self.probabilities(np.stack([glyph, *wiped]))
        lost = np.zeros((*glyph.shape, len(self.classes)), np.float32)
        for place, left in zip(places, probabilities[1:], strict=True):
            lost[place] = probabilities[0] - left
        return lost


class EmbeddingIndex:
    """Many images by a network's features, in which those that are most alike to a glyph are found.

    Alike is the cosine of the angle between features: how strong they are, as with bold ink,
    doesn't count. By it, the class of the 8 nearest training images is wrong for 17 of MNIST's
    5,000 validation images, by distance for 23.
    """

    def __init__(
        self,
        explainer: Explainer,
        images: np.ndarray,
        progress: Callable[[float], None] = lambda share: None,
    ):
        """(n, 28, 28) uint8 images; `progress` is told the share that is done."""
        self._explainer = explainer
        parts = []
        for start in range(0, len(images), CHUNK):
            # Of a hidden layer's units most are silent: sparse, they take a fraction of the memory
            # and of the time.
            embeddings = explainer.embeddings(images[start : start + CHUNK])
            parts.append(sparse.csr_array(_unit(embeddings)))
            progress(min(1.0, (start + CHUNK) / len(images)))
        self._features = sparse.vstack(parts, format="csr")

    def similarities(self, glyph: np.ndarray) -> np.ndarray:
        """(28, 28) uint8 → (n,) float32 in [0, 1], 1 for one that the network can't tell from
        it."""
        return self._features @ _unit(self._explainer.embeddings(glyph[None]))[0]


def _in_words(
    name: str, module, before: np.ndarray, output: np.ndarray, field: int
) -> tuple[str, str]:
    """A layer's kind, and what it does with the output before, in words; a place of it sees `field`
    pixels a side."""
    sees = (
        f"{field} × {field} pixels of the image" if field < GLYPH_SIZE else "nearly the whole image"
    )
    if name == "image":
        return (
            "Image",
            "What the network gets: the brightness of each pixel, from 0 for black to 1 for white.",
        )
    if name == "conv1":
        return "Convolution", (
            f"Moves {output.shape[-1]} filters of {field} × {field} pixels over the image, "
            f"{module.conv.strides} pixels"
            " a step. Each answers where it finds its own pattern, such as an edge in one "
            "direction."
        )
    if name.startswith("conv"):
        size = module.conv.kernel_size[0]
        return "Convolution", (
            f"Each of its {output.shape[-1]} filters looks for a pattern in {size} × {size} places "
            f"of all {before.shape[-1]} maps before. One place now sees {sees}."
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


def _unit(features: np.ndarray) -> np.ndarray:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)


def _in_batches(function: Callable, glyphs: np.ndarray) -> np.ndarray:
    """A function of BATCH glyphs, for any number of them."""
    parts = []
    for start in range(0, len(glyphs), BATCH):
        batch = glyphs[start : start + BATCH]
        padded = np.concatenate([batch, np.zeros((BATCH - len(batch), *batch.shape[1:]), np.uint8)])
        parts.append(np.asarray(function(padded))[: len(batch)])
    return np.concatenate(parts)
