"""Classifier: glyphs in, calibrated probabilities out. What reads and what explains share one."""

import functools

import jax
import numpy as np

from model import checkpoint
from model.batches import in_batches
from model.card import Card
from model.network import GLYPH_SIZE, DigitCNN, Ensemble

BATCHES = (128, 16, 1)  # glyphs: a page's, a line's, one; each is compiled once


class Classifier:
    """One checkpoint's network, compiled. Nothing of it changes, so threads may share one.

    Attributes:
        network: (n, 28, 28) uint8 → (n, classes) logits.
        card: the checkpoint's.
        classes: their names, in the order of the logits.
    """

    def __init__(self, network: DigitCNN | Ensemble, card: Card):
        self.network, self.card, self.classes = network, card, card.classes
        # The weights are constants of the compiled program: to hand them over at each call takes
        # longer than a digit.
        self._program = jax.jit(lambda images: jax.nn.softmax(self.calibrated_logits(images)))

    @classmethod
    def load(cls, directory: checkpoint.Folder = checkpoint.DEFAULT) -> "Classifier":
        """That of a checkpoint.

        Raises:
            CheckpointError: the checkpoint is missing or damaged.
        """
        return cls(*checkpoint.load(directory))

    def compile(self) -> "Classifier":
        """Compiles what reads a single glyph, so that the first one needn't wait."""
        self.probabilities(np.zeros((1, GLYPH_SIZE, GLYPH_SIZE), np.uint8))
        return self

    def probabilities(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs, any n ≥ 0 → (n, classes) float32 calibrated probabilities.

        Raises:
            ValueError: another shape or type.
        """
        glyphs = np.asarray(glyphs)
        if glyphs.dtype != np.uint8 or glyphs.shape[1:] != (GLYPH_SIZE, GLYPH_SIZE):
            raise ValueError(
                f"glyphs should be uint8 (n, 28, 28), not {glyphs.dtype} {glyphs.shape}"
            )
        none = np.zeros((0, len(self.classes)), np.float32)
        return np.concatenate([none, *in_batches(self._program, glyphs, BATCHES)])

    def calibrated_logits(self, images: jax.Array) -> jax.Array:
        """(n, 28, 28) → (n, classes) logits over the temperature, for JAX to trace."""
        logits: jax.Array = self.network(images)
        return logits / self.card.temperature

    @functools.cached_property
    def members(self) -> tuple[DigitCNN, ...]:
        """The networks that decide together; one, where it is no ensemble."""
        network = self.network
        return tuple(network.members) if isinstance(network, Ensemble) else (network,)
