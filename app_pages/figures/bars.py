"""The probabilities of one digit as bars, and confidences in words.

In HTML rather than as a chart: they are drawn anew after each stroke, and this neither flickers nor
needs the 80 MB of libraries that the charts of the evaluation do.
"""

import html

import numpy as np

from app_pages.theme import BLUE


def percent(share: float) -> str:
    """A confidence in words: nothing is certain."""
    return ">99.9%" if share >= 0.9995 else f"{share:.1%}"


def probability_bars(probabilities: np.ndarray, classes: tuple[str, ...]) -> str:
    """(classes,) → HTML: a bar a class from 0 to 100 %, the likeliest in blue and its words in
    bold; upright ones where a phone keeps them in sight."""
    likeliest = int(probabilities.argmax())
    rows = "".join(
        f'<span class="bar{" likeliest" * (number == likeliest)}">'
        f'<span class="name">{html.escape(name)}</span>'
        f'<span class="track"><span style="--share:{100 * share:.1f}%"></span></span>'
        f'<span class="percent">{percent(share)}</span></span>'
        for number, (name, share) in enumerate(zip(classes, probabilities, strict=True))
    )
    words = ", ".join(
        f"{name}: {percent(share)}" for name, share in zip(classes, probabilities, strict=True)
    )
    return (
        f'<div class="bars" role="img" data-testid="probabilities" style="--likeliest:{BLUE}" '
        f'aria-label="Probability of each class. {html.escape(words)}">{rows}</div>'
    )
