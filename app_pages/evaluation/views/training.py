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
        "Dashed: the training images, as they are learned from; their loss "
        f"{train_loss(tested.card)} "
        "Solid: validation images, as they are. The error is 100 % less the accuracy, on a "
        "logarithmic scale.",
    )
    share = tested.card.average.get("share")
    if isinstance(share, float):
        st.markdown(
            f"Its weights lie {share:.0%} of the way from an earlier network to where this "
            "training ended: `python -m train.average`."
        )
    show_recipe(tested.card)


def train_loss(card: Card) -> str:
    """What is in the loss of a training that a validation image has not, as the end of a
    sentence."""
    config = card.config
    smoothing, teacher = config.get("label_smoothing", 0), config.get("teacher")
    parts = [
        words
        for words, share in (
            ("distortions", config.get("augmentation")),
            ("dropout", config.get("dropout")),
            (f"labels that are {1 - smoothing:.0%} sure", smoothing and not teacher),
            ("damaged images", config.get("damage")),
            ("digits drawn by program", config.get("drawn")),
            ("drawings of no digit", config.get("outliers")),
            ("a teacher's answers in the labels' place", teacher),
        )
        if share
    ]
    if not parts:
        return "is theirs alone."
    listed = ", ".join(parts[:-1]) + " and " * (len(parts) > 1) + parts[-1]
    return f"counts {listed}, so that it never comes near 0."


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
