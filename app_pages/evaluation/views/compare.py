"""Two checkpoints side by side, on the same test images, and whether one is better by more than
chance."""

import numpy as np
import pandas as pd
import streamlit as st

from app_pages.evaluation import plots, predictions
from app_pages.evaluation.predictions import Predictions
from app_pages.evaluation.views import robustness
from app_pages.figures import charts
from app_pages.server import resources
from app_pages.server.resources import Network
from app_pages.theme import ink
from app_pages.words import plain
from model.checkpoint import CheckpointError
from train import metrics

MOST_DIGITS = 8  # decimals of a number
CHANCE = 0.05  # probability below which a difference is called more than chance


def show(tested: Predictions) -> None:
    st.header("Beside another network")
    others = [
        name
        for name, fault in resources.faults().items()
        if name != tested.network.name and not fault
    ]
    if not others:
        st.info(
            "There is no other checkpoint to compare with. Put one into the folder of checkpoints."
        )
        return
    name = st.selectbox("Compare with", others, key="other", bind="query-params", width=280)
    try:
        other = Predictions(Network.at(resources.directory() / name))
    except CheckpointError:
        st.info(
            f"The checkpoint {plain(name)} comes without an evaluation, so there is nothing to "
            f"compare."
        )
        return
    if tested.classes != other.classes or not np.array_equal(tested.labels, other.labels):
        st.info(
            f"{plain(tested.network.name)} and {plain(name)} were tested on different images, so "
            f"they can't be compared."
        )
        return
    both = tested, other
    names = tuple(each.network.name for each in both)

    st.table(table(*both))
    st.header("Is one better?")
    st.markdown(verdict(*both))
    agreement = pd.DataFrame(
        [
            [int((row & column).sum()) for column in (other.right, ~other.right)]
            for row in (tested.right, ~tested.right)
        ],
        [plain(f"{names[0]} {what}") for what in ("right", "wrong")],
        [plain(f"{names[1]} {what}") for what in ("right", "wrong")],
    )
    st.table(agreement.map("{:,}".format))

    st.header("Where they differ")
    change = other.matrix - tested.matrix
    st.altair_chart(
        plots.difference(change, tested.classes, *names, ink()),
        alt=(
            f"Confusion matrix of {names[1]} less that of {names[0]}: "
            f"{np.abs(change).sum() // 2:,} images moved."
        ),
    )
    st.caption(
        f"Each cell: how many more images {plain(names[1])} (+, orange) or {plain(names[0])} (−, "
        f"blue) has there."
    )
    recalls = pd.DataFrame(
        [
            {"class": label, "network": each.network.name, "recall": row["recall"]}
            for each in both
            for label, row in zip(each.classes, metrics.per_class(each.matrix), strict=True)
        ]
    )
    st.altair_chart(
        plots.recalls(recalls), alt=f"Recall of each class by {names[0]} and by {names[1]}."
    )
    st.caption("Recall: of the images of a class, the share that is read as it.")

    st.header("What one alone reads right")
    images = predictions.test_images(tested)
    differ = np.flatnonzero(tested.right != other.right)
    offered = predictions.offer_missing(tested, images, differ)
    for one, two in (both, both[::-1]):
        alone = np.flatnonzero(one.right & ~two.right)
        st.subheader(
            f"Only {plain(one.network.name)}: {len(alone):,} "
            f"{'image' if len(alone) == 1 else 'images'}"
        )
        marks = {int(i): f"label {one.classes[one.labels[i]]}" for i in alone}
        predictions.gallery(two, alone, images, f"only {one.network.name}", marks)
        if len(alone):
            st.caption(
                f"Below each: what {plain(two.network.name)} reads instead, its runner-up, and the "
                f"label."
            )

    st.header("Are they as sure as they should be?")
    for column, each in zip(st.columns(2), both, strict=True):
        name = each.network.name
        error = metrics.expected_calibration_error(each.labels, each.probabilities)
        column.markdown(f"**{plain(name)}**")
        column.altair_chart(
            charts.reliability(metrics.reliability_bins(each.labels, each.probabilities)),
            alt=f"Reliability diagram of {name}. Expected calibration error {error:.2%}.",
        )
    st.altair_chart(
        plots.coverage(
            {
                each.network.name: metrics.risk_coverage_curve(each.right, each.certainty)
                for each in both
            },
            {each.network.name: each.card.least_certainty for each in both},
        ),
        alt=(
            f"Accuracy of the answers over the share of images answered, of {names[0]} and of "
            f"{names[1]}."
        ),
    )
    st.caption(
        "The least sure images are left out from right to left. Diamonds: where the networks "
        "abstain."
    )

    st.header("How they bear damage")
    complete = images is not None and images.complete
    if images is not None and not complete and not offered:
        resources.ensure_images(
            tested.dataset, "This takes more images than come with the network."
        )
    wanted = st.toggle(
        "Damage test images and read them with both", key="both damaged", disabled=not complete
    )
    if wanted and images is not None and complete:
        robustness.chart(both, images.pixels)


