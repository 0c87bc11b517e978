"""What the page "Inside the network" shows of one digit, each part kept, so that a rerun doesn't do
it over again."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from app_pages.figures import pictures
from app_pages.figures.bars import percent
from app_pages.inside import ablations, attributions
from app_pages.server import cache, resources
from app_pages.subject import Subject, with_article
from app_pages.words import plain
from model import Digit, Recognizer, checkpoint
from model.explainer import PATCH, EmbeddingIndex, Explainer

PAIRED = 6  # parts, of which any two may be left out together
NEAREST = 8  # training images shown in a row


def explainer(path: Path) -> Explainer:
    """What looks into the network of a checkpoint, ready for its first glyph; shared, so never to
    be changed."""
    return _explainer(str(path), resources.fingerprint(path))


def where(path: Path, glyph: np.ndarray, index: int) -> list[pictures.Figure]:
    """Which pixels of a glyph (28, 28) speak for and against a class: by integrated gradients and
    by occlusion."""
    return _where(str(path), resources.fingerprint(path), glyph, index)


class Sheet(NamedTuple):
    """A layer on the page."""

    title: str
    shape: str  # what goes in, what comes out, and the number of parameters
    words: str
    figure: pictures.Figure | None


def layers(path: Path, glyph: np.ndarray) -> list[Sheet]:
    """Each layer of the network with what it gives for a glyph (28, 28)."""
    return _layers(str(path), resources.fingerprint(path), glyph)


class Ablated(NamedTuple):
    """What a digit is read as without a part."""

    part: str
    read: str  # a class or "?"
    confidence: float
    figure: pictures.Figure
    together: bool = False  # the part is two of the others


def ablate(path: Path, subject: Subject) -> list[Ablated]:
    """A digit without each of its strokes, where they are known, or of its pieces.

    Where no single one changes what it is read as, the two that do it most surely come last, if any
    do.
    """
    return _without(str(path), resources.fingerprint(path), subject.glyph, subject.strokes)


def verdict(read: str, variants: list[Ablated]) -> str:
    """In a sentence, which removals change what it is read as."""
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


def has_embedding_index(path: Path) -> bool:
    """Whether the training images have been looked through with this network, so that a search
    takes no time."""
    return (str(path), resources.fingerprint(path)) in _albums


def embedding_index(
    path: Path, progress: Callable[[float], None] = lambda share: None
) -> EmbeddingIndex:
    """The training images of a checkpoint by its features, kept; raises DataError where they can't
    be had.

    The first time it takes some 0.1 ms an image and network; `progress` is told the share that is
    done.
    """
    key = str(path), resources.fingerprint(path)
    with _looking:
        if key not in _albums:
            images = resources.training_images(_data(path))[0].images
            made = EmbeddingIndex(explainer(path), images, progress)
            while len(_albums) >= 2:
                _albums.pop(next(iter(_albums)))
            _albums[key] = made
        return _albums[key]


def nearest(
    path: Path, glyph: np.ndarray, read: str
) -> tuple[list[pictures.Figure], list[pictures.Figure]]:
    """The training images most alike to a glyph (28, 28), and those that are not of the class it is
    read as."""
    return _nearest(str(path), resources.fingerprint(path), glyph, read)


def _data(path: Path) -> str:
    return checkpoint.read_card(path)["data"].get("name", "")


_albums: dict[tuple[str, resources.Fingerprint], EmbeddingIndex] = {}
_looking = threading.Lock()  # two visitors at once look through the images once


@cache.shared(4, "Opening the network")
def _explainer(path: str, stamp: resources.Fingerprint) -> Explainer:
    return resources.explainer(Path(path)).compile()


@st.cache_data(max_entries=64, show_spinner="Finding where it looked")
def _lost(
    path: str, stamp: resources.Fingerprint, glyph: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What occlusion costs each class, and the probabilities of the black image and of the
    glyph."""
    network = explainer(Path(path))
    both = np.stack([np.zeros_like(glyph), glyph])
    return network.occlusion(glyph), resources.recognizer(Path(path)).classify(both)


@st.cache_data(max_entries=64, show_spinner="Finding where it looked")
def _where(
    path: str, stamp: resources.Fingerprint, glyph: np.ndarray, index: int
) -> list[pictures.Figure]:
    network = explainer(Path(path))
    name = network.classes[index]
    shares = network.integrated_gradients(glyph, index)
    lost, probabilities = _lost(path, stamp, glyph)
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
            pictures.source(attributions.signed(glyph, lost)),
            f"Occlusion: what {name} loses where the {PATCH} × {PATCH} pixels around are wiped "
            f"out. {wiped}{won}",
            f"The digit, each pixel marked by how much less (blue, plus) or more (orange, minus) "
            f"probable {name} gets "
            "when the pixels around it are wiped out.",
        ),
    ]


