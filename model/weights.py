"""A network's weights as arrays by their names: which there are, and what reading makes of them.

Layers are told here without Flax, so that who only reads need not import it. What Flax makes of
the same card has the same arrays (tests/test_classifier.py).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from model.card import Card
from model.page_format import CLASSES
from model.pen.path import PLACES

# Of a DigitCNN, a PageNetwork and a PenNetwork whose card says nothing else.
WIDTHS, DEPTH, FEATURES = (32, 48, 96), 2, 128
PAGE_WIDTHS = (24, 32, 64, 96)
PEN_FEATURES = 256
LAST_SIDE = 5  # places a side that a DigitCNN's last convolution leaves
NORM = ("scale", "bias", "mean", "var")  # a batch norm's
EPSILON = 1e-5  # that adds to the variance

Shape = tuple[int, ...]
Weights = Mapping[str, np.ndarray]


def shapes(card: Card) -> dict[str, Shape]:
    """The names and shapes of all arrays of a DigitCNN or an Ensemble.

    Raises:
        TypeError, ValueError: the card's "network" does not describe one.
    """
    arguments = {name: value for name, value in card.network.items() if name != "members"}
    one = dict(_digit_cnn(len(card.classes), **arguments))
    if "members" not in card.network:
        return one
    members = range(card.network["members"])
    return {f"members.{number}.{name}": one[name] for number in members for name in one}


def page_shapes(card: Card) -> dict[str, Shape]:
    """The names and shapes of all arrays of a PageNetwork; raises as `shapes`."""
    return dict(_page_network(**card.network))


def pen_shapes(card: Card) -> dict[str, Shape]:
    """The names and shapes of all arrays of a PenNetwork; raises as `shapes`."""
    return dict(_pen_network(len(card.classes), **card.network))


def _digit_cnn(
    classes: int,
    widths: Sequence[int] = WIDTHS,
    depth: int = DEPTH,
    features: int = FEATURES,
    dropout: float = 0.0,
) -> Iterator[tuple[str, Shape]]:
    stem, first, second = widths
    yield from _conv_norm("conv1", 5, 1, stem)
    before = stem
    for number, channels in enumerate([first] * depth + [second] * depth, 2):
        yield from _conv_norm(f"conv{number}", 3, before, channels)
        before = channels
    if features:
        yield from _linear("hidden", LAST_SIDE * LAST_SIDE * second, features)
    yield from _linear("head", features or second, classes)


def _page_network(widths: Sequence[int] = PAGE_WIDTHS) -> Iterator[tuple[str, Shape]]:
    half, quarter, eighth, sixteenth = widths
    for name, size, before, channels in (
        ("stem", 3, 8, half),
        ("quarter1", 3, half, quarter),
        ("quarter2", 3, quarter, quarter),
        ("eighth1", 3, quarter, eighth),
        ("eighth2", 3, eighth, eighth),
        ("sixteenth1", 3, eighth, sixteenth),
        ("sixteenth2", 3, sixteenth, sixteenth),
        ("sixteenth3", 3, sixteenth, sixteenth),
        ("up1", 3, sixteenth + eighth, eighth),
        ("up2", 1, eighth, quarter),
        ("merged", 3, 2 * quarter, 2 * quarter),
    ):
        yield from _conv_norm(name, size, before, channels)
    yield from _linear("head", 2 * quarter, 1 + CLASSES + 4)


def _pen_network(
    classes: int, places: int = PLACES, features: int = PEN_FEATURES
) -> Iterator[tuple[str, Shape]]:
    yield from _linear("hidden1", 3 * places, features)
    yield from _linear("hidden2", features, features)
    yield from _linear("head", features, classes)


def _conv_norm(name: str, size: int, before: int, channels: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.conv.kernel", (size, size, before, channels)
    for part in NORM:
        yield f"{name}.norm.{part}", (channels,)


def _linear(name: str, before: int, units: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.kernel", (before, units)
    yield f"{name}.bias", (units,)


def folded(weights: Weights, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The kernel and bias of the convolution of that name with its norm, as `fold` has them."""
    norm = (weights[f"{name}.norm.{part}"] for part in NORM)
    return fold(weights[f"{name}.conv.kernel"], *norm)


def fold(
    kernel: np.ndarray, scale: np.ndarray, bias: np.ndarray, mean: np.ndarray, var: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The (h, w, in, out) kernel and (out,) bias of the one convolution that does, once trained,
    what a convolution without bias and a batch norm do (Ioffe and Szegedy, 2015)."""
    scale = scale / np.sqrt(var + np.float32(EPSILON))
    return kernel * scale, bias - mean * scale


def margin(size: int, strides: int, same: bool = True) -> tuple[int, int]:
    """Zeros before and after each side of what a convolution sees: "SAME" is TensorFlow's, so that
    what is odd comes after; without, there are none."""
    whole = max(size - strides, 0) if same else 0
    return whole // 2, whole - whole // 2
