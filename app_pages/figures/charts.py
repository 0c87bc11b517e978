"""The charts of the pages: numbers in, Altair charts out, for the page to show.

They read well on white and on black: strength is the opacity of one blue. And never by colour
alone: numbers, dashes or labels say the same.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from app_pages.theme import BLUE, ORANGE

GREY = "#6e7781"  # readable on white and on black

# Of a logarithmic scale, which is linear below its second tick: all images may be right.
TICKS = [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]

VIEWS = ("Counts", "Row percentages", "Mistakes only")
HEIGHT = 440  # pixels, of the confusion matrix
CELL = "cell"  # name of the confusion matrix's selection


def confusion(
    matrix: np.ndarray,
    classes: tuple[str, ...],
    view: str,
    chosen: tuple[str, str],
    ink: str = "black",
) -> alt.LayerChart:
    """(c, c) int, a row a true class → a grid of cells to choose from, in one of VIEWS.

    `chosen` is (true, predicted); `ink` is the colour of numbers on the page's own background.

    The scales are fixed by the test set, not by the results: two checkpoints can be compared by
    eye. They are logarithmic, since a good network has a thousand on the diagonal and ones and twos
    beside it.
    """
    support = matrix.sum(1, keepdims=True)
    share = np.divide(matrix, support, out=np.zeros(matrix.shape), where=support > 0)
    mistakes = np.where(np.eye(len(classes), dtype=bool), 0, matrix)
    values, unit, most, write = {
        VIEWS[0]: (matrix, 1, support.max(), "{:d}".format),
        VIEWS[1]: (100 * share, 0.1, 100, _short),
        VIEWS[2]: (mistakes, 1, support.max() / 20, "{:d}".format),
    }[view]
    strength = np.clip(np.log1p(values / unit) / np.log1p(most / unit), 0, 1).ravel()
    rows = pd.DataFrame(
        {
            "true": np.repeat(classes, len(classes)),
            "predicted": np.tile(classes, len(classes)),
            "strength": strength,
            "dark": strength > 0.45,
            "images": matrix.ravel(),
            "share": share.ravel(),
            "words": [write(value) if value else "" for value in values.flat],
        }
    )
    rows["chosen"] = (rows["true"] == chosen[0]) & (rows["predicted"] == chosen[1])
    base = grid(
        rows,
        classes,
        alt.Tooltip("images:Q", title="Images"),
        alt.Tooltip("share:Q", title="Share of the row", format=".2%"),
    )
    cells = (
        base.mark_rect(
            fill=BLUE, stroke=GREY, strokeOpacity=0.35, strokeWidth=0.5, cursor="pointer"
        )
        .encode(fillOpacity=alt.FillOpacity("strength:Q", scale=None))
        .add_params(
            alt.selection_point(name=CELL, fields=["true", "predicted"], toggle=False, clear=False)
        )
    )
    outline = base.mark_rect(fill=None, stroke=ink, strokeWidth=3).transform_filter("datum.chosen")
    numbers = base.encode(text="words:N")
    on_dark = numbers.mark_text(fontSize=11, color="white").transform_filter("datum.dark")
    on_pale = numbers.mark_text(fontSize=11, color=ink).transform_filter("!datum.dark")
    return alt.layer(cells, on_dark, on_pale, outline).properties(height=HEIGHT)


def grid(rows: pd.DataFrame, classes: tuple[str, ...], *tooltips: alt.Tooltip) -> alt.Chart:
    """Rows with `true` and `predicted` → a chart of cells, a row a true class, a column a predicted
    one.

    `tooltips` say more of a cell than its classes.
    """
    return alt.Chart(rows).encode(
        x=alt.X("predicted:N", sort=None, title="Predicted", axis=columns(classes)),
        y=alt.Y("true:N", sort=None, title="True", axis=alt.Axis(ticks=False)),
        tooltip=[
            alt.Tooltip("true:N", title="True"),
            alt.Tooltip("predicted:N", title="Predicted"),
            *tooltips,
        ],
    )


def columns(classes: tuple[str, ...]) -> alt.Axis:
    """The axis above a grid, a column a class; long names are written upwards, or they would hide
    each other."""
    brief = all(len(name) <= 2 for name in classes)
    return alt.Axis(orient="top", labelAngle=0 if brief else -90, labelLimit=90, ticks=False)


def reliability(bins: list[dict[str, float]]) -> alt.LayerChart:
    """Bins by confidence → accuracy over confidence; on the diagonal a network is as sure as it is
    right."""
    rows = pd.DataFrame(bins)
    axis = {"scale": alt.Scale(domain=[0, 1]), "axis": alt.Axis(format="%", tickCount=5)}
    diagonal = (
        alt.Chart(pd.DataFrame({"x": [0, 1]}))
        .mark_line(strokeDash=[5, 4], color=GREY, strokeWidth=1.5)
        .encode(
            x=alt.X("x:Q", title="Confidence", **axis), y=alt.Y("x:Q", title="Accuracy", **axis)
        )
    )
    base = alt.Chart(rows).encode(
        x=alt.X("confidence:Q", title="Confidence", **axis),
        y=alt.Y("accuracy:Q", title="Accuracy", **axis),
        tooltip=[
            alt.Tooltip("low:Q", title="Confidence from", format=".0%"),
            alt.Tooltip("high:Q", title="to", format=".0%"),
            alt.Tooltip("confidence:Q", title="Mean confidence", format=".1%"),
            alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
            alt.Tooltip("n:Q", title="Images", format=","),
        ],
    )
    # How many images stand behind a point: a bin of three may lie anywhere.
    size = alt.Size(
        "n:Q", title="Images", scale=alt.Scale(type="log", range=[30, 400]), legend=None
    )
    gaps = base.mark_rule(color=ORANGE, strokeWidth=1.5).encode(y2="confidence:Q")
    points = base.mark_circle(color=BLUE, opacity=0.9).encode(size=size)
    return alt.layer(diagonal, gaps, points).properties(height=320)


def show_learning(history: Sequence[Mapping[str, float]], caption: str) -> None:
    """Loss and error by epoch, side by side on the page, and what is dashed and what solid.

    The error's scale is logarithmic: at 99 % and beyond, accuracy is a flat line.
    """
    left, right = st.columns(2)
    left.altair_chart(curves(history, "loss", "Loss", ".2f"), alt="Loss by epoch.")
    errors = [
        entry
        | {
            f"{part}_error": 1 - entry[f"{part}_accuracy"]
            for part in ("train", "validation")
            if f"{part}_accuracy" in entry
        }
        for entry in map(dict, history)
    ]
    right.altair_chart(
        curves(errors, "error", "Error", ".1~%", logarithmic=True),
        alt="Error by epoch, on a logarithmic scale.",
    )
    st.caption(caption)


def curves(
    history: Sequence[Mapping[str, float]],
    measure: str,
    title: str,
    number: str,
    logarithmic: bool = False,
) -> alt.Chart:
    """A `measure` ('loss' or 'error') by epoch, of training (dashed) and validation (solid)."""
    rows = pd.DataFrame(
        [
            {"epoch": entry["epoch"], "part": part.title(), "value": entry[f"{part}_{measure}"]}
            for entry in history
            for part in ("train", "validation")
            if f"{part}_{measure}" in entry
        ],
        columns=["epoch", "part", "value"],
    )
    part = ["Validation", "Train"]
    scale, ticks = alt.Scale(zero=False), alt.Undefined
    if logarithmic and len(rows):
        least = np.searchsorted(TICKS[:-1], rows["value"].min(), "right") - 1
        most = max(np.searchsorted(TICKS, rows["value"].max()), least + 1)
        ticks = TICKS[least : most + 1]
        scale = alt.Scale(type="symlog", constant=TICKS[1], domain=[ticks[0], ticks[-1]])
    return (
        alt.Chart(rows)
        .mark_line(point=alt.OverlayMarkDef(size=20), strokeWidth=2)
        .encode(
            x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y(
                "value:Q", title=title, scale=scale, axis=alt.Axis(format=number, values=ticks)
            ),
            color=alt.Color(
                "part:N",
                title=None,
                legend=alt.Legend(orient="top"),
                scale=alt.Scale(domain=part, range=[BLUE, ORANGE]),
            ),
            strokeDash=alt.StrokeDash(
                "part:N", title=None, scale=alt.Scale(domain=part, range=[[1, 0], [5, 3]])
            ),
            tooltip=[
                alt.Tooltip("epoch:Q", title="Epoch"),
                alt.Tooltip("part:N", title="Part"),
                alt.Tooltip("value:Q", title=title, format=number),
            ],
        )
        .properties(height=260)
    )


def _short(percentage: float) -> str:
    """Without a % sign and needless zeros: a cell on a phone is 26 pixels wide."""
    return f"{percentage:.1f}".removesuffix(".0")
