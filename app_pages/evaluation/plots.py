"""The charts of the Evaluation page's views, but for the confusion matrix; as in charts.py, numbers
in, charts out."""

import altair as alt
import numpy as np
import pandas as pd

from app_pages.figures.charts import GREY, grid
from app_pages.theme import BLUE, ORANGE

BINS = 10  # of the histogram
POINTS = 400  # of a curve: no screen shows more
PARTS = ("Right", "Wrong")


def histogram(confidence: np.ndarray, right: np.ndarray) -> alt.LayerChart:
    """(n,) in [0, 1] and (n,) bool → how many images there are by confidence, right beside wrong,
    on a logarithm."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = [np.bincount(bins[right == part], minlength=BINS) for part in (True, False)]
    used = range(int(bins.min()), BINS)
    rows = pd.DataFrame(
        [
            {
                "confidence": f"{100 * i // BINS}–{100 * (i + 1) // BINS}",
                "part": part,
                "images": int(count[i]),
                "words": f"{count[i]:,}" if count[i] else "",
            }
            for i in used
            for part, count in zip(PARTS, counts, strict=True)
        ]
    )
    most = int(max(count.max() for count in counts))
    powers = [0, *(10**power for power in range(1, len(str(most)) + 1))]
    base = alt.Chart(rows).encode(
        x=alt.X(
            "confidence:N",
            sort=None,
            title="Confidence in %",
            axis=alt.Axis(labelAngle=0, labelOverlap=True),
        ),
        xOffset=alt.XOffset("part:N", sort=PARTS),
        y=alt.Y(
            "images:Q",
            title="Images",
            scale=alt.Scale(type="symlog", constant=1, domain=[0, 1.6 * most]),
            axis=alt.Axis(values=powers, labelExpr="format(datum.value, ',')", labelOverlap=False),
        ),
        tooltip=[
            alt.Tooltip("confidence:N", title="Confidence in %"),
            alt.Tooltip("part:N", title="Read"),
            alt.Tooltip("images:Q", title="Images", format=","),
        ],
    )
    colour = alt.Color(
        "part:N",
        title=None,
        sort=PARTS,
        scale=alt.Scale(domain=PARTS, range=[BLUE, ORANGE]),
        legend=_TOP,
    )
    numbers = base.mark_text(dy=-7, fontSize=10, color=GREY).encode(text="words:N")
    return alt.layer(base.mark_bar().encode(color=colour), numbers).properties(height=280)


def coverage(
    curves: dict[str, dict[str, np.ndarray]], thresholds: dict[str, float]
) -> alt.LayerChart:
    """What abstaining brings: accuracy of what is answered, over the share that is.

    Args:
        curves: name of a network → `train.metrics.risk_coverage_curve` of it; of one or two
            networks.
        thresholds: name of a network → the certainty below which it abstains, of those that do.
    """
    rows, marks = [], []
    for name, curve in curves.items():
        m = len(curve["coverage"])
        few = np.unique(
            np.append(np.linspace(0, m - 1, POINTS), np.arange(max(0, m - POINTS), m)).astype(int)
        )
        rows.append(
            pd.DataFrame({key: values[few] for key, values in curve.items()} | {"network": name})
        )
        answered = np.flatnonzero(curve["threshold"] >= thresholds.get(name, 0))
        if thresholds.get(name) and len(answered):
            marks.append(
                {key: values[answered[-1]] for key, values in curve.items()}
                | {"network": name, "words": f"abstains below {thresholds[name]:.2f}"}
            )
    rows = pd.concat(rows)
    # It is at the end that something happens: before the first mistake, all is right.
    start = min(
        [0.99, *rows.loc[rows["accuracy"] < 1, "coverage"], *(mark["coverage"] for mark in marks)]
    )
    domain = [np.floor(20 * max(0, start - 0.01)) / 20, 1]
    rows = rows[rows["coverage"] >= domain[0]]
    base = alt.Chart(rows).encode(
        x=alt.X(
            "coverage:Q",
            title="Share of the images that it answers",
            axis=_PERCENT,
            scale=_within(domain),
        ),
        y=alt.Y(
            "accuracy:Q",
            title="Accuracy of the answers",
            axis=alt.Axis(format=".2~%"),
            scale=_loose(),
        ),
        tooltip=[
            alt.Tooltip("network:N", title="Network"),
            alt.Tooltip("threshold:Q", title="Predictions from a certainty of", format=".2f"),
            alt.Tooltip("coverage:Q", title="Predictions", format=".2%"),
            alt.Tooltip("accuracy:Q", title="of which right", format=".3%"),
        ],
    )
    layers = [
        base.mark_line(strokeWidth=2, interpolate="step-after").encode(**_networks(tuple(curves)))
    ]
    if marks:
        spots = base.properties(data=pd.DataFrame(marks))
        layers += [
            spots.mark_point(shape="diamond", size=130, filled=True, color=ORANGE, opacity=1),
            spots.mark_text(align="right", dx=-9, dy=12, fontSize=12, color=GREY).encode(
                text="words:N"
            ),
        ]
    return alt.layer(*layers).properties(height=280)


def corruptions(rows: pd.DataFrame) -> alt.LayerChart:
    """Accuracy by kind of damage, with its 95 % interval.

    Args:
        rows: columns kind, network (of one or two), accuracy, low, high and abstained, all shares
            in [0, 1].
    """
    networks = tuple(dict.fromkeys(rows["network"]))
    kinds = list(dict.fromkeys(rows["kind"]))
    base = alt.Chart(rows).encode(
        y=alt.Y(
            "kind:N", sort=kinds, title=None, axis=alt.Axis(labelLimit=170, grid=True, ticks=False)
        ),
        yOffset=alt.YOffset("network:N", sort=networks),
        tooltip=[
            alt.Tooltip("kind:N", title="Damage"),
            alt.Tooltip("network:N", title="Network"),
            alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
            alt.Tooltip("low:Q", title="95% from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
            alt.Tooltip("abstained:Q", title="Abstained", format=".1%"),
        ],
    )
    axis = {
        "title": "Accuracy",
        "axis": alt.Axis(format=".0%", tickCount=5),
        "scale": alt.Scale(zero=False, nice=True),
    }
    bars = base.mark_rule(strokeWidth=2, color=GREY).encode(x=alt.X("low:Q", **axis), x2="high:Q")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("accuracy:Q", **axis), **_shapes(networks)
    )
    return alt.layer(bars, points).properties(
        height=alt.Step(24 * len(networks) / 1.4 if len(networks) > 1 else 22)
    )


def difference(
    matrix: np.ndarray, classes: tuple[str, ...], first: str, second: str, ink: str
) -> alt.LayerChart:
    """(c, c) int, how many more images the second network has in each cell than the first → a grid
    with signs."""
    most = max(1, np.abs(matrix).max())
    rows = pd.DataFrame(
        {
            "true": np.repeat(classes, len(classes)),
            "predicted": np.tile(classes, len(classes)),
            "more": matrix.ravel(),
            "strength": 0.15 + 0.45 * np.abs(matrix.ravel()) / most,
            "who": np.where(matrix.ravel() > 0, second, first),
            "words": [f"{value:+d}".replace("-", "−") if value else "" for value in matrix.flat],
        }
    )
    base = grid(rows, classes, alt.Tooltip("words:N", title=f"{second} less {first}"))
    empty = base.mark_rect(fill=None, stroke=GREY, strokeOpacity=0.35, strokeWidth=0.5)
    cells = base.mark_rect(stroke=GREY, strokeOpacity=0.35, strokeWidth=0.5).transform_filter(
        "datum.more != 0"
    )
    cells = cells.encode(
        fill=alt.Fill(
            "who:N", legend=None, scale=alt.Scale(domain=[first, second], range=[BLUE, ORANGE])
        ),
        fillOpacity=alt.FillOpacity("strength:Q", scale=None),
    )
    return alt.layer(
        empty, cells, base.mark_text(fontSize=12, color=ink).encode(text="words:N")
    ).properties(height=380)


def recalls(rows: pd.DataFrame) -> alt.LayerChart:
    """Recall of each class by two networks: columns class, network and recall, a share in [0,
    1]."""
    networks = tuple(dict.fromkeys(rows["network"]))
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart(rows).encode(
        y=alt.Y("class:N", sort=None, title="True class", axis=alt.Axis(grid=True, ticks=False)),
        tooltip=[
            alt.Tooltip("class:N", title="Class"),
            alt.Tooltip("network:N", title="Network"),
            alt.Tooltip("recall:Q", title="Recall", format=".2%"),
        ],
    )
    x = alt.X("recall:Q", title="Recall", axis=alt.Axis(format=".1~%", tickCount=5), scale=scale)
    lines = base.mark_line(color=GREY, strokeWidth=1.5).encode(x=x, detail="class:N")
    points = base.mark_point(size=90, opacity=1, strokeWidth=2).encode(
        x=x, **_shapes(networks)
    )  # hollow: both are seen
    return alt.layer(lines, points).properties(height=alt.Step(26))


_TOP = alt.Legend(orient="top", title=None)
_PERCENT = alt.Axis(format=".0%", tickCount=5)


def _within(domain: list[float]) -> alt.Scale:
    return alt.Scale(domain=domain, nice=False)


def _loose() -> alt.Scale:
    return alt.Scale(zero=False, nice=True)


def _networks(names: tuple[str, ...]) -> dict:
    """One or two networks as lines: of two, the second is dashed and another colour."""
    if len(names) < 2:
        return {"color": alt.value(BLUE)}
    scale = alt.Scale(domain=names, range=[BLUE, ORANGE])
    dashes = alt.Scale(domain=names, range=[[1, 0], [5, 3]])
    return {
        "color": alt.Color("network:N", legend=_TOP, scale=scale),
        "strokeDash": alt.StrokeDash("network:N", legend=_TOP, scale=dashes),
    }


def _shapes(names: tuple[str, ...]) -> dict:
    """One or two networks as points: of two, the second is a square and another colour."""
    if len(names) < 2:
        return {"color": alt.value(BLUE)}
    return {
        "color": alt.Color(
            "network:N", legend=_TOP, scale=alt.Scale(domain=names, range=[BLUE, ORANGE])
        ),
        "shape": alt.Shape(
            "network:N", legend=_TOP, scale=alt.Scale(domain=names, range=["circle", "square"])
        ),
    }
