"""A checkpoint's answers to its test images, and the images themselves with what it read, to look
at and to send on."""

from functools import cached_property
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from app_pages import subject
from app_pages.figures import bars, pictures
from app_pages.server import resources
from app_pages.server.images import Images
from app_pages.server.resources import Network
from app_pages.words import plain
from model.classifier import certainty
from train import data, metrics

PAGE = 24  # test images shown at a time


class Predictions:
    """What a checkpoint made of its test images.

    Attributes:
        network: whose they are.
        card: its card.
        classes: names of its classes.
        labels: (n,) int.
        probabilities: (n, classes) float32, calibrated.
        confidence: (n,) float32, the probability of the likeliest class.
        certainty: (n,) float32, by which the reader answers or abstains.
    """

    def __init__(self, network: Network):
        """Raises CheckpointError where the checkpoint has no evaluation."""
        self.network = network
        self.card = resources.card(network)
        self.classes: tuple[str, ...] = self.card.classes
        self.labels, self.probabilities = resources.evaluation(network)
        self.confidence = self.probabilities.max(1)
        self.certainty = certainty(self.probabilities)

    @cached_property
    def ranked(self) -> np.ndarray:
        """(n, classes) int: of each image the class that it is read as, the runner-up, and so
        on."""
        return metrics.rank_classes(self.probabilities)

    @property
    def predicted(self) -> np.ndarray:
        """(n,) int."""
        return self.ranked[:, 0]

    @property
    def right(self) -> np.ndarray:
        """(n,) bool: whether each is read as what it is."""
        return self.predicted == self.labels

    @cached_property
    def matrix(self) -> np.ndarray:
        """(classes, classes) int: a row a true class, a column a predicted one."""
        return metrics.confusion_matrix(self.labels, self.predicted, len(self.classes))

    @property
    def dataset(self) -> str:
        return self.card.dataset


def test_images(tested: Predictions) -> Images | None:
    """The test images that are here without being fetched, which may be none; None where they
    aren't those of this network, and the page says so."""
    name, n = tested.dataset, len(tested.labels)
    try:
        images = resources.test_images_here(name)
    except data.DataError as error:
        st.error(plain(str(error)))
        return None
    if images.complete and images.total != n:
        st.error(
            f"{plain(name)} has {images.total:,} test images here, but this network was tested on "
            f"{n:,}."
        )
        return None
    if not images.fit(tested.labels):
        st.error(
            f"The test images of {plain(name)} here have other labels than those that this network "
            f"was tested on, or come in another order, as in earlier versions; train it again to "
            f"see them with its answers."
        )
        return None
    return images


def offer_missing(tested: Predictions, images: Images | None, numbers: np.ndarray) -> bool:
    """Says how many of a view's test images, (m,) int, come with the network, unless all are here,
    and offers to fetch the others; returns whether it offers that, by a button: once a view."""
    if images is None or images.complete:
        return False
    there, m = int(images.has(numbers).sum()), len(numbers)
    if there == m:
        if m:
            st.caption("All images shown here come with the network.")
        return False
    if there:
        words = (
            f"{there:,} of these {m:,} images come with the network and are shown; the others "
            f"don't."
        )
        return not resources.ensure_images(tested.dataset, words)
    return not resources.ensure_images(tested.dataset)


def all_images(tested: Predictions) -> np.ndarray | None:
    """(n, 28, 28) uint8 test images; None where they can't be had, and the page says why or offers
    to fetch them."""
    images = test_images(tested)
    if images is None or offer_missing(tested, images, np.arange(len(tested.labels))):
        return None
    return images.pixels


def gallery(
    tested: Predictions,
    numbers: np.ndarray,
    images: Images | None,
    key: str,
    marks: dict[int, str] | None = None,
) -> None:
    """Test images, a page at a time, with what is read, how surely, and the runner-up; each can be
    sent to other pages.

    Args:
        tested: the checkpoint whose readings stand below the images.
        numbers: (m,) int, which test images, in order.
        images: those that are here; of the others nothing is shown.
        key: tells this gallery from others of the page.
        marks: words to add below some of the images, by number.
    """
    if images is None or not len(numbers := numbers[images.has(numbers)]):
        return
    pages = -(-len(numbers) // PAGE)
    place = st.container()
    page = st.pagination(pages, key=f"page {key}") if pages > 1 else 1
    shown = numbers[(page - 1) * PAGE : page * PAGE]
    figures = [
        figure(tested, int(number), image, (marks or {}).get(int(number)))
        for number, image in zip(shown, images.of(shown), strict=True)
    ]
    with place:
        pictures.show(figures, width=84, abreast=4)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Send on a test image",
            [int(number) for number in shown],
            format_func=lambda number: f"{number}: {describe(tested, number)}",
            key=f"image {key} {page}",
            width=280,
        )
        offer(tested, number, images.of(np.array(number)))


def offer(tested: Predictions, number: int, image: np.ndarray) -> None:
    """Buttons that send a test image (28, 28) uint8 to the pages that take one."""
    truth = tested.classes[tested.labels[number]]
    subject.offer(
        subject.of_test_image(image, number, tested.dataset, truth), tuple(subject.PLACES)
    )


def describe(tested: Predictions, number: int) -> str:
    """What a test image is and what it is read as, in words."""
    true, read = (
        tested.classes[index] for index in (tested.labels[number], tested.predicted[number])
    )
    return f"{true}, read as {read}"


def link_to(page: str, tested: Predictions, number: int) -> str:
    """The address of a page with a test image, from another page's."""
    query = {subject.IMAGE: number}
    if tested.network.name != resources.DEFAULT:
        query[resources.CHOICE] = tested.network.name
    return f"{page}?{urlencode(query)}"


def figure(
    tested: Predictions, number: int, image: np.ndarray, mark: str | None = None
) -> pictures.Figure:
    """A test image (28, 28) uint8 with what is read, how surely, and the runner-up; a click on it
    looks inside."""
    first, second = (tested.classes[index] for index in tested.ranked[number, :2])
    sure, less = (bars.percent(share) for share in np.sort(tested.probabilities[number])[:-3:-1])
    return pictures.Figure(
        pictures.source(image),
        f"{first} · {sure}\nthen {second} · {less}" + (f"\n{mark}" if mark else ""),
        f"Test image {number}: {describe(tested, number)}, {sure} sure; runner-up {second}, {less}."
        + (f" {mark}." if mark else ""),
        crisp=True,
        link=link_to("network", tested, number),
    )