def _signed(number: float) -> str:
    return f"{number:+.1f}".replace("-", "−").replace("−0.0", "0.0").replace("+0.0", "0.0")


@st.cache_data(max_entries=32, show_spinner="Looking through the layers")
def _layers(path: str, stamp: resources.Fingerprint, glyph: np.ndarray) -> list[Sheet]:
    network = explainer(Path(path))
    sheets, before = [], None
    for layer in network.layers(glyph):
        shape = " × ".join(f"{side:,}" for side in layer.output.shape)
        numbers = f"{before} → {shape}" if before else shape
        if layer.parameters:
            numbers += f" · {layer.parameters:,} parameters"
        title = f"{layer.kind} ({layer.name})" if layer.name.startswith("conv") else layer.kind
        words, figure = layer.description, None
        if layer.name == "head":
            scores = zip(network.classes, layer.output, strict=True)
            words += (
                " Here: "
                f"{', '.join(f'**{plain(name)}** {_signed(score)}' for name, score in scores)}."
            )
        elif layer.name != "image":
            picture, columns = attributions.tiles(layer.output)
            count, what = layer.output.shape[-1], "maps" if layer.output.ndim == 3 else "units"
            silent = int((layer.output.reshape(-1, count).max(0) <= 0).sum())
            figure = pictures.Figure(
                pictures.source(picture),
                f"{count} {what}, {silent or 'none'} of them silent.",
                f"The {layer.kind.lower()}'s output: {count} {what}, {columns} in a row.",
            )
        sheets.append(Sheet(title, numbers, words, figure))
        before = shape
    return sheets


@st.cache_data(max_entries=32, show_spinner="Leaving out one part after the other")
def _without(
    path: str, stamp: resources.Fingerprint, glyph: np.ndarray, drawn: tuple
) -> list[Ablated]:
    recognizer = resources.recognizer(Path(path))

    def read(together: int) -> list[Ablated]:
        found = (
            ablations.of_drawing(drawn, together) if drawn else ablations.of_glyph(glyph, together)
        )
        digits = recognizer.read_glyphs(np.stack([one.glyph for one in found])) if found else []
        return [
            Ablated(
                one.part,
                recognizer.name(digit),
                digit.confidence,
                _missing(one, digit, recognizer),
                together > 1,
            )
            for one, digit in zip(found, digits, strict=True)
        ]

    (whole,) = recognizer.read_glyphs(glyph[None])
    single = read(1)
    if len(single) > PAIRED or any(one.read != recognizer.name(whole) for one in single):
        return single
    pairs = [one for one in read(2) if one.read != recognizer.name(whole)]
    return single + sorted(pairs, key=lambda one: (one.read != "?", one.confidence))[-1:]


def _missing(one: ablations.Ablation, digit: Digit, recognizer: Recognizer) -> pictures.Figure:
    name = recognizer.name(digit)
    return pictures.Figure(
        pictures.source(one.picture),
        f"Without {one.part}: {name}, {'nothing over ' * (name == '?')}{percent(digit.confidence)}",
        f"The digit without {one.part}, striped; read as {with_article(name)}.",
    )


@st.cache_data(max_entries=32, show_spinner="Searching the training images")
def _nearest(
    path: str, stamp: resources.Fingerprint, glyph: np.ndarray, read: str
) -> tuple[list[pictures.Figure], list[pictures.Figure]]:
    split, classes = resources.training_images(_data(Path(path)))
    alike = embedding_index(Path(path)).similarities(glyph)
    order = np.argsort(-alike)

    def sheet(numbers: np.ndarray) -> list[pictures.Figure]:
        names = [classes[split.labels[number]] for number in numbers]
        captions = [
            f"{name} · {alike[number]:.3f}" for number, name in zip(numbers, names, strict=True)
        ]
        words = [
            f"Training image {number}, {with_article(name)}, alike by {alike[number]:.3f}."
            for number, name in zip(numbers, names, strict=True)
        ]
        return pictures.contact_sheet(split.images[numbers], captions, words)

    same = classes.index(read) if read in classes else -1
    return sheet(order[:NEAREST]), sheet(order[split.labels[order] != same][:NEAREST])
