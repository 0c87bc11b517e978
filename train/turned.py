"""Which way the pictures of a dataset lie: what the tiny network makes of those that are labelled
as digits tells it.

EMNIST's files hold their images transposed, since MATLAB counts columns first. Whoever reads them
row by row gets digits that lie on their side, mirrored, and nothing says so.
"""

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model import checkpoint
from model.card import DIGITS
from model.classifier import Classifier
from train import metrics
from train.dataset import SPLIT_SEED

Glyphs = NDArray[np.uint8]

READER = checkpoint.SHIPPED / "tiny"
LOOKED_AT, FEWEST = 200, 20  # pictures of digits; of fewer, nothing is said
# share of right answers that pictures of no digits hardly come to: twice what guessing does
CHANCE = 0.2
CLEARLY = 1e-3  # the probability of McNemar's test below which one way is better than another
TRANSPOSED = "transposed"
WAYS: Mapping[str, Callable[[Glyphs], Glyphs]] = {  # as they look → how they are put right
    TRANSPOSED: lambda glyphs: glyphs.swapaxes(1, 2),
    "turned by 90°": lambda glyphs: np.rot90(glyphs, 1, (1, 2)),
    "upside down": lambda glyphs: glyphs[:, ::-1, ::-1],
    "turned by 270°": lambda glyphs: np.rot90(glyphs, -1, (1, 2)),
    "mirrored": lambda glyphs: glyphs[:, :, ::-1],
    "upside down and mirrored": lambda glyphs: glyphs[:, ::-1],
    "transposed along the other diagonal": lambda glyphs: glyphs[:, ::-1, ::-1].swapaxes(1, 2),
}


class Look(NamedTuple):
    """What was seen of a dataset's pictures.

    Attributes:
        way: how they lie, a key of WAYS; None where they are upright, or nobody can tell.
        note: a sentence that says so; "" where there is nothing to say.
        digits: whether those that are labelled as digits show digits; None where too few are.
    """

    way: str | None = None
    note: str = ""
    digits: bool | None = None


def look(glyphs: Glyphs, names: NDArray[np.str_], emnist: bool = False) -> Look:
    """Looks at some of the pictures that are labelled 0 to 9.

    Args:
        glyphs: (n, 28, 28).
        names: (n,) of their classes.
        emnist: whether they come from a file of EMNIST's, which is known to hold them transposed:
            so they are where no digit tells.
    """
    known = Look(TRANSPOSED, "The images are EMNIST's, which lie transposed; they are put right.")
    of_digits = np.flatnonzero(np.isin(names, DIGITS))
    if len(of_digits) < FEWEST:
        return known if emnist else Look()
    generator = np.random.default_rng(SPLIT_SEED)
    some = np.sort(generator.permutation(of_digits)[:LOOKED_AT])
    glyphs, names = np.ascontiguousarray(glyphs[some]), names[some]
    reader, n = _reader(), len(some)
    # all at once, since batches of one size are compiled once
    ways = np.concatenate([glyphs, *(turn(glyphs) for turn in WAYS.values())])
    read = np.array(reader.classes)[reader.probabilities(ways).argmax(1)].reshape(-1, n)
    upright, *turned = read == names
    way, best = max(zip(WAYS, turned, strict=True), key=lambda found: int(found[1].sum()))
    share, best_share = upright.mean(), max(upright.mean(), best.mean())
    digits = metrics.wilson_interval(round(best_share * n), n)[0] > CHANCE
    if not digits:
        return known._replace(digits=False) if emnist else Look(digits=False)
    if best.mean() <= share or metrics.mcnemar(upright, best)[2] >= CLEARLY:
        return Look(digits=True)
    similar = ", as those in EMNIST's files do" if way == TRANSPOSED else ""
    return Look(
        way,
        f"The images look {way}{similar}: of {n} digits, the network {READER.name} reads "
        f"{share:.0%} right as they are and {best.mean():.0%} put right; they are put right.",
        True,
    )


@functools.cache
def _reader() -> Classifier:
    return Classifier.load(READER)


def put_right(glyphs: Glyphs, way: str | None) -> Glyphs:
    """(n, 28, 28) glyphs, or (n, h, w, 3) pictures, that lie some way, upright."""
    return glyphs if way is None else np.ascontiguousarray(WAYS[way](glyphs))
