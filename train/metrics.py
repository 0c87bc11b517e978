"""Labels and probabilities → metrics. NumPy only, but for the fit and the test: compute first, draw
elsewhere.

All functions take labels (n,) int and probabilities (n, classes) float, rows summing to 1, unless
they say otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]
Counts = NDArray[np.integer[Any]]
Probabilities = NDArray[np.floating[Any]]

SMALLEST = 1e-12  # a probability of 0 would make one mistake cost infinitely much


def wilson_interval(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927: Probable inference, the law of succession), each end
    in [0, 1]."""
    if not n:
        return 0.0, 1.0
    share = right / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # Of none and of all, one end is the share itself; rounding would leave it a little beside.
    return float(centre - half) if right else 0.0, float(centre + half) if right < n else 1.0


def confusion_matrix(labels: Labels, predicted: Labels, classes: int) -> Counts:
    """(n,), (n,) int → (classes, classes) int: a row a true class, a column a predicted one."""
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (labels, predicted), 1)
    return matrix


def per_class(confusion: Counts) -> list[dict[str, float]]:
    """Precision, recall, F1 and support of each class; 0 where there is nothing to divide by."""
    right, truth, claimed = confusion.diagonal(), confusion.sum(1), confusion.sum(0)

    def share(part: Counts, whole: Counts) -> NDArray[np.float64]:
        return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)

    columns = share(right, claimed), share(right, truth), share(2 * right, truth + claimed), truth
    return [
        {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
        for p, r, f, s in zip(*columns, strict=True)
    ]


def losses(labels: Labels, probabilities: Probabilities) -> Probabilities:
    """(n,) negative log-likelihood of each true class, in nats."""
    own = probabilities[np.arange(len(labels)), labels]
    lost: Probabilities = -np.log(np.maximum(own, SMALLEST))
    return lost


def log_loss(labels: Labels, probabilities: Probabilities) -> float:
    """Mean negative log-likelihood of the true class, in nats."""
    return float(losses(labels, probabilities).mean())


def rank_classes(probabilities: Probabilities) -> Labels:
    """(n, classes) → (n, classes) int: the likeliest class of each first, then its runner-up and so
    on."""
    return np.argsort(-probabilities, axis=1, kind="stable")


def likely_labels(labels: Labels, probabilities: Probabilities) -> Labels:
    """(n,) int: the class that an image rather shows, where its label is likely wrong; its label
    everywhere else.

    A network is sure of a class where it gives it at least the mean probability that it gives that
    class on the images labelled so. An image of whose label it is not sure, but of another class,
    likely shows that (the likeliest, where there are several). These are the images off the
    diagonal of the confident joint of Northcutt, Jiang and Chuang, 2021: Confident learning:
    Estimating uncertainty in dataset labels, section 3.1.
    """
    n, classes = probabilities.shape
    own = probabilities[np.arange(n), labels]
    count = np.bincount(labels, minlength=classes)
    usual = np.divide(
        np.bincount(labels, own, classes), count, out=np.full(classes, np.inf), where=count > 0
    )
    sure = np.where(probabilities >= usual, probabilities, -1)
    return np.where(sure.max(1) >= 0, sure.argmax(1), labels)


def risk_coverage_curve(
    right: NDArray[np.bool_], score: NDArray[np.floating]
) -> dict[str, Probabilities]:
    """What abstaining brings: for each threshold, what is still answered and how much of it is
    right.

    The risk-coverage curve of El-Yaniv and Wiener, 2010: On the foundations of noise-free selective
    classification.

    Args:
        right: (n,) whether each image's answer is.
        score: (n,) by which the surest are answered first.

    Returns:
        threshold: (m,) each score there is, descending; answered is whatever has that or more.
        coverage: (m,) share of the images that is answered, ascending to 1.
        accuracy: (m,) share of the answers that is right.
    """
    order = np.argsort(-score, kind="stable")
    answered = np.arange(1, len(order) + 1)
    # equally sure ones are answered together
    last = np.append(np.diff(score[order]) != 0, True)
    accuracy = np.cumsum(right[order]) / answered
    return {
        "threshold": score[order][last],
        "coverage": answered[last] / len(order),
        "accuracy": accuracy[last],
    }


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Whether one of two networks is better than the other on the same images, by more than chance.

    Only images count that exactly one reads right: of networks that are as good, each would read
    half of these right. The exact, two-sided test of McNemar, 1947: Note on the sampling error of
    the difference between correlated proportions or percentages.

    Args:
        first, second: (n,) bool, whether each read an image right.

    Returns:
        How many only the first reads right, how many only the second, and how probable a split at
        least as uneven is where the two are as good.
    """
    from scipy import special  # here, as below

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    # of a fair coin's throws
    tail = special.bdtr(min(only_first, only_second), only_first + only_second, 0.5)
    return only_first, only_second, float(min(1, 2 * tail))


@dataclass(frozen=True)
class Comparison:
    """What two networks read right of the same n images."""

    n: int
    before: int
    after: int
    gained: int  # read right by the new one alone
    lost: int  # read right by the old one alone
    p: float  # how probable as uneven a split is, were they equally good


def compare(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Comparison:
    """Two networks, by which of the same images, (n,) bool, each reads right."""
    lost, gained, p = mcnemar(before, after)
    return Comparison(len(before), int(before.sum()), int(after.sum()), gained, lost, p)


def reliability_bins(
    labels: Labels, probabilities: Probabilities, bins: int = 15
) -> list[dict[str, float]]:
    """Predictions in bins of equal width by confidence: bounds, count, mean confidence and
    accuracy.

    Bins that hold nothing are left out.
    """
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {
            "low": i / bins,
            "high": (i + 1) / bins,
            "n": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(right[inside].mean()),
        }
        for i in range(bins)
        if (inside := index == i).any()
    ]


def expected_calibration_error(
    labels: Labels, probabilities: Probabilities, bins: int = 15
) -> float:
    """Mean distance of confidence from accuracy, bins weighted by count (Guo et al., 2017, eq.
    3)."""
    gaps = [
        b["n"] * abs(b["confidence"] - b["accuracy"])
        for b in reliability_bins(labels, probabilities, bins)
    ]
    return float(sum(gaps) / len(labels))


def summary(labels: Labels, probabilities: Probabilities) -> dict[str, Any]:
    """What a card says of one evaluation: n, accuracy with its 95 % interval, log loss and ECE."""
    right, n = int((probabilities.argmax(1) == labels).sum()), len(labels)
    return {
        "n": n,
        "accuracy": right / n,
        "accuracy_interval": list(wilson_interval(right, n)),
        "log_loss": log_loss(labels, probabilities),
        "ece": expected_calibration_error(labels, probabilities),
    }


def describe_share(right: int, n: int) -> str:
    """How many of n are right, as it is printed: `90.00% (95 % interval 59.58% to 98.21%)`."""
    low, high = wilson_interval(right, n)
    return f"{right / n:.2%} (95 % interval {low:.2%} to {high:.2%})"


def describe_accuracy(summary: Mapping[str, Any]) -> str:
    """A summary's accuracy as it is printed: `99.69% (95 % interval 99.56% to 99.78%, n =
    10,000)`; of a card that says no more, the accuracy alone."""
    if not {"accuracy_interval", "n"} <= summary.keys():
        return f"{summary['accuracy']:.2%}"
    low, high = summary["accuracy_interval"]
    return (
        f"{summary['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%}, n = {summary['n']:,})"
    )


def fit_temperature(labels: Labels, logits: Probabilities) -> float:
    """The T > 0 for which softmax(logits / T) has the least log loss (Guo et al., 2017, section
    4.2).

    Fit it on validation data, never on what is reported.
    """

    # here, since the dashboard needs all of this module but this
    from scipy import optimize, special

    def loss(log_temperature: float) -> float:
        logs = special.log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(logs[np.arange(len(labels)), labels].mean())

    return float(
        np.exp(
            optimize.minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x
        )
    )
