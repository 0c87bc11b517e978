"""Whether the network is as sure as it should be, and what abstaining brings."""

import streamlit as st

from app_pages.evaluation import plots
from app_pages.evaluation.predictions import Predictions
from app_pages.figures import charts
from train import metrics


def show(tested: Predictions) -> None:
    labels, probabilities = tested.labels, tested.probabilities
    st.header("Is it as sure as it should be?")
    error = metrics.expected_calibration_error(labels, probabilities)
    st.altair_chart(
        charts.reliability(metrics.reliability_bins(labels, probabilities)),
        alt=(
            "Reliability diagram: accuracy over confidence in 15 bins. Expected calibration error "
            f"{error:.2%}."
        ),
    )
    st.caption(
        f"On the dashed line it is right exactly as often as it is sure. On average it is "
        f"{error:.2%} away from that "
        "(expected calibration error, 15 bins). A large point stands for many images."
    )

    st.header("How sure it is, right and wrong")
    sure = (tested.confidence >= 0.9).mean()
    mistakes = int((~tested.right & (tested.confidence >= 0.9)).sum())
    words = (
        f"It is at least 90% sure of {sure:.1%} of the images; {mistakes:,} of those it reads "
        "wrong."
    )
    st.altair_chart(
        plots.histogram(tested.confidence, tested.right),
        alt=f"Histogram of confidence, right beside wrong, counts on a logarithmic scale. {words}",
    )
    st.caption(
        f"{words} Each step of the scale is ten times as many images, so that the few mistakes can "
        f"be seen."
    )

    st.header("What if it may say “I don't know”?")
    curve = metrics.risk_coverage_curve(tested.right, tested.certainty)
    least = tested.card.least_certainty
    answered = tested.certainty >= least
    share, right = answered.mean(), tested.right[answered].sum() / max(1, answered.sum())
    words = (
        f"This network abstains where its certainty is below {least:.2f}: it answers {share:.2%} "
        f"of the test images and reads {right:.2%} of those right, where it would read "
        f"{tested.right.mean():.2%} of all right."
        if least
        else "This network always answers."
    )
    st.altair_chart(
        plots.coverage({tested.network.name: curve}, {tested.network.name: least}),
        alt=f"Accuracy of the answers over the share of images answered, the surest first. {words}",
    )
    st.caption(
        f"{words} From right to left, the images of which it is least certain are left out, one "
        f"after the other. Certainty is 1 where one class has all of the probability, and 0 where "
        f"all have as much: what hesitates between two digits may be one of them, what hesitates "
        f"between all is none."
    )
