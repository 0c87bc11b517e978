"""How the network bears damaged images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app_pages.evaluation import plots, predictions
from app_pages.evaluation.predictions import Predictions
from app_pages.figures import pictures
from app_pages.server import resources
from app_pages.server.resources import Network
from app_pages.words import plain
from train import corruptions, metrics

# Test images, damaged in each way: three batches of the network. They are spread evenly, since the
# halves of MNIST's are by other writers (http://yann.lecun.com/exdb/mnist) and not equally hard.
IMAGES = 384
EXAMPLE = 0  # number of the test image that shows what a damage does


def show(tested: Predictions) -> None:
    st.header("How it bears damage")
    if (images := predictions.all_images(tested)) is None:
        return
    rows = chart([tested], images)
    st.header("What they look like")
    pictures.show([example(images, row) for row in rows.to_dict("records")], width=104, abreast=3)
    st.caption(
        "Below each: the damage, how many it still reads right, and how many it rather abstains "
        "from."
    )


def chart(networks: Sequence[Predictions], images: np.ndarray) -> pd.DataFrame:
    """Draws how one or two networks, tested on the same images, bear damage; returns the numbers
    behind it."""
    numbers = np.linspace(0, len(images) - 1, min(IMAGES, len(images)), dtype=int)
    labels = networks[0].labels[numbers]
    place = st.empty()
    rows = measure(networks, images[numbers], labels, place)
    means = rows[rows["kind"] != "none"].groupby("network", sort=False)["accuracy"].mean()
    mean = (
        "The mean of all damages: "
        + ", ".join(f"{share:.1%} ({name})" for name, share in means.items())
        + "."
    )
    worst = rows.loc[rows["accuracy"].idxmin()]
    place.altair_chart(
        plots.corruptions(rows),
        alt=f"Accuracy by kind of damage, each with its 95% interval. {mean} "
        f"The worst: {worst['kind']}, {worst['accuracy']:.1%}.",
    )
    st.caption(
        f"{len(labels):,} test images, spread evenly, damaged in one way at a time. {plain(mean)} "
        f"Lines: where the accuracy "
        "on endlessly many such images would lie (95% interval). Each image counts by its "
        "likeliest class, whether or not the network would rather abstain."
    )
    return rows


def measure(
    networks: Sequence[Predictions], images: np.ndarray, labels: np.ndarray, place
) -> pd.DataFrame:
    """A row for each network and kind of damage, as `plots.corruptions` takes them; progress is at
    `place`."""
    rows, dataset = [], networks[0].dataset
    for number, kind in enumerate(corruptions.CORRUPTIONS):
        place.progress(number / len(corruptions.CORRUPTIONS), f"Reading damaged images: {kind}")
        for tested in networks:
            right, abstained = count_answers(tested.network, dataset, kind, images, labels)
            low, high = metrics.wilson_interval(right, len(labels))
            shares = {
                "accuracy": right / len(labels),
                "low": low,
                "high": high,
                "abstained": abstained / len(labels),
            }
            rows.append({"kind": kind, "network": tested.network.name, **shares})
    return pd.DataFrame(rows)


def example(images: np.ndarray, row: dict) -> pictures.Figure:
    """One image with the damage done to it."""
    words = f"{row['accuracy']:.1%} right, {row['abstained']:.1%} abstained"
    image = corruptions.corrupt(row["kind"], images[EXAMPLE : EXAMPLE + 1])[0]
    alt = f"Test image {EXAMPLE}, damaged: {row['kind']}. {words}."
    return pictures.Figure(pictures.source(image), f"{row['kind']}\n{words}", alt, crisp=True)


@st.cache_data(max_entries=256, show_spinner=False)
def count_answers(
    network: Network,
    dataset: str,
    kind: str,
    _images: np.ndarray,
    _labels: np.ndarray,
) -> tuple[int, int]:
    """How many of a dataset's images are read right once damaged, and on how many the network
    abstains."""
    classifier = resources.classifier(network)
    probabilities = classifier.probabilities(corruptions.corrupt(kind, _images))
    right = (probabilities.argmax(1) == _labels).sum()
    return int(right), int((~classifier.answers(probabilities)).sum())
