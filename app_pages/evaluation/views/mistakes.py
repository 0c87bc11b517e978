"""All mistakes, worst first, and which of them rather are the label's."""

import numpy as np
import streamlit as st

from app_pages.evaluation import predictions
from app_pages.evaluation.predictions import Predictions
from train import metrics

ORDERS = {
    "Confidence": "The surest come first: how sure the network is of what it reads.",
    "Margin": "The widest come first: how much surer it is of what it reads than of the runner-up.",
    "Loss": (
        "The dearest come first: the less it believes in the true class, the more a mistake costs "
        "(log loss)."
    ),
}
LIKELY_WRONG = "⚠ likely wrong"


def show(tested: Predictions) -> None:
    st.header("What it reads wrong")
    wrong = np.flatnonzero(~tested.right)
    if not len(wrong):
        st.success("It makes no mistake on these test images.")
        return
    doubtful = np.flatnonzero(
        metrics.likely_labels(tested.labels, tested.probabilities) != tested.labels
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.segmented_control(
            "Sort by", ORDERS, default="Confidence", required=True, key="order", bind="query-params"
        )
        order = chosen or "Confidence"  # an address may leave it empty
        only = st.toggle(
            f"Only likely wrong labels ({len(doubtful)})",
            key="doubtful",
            disabled=not len(doubtful),
            bind="query-params",
        )
    most = np.sort(tested.probabilities, axis=1)
    worth = {
        "Confidence": tested.confidence,
        "Margin": most[:, -1] - most[:, -2],
        "Loss": metrics.losses(tested.labels, tested.probabilities),
    }[order]
    wrong = wrong[np.argsort(-worth[wrong], kind="stable")]
    if only and len(doubtful):  # an address may ask for them where there are none
        wrong = wrong[np.isin(wrong, doubtful)]
    st.caption(
        f"{ORDERS[order]} Below each: what it reads and how sure it is, then the runner-up, then "
        f"the label. "
        "Click an image to look inside the network."
    )
    labels = {int(i): f"label {tested.classes[tested.labels[i]]}" for i in wrong}
    marks = {
        i: f"{words},\n{LIKELY_WRONG}" if i in doubtful else words for i, words in labels.items()
    }
    images = predictions.test_images(tested)
    predictions.offer_missing(tested, images, wrong)
    predictions.gallery(tested, wrong, images, f"mistakes {order} {only}", marks)
    st.info(
        "**Likely wrong labels.** Who wrote the labels makes mistakes, too. A label is marked "
        "where the network is as sure of another class as it is, on average, of that class's own "
        "images, and is not so sure of the label (Northcutt, Jiang and Chuang, 2021: *Confident "
        "learning*). It is a hint, not a proof: look for yourself.",
        icon=":material/label_important:",
    )
