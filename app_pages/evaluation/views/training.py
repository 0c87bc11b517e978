"""How the network learned: loss and accuracy by epoch."""

import streamlit as st

from app_pages.evaluation.predictions import Predictions
from app_pages.figures import charts


def show(tested: Predictions) -> None:
    st.header("How it learned")
    history = tested.card.history
    if not history:
        st.markdown("The checkpoint says nothing about its training.")
        return
    charts.show_learning(
        history,
        "Dashed: the training images, distorted anew each epoch and with dropout; their loss "
        "counts smoothed labels and drawings of no digit, too, so that it never comes near 0. "
        "Solid: validation images, as they are.",
    )
