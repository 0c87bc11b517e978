"""What several tests share: the data, the shipped recognizer, and digits drawn by program."""

import os
import tempfile

# What one process of the tests has compiled, the others need not. To be set before JAX is imported.
COMPILED = tempfile.TemporaryDirectory()
os.environ["JAX_COMPILATION_CACHE_DIR"] = COMPILED.name
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.2"

import numpy as np
import pytest
from PIL import Image, ImageDraw

from model import Recognizer
from train import data


def missing(what: str) -> None:
    """Skips for want of something; in CI, where all is there, fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def mnist() -> data.Dataset:
    """MNIST by TFDS, downloaded where need be; skips where it can't be had."""
    try:
        return data.load("mnist")
    except data.DataError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """The one that ships."""
    return Recognizer.load()


@pytest.fixture(scope="session")
def seven() -> np.ndarray:
    """(200, 160) uint8: a 7 in black ink on white paper."""
    page = Image.new("L", (160, 200), 255)
    ImageDraw.Draw(page).line([(40, 50), (115, 50), (70, 155)], fill=0, width=12, joint="curve")
    return np.asarray(page)
