"""Labels and probabilities → metrics. NumPy only, but for the fit: compute first, draw elsewhere.

All functions take labels (n,) int and probabilities (n, classes) float, rows summing to 1, unless they say otherwise.
"""

import numpy as np

SMALLEST = 1e-12  # a probability of 0 would make one mistake cost infinitely much


def wilson_interval(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927: Probable inference, the law of succession), each end in [0, 1]."""
    if not n:
        return 0.0, 1.0
    share = right / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(0, centre - half)), float(min(1, centre + half))


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(n,), (n,) int → (classes, classes) int: a row a true class, a column a predicted one."""
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (labels, predicted), 1)
    return matrix


def per_class(confusion: np.ndarray) -> list[dict[str, float]]:
    """Precision, recall, F1 and support of each class; 0 where there is nothing to divide by."""
    right, truth, claimed = confusion.diagonal(), confusion.sum(1), confusion.sum(0)

    def share(part, whole):
        return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)

    columns = share(right, claimed), share(right, truth), share(2 * right, truth + claimed), truth
    return [
        {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
        for p, r, f, s in zip(*columns, strict=True)
    ]


def log_loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean negative log-likelihood of the true class, in nats."""
    own = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(own, SMALLEST)).mean())


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> list[dict[str, float]]:
    """Predictions in bins of equal width by confidence: bounds, count, mean confidence and accuracy.

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


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Mean distance of confidence from accuracy, bins weighted by count (Guo et al., 2017, eq. 3)."""
    gaps = [b["n"] * abs(b["confidence"] - b["accuracy"]) for b in reliability(labels, probabilities, bins)]
    return float(sum(gaps) / len(labels))


def summary(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    """What a card says of one evaluation: n, accuracy with its 95 % interval, log loss and ECE."""
    right, n = int((probabilities.argmax(1) == labels).sum()), len(labels)
    return {
        "n": n,
        "accuracy": right / n,
        "accuracy_interval": list(wilson_interval(right, n)),
        "log_loss": log_loss(labels, probabilities),
        "ece": expected_calibration_error(labels, probabilities),
    }


def accuracy_of(summary: dict) -> str:
    """A summary's accuracy as it is printed: `99.69% (95 % interval 99.56% to 99.78%, n = 10,000)`."""
    low, high = summary["accuracy_interval"]
    return f"{summary['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%}, n = {summary['n']:,})"


def fit_temperature(labels: np.ndarray, logits: np.ndarray) -> float:
    """The T > 0 for which softmax(logits / T) has the least log loss (Guo et al., 2017, section 4.2).

    Fit it on validation data, never on what is reported.
    """

    from scipy import optimize, special  # here, since the dashboard needs all of this module but this

    def loss(log_temperature):
        return -special.log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(labels)), labels].mean()

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x))
