"""How the network learned: loss and error by epoch, and the recipe."""

import pandas as pd
import streamlit as st

from app_pages.evaluation.predictions import Predictions
from app_pages.figures import charts
from app_pages.words import plain
from model.card import Card


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
        "Solid: validation images, as they are. The error is 100 % less the accuracy, on a "
        "logarithmic scale.",
    )
    show_recipe(tested.card)


def show_recipe(card: Card) -> None:
    """What the card says of the run: the command that repeats it, and each setting."""
    st.header("The recipe")
    if card.command:
        st.code(card.command, language="bash", wrap_lines=True)
    took = f", in {card.seconds / 60:,.0f} minutes" if card.seconds else ""
    hardware = f" on {plain(card.hardware)}" if card.hardware else ""
    st.markdown(
        f"{len(card.history)} epochs{took}{hardware}. What each setting is for stands in "
        "train/config.py."
    )
    rows = {**card.config, **card.versions}
    st.table(
        pd.DataFrame(
            {"value": [plain(str(value)) for value in rows.values()]},
            pd.Index([plain(name) for name in rows], name="setting"),
        )
    )
