"""Doubtful labels: what people see in the images, and what the network reads."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from app_pages.evaluation import doubtful, predictions
from app_pages.evaluation.doubtful import Doubtful
from app_pages.evaluation.predictions import Predictions
from app_pages.words import plain
from train import metrics

SOURCE = (
    "Northcutt, Athalye and Mueller, 2021: [*Pervasive Label Errors in Test Sets Destabilize "
    "Machine Learning Benchmarks*](https://arxiv.org/abs/2103.14749); votes from "
    "[cleanlab/label-errors](https://github.com/cleanlab/label-errors)"
)


def show(tested: Predictions) -> None:
    st.header("What people see in doubtful images")
    asked = doubtful.read()
    if not _are_those(tested, asked):
        st.info(
            f"People were asked about test images of {doubtful.DATASET}; this network was tested "
            f"on {plain(tested.dataset) or 'others'}."
        )
        return
    read = {each: tested.classes[tested.predicted[each.number]] for each in asked}
    refused = [each for each in asked if each.most != "label"]
    against = [each for each in asked if each.most == "label" and read[each] != each.label]
    st.markdown(f"{summary(asked)}\n\n{verdict(read)}")
    images = predictions.test_images(tested)
    shown = np.array([each.number for each in refused + against], int)
    predictions.offer_missing(tested, images, shown)
    for heading, each_of, key in (
        (f"Labels that most people don't see: {len(refused)}", refused, "refused"),
        (f"Labels that people see and the network doesn't: {len(against)}", against, "against"),
    ):
        st.subheader(heading)
        marks = {each.number: f"label {each.label}\npeople {each.words}" for each in each_of}
        predictions.gallery(tested, np.array(list(marks), int), images, key, marks)
    st.caption(
        "Below each: what the network reads and how sure it is, then the runner-up, the label, and "
        "what people said: 3×6, 2×– is three who saw a 6, and two who saw neither of the two "
        "digits that they were asked about. Click an image to look inside the network."
    )
    st.caption(f"{SOURCE}. Images have their number in the file t10k-images-idx3-ubyte of MNIST.")


def summary(asked: Sequence[Doubtful]) -> str:
    """What people say, in a paragraph."""
    most = Counter(each.most for each in asked)
    return (
        f"A program doubted the labels of {len(asked)} of these test images, and five people were "
        f"asked about each: does it show its label, another digit that the program guessed, or "
        f"neither? **Most see the label in {most['label']}, the other digit in {most['other']}, "
        f"neither in {most['neither']}; in {most[None]}, no three agree.**"
    )


def verdict(read: Mapping[Doubtful, str]) -> str:
    """Whether a network reads what people see, in a paragraph; `read` is what it reads each as."""
    other = [each for each in read if each.most == "other"]
    upheld = [each for each in read if each.most == "label"]
    as_people = sum(read[each] == each.other for each in other)
    as_label = sum(read[each] == each.label for each in other)
    agreed = sum(read[each] == each.label for each in upheld)
    wrong = sum(read[each] != each.label for each in read)
    low, high = metrics.wilson_interval(as_people, len(other))
    close = sum(each.for_label == doubtful.MAJORITY - 1 for each in other)
    return (
        f"Of the {len(other)} in which most see the other digit, the network reads **{as_people} "
        f"as people do** and {as_label} as the label says; of the {len(upheld)} in which most see "
        f"the label, it reads {agreed} as that. So of its {wrong} mistakes among the {len(read)}, "
        f"{as_people} are rather the label's.\n\nThese are few images and few people: of endlessly "
        f"many such images, it might read {low:.0%} to {high:.0%} as people do (95% interval); and "
        f"in {close} of the {len(other)}, the vote was {doubtful.MAJORITY} to "
        f"{doubtful.MAJORITY - 1}, and one person decided it."
    )


def _are_those(tested: Predictions, asked: Sequence[Doubtful]) -> bool:
    """Whether a network was tested on the images that people were asked about."""
    return tested.dataset == doubtful.DATASET and all(
        each.number < len(tested.labels)
        and tested.classes[tested.labels[each.number]] == each.label
        for each in asked
    )
