"""The Playground's curves: the probability of each class along a slider.

As SVG pictures rather than as charts: seven of them are drawn anew with each move of a slider,
which charts do not do without flickering.
"""

import base64
import html
from collections.abc import Sequence

import numpy as np

from app_pages.figures.bars import percent
from app_pages.playground.distortions import Slider
from app_pages.subject import with_article
from app_pages.theme import BLUE, BLUE_ON_BLACK, ORANGE

# of a curve, in its own units; it grows with the page
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 230, 132, 30, 16, 18
# as in .streamlit/config.toml: the present answer's, then others'
LIGHT = BLUE, ORANGE, "#009e73", "#cc79a7"
DARK = BLUE_ON_BLACK, "#e69f00", "#29c39a", "#e6a5c6"
INK = "#0a1018", "#e6ebf0"  # on light and on dark
DASHES = "", "6 3", "2 3", "9 3 2 3"  # colour alone tells nothing
LIKELY = 0.2  # probability that a class must reach somewhere, to be drawn


def figure(
    slider: Slider,
    values: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    now: float,
    flips: Sequence[tuple[float, int]],
    dark: bool = False,
) -> str:
    """One slider's curves → HTML.

    Args:
        slider: what is on the horizontal axis.
        values: (n,) rising, its positions.
        probabilities: (n, classes) at each.
        classes: their names.
        now: where the slider is.
        flips: where the answer becomes another: (value, class).
        dark: whether the page is.
    """
    here = int(np.abs(values - now).argmin())
    answer = int(probabilities[here].argmax())
    peaks = probabilities.max(0)
    likely = [int(number) for number in np.argsort(-peaks) if peaks[number] >= LIKELY]
    numbers = dict.fromkeys([answer, *(other for _, other in flips), *likely])
    styles = zip(numbers, DARK if dark else LIGHT, DASHES, strict=False)
    lines = "".join(
        _line(values, probabilities[:, number], classes[number], colour, dash)
        for number, colour, dash in reversed(list(styles))
    )
    marks = _rule(values, now, "", 1.5) + "".join(
        _rule(values, value, "3 3", 1) for value, _ in flips
    )
    answers = [(value, classes[other]) for value, other in flips]
    words = "; ".join(
        f"from {_number(value)} {slider.unit} on it is read as {name}" for value, name in answers
    )
    about = (
        f"{slider.label}: at {_number(now)} {slider.unit} it is read as {classes[answer]}, "
        f"{percent(probabilities[here, answer])} sure; "
        f"{words or 'no other answer along the slider'}."
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'color="{INK[dark]}" fill="{INK[dark]}" font-size="10" font-family="sans-serif">'
        f'<text x="{LEFT}" y="9" font-weight="600" font-size="11">'
        f"{html.escape(slider.label)}</text>"
        f"{_axes(slider, values)}{marks}{lines}</svg>"
    )
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    return (
        f'<figure style="margin:0;max-width:24rem"><img src="{source}" alt="{html.escape(about)}" '
        'style="width:100%;display:block">'
        f'<figcaption style="font-size:.8rem;line-height:1.3;opacity:.85;min-height:2.1rem">'
        f"{html.escape(_caption(slider, answers))}</figcaption></figure>"
    )


def grid(figures: Sequence[str]) -> str:
    """Figures side by side, as many as the page has room for."""
    return (
        '<div data-testid="sweeps" style="display:grid;gap:.6rem 1.2rem;'
        f'grid-template-columns:repeat(auto-fill,minmax(min(180px,100%),1fr))">{"".join(figures)}</div>'
    )


def _caption(slider: Slider, flips: list[tuple[float, str]]) -> str:
    if not flips:
        return "No other answer along the slider."
    words = [f"{_number(value)} {slider.unit}: {with_article(name)}" for value, name in flips]
    return "Flips at " + ", at ".join(words) + "."


def _axes(slider: Slider, values: np.ndarray) -> str:
    """The frame, 0 to 100 % at the left, and the slider's ends and rest below."""
    lines = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{_y(share):.1f}" y2="{_y(share):.1f}" '
        'stroke="currentColor" stroke-opacity=".18"/>'
        f'<text x="{LEFT - 4}" y="{_y(share) + 3:.1f}" text-anchor="end" opacity=".8">'
        f"{share:.0%}</text>"
        for share in (0, 0.5, 1)
    )
    anchors = {slider.rest: "middle", slider.low: "start", slider.high: "end"}
    return lines + "".join(
        f'<text x="{_x(values, value):.1f}" y="{HEIGHT - 5}" opacity=".8" '
        f'text-anchor="{anchor}">{_number(value)}</text>'
        for value, anchor in anchors.items()
    )


def _line(values: np.ndarray, shares: np.ndarray, name: str, colour: str, dash: str) -> str:
    points = " ".join(
        f"{_x(values, value):.1f},{_y(share):.1f}"
        for value, share in zip(values, shares, strict=True)
    )
    # The name stands in the middle of where the curve is highest.
    top = np.flatnonzero(shares >= shares.max() - 0.02)
    x, share = np.clip(_x(values, values[top[len(top) // 2]]), LEFT + 6, WIDTH - 6), shares.max()
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}" stroke-linejoin="round"/>'
        f'<text x="{x:.1f}" y="{_y(share) - 4:.1f}" text-anchor="middle" '
        f'font-size="12" font-weight="700" fill="{colour}" '
        f'paint-order="stroke">{html.escape(name)}</text>'
    )


def _rule(values: np.ndarray, value: float, dash: str, width: float) -> str:
    x = _x(values, value)
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="currentColor" '
        f'stroke-opacity=".6" stroke-width="{width}" stroke-dasharray="{dash}"/>'
    )


def _x(values: np.ndarray, value: float) -> float:
    return LEFT + (WIDTH - LEFT) * (value - values[0]) / (values[-1] - values[0])


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP - 10) * share


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")
