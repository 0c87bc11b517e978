"""How good the network is: on test images that it was never trained on."""

import streamlit as st

from app_pages.evaluation.predictions import Predictions
from app_pages.evaluation.views import (
    compare,
    confidence,
    confusion,
    map,
    mistakes,
    people,
    robustness,
    training,
)
from app_pages.server import resources
from app_pages.words import plain
from model.checkpoint import CheckpointError
from train import metrics

VIEWS = {
    "Confusion matrix": confusion,
    "Mistakes": mistakes,
    "Labels": people,
    "Confidence": confidence,
    "Damage": robustness,
    "Map": map,
    "Compare": compare,
    "Training": training,
}
FIRST = next(iter(VIEWS))

network = resources.chosen_network()
st.title("How good is it?")
try:
    tested = Predictions(network)
except CheckpointError:
    st.info(
        f"The checkpoint {plain(network.name)} comes without an evaluation, so there is nothing to "
        f"show here."
    )
    st.stop()

right, n = int(tested.right.sum()), len(tested.labels)
low, high = metrics.wilson_interval(right, n)
columns = st.columns([3, 5, 4])
columns[0].metric(
    "Test accuracy",
    f"{right / n:.2%}",
    border=True,
    help="The share of test images it reads right.",
)
columns[1].metric(
    "95% interval",
    f"{low:.2%} – {high:.2%}",
    border=True,
    help=(
        "Where its accuracy on endlessly many such images would lie, going by these (Wilson's "
        "interval)."
    ),
)
columns[2].metric("Mistakes", f"{n - right:,} of {n:,}", border=True)

view = st.segmented_control(
    "View",
    VIEWS,
    default=FIRST,
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
# Only this one is computed, so that the page opens quickly. An address may leave it empty.
VIEWS[view or FIRST].show(tested)
