"""What the page "Inside the network" shows of one digit, each part kept, so that a rerun doesn't do
it over again."""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from app_pages.figures import pictures
from app_pages.figures.bars import percent
from app_pages.inside import ablations, attributions
from app_pages.server import cache, resources
from app_pages.server.resources import Network
from app_pages.subject import Subject, with_article
from app_pages.words import plain
from model import Digit, Recognizer
from model.embedding_index import EmbeddingIndex
from model.explainer import PATCH, Explainer, Layer

PAIRED = 6  # parts, of which any two may be left out together
NEAREST = 8  # training images shown in a row
EXCITING = 8  # training images shown of a map


@cache.shared(4, "Opening the network")
def explainer(network: Network) -> Explainer:
    """What looks into the network, ready for its first glyph; shared, so never to be changed."""
    return resources.explainer(network).compile()


class Described(NamedTuple):
    """A layer on the page."""

    layer: Layer
    title: str
    shape: str  # what goes in, what comes out, and the number of parameters
    words: str


class Ablated(NamedTuple):
    """What a digit is read as without a part."""

    part: str
    read: str  # a class or "?"
    confidence: float
    figure: pictures.Figure
    together: bool = False  # the part is two of the others


def ablate(network: Network, subject: Subject) -> list[Ablated]:
    """A digit without each of its strokes, where they are known, or of its pieces.

    Where no single one changes what it is read as, the two that do it most surely come last, if any
    do.
    """
    return _ablate(network, subject.glyph, subject.strokes)


def verdict(read: str, variants: list[Ablated]) -> str:
    """In a sentence, which parts, when left out, change what it is read as."""
    others = [
        f"without {variant.part} it reads {with_article(variant.read)}"
        for variant in variants
        if variant.read != read
    ]
    if not variants:
        return "It is too small to leave anything out."
    if not others:
        return (
            f"Whichever of these is missing, it is still read as {with_article(read)}: no "
            "single one decides."
        )
    if variants[-1].together:
        return f"No single one decides, but {others[0]}."
    sentence = ", ".join(others[:-1]) + " and " * (len(others) > 1) + others[-1]
    return f"{sentence[0].upper()}{sentence[1:]}."


class Search:
    """What a search through the training images finds, kept for the two latest networks.

    The first time it takes some 0.1 ms an image and network.
    """

    def __init__(self, find: Callable[[Explainer, np.ndarray, Callable[[float], None]], Any]):
        self._find = find
        self._found: dict[Network, Any] = {}
        self._looking = threading.Lock()  # two visitors at once look through the images once

    def is_done(self, network: Network) -> bool:
        """Whether to ask takes no time."""
        return network in self._found

    def of(self, network: Network, progress: Callable[[float], None] = lambda share: None) -> Any:
        """What it finds for a network; raises DataError where the images can't be had.

        `progress` is told the share that is done.
        """
        with self._looking:
            if network not in self._found:
                images = resources.training_images(resources.card(network).dataset)[0].images
                found = self._find(explainer(network), images, progress)
                while len(self._found) >= 2:
                    self._found.pop(next(iter(self._found)))
                self._found[network] = found
            return self._found[network]

    def forget(self) -> None:
        """Looks through the images anew when it is next asked."""
        with self._looking:
            self._found.clear()


embedding_index = Search(EmbeddingIndex)  # → EmbeddingIndex
# → the layers' Excitations by their names
excitations = Search(lambda explainer, *given: explainer.excitations(given[0], EXCITING, given[1]))


