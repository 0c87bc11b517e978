"""What is slow to get and shared by all visitors, so kept: networks, evaluations, test images.

Whatever is kept is the same object for everyone: never change it.
"""

import functools
import gc
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from app_pages.server import cache, images
from app_pages.server.images import Images
from app_pages.words import plain
from model import Recognizer, checkpoint, shipped
from model.card import Card
from model.checkpoint import CheckpointError
from model.classifier import Classifier
from model.explainer import Explainer
from train import data

CHOICE = "checkpoint"  # session state: the name of the chosen checkpoint
DEFAULT = "default"


class Network(NamedTuple):
    """A checkpoint as it is now: what is kept of it is made anew once one of its files changes.

    Attributes:
        path: its folder.
        fingerprint: name, size in bytes and time in ns of each of its files.
    """

    path: Path
    fingerprint: tuple[tuple[str, int, int], ...]

    @classmethod
    def at(cls, path: Path) -> "Network":
        """That of a folder, which may be none."""
        files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else []
        stats = [(file.name, file.stat()) for file in files]
        return cls(path, tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats))

    @property
    def name(self) -> str:
        """As the sidebar shows it."""
        return self.path.name


def directory() -> Path:
    """The folder whose folders are the checkpoints: DIGITS_CHECKPOINTS, or `checkpoints/` of the
    project."""
    here = Path(__file__).parents[2] / "checkpoints"
    return Path(os.environ.get("DIGITS_CHECKPOINTS") or here)


def names() -> list[str]:
    """The checkpoints there are, the default first; not the page network and the pen network, which
    all of them share."""
    root = directory()
    paths = root.iterdir() if root.is_dir() else []
    folders = [path.name for path in paths if path.is_dir() and path.name not in shipped.HELPERS]
    return sorted(
        (name for name in folders if not name.startswith(".")),
        key=lambda name: (name != DEFAULT, name),
    )


def chosen_network() -> Network:
    """The network that the sidebar shows."""
    return Network.at(directory() / st.session_state.get(CHOICE, DEFAULT))


def faults() -> dict[str, str | None]:
    """Each checkpoint's name → what is wrong with it, one sentence, or None."""
    return {name: _fault(Network.at(directory() / name)) for name in names()}


@cache.shared(16, "Waking up the network")
def recognizer(network: Network) -> Recognizer:
    """The network, ready for its first image; shared, so never to be changed."""
    return Recognizer(classifier(network))


def card(network: Network) -> Card:
    """What a network is and how it came to be; raises CheckpointError."""
    return checkpoint.read_card(network.path)


def describe(network: Network) -> str:
    """A network in one sentence, as far as its card tells."""
    return card(network).in_words()


@st.cache_data(max_entries=4, show_spinner=False)
def evaluation(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Test labels (n,) int and probabilities (n, classes) float32, by the images' numbers; raises
    CheckpointError where there are none."""
    answers = checkpoint.read_evaluation(network.path)
    return images.by_number(card(network).dataset, *answers)


@cache.shared(4, "Opening the network")
def explainer(network: Network) -> Explainer:
    """What looks into the network; shared, so never to be changed."""
    return Explainer(*checkpoint.load(network.path))


@cache.shared(16, "Loading the network")
def classifier(network: Network) -> Classifier:
    """What reads glyphs; raises CheckpointError."""
    return Classifier.load(network.path)


def has_images(name: str) -> bool:
    """Whether all images of a dataset are here, at least as TFDS has prepared them."""
    return data.is_here(name)


def has_some_images(name: str) -> bool:
    """Whether `test_images_here` has any."""
    return has_images(name) or len(images.shipped(name).numbers) > 0


def test_images_here(name: str) -> Images:
    """The test images of a dataset that need no fetching: all of them, or those that ship; raises
    DataError."""
    return images.whole(*test_images(name)) if has_images(name) else images.shipped(name)


def ensure_images(
    name: str, words: str = "The images themselves don't come with the network."
) -> bool:
    """Whether all images of a dataset are here; where they are not, says so in these words and
    shows a button that fetches them."""
    if has_images(name):
        return True
    st.markdown(words)
    if st.button("Fetch the images", icon=":material/download:"):
        with st.empty():
            bar = st.progress(0.0, "Starting")
            try:
                data.load(
                    name, progress=lambda share, what: bar.progress(min(share, 1.0), plain(what))
                )
            except data.DataError as error:
                st.error(plain(str(error)))
            else:
                st.rerun()
    return False


@cache.shared(2, "Loading the test images")
def test_images(name: str) -> tuple[data.Split, tuple[str, ...]]:
    """The test images of a dataset and its classes; raises DataError. See first that it
    `has_images`."""
    dataset = data.load(name)
    return dataset.test, dataset.classes


@cache.shared(1, "Loading the training images")
def training_images(name: str) -> tuple[data.Split, tuple[str, ...]]:
    """The training images of a dataset and its classes; as `test_images`."""
    dataset = data.load(name)
    return dataset.train, dataset.classes


@functools.cache
def exclude_from_collection(page: str) -> None:
    """What is there once a page was shown for the first time is no garbage, and is not looked
    through for it again.

    Streamlit collects garbage after each run of a page. With all that JAX and the charts are made
    of, that takes 130 ms of a core, seven times what a stroke takes otherwise.
    """
    gc.collect()
    gc.freeze()


@st.cache_data(max_entries=64, show_spinner=False)
def _fault(network: Network) -> str | None:
    try:
        classifier(network)
    except CheckpointError as error:
        return str(error).replace(f"{directory()}{os.sep}", "")
    return None
