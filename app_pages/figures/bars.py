"""The probabilities of one digit as bars, and confidences in words.

In HTML rather than as a chart: they are drawn anew after each stroke, and this neither flickers nor
needs the 80 MB of libraries that the charts of the evaluation do.
"""

import html

import numpy as np

BLUE = "#0072b2"  # of Okabe and Ito's palette: the likeliest class
REST = "rgba(128,128,128,.75)"  # the others


def percent(share: float) -> str:
    """A confidence in words: nothing is certain."""
    return ">99.9%" if share >= 0.9995 else f"{share:.1%}"


def probability_bars(probabilities: np.ndarray, classes: tuple[str, ...]) -> str:
    """(classes,) → HTML: a bar a class from 0 to 100 %, the likeliest in blue and its words in
    bold."""
    likeliest = int(probabilities.argmax())
    rows = "".join(
        f'<span style="text-align:right{weight}">{html.escape(name)}</span>'
        f'<span style="background:rgba(128,128,128,.14);border-radius:4px;height:1rem">'
        f'<span style="display:block;height:100%;border-radius:4px;width:{100 * share:.1f}%;'
        f'background:{BLUE if number == likeliest else REST}"></span></span>'
        "<span "
        f'style="text-align:right;font-variant-numeric:tabular-nums{weight}">{percent(share)}</span>'
        for number, (name, share) in enumerate(zip(classes, probabilities, strict=True))
        for weight in (";font-weight:650" if number == likeliest else ";opacity:.8",)
    )
    words = ", ".join(
        f"{name}: {percent(share)}" for name, share in zip(classes, probabilities, strict=True)
    )
    return (
        '<div role="img" data-testid="probabilities" aria-label="Probability of each class. '
        f'{html.escape(words)}" '
        'style="display:grid;grid-template-columns:auto 1fr 3.6rem;gap:.4rem '
        ".7rem;align-items:center;"
        f'font-size:.9rem;line-height:1;margin-top:.4rem">{rows}</div>'
    )
