"""Explainer: what a network makes of a glyph inside, beside the probabilities that it gives.

    from model import checkpoint
    from model.explainer import Explainer

    explainer = Explainer(*checkpoint.load("checkpoints/default"))
    explainer.embeddings(glyphs)  # (n, 28, 28) uint8 → (n, features)
    explainer.layers(glyph)  # what each layer is and gives
    explainer.integrated_gradients(glyph, 7)  # (28, 28): which pixels speak for a 7

The page Inside the network shows all of it.
"""

import functools
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from model import interruption
from model.card import Card
from model.glyph import GLYPH_SIZE
from model.network import ConvNorm, DigitCNN, Ensemble

BATCH = 128  # glyphs; the one size for which programs that take many are compiled
BLOCK = 32 * BATCH  # glyphs of which the best are kept at once
STEPS = 128  # from the black image to the glyph; tests/test_explainer.py says how exact that is
# The power that bunches these steps near black, where norms and ReLUs make the network change
# fastest.
BUNCHED = 3
PATCH = 5  # pixels a side: wiping out so much breaks a stroke, which is 2 to 4 pixels wide


class Field(NamedTuple):
    """Which pixels of the image the places of a layer's maps see: their receptive fields."""

    start: int = 0  # the first row and column that place (0, 0) sees; below 0 in the margin
    side: int = 1  # pixels that a place sees each way
    step: int = 1  # pixels from one place to the next

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """A place → left, top, width, height in pixels of the image, its margin included."""
        return (
            self.start + column * self.step,
            self.start + row * self.step,
            self.side,
            self.side,
        )

    def through(self, size: int, strides: int, before: int) -> "Field":
        """That of a layer of windows of that size and strides over this one's places, with so many
        places of margin before the first."""
        return Field(
            self.start - before * self.step,
            self.side + (size - 1) * self.step,
            self.step * strides,
        )


class Layer(NamedTuple):
    """A layer of a network and what it gives for one glyph."""

    name: str  # as in the checkpoint: "conv1"
    kind: str  # "Convolution"
    description: str  # what it does, in a sentence or two
    parameters: int  # trained numbers
    output: np.ndarray  # float32: maps (h, w, channels) or a vector (units,)
    # of the maps' places; of a vector, all of the image
    field: Field
    # (h, w, channels before, channels) float32: a convolution's, times the norm that follows
    kernel: np.ndarray | None = None


class Excitations(NamedTuple):
    """What excites each of a layer's maps or units most, the most first."""

    values: np.ndarray  # (channels, count) float32, their outputs
    numbers: np.ndarray  # (channels, count) int, of the glyphs
    places: np.ndarray  # (channels, count) int, where on the map, row by row; 0 of a unit


