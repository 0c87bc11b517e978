"""Metrics, against scikit-learn and worked examples."""

import numpy as np
import pytest
import sklearn.metrics
from scipy import stats

from train import metrics


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 2000)
    logits = rng.normal(size=(2000, 10)) + 3 * np.eye(10)[labels]
    return labels, np.exp(logits) / np.exp(logits).sum(1, keepdims=True), logits


def test_matrix_scores_and_loss_are_scikit_learns(answers):
    labels, probabilities, _ = answers
    predicted = probabilities.argmax(1)
    confusion = metrics.confusion_matrix(labels, predicted, 10)
    np.testing.assert_array_equal(confusion, sklearn.metrics.confusion_matrix(labels, predicted))
    reference = sklearn.metrics.precision_recall_fscore_support(labels, predicted)
    ours = np.array([list(row.values()) for row in metrics.per_class(confusion)]).T
    np.testing.assert_allclose(ours, reference)
    assert metrics.log_loss(labels, probabilities) == pytest.approx(
        sklearn.metrics.log_loss(labels, probabilities)
    )


def test_a_class_never_predicted_has_precision_zero():
    rows = metrics.per_class(np.array([[0, 3], [0, 5]]))
    assert rows[0] == {"precision": 0, "recall": 0, "f1": 0, "support": 3}
    assert rows[1]["precision"] == pytest.approx(5 / 8)


def test_wilson_interval_of_worked_examples():
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20.
    assert metrics.wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert metrics.wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert metrics.wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert metrics.wilson_interval(0, 0) == (0, 1)
    for n in range(1, 2000):  # exactly, whatever rounding makes of the formula
        assert metrics.wilson_interval(0, n)[0] == 0 < metrics.wilson_interval(0, n)[1]
        assert metrics.wilson_interval(n, n)[1] == 1 > metrics.wilson_interval(n, n)[0]


def test_reliability_counts_everything_and_ece_of_a_worked_example():
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.95, 0.05], [0.35, 0.65]])
    bins = metrics.reliability_bins(labels, probabilities, bins=10)
    assert [(b["n"], round(b["accuracy"], 3)) for b in bins] == [(1, 1.0), (3, 0.667)]
    assert metrics.expected_calibration_error(labels, probabilities, 10) == pytest.approx(
        0.25 * 0.35 + 0.75 * abs(0.95 - 2 / 3)
    )


def test_a_sure_answer_falls_into_the_last_bin():
    bins = metrics.reliability_bins(np.array([1]), np.array([[0.0, 1.0]]))
    assert bins == [{"low": 14 / 15, "high": 1.0, "n": 1, "confidence": 1.0, "accuracy": 1.0}]


def test_temperature_is_found_again(answers):
    labels, _, logits = answers
    best = metrics.fit_temperature(labels, logits)
    assert metrics.fit_temperature(labels, logits * 3) == pytest.approx(3 * best, rel=1e-3)


def test_summary_counts(answers):
    labels, probabilities, _ = answers
    summary = metrics.summary(labels, probabilities)
    assert summary["accuracy"] == sklearn.metrics.accuracy_score(labels, probabilities.argmax(1))
    low, high = summary["accuracy_interval"]
    assert low < summary["accuracy"] < high


def test_losses_and_ranks_of_each_image(answers):
    labels, probabilities, _ = answers
    assert metrics.losses(labels, probabilities).mean() == pytest.approx(
        metrics.log_loss(labels, probabilities)
    )
    assert metrics.losses(np.array([0, 1]), np.array([[0.25, 0.75], [1, 0]])) == pytest.approx(
        [1.3863, 27.631], abs=1e-4
    )
    assert metrics.rank_classes(np.array([[0.2, 0.7, 0.1], [0.5, 0.5, 0.0]])).tolist() == [
        [1, 0, 2],
        [0, 1, 2],
    ]


def test_likely_wrong_labels_of_a_worked_example():
    """Usual sureness: of class 0 (0.9 + 0.9 + 0.3 + 0.15) / 4 = 0.5625, of class 1 (0.8 + 0.8) / 2
    = 0.8."""
    labels = np.array([0, 0, 0, 0, 1, 1])
    of_zero = np.array([0.9, 0.9, 0.3, 0.15, 0.2, 0.2])
    probabilities = np.stack([of_zero, 1 - of_zero, np.zeros(6)], 1)
    # The third is read as class 1, too, but less surely than a 1 is as a rule. Nothing is of class
    # 2.
    assert metrics.likely_labels(labels, probabilities).tolist() == [0, 0, 0, 1, 1, 1]


def test_labels_that_were_swapped_are_found(answers):
    _, probabilities, _ = answers
    truth = probabilities.argmax(1)
    surest = np.argsort(-probabilities.max(1))[:20]
    labels = truth.copy()
    labels[surest] = (labels[surest] + 1) % 10
    shown = metrics.likely_labels(labels, probabilities)
    assert (shown[surest] == truth[surest]).all()
    assert (np.delete(shown, surest) == np.delete(truth, surest)).all()


def test_coverage_of_a_worked_example_and_of_scikit_learn(answers):
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.4, 0.6]])
    curve = metrics.risk_coverage_curve(probabilities.argmax(1) == labels, probabilities.max(1))
    assert curve["threshold"].tolist() == [0.9, 0.8, 0.6]
    assert curve["coverage"].tolist() == [0.25, 0.5, 1] and curve["accuracy"].tolist() == [
        1,
        1,
        0.75,
    ]
    labels, probabilities, _ = answers
    curve = metrics.risk_coverage_curve(probabilities.argmax(1) == labels, probabilities.max(1))
    for index in (0, 700, -1):
        answered = probabilities.max(1) >= curve["threshold"][index]
        assert curve["coverage"][index] == pytest.approx(answered.mean())
        expected = sklearn.metrics.accuracy_score(
            labels[answered], probabilities[answered].argmax(1)
        )
        assert curve["accuracy"][index] == pytest.approx(expected)


@pytest.mark.parametrize(("first", "second"), [(5, 15), (15, 5), (7, 7), (0, 6), (1, 0), (0, 0)])
def test_mcnemar_is_scipys_binomial_test(first, second):
    right = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [50, first, second, 3], axis=0).astype(bool)
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1
    assert metrics.mcnemar(*right.T) == (first, second, pytest.approx(expected))


def test_mcnemar_of_a_worked_example():
    """Of ten images that one alone reads right, all ten the second's: 2 / 2**10."""
    assert metrics.mcnemar(np.zeros(10, bool), np.ones(10, bool)) == (
        0,
        10,
        pytest.approx(2 / 1024),
    )
