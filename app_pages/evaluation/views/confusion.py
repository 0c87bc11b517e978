"""Which classes are mixed up, the images behind each cell, and each class in numbers."""

import pandas as pd
import streamlit as st

from app_pages.evaluation import predictions
from app_pages.evaluation.predictions import Predictions
from app_pages.figures import charts
from app_pages.theme import ink
from app_pages.words import plain
from train import metrics


def show(tested: Predictions) -> None:
    st.header("Which classes it mixes up")
    view = st.segmented_control(
        "Show", charts.VIEWS, default=charts.VIEWS[0], required=True, key="show"
    )
    place = st.container(key="matrix")
    # A new chart takes a moment; what is below must not jump meanwhile.
    st.html(f"<style>.st-key-matrix {{ min-height: {charts.HEIGHT}px }}</style>")
    st.caption("Click a cell, or choose it here, to see its test images.")
    true, read = _choice(tested)
    _matrix(tested, view, (true, read), place)

    label, predicted = tested.classes.index(true), tested.classes.index(read)
    members = ((tested.labels == label) & (tested.predicted == predicted)).nonzero()[0]
    members = members[(-tested.confidence[members]).argsort()]
    st.subheader(
        f"{plain(true)} read as {plain(read)}: {len(members):,} "
        f"{'image' if len(members) == 1 else 'images'}"
    )
    if len(members):
        images = predictions.test_images(tested)
        predictions.offer_missing(tested, images, members)
        predictions.gallery(tested, members, images, f"{true} {read}")
        st.caption(
            "Below each: what the network reads and how sure it is, then the runner-up. The surest "
            "come first. Click an image to look inside the network."
        )
    st.header("Each class")
    _classes(tested)


def _choice(tested: Predictions) -> tuple[str, str]:
    """The boxes of the cell (true, predicted), which the address keeps; at first the most frequent
    mistake."""
    mistakes = tested.matrix.copy()
    mistakes[range(len(mistakes)), range(len(mistakes))] = 0
    first = divmod(int(mistakes.argmax()), len(mistakes))
    return tuple(
        column.selectbox(
            f"{name.title()} class", tested.classes, index=index, key=name, bind="query-params"
        )
        for column, name, index in zip(st.columns(2), ("true", "predicted"), first, strict=True)
    )


def _matrix(tested: Predictions, view: str, cell: tuple[str, str], place) -> None:
    """The matrix, above the boxes. Each cell has a chart of its own, without a selection: any click
    on it is news."""
    key = f"matrix {cell}"

    def choose() -> None:
        """A click on a cell sets the two boxes, which are what counts."""
        if (st.session_state["true"], st.session_state["predicted"]) != cell:
            return  # the chart before, whose click comes once more while the page changes
        for clicked in st.session_state[key].selection[charts.CELL]:
            st.session_state["true"], st.session_state["predicted"] = (
                clicked["true"],
                clicked["predicted"],
            )

    place.altair_chart(
        charts.confusion(tested.matrix, tested.classes, view, cell, ink()),
        key=key,
        on_select=choose,
        alt="Confusion matrix, a row a true class, a column a predicted one: "
        f"{tested.matrix.trace():,} of {len(tested.labels):,} images on the diagonal.",
    )


def _classes(tested: Predictions) -> None:
    rows = pd.DataFrame(metrics.per_class(tested.matrix))
    rows[["precision", "recall", "f1"]] *= 100
    rows["class"] = tested.classes
    st.dataframe(
        rows,
        column_order=["class", "precision", "recall", "f1", "support"],
        column_config={
            "class": "Class",
            "precision": st.column_config.NumberColumn(
                "Precision",
                format="%.2f%%",
                help="Of the images it reads as this class, the share that is of it.",
            ),
            "recall": st.column_config.NumberColumn(
                "Recall",
                format="%.2f%%",
                help="Of the images of this class, the share that it reads as it.",
            ),
            "f1": st.column_config.NumberColumn(
                "F1", format="%.2f%%", help="The harmonic mean of the two."
            ),
            "support": st.column_config.NumberColumn("Images", help="Test images of this class."),
        },
        hide_index=True,
        height="content",
        alt="Precision, recall, F1 and number of test images of each class.",
    )
