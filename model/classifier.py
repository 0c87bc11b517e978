"""Classifier: glyphs in, calibrated probabilities out. What reads all pictures."""

import numpy as np

from model import checkpoint
from model.card import Card
from model.glyph import GLYPH_SIZE
from model.weights import Weights

BATCH = 128  # glyphs at once
LEAST = np.finfo(np.float32).tiny  # a probability whose logarithm there is


def certainty(probabilities: np.ndarray) -> np.ndarray:
    """(..., classes) probabilities → (...) float from 0, where all classes are as likely, to 1,
    where one is all that there is: 1 - H / ln(classes), of the entropy H in nats (Shannon, 1948: A
    mathematical theory of communication).

    What hesitates between two digits may be one, what hesitates between all of them is none; the
    largest probability doesn't tell these apart.
    """
    classes = probabilities.shape[-1]
    entropy = -(probabilities * np.log(np.maximum(probabilities, LEAST))).sum(-1)
    return np.clip(1 - entropy / np.log(max(2, classes)), 0, 1)  # which rounding may overstep


class Classifier:
    """One checkpoint's network, compiled. Nothing of it changes, so threads may share one.

    Args:
        weights: of a DigitCNN or an Ensemble, as `model.weights.shapes` has them, float32.
        card: the checkpoint's.
        threads: that compute side by side; None: as many as there are cores.

    Attributes:
        card: the checkpoint's.
        classes: their names, in the order of the probabilities.
    """

    def __init__(self, weights: Weights, card: Card, threads: int | None = None):
        from model.onnx_graph import to_onnx  # a training asks for `certainty` alone
        from model.runtime import Program

        self.card, self.classes = card, card.classes
        self._program = Program(to_onnx(weights, card), BATCH, threads)

    @classmethod
    def load(
        cls, directory: checkpoint.Folder = checkpoint.DEFAULT, threads: int | None = None
    ) -> "Classifier":
        """That of a checkpoint.

        Raises:
            CheckpointError: the checkpoint is missing or damaged.
        """
        return cls(*checkpoint.load_weights(directory), threads)

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
        (probabilities,) = self._program(glyphs)
        return probabilities

    def answers(self, probabilities: np.ndarray) -> np.ndarray:
        """(..., classes) → (...) bool: which it answers; from the others, the reader abstains."""
        return certainty(probabilities) >= self.card.least_certainty
