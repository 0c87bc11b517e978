"""How long the explanation of one digit takes, with each network that ships: prints a table.

    python benchmarks/explain.py

Each figure is the median of 20 digits that were not explained before, once all is warm: computed,
and drawn as the page "Inside the network" shows it. Without MNIST's images at hand, the search
among the training images is left out.
"""

import logging
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
DIGITS = 20


def milliseconds(function: Callable, digits: list) -> float:
    """Median wall-clock time of a function of one digit, after one to warm up."""
    function(digits[0])
    seconds = []
    for digit in digits[1:]:
        start = time.perf_counter()
        function(digit)
        seconds.append(time.perf_counter() - start)
    return 1000 * float(np.median(seconds))


def figures(path: Path) -> dict[str, str]:
    """What → how long, for the network of a checkpoint."""
    from app_pages.inside import ablations, explanations
    from app_pages.pen import canvas, samples
    from app_pages.server import resources
    from app_pages.server.resources import Network
    from app_pages.subject import Subject
    from model import strokes
    from model.recognizer import as_single_glyph

    def draw(number: int) -> Subject:
        drawing = tuple(
            samples.strokes(number % 10, canvas.SIZE, canvas.SQUARE.brush, tilt=number / 2)
        )
        glyph = as_single_glyph(strokes.picture(drawing, canvas.SIZE, canvas.SIZE))
        return Subject(glyph, "", strokes=drawing)

    digits = [draw(number) for number in range(DIGITS + 1)]
    network = Network.at(path)
    start = time.perf_counter()
    explainer = explanations.explainer(network)
    opened = time.perf_counter() - start
    name = resources.card(network).dataset
    parts = {
        "layers": lambda one: explainer.layers(one.glyph),
        "integrated gradients": lambda one: explainer.integrated_gradients(one.glyph, 3),
        "occlusion": lambda one: explainer.occlusion(one.glyph),
        "strokes": lambda one: resources.recognizer(network).read_glyphs(
            np.stack([variant.glyph for variant in ablations.of_drawing(one.strokes)])
        ),
    }
    if resources.has_images(name):
        start = time.perf_counter()
        index = explanations.embedding_index.of(network)
        described = time.perf_counter() - start
        parts["nearest training images"] = lambda one: index.similarities(one.glyph)

    def everything(one: Subject) -> None:
        explanations.where(network, one.glyph, 3)
        explanations.ablate(network, one)
        explanations.layers(network, one.glyph)
        if resources.has_images(name):
            explanations.nearest(network, one.glyph, "3")

    table = {what: f"{milliseconds(function, digits):.0f} ms" for what, function in parts.items()}
    table["**all of the page's, with its pictures**"] = f"{milliseconds(everything, digits):.0f} ms"
    table["once: opening the network"] = f"{opened:.1f} s"
    if resources.has_images(name):
        table["once: describing the training images"] = f"{described:.1f} s"
    return table


def main() -> None:
    logging.disable(logging.WARNING)  # Streamlit's, that it isn't running
    columns = {name: figures(ROOT / "checkpoints" / name) for name in ("default", "committee")}
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print(f"| what | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}")
    for what in columns["default"]:
        print(f"| {what} | {' | '.join(column[what] for column in columns.values())} |")


if __name__ == "__main__":
    main()
