"""How good the network is: on test images that it was never trained on."""

import numpy as np
import pandas as pd
import streamlit as st

from app_pages.parts import bars, charts, pictures, resources
from model import checkpoint
from model.checkpoint import CheckpointError
from train import data, evaluate

PAGE = 24  # test images shown at a time

path = resources.chosen()
card = checkpoint.read_card(path)
classes = tuple(card["classes"])

st.title("How good is it?")
try:
    labels, probabilities = resources.evaluation(path)
except CheckpointError:
    st.info(f"The checkpoint {path.name} comes without an evaluation, so there is nothing to show here.")
    st.stop()

predicted, confidence = probabilities.argmax(1), probabilities.max(1)
matrix = evaluate.confusion_matrix(labels, predicted, len(classes))
right, n = int(matrix.trace()), len(labels)
low, high = evaluate.wilson_interval(right, n)

columns = st.columns([3, 5, 4])
columns[0].metric("Test accuracy", f"{right / n:.2%}", border=True, help="The share of test images it reads right.")
columns[1].metric(
    "95% interval",
    f"{low:.2%} – {high:.2%}",
    border=True,
    help="Where its accuracy on endlessly many such images would lie, going by these (Wilson's interval).",
)
columns[2].metric("Mistakes", f"{n - right:,} of {n:,}", border=True)

st.header("Which classes it mixes up")
view = st.segmented_control("Show", charts.VIEWS, default=charts.VIEWS[0], required=True, key="view")
first_mistake = next(zip(*np.nonzero(matrix * ~np.eye(len(classes), dtype=bool)), strict=True), (0, 0))
for box, index in zip(("true", "predicted"), first_mistake, strict=True):
    if st.session_state.get(box) not in classes:
        st.session_state[box] = classes[index]


cell = st.session_state["true"], st.session_state["predicted"]
key = f"matrix {cell}"  # a new chart for each cell: it has no selection, so a click on any cell is news


def choose() -> None:
    """A click on a cell sets the two boxes below, which are what counts."""
    if (st.session_state["true"], st.session_state["predicted"]) != cell:
        return  # the chart before, whose click comes once more while the page changes
    for clicked in st.session_state[key].selection[charts.CELL]:
        st.session_state["true"], st.session_state["predicted"] = clicked["true"], clicked["predicted"]


ink = "white" if st.context.theme.type == "dark" else "black"
st.altair_chart(
    charts.confusion(matrix, classes, view, cell, ink),
    key=key,
    on_select=choose,
    alt=f"Confusion matrix, a row a true class, a column a predicted one: {right:,} of {n:,} images on the diagonal.",
)
st.caption("Click a cell, or choose it here, to see its test images.")
left, middle = st.columns(2)
true = classes.index(left.selectbox("True class", classes, key="true"))
wrong = classes.index(middle.selectbox("Predicted class", classes, key="predicted"))

members = np.flatnonzero((labels == true) & (predicted == wrong))
members = members[np.argsort(-confidence[members])]
st.subheader(f"{classes[true]} read as {classes[wrong]}: {len(members):,} {'image' if len(members) == 1 else 'images'}")

name = card["data"].get("name", "")
if resources.at_hand(name) and len(members):
    page = st.pagination(-(-len(members) // PAGE), key=f"page {true} {wrong}") if len(members) > PAGE else 1
    try:
        images = resources.test_images(name)[0].images
    except data.DataError as error:
        st.error(str(error))
    else:
        shown = members[(page - 1) * PAGE : page * PAGE]
        if len(images) != n:
            st.error(f"{name} has {len(images):,} test images here, but this network was tested on {n:,}.")
        else:
            captions = [f"{classes[wrong]} · {bars.percent(confidence[i])}" for i in shown]
            words = [
                f"Test image {i}: {classes[true]}, read as {classes[wrong]}, {bars.percent(confidence[i])} sure."
                for i in shown
            ]
            pictures.show(pictures.contact_sheet(images[shown], captions, words), width=68, abreast=4)
            st.caption("Below each: what the network reads, and how sure it is. The surest come first.")

st.header("Each class")
rows = pd.DataFrame(evaluate.per_class(matrix))
rows[["precision", "recall", "f1"]] *= 100
rows["class"] = classes
st.dataframe(
    rows,
    column_order=["class", "precision", "recall", "f1", "support"],
    column_config={
        "class": "Class",
        "precision": st.column_config.NumberColumn(
            "Precision", format="%.2f%%", help="Of the images it reads as this class, the share that is of it."
        ),
        "recall": st.column_config.NumberColumn(
            "Recall", format="%.2f%%", help="Of the images of this class, the share that it reads as it."
        ),
        "f1": st.column_config.NumberColumn("F1", format="%.2f%%", help="The harmonic mean of the two."),
        "support": st.column_config.NumberColumn("Images", help="Test images of this class."),
    },
    hide_index=True,
    height="content",
    alt="Precision, recall, F1 and number of test images of each class.",
)

st.header("Is it as sure as it should be?")
error = evaluate.expected_calibration_error(labels, probabilities)
st.altair_chart(
    charts.reliability(evaluate.reliability(labels, probabilities)),
    alt=f"Reliability diagram: accuracy over confidence in 15 bins. Expected calibration error {error:.2%}.",
)
st.caption(
    f"On the dashed line it is right exactly as often as it is sure. On average it is {error:.2%} away from that "
    "(expected calibration error, 15 bins). A large point stands for many images."
)

st.header("How it learned")
if card["history"]:
    left, middle = st.columns(2)
    left.altair_chart(charts.curves(card["history"], "loss", "Loss", ".2f"), alt="Loss by epoch.")
    middle.altair_chart(charts.curves(card["history"], "accuracy", "Accuracy", ".1%"), alt="Accuracy by epoch.")
    st.caption("Dashed: the training images, distorted anew each epoch and with dropout. Solid: validation images.")
else:
    st.markdown("The checkpoint says nothing about its training.")
