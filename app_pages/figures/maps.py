"""The map of the test images as a network sees them: what it describes alike lies together."""

import contextlib
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from app_pages.figures import pictures
from app_pages.figures.tsne import tsne
from app_pages.server import cache, resources
from app_pages.server.images import Images
from app_pages.server.resources import Network
from model.checkpoint import CheckpointError
from train import data

POINTS = 1000  # test images on a map; more take longer and hide each other
NEIGHBOURS = 5  # on the map, between which a new digit is placed
ZOOM = 3  # of the pictures that show up under the pointer
SELECTION = "digit"  # name of the chart's selection
# Readable on white and on black, and no two alike to colour-blind eyes that lie side by side in the
# list. They recur where there are more classes: the classes' names are written on the map, so
# colour says nothing alone.
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#c4659a",
    "#7a6fd0",
    "#a8780a",
    "#4a97c9",
    "#b3544a",
    "#6e8b1f",
    "#6e7781",
)


class Map(NamedTuple):
    """Test images of a checkpoint with a place each; whatever is near another is alike to the
    network."""

    places: np.ndarray  # (n, 2) float32
    embeddings: np.ndarray  # (n, f) float32, the network's own description of each
    numbers: np.ndarray  # (n,) int, ascending: which test images they are
    labels: np.ndarray  # (n,) int
    predicted: np.ndarray  # (n,) int
    pictures: tuple[str, ...]  # n data: addresses


def place(map: Map, embedding: np.ndarray) -> np.ndarray:
    """(f,) embedding of a new glyph → (2,) its place: the mean of its nearest neighbours', weighted
    by 1 / distance.

    The distances are those of the embeddings, so this says where it belongs, not where t-SNE would
    put it.
    """
    distances = np.linalg.norm(map.embeddings - embedding, axis=1)
    nearest = np.argsort(distances)[:NEIGHBOURS]
    weights = 1 / np.maximum(distances[nearest], 1e-6)
    return weights @ map.places[nearest] / weights.sum()


def chart(
    map: Map, classes: tuple[str, ...], here: np.ndarray | None = None, ink: str = "black"
) -> alt.LayerChart:
    """A map as a chart: each image as the name of its class, a ring around the mistakes, pictures
    under the pointer.

    Args:
        map: the map, with n images.
        classes: names of the classes. Long ones are written once each, over their images, which
            then are dots.
        here: (2,) a place to mark with a cross and the words "this digit".
        ink: the colour of words and rings on the page's own background.
    """
    names = np.array(classes)
    brief = all(len(name) <= 2 for name in classes)
    rows = pd.DataFrame(
        {
            "x": map.places[:, 0],
            "y": map.places[:, 1],
            "class": names[map.labels],
            "mark": names[map.labels] if brief else "●",
            "read": names[map.predicted],
            "number": map.numbers,
            "mistake": map.labels != map.predicted,
            "image": map.pictures,
        }
    )
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(classes))]
    base = _scatter(rows).encode(
        tooltip=[
            alt.Tooltip("image:N", title="image"),  # the name by which Vega shows a picture
            alt.Tooltip("class:N", title="True"),
            alt.Tooltip("read:N", title="Read as"),
            alt.Tooltip("number:Q", title="Test image"),
        ]
    )
    marks = (
        base.mark_text(fontSize=12 if brief else 8, cursor="pointer")
        .encode(
            text="mark:N",
            color=alt.Color("class:N", legend=None, scale=alt.Scale(domain=names, range=colours)),
        )
        .add_params(
            alt.selection_point(name=SELECTION, fields=["number"], toggle=False, clear=False)
        )
    )
    rings = base.mark_point(shape="circle", size=220, color=ink, strokeWidth=1.5, filled=False)
    layers = [marks, rings.transform_filter("datum.mistake")]
    if not brief:
        middles = rows.groupby("class", as_index=False)[["x", "y"]].median()
        layers.append(
            _scatter(middles)
            .mark_text(fontSize=13, fontWeight="bold", color=ink)
            .encode(text="class:N")
        )
    if here is not None:
        spot = _scatter(pd.DataFrame({"x": here[:1], "y": here[1:]}))
        layers.append(spot.mark_point(shape="cross", angle=45, size=320, filled=True, color=ink))
        layers.append(
            spot.mark_text(text="this digit", fontSize=14, fontWeight="bold", color=ink, dy=-20)
        )
    return alt.layer(*layers).properties(height=520)


def _scatter(rows: pd.DataFrame) -> alt.Chart:
    """A chart of rows with columns x and y; the axes mean nothing, so there are none."""
    scale = alt.Scale(zero=False, nice=False, padding=16)
    return alt.Chart(rows).encode(
        x=alt.X("x:Q", axis=None, scale=scale), y=alt.Y("y:Q", axis=None, scale=scale)
    )


@cache.shared(4, "Drawing the map of the test images")
def draw_map(network: Network) -> Map:
    """The map of a network's test images that `choose` chooses, kept; shared, so never to be
    changed.

    Raises:
        DataError: the test images can't be had, or aren't those of this network. See first that
            they are here, by `is_drawable`.
    """
    name = resources.card(network).dataset
    images = resources.test_images_here(name)
    classifier = resources.classifier(network)
    if not len(images.labels) or images.labels.max() >= len(classifier.classes):
        raise data.DataError(
            f"The test images of {name} aren't those that this network was tested on."
        )
    numbers = choose(network, images)
    glyphs, labels = images.of(numbers), images.labels[np.searchsorted(images.numbers, numbers)]
    predicted = _tested(network, images)
    if predicted is None:
        answers = classifier.probabilities(glyphs).argmax(1)
    else:
        answers = predicted[numbers]
    embeddings = resources.explainer(network).embeddings(glyphs)
    thumbnails = tuple(pictures.source(glyph.repeat(ZOOM, 0).repeat(ZOOM, 1)) for glyph in glyphs)
    return Map(tsne(embeddings), embeddings, numbers, labels, answers, thumbnails)


def is_drawable(network: Network) -> bool:
    """Whether the map's test images are here without being fetched; raises DataError."""
    images = resources.test_images_here(resources.card(network).dataset)
    return bool(images.total and images.has(choose(network, images)).all())


def choose(network: Network, images: Images) -> np.ndarray:
    """(m,) int, ascending: the numbers of the test images on a network's map, the same whether all
    test images are here or not, as far as it has an evaluation.

    Args:
        network: whose map it is.
        images: those that are here.
    """
    predicted = _tested(network, images)
    if predicted is None:
        return sample(np.zeros(images.total, bool))
    return sample(predicted != resources.evaluation(network)[0])


def sample(wrong: np.ndarray) -> np.ndarray:
    """(n,) bool, the mistakes → (m,) int, ascending: the mistakes, up to a half of `POINTS`, and a
    fixed random sample of the rest."""
    numbers = np.random.default_rng(0).permutation(len(wrong))
    mistaken = wrong[numbers]
    numbers = np.concatenate([numbers[mistaken][: POINTS // 2], numbers[~mistaken]])
    return np.sort(numbers[:POINTS])


def _tested(network: Network, images: Images) -> np.ndarray | None:
    """(n,) int: what a network's evaluation reads each test image as; None where it has none, or
    one of other images."""
    with contextlib.suppress(CheckpointError):
        labels, probabilities = resources.evaluation(network)
        if images.fit(labels) and (not images.complete or images.total == len(labels)):
            return probabilities.argmax(1)
    return None