@st.cache_data(max_entries=64, show_spinner="Finding where it looked")
def _lost(network: Network, glyph: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What occlusion costs each class, and the probabilities of the black image and of the
    glyph."""
    both = np.stack([np.zeros_like(glyph), glyph])
    lost = explainer(network).occlusion(glyph)
    return lost, resources.classifier(network).probabilities(both)


@st.cache_data(max_entries=64, show_spinner="Finding where it looked")
def where(network: Network, glyph: np.ndarray, index: int) -> list[pictures.Figure]:
    """Which pixels of a glyph (28, 28) speak for and against a class: by integrated gradients and
    by occlusion."""
    name = resources.classifier(network).classes[index]
    shares = explainer(network).integrated_gradients(glyph, index)
    lost, probabilities = _lost(network, glyph)
    lost = lost[..., index]
    (black, here), most, least = probabilities[:, index], lost.max(), lost.min()
    wiped = (
        f"Where it hurts most, {percent(here)} become {percent(max(0, here - most))}"
        if most >= 0.0005
        else "Nowhere does that make it less sure"
    )
    won = f", where it helps most, {percent(here - least)}." if least <= -0.0005 else "."
    return [
        pictures.Figure(
            pictures.source(attributions.signed(glyph, shares)),
            f"Integrated gradients: each pixel's share in the way from an empty image ({name}: "
            f"{percent(black)}) to this one ({percent(here)}). In the logarithm of the "
            f"probability, all + make {_signed(shares[shares > 0].sum())} and all − make "
            f"{_signed(shares[shares < 0].sum())}.",
            f"The digit, each pixel marked by how much it speaks for {name} (blue, plus) or "
            f"against (orange, minus).",
        ),
        pictures.Figure(
            pictures.source(attributions.signed(glyph, lost, most=1)),
            f"Occlusion: what {name} loses where the {PATCH} × {PATCH} pixels around are wiped "
            f"out; full colour is 100 points. {wiped}{won}",
            f"The digit, each pixel marked by how much less (blue, plus) or more (orange, minus) "
            f"probable {name} gets "
            "when the pixels around it are wiped out.",
        ),
    ]


def _signed(number: float) -> str:
    return f"{number:+.1f}".replace("-", "−").replace("−0.0", "0.0").replace("+0.0", "0.0")


@st.cache_data(max_entries=32, show_spinner="Looking through the layers")
def layers(network: Network, glyph: np.ndarray) -> list[Described]:
    """Each layer of the network with what it gives for a glyph (28, 28)."""
    described, before, classes = [], None, resources.classifier(network).classes
    for layer in explainer(network).layers(glyph):
        shape = " × ".join(f"{side:,}" for side in layer.output.shape)
        numbers = f"{before} → {shape}" if before else shape
        if layer.parameters:
            numbers += f" · {layer.parameters:,} parameters"
        title = f"{layer.kind} ({layer.name})" if layer.name.startswith("conv") else layer.kind
        words = layer.description
        if layer.name == "head":
            scores = zip(classes, layer.output, strict=True)
            words += (
                " Here: "
                f"{', '.join(f'**{plain(name)}** {_signed(score)}' for name, score in scores)}."
            )
        described.append(Described(layer, title, numbers, words))
        before = shape
    return described


@st.cache_data(max_entries=32, show_spinner="Leaving out one part after the other")
def _ablate(network: Network, glyph: np.ndarray, strokes: tuple) -> list[Ablated]:
    recognizer = resources.recognizer(network)

    def read_without(together: int) -> list[Ablated]:
        if strokes:
            variants = ablations.of_drawing(strokes, together)
        else:
            variants = ablations.of_glyph(glyph, together)
        glyphs = np.array([variant.glyph for variant in variants], np.uint8)
        digits = recognizer.read_glyphs(glyphs.reshape(-1, *glyph.shape))
        return [
            Ablated(
                variant.part,
                recognizer.name(digit),
                digit.confidence,
                _missing(variant, digit, recognizer),
                together > 1,
            )
            for variant, digit in zip(variants, digits, strict=True)
        ]

    (whole,) = recognizer.read_glyphs(glyph[None])
    answer, single = recognizer.name(whole), read_without(1)
    if len(single) > PAIRED or any(variant.read != answer for variant in single):
        return single
    pairs = [variant for variant in read_without(2) if variant.read != answer]
    pairs.sort(key=lambda variant: (variant.read != "?", variant.confidence))
    return single + pairs[-1:]


def _missing(variant: ablations.Ablation, digit: Digit, recognizer: Recognizer) -> pictures.Figure:
    name = recognizer.name(digit)
    return pictures.Figure(
        pictures.source(variant.picture),
        f"Without {variant.part}: {name}, "
        f"{'nothing over ' * (name == '?')}{percent(digit.confidence)}",
        f"The digit without {variant.part}, striped; read as {with_article(name)}.",
    )


@st.cache_data(max_entries=32, show_spinner="Searching the training images")
def nearest(
    network: Network, glyph: np.ndarray, read: str
) -> tuple[list[pictures.Figure], list[pictures.Figure]]:
    """The training images most alike to a glyph (28, 28), and those that are not of the class it is
    read as."""
    split, classes = resources.training_images(resources.card(network).dataset)
    similarities = embedding_index.of(network).similarities(glyph)
    order = np.argsort(-similarities)

    def sheet(numbers: np.ndarray) -> list[pictures.Figure]:
        names = [classes[split.labels[number]] for number in numbers]
        captions = [
            f"{name} · {similarities[number]:.3f}"
            for number, name in zip(numbers, names, strict=True)
        ]
        words = [
            f"Training image {number}, {with_article(name)}, alike by {similarities[number]:.3f}."
            for number, name in zip(numbers, names, strict=True)
        ]
        return pictures.contact_sheet(split.images[numbers], captions, words)

    same = classes.index(read) if read in classes else -1
    return sheet(order[:NEAREST]), sheet(order[split.labels[order] != same][:NEAREST])
