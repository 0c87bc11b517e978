"""Explainer: what a network makes of a glyph inside, beside the probabilities that the Recognizer gives.

from model import checkpoint
from model.explain import Explainer

explainer = Explainer(*checkpoint.load(checkpoint.DEFAULT))
explainer.features(glyphs)  # (n, 28, 28) uint8 → (n, features)
"""

import jax
import numpy as np

from model.network import Committee, DigitCNN

BATCH = 128  # glyphs; one size, so that it is compiled once


class Explainer:
    """Looks into one checkpoint's network. Nothing of it changes once it is made, so threads may share one."""

    def __init__(self, network: DigitCNN | Committee, card: dict):
        self.card = card
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self._embed = jax.jit(network.embed)

    def features(self, glyphs: np.ndarray) -> np.ndarray:
        """(n, 28, 28) uint8 glyphs → (n, features) float32, ≥ 0: the network's own description of each."""
        parts = []
        for start in range(0, len(glyphs), BATCH):
            batch = glyphs[start : start + BATCH]
            padded = np.concatenate([batch, np.zeros((BATCH - len(batch), *batch.shape[1:]), np.uint8)])
            parts.append(np.asarray(self._embed(padded))[: len(batch)])
        return np.concatenate(parts)
