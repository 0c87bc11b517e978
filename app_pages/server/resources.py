"""What is slow to get and shared by all visitors, so kept: networks, evaluations, test images.

Whatever is kept is the same object for everyone: never change it.
"""

import functools
import gc
import os
from pathlib import Path

import numpy as np
import streamlit as st

from app_pages.server import cache
from app_pages.words import plain
from model import Recognizer, checkpoint
from model.checkpoint import CheckpointError
from model.explainer import Explainer
from model.network import DigitCNN
from train import data

CHOICE = "checkpoint"  # session state: the name of the chosen checkpoint
DEFAULT = "default"

# name, size and time of each file: a changed checkpoint is read anew
Fingerprint = tuple[tuple[str, int, int], ...]


def directory() -> Path:
    """The folder whose folders are the checkpoints: DIGITS_CHECKPOINTS, or `checkpoints/` of the
    project."""
    here = Path(__file__).parents[2] / "checkpoints"
    return Path(os.environ.get("DIGITS_CHECKPOINTS") or here)


def names() -> list[str]:
    """The checkpoints there are, the default first; not the page network, which all of them
    share."""
    root = directory()
    paths = root.iterdir() if root.is_dir() else []
    found = [
        path.name for path in paths if path.is_dir() and path.resolve() != checkpoint.PAGE.resolve()
    ]
    return sorted(
        (name for name in found if not name.startswith(".")),
        key=lambda name: (name != DEFAULT, name),
    )


def chosen_checkpoint() -> Path:
    """The checkpoint that the sidebar shows."""
    return directory() / st.session_state.get(CHOICE, DEFAULT)


def faults() -> dict[str, str | None]:
    """Each checkpoint's name → what is wrong with it, one sentence, or None."""
    return {
        name: _fault(str(directory() / name), fingerprint(directory() / name)) for name in names()
    }


def recognizer(path: Path) -> Recognizer:
    """The network of a checkpoint, ready for its first image; shared, so never to be changed."""
    return _recognizer(str(path), fingerprint(path))


def describe(path: Path) -> str:
    """A checkpoint in one sentence, as far as its card tells."""
    card = checkpoint.read_card(path)
    words = [f"Trained on {card['data'].get('name', 'unknown data')}"]
    if "accuracy" in card["test"]:
        words.append(f"reads {card['test']['accuracy']:.2%} of its test images right")
    if "parameters" in card:
        words.append(f"has {card['parameters']:,} parameters")
    return ", ".join(words) + "."


def evaluation(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Test labels (n,) int and probabilities (n, classes) float32; raises CheckpointError where
    there are none."""
    return _evaluation(str(path), fingerprint(path))


def explainer(path: Path) -> Explainer:
    """What looks into the network of a checkpoint; shared, so never to be changed."""
    return _explainer(str(path), fingerprint(path))


def has_images(name: str) -> bool:
    """Whether the images of a dataset are here."""
    return data.is_cached(name) or data.is_folder(name)


def ensure_images(name: str) -> bool:
    """Whether the images of a dataset are here; where they are not, shows a button that fetches
    them."""
    if has_images(name):
        return True
    st.markdown("The images themselves don't come with the network.")
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
    """The test images of a dataset and its classes; raises DataError. See first that they are
    `at_hand`."""
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


def fingerprint(path: Path) -> Fingerprint:
    """What tells one state of a checkpoint from another."""
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else []
    return tuple((file.name, (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files)


@cache.shared(16, "Waking up the network")
def _recognizer(path: str, stamp: Fingerprint) -> Recognizer:
    return Recognizer(*_network(path, stamp))


@cache.shared(4, "Opening the network")
def _explainer(path: str, stamp: Fingerprint) -> Explainer:
    return Explainer(*_network(path, stamp))


@cache.shared(16, "Loading the network")
def _network(path: str, stamp: Fingerprint) -> tuple[DigitCNN, dict]:
    return checkpoint.load(path)


@st.cache_data(max_entries=64, show_spinner=False)
def _fault(path: str, stamp: Fingerprint) -> str | None:
    try:
        _network(path, stamp)
    except CheckpointError as error:
        return str(error).replace(f"{directory()}{os.sep}", "")
    return None


@st.cache_data(max_entries=4, show_spinner=False)
def _evaluation(path: str, stamp: Fingerprint) -> tuple[np.ndarray, np.ndarray]:
    return checkpoint.read_evaluation(path)
