"""Many dimensions → two, by t-SNE: what is near stays near. Jitted and exact, since a map holds a
thousand points.

For so few this is twice as fast as scikit-learn's, which its test compares it with and which takes
long to import.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

STEPS = 400  # of gradient descent; a quarter of them exaggerated
EXAGGERATION = 12.0  # of the attraction, at first: groups form before they are in each other's way
TINY = 1e-12  # keeps logarithms finite


def tsne(points: np.ndarray, perplexity: float = 30.0) -> np.ndarray:
    """(n, f) float32, f ≥ 2 → (n, 2) float32 places; the same points give the same places.

    Van der Maaten and Hinton, 2008: Visualizing Data using t-SNE. It starts from the first two
    principal components, so that groups also lie as they do at large (Kobak and Berens, 2019: The
    art of using t-SNE for single-cell transcriptomics).

    Args:
        points: at least one of them.
        perplexity: about how many neighbours of a point count; fewer where there are few points.
    """
    points = np.asarray(points, np.float32)
    if len(points) < 4 or not np.ptp(points, axis=0).any():
        return np.zeros((len(points), 2), np.float32)
    attraction = affinities(points, min(perplexity, (len(points) - 1) / 3))
    centred = points - points.mean(0)
    # the largest component first
    start = centred @ np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]
    start *= 1e-4 / start[:, 0].std()
    return np.asarray(_descend(jnp.asarray(attraction), jnp.asarray(start, jnp.float32)))


def affinities(points: np.ndarray, perplexity: float) -> np.ndarray:
    """(n, f) → (n, n) float32, symmetric, summing to 1: how much each pair of points belongs
    together.

    Each point's neighbours fall off as a Gaussian whose width gives them the perplexity (equations
    1 and 2).
    """
    squares = (points**2).sum(1)
    distances = np.maximum(squares[:, None] + squares - 2 * points @ points.T, 0)
    np.fill_diagonal(distances, np.inf)
    distances -= distances.min(1, keepdims=True)
    distances /= np.mean(distances, where=np.isfinite(distances)) or 1
    # logarithms of the precision
    low, high = np.full((2, len(points), 1), [[[-10]], [[25]]], np.float32)
    for _ in range(30):
        middle = (low + high) / 2
        shares = np.exp(-distances * np.exp(middle))
        total = shares.sum(1, keepdims=True)
        # The entropy, from Σ p ln p = Σ p (ln share) − ln total.
        near = np.where(np.isfinite(distances), distances, 0)
        entropy = (shares * near).sum(1, keepdims=True) * np.exp(middle) / total + np.log(total)
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    shares /= total
    return (shares + shares.T) / (2 * len(points))


@partial(jax.jit, static_argnames="steps")
def _descend(attraction: jax.Array, start: jax.Array, steps: int = STEPS) -> jax.Array:
    """(n, n) affinities and (n, 2) places to start from → (n, 2) places of the least divergence
    (section 3.4)."""
    others = ~jnp.eye(len(start), dtype=bool)
    # Belkina et al., 2019: Automated optimized parameters for t-SNE
    rate = max(len(start) / EXAGGERATION / 4, 50.0)

    def step(number, state):
        places, momentum, gains = state
        early = number < steps // 4
        squares = (places**2).sum(1)
        closeness = others / (
            1 + jnp.maximum(squares[:, None] + squares - 2 * places @ places.T, 0)
        )
        pull = (
            jnp.where(early, EXAGGERATION, 1.0) * attraction - closeness / closeness.sum()
        ) * closeness
        gradient = 4 * (pull.sum(1, keepdims=True) * places - pull @ places)
        gains = jnp.maximum(jnp.where(gradient * momentum < 0, gains + 0.2, gains * 0.8), 0.01)
        momentum = jnp.where(early, 0.5, 0.8) * momentum - rate * gains * gradient
        return places + momentum, momentum, gains

    return jax.lax.fori_loop(0, steps, step, (start, jnp.zeros_like(start), jnp.ones_like(start)))[
        0
    ]


def divergence(attraction: np.ndarray, places: np.ndarray) -> float:
    """Kullback and Leibler's, in nats, of a map's affinities from those of the points: what t-SNE
    makes small."""
    squares = ((places[:, None] - places) ** 2).sum(-1)
    closeness = (1 - np.eye(len(places))) / (1 + squares)
    ratio = np.maximum(attraction, TINY) / np.maximum(closeness / closeness.sum(), TINY)
    return float((attraction * np.log(ratio)).sum())