def table(first: Predictions, second: Predictions) -> pd.DataFrame:
    """What is worth knowing of two networks in a row each, and the second less the first."""
    one, two = (metrics.summary(each.labels, each.probabilities) for each in (first, second))
    rows = {
        "Accuracy": (one["accuracy"], two["accuracy"], 2, "%"),
        "95% interval": [
            f"{low:.2%} – {high:.2%}" for low, high in (x["accuracy_interval"] for x in (one, two))
        ],
        "Mistakes": (int((~first.right).sum()), int((~second.right).sum()), 0, ",d"),
        "Log loss": (one["log_loss"], two["log_loss"], 4, "f"),
        "Calibration error": (one["ece"], two["ece"], 2, "%"),
    }
    if first.card.parameters and second.card.parameters:
        rows["Parameters"] = (first.card.parameters, second.card.parameters, 0, ",d")
    cells = [
        [*values, ""] if len(values) == 2 else [*_told_apart(*values), _signed(*values)]
        for values in rows.values()
    ]
    return pd.DataFrame(
        cells, list(rows), [plain(first.network.name), plain(second.network.name), "Difference"]
    )


def verdict(first: Predictions, second: Predictions) -> str:
    """Whether one of two networks reads the same images better, by more than chance, in plain
    words."""
    names = plain(first.network.name), plain(second.network.name)
    only_first, only_second, p = metrics.mcnemar(first.right, second.right)
    n = only_first + only_second
    if not n:
        return f"**{names[0]} and {names[1]} read the same images right**, so neither is better."
    counts = (
        f"{n:,} images are read right by one alone: {only_first:,} by {names[0]}, {only_second:,} "
        f"by {names[1]}."
    )
    if p < CHANCE:
        better = names[0] if only_first > only_second else names[1]
        words = f"**{better} is better, by more than chance would make.**"
    else:
        words = "**The difference is no more than chance would make.**"
    often = "in fewer than 1 of 1,000 cases" if p < 0.001 else f"in {100 * p:.1f} of 100 cases"
    return (
        f"{words} {counts} Were the two as good as each other, they would part at least as "
        f"unevenly {often} (McNemar's exact test, p = {p:.2g})."
    )


def _told_apart(one: float, two: float, digits: int, kind: str) -> list[str]:
    """Both in so many decimals, or in as many as it takes to see that they differ."""
    if kind.endswith("d"):
        return [format(value, kind) for value in (one, two)]
    for more in range(digits, MOST_DIGITS + 1):
        texts = [format(value, f".{more}{kind}") for value in (one, two)]
        if one == two or texts[0] != texts[1]:
            break
    return texts


def _signed(one: float, two: float, digits: int, kind: str) -> str:
    """The second less the first, with its sign; shares in percentage points."""
    if two == one:
        return "0"
    if kind.endswith("d"):
        return format(two - one, "+" + kind).replace("-", "−")
    text = _told_apart(one, two, digits, kind)[1]
    decimals = len(text.rstrip("%").partition(".")[2])
    difference = (
        f"{100 * (two - one):+.{decimals}f} points"
        if kind == "%"
        else f"{two - one:+.{decimals}{kind}}"
    )
    return difference.replace("-", "−")