class Explainer:
    """Looks into one network. Nothing of it changes once it is made, so threads may share one.

    Attributes:
        network: (n, 28, 28) uint8 → (n, classes) logits.
        card: its card.
    """

    def __init__(self, network: DigitCNN | Ensemble, card: Card):
        self.network, self.card = network, card
        member = network.members[0] if isinstance(network, Ensemble) else network
        self._member = member

        def outputs(images: jax.Array) -> OrderedDict[str, jax.Array]:
            layers = OrderedDict(
                member.layer_outputs(images)
            )  # of a plain dict, JAX forgets the order
            layers["head"] = member.head(layers[next(reversed(layers))])
            return layers

        def calibrated_logits(images: jax.Array) -> jax.Array:
            logits: jax.Array = network(images)
            return logits / card.temperature

        def integrate(glyph: jax.Array, index: jax.Array) -> jax.Array:
            def log_probability(images: jax.Array) -> jax.Array:
                return nnx.log_softmax(calibrated_logits(images))[:, index].sum()

            u = (jnp.arange(STEPS) + 0.5) / STEPS
            glyph = glyph.astype(jnp.float32)
            path = (u**BUNCHED)[:, None, None] * glyph
            gradients = jax.grad(log_probability)(path)
            return glyph * jnp.tensordot(BUNCHED * u ** (BUNCHED - 1) / STEPS, gradients, 1)

        def flat_maps(images: jax.Array) -> dict[str, jax.Array]:
            """Each layer's maps with their places in a row: (n, places, channels)."""
            return {
                name: output.reshape(len(output), -1, output.shape[-1])
                for name, output in member.layer_outputs(images)
                if name != "image"
            }

        # The weights are constants of the compiled programs: to hand them over at each call takes
        # longer than a glyph.
        self._probabilities = jax.jit(lambda images: nnx.softmax(calibrated_logits(images)))
        self._highest = jax.jit(lambda images: jax.tree.map(lambda x: x.max(1), flat_maps(images)))
        self._places = jax.jit(
            lambda images: jax.tree.map(lambda x: x.argmax(1), flat_maps(images))
        )
        self._embed = jax.jit(network.embed)
        self._outputs = jax.jit(outputs)
        self._integrate = jax.jit(integrate)

    @functools.cached_property
    def _kernels(self) -> dict[str, np.ndarray]:
        """Of each convolution by its name, the same for all glyphs."""
        layers = vars(self._member).items()
        return {name: layer.folded()[0] for name, layer in layers if isinstance(layer, ConvNorm)}

    def compile(self) -> "Explainer":
        """Compiles what it needs, which takes seconds, so that the first explanation needn't
        wait."""
        glyph = np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
        self.embeddings(glyph[None])
        self.layers(glyph)
        self.integrated_gradients(glyph, 0)
        self.probabilities(glyph[None])
        return self

    def probabilities(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs → (n, classes) float32 calibrated probabilities, which are those
        of the Classifier (tests/test_classifier.py)."""
        return np.concatenate(list(_in_batches(self._probabilities, glyphs)))

    def embeddings(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs → (n, features) float32, ≥ 0: the network's own description of
        each."""
        return np.concatenate(list(_in_batches(self._embed, glyphs)))

    def layers(self, glyph: np.ndarray) -> list[Layer]:
        """(28, 28) uint8 → each layer with its output, from the image to a score a class; of an
        ensemble, its first member's.

        The outputs of convolutions and of the hidden layer are those after batch norm and ReLU.
        """
        outputs = {name: np.asarray(value[0]) for name, value in self._outputs(glyph[None]).items()}
        layers = []
        field, before = Field(), outputs["image"]
        for name, output in outputs.items():
            module = getattr(self._member, name, None)
            parameters = 0
            if module is not None:
                parameters = sum(p.size for p in jax.tree.leaves(nnx.state(module, nnx.Param)))
            kernel = None
            if isinstance(module, ConvNorm):
                field = field.through(module.size, module.strides, module.margin[0])
                kernel = self._kernels[name]
            elif name == "pool":
                field = field.through(2, 2, 0)
            elif output.ndim == 1:
                field = Field(0, GLYPH_SIZE, 0)
            kind, description = _describe(name, module, before, output, field.side)
            layers.append(Layer(name, kind, description, parameters, output, field, kernel))
            before = output
        return layers

    def excitations(
        self,
        glyphs: np.ndarray,
        count: int,
        progress: Callable[[float], None] = lambda share: None,
    ) -> dict[str, Excitations]:
        """Which of many glyphs excite each map and unit most, `count` of each, the most first.

        Args:
            glyphs: (n, 28, 28) uint8, n ≥ count.
            count: of each map.
            progress: told the share that is done, now and then.

        Returns:
            The name of each layer but the first and the last → what excites it.
        """
        best: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # values and numbers
        for first in range(0, len(glyphs), BLOCK):
            block = glyphs[first : first + BLOCK]
            parts = list(_in_batches(self._highest, block))
            for name in parts[0]:
                values = np.concatenate([part[name] for part in parts]).T
                numbers = np.broadcast_to(first + np.arange(len(block)), values.shape)
                if name in best:
                    values, numbers = (
                        np.concatenate(pair, axis=1)
                        for pair in zip(best[name], (values, numbers), strict=True)
                    )
                order = np.argsort(-values, axis=1, kind="stable")[:, :count]
                best[name] = (
                    np.take_along_axis(values, order, axis=1),
                    np.take_along_axis(numbers, order, axis=1),
                )
            progress(min(1.0, (first + len(block)) / len(glyphs)))
        return self._with_places(glyphs, best)

    def _with_places(
        self, glyphs: np.ndarray, best: dict[str, tuple[np.ndarray, np.ndarray]]
    ) -> dict[str, Excitations]:
        """Excitations of their values and numbers: to look for the places in all glyphs would take
        twice as long."""
        chosen = np.unique(np.concatenate([numbers.ravel() for _, numbers in best.values()]))
        parts = list(_in_batches(self._places, glyphs[chosen]))
        found = {}
        for name, (values, numbers) in best.items():
            places = np.concatenate([part[name] for part in parts])  # (chosen, channels)
            rows = np.searchsorted(chosen, numbers)
            of_map = np.take_along_axis(places, rows.T, axis=0).T
            found[name] = Excitations(values, numbers, of_map.astype(int))
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
        probabilities = self.probabilities(np.stack([glyph, *wiped]))
        lost = np.zeros((*glyph.shape, len(self.card.classes)), np.float32)
        for place, left in zip(places, probabilities[1:], strict=True):
            lost[place] = probabilities[0] - left
        return lost


def _in_batches(program: Callable[[np.ndarray], Any], glyphs: np.ndarray) -> Iterator[Any]:
    """What a program gives for (n, 28, 28) glyphs, any n ≥ 0, batch by batch, in any structure of
    arrays; a point of interruption before each. The last batch is padded with zeros, whose results
    are cut off."""
    for start in range(0, len(glyphs), BATCH):
        interruption.check()
        batch = glyphs[start : start + BATCH]
        padded = np.zeros((BATCH, *glyphs.shape[1:]), glyphs.dtype)
        padded[: len(batch)] = batch
        rows = slice(len(batch))
        yield jax.tree.map(lambda part, rows=rows: np.asarray(part)[rows], program(padded))


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
