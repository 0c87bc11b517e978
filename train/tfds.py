"""Datasets of TensorFlow Datasets as uint8 arrays: prepared and verified by it, without
TensorFlow.

TFDS reads without TensorFlow, but three of its builders (`mnist`, `fashion_mnist`, `kmnist`) unpack
their archives and encode their images through it. `_IdxReader` does these two steps with Python's
gzip and Pillow instead; all else, the addresses and checksums, the features, the records and the
metadata, is TFDS's, and so is the prepared dataset. What is on the disk already is read as it is,
TensorFlow's own TFRecords too (`read_records`).

The decoded arrays are kept beside the prepared dataset, in `CACHE`, since decoding 70,000 PNG takes
10 s.

TFDS shuffles. The test images of MNIST and its like are put back in the order of their archive, by
which everyone else numbers them; the training images stay in TFDS's, since the validation split is
the last of them, and the networks that ship were trained so.
"""

import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import filelock
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.disk import atomic_write
from model.glyph import GLYPH_SIZE
from train.dataset import DataError, Dataset, Progress, Split

if TYPE_CHECKING:  # it is slow to import, and a cached dataset does without it
    from tensorflow_datasets.core import DatasetBuilder
    from tensorflow_datasets.core.download import DownloadManager

WITHOUT_TENSORFLOW = ("mnist", "fashion_mnist", "kmnist")
IN_ARCHIVE_ORDER = (*WITHOUT_TENSORFLOW, "emnist")  # whose examples TFDS keys by their place there
# Beside a prepared dataset: what was decoded of it. The number is that of the format: earlier
# versions had the test images in another order in arrays.npz, and still may.
CACHE = "arrays_2.npz"
PREPARED = ("dataset_info.json", "features.json")  # TFDS's own, in the folder of a prepared dataset
ARRAYS = ("classes", "train_images", "train_labels", "test_images", "test_labels")
SKIPPED = "skipped"  # what was left out, a sentence each; older caches have none
# what NumPy raises of a file that holds no arrays
NO_ARRAYS = OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile
# TFDS's names of the format that it reads without TensorFlow, and of TensorFlow's
ARRAY_RECORD, TFRECORD = "array_record", "tfrecord"
DOWNLOAD_RETRIES = 2  # TFDS tries eleven times, which without a network takes minutes
LOCK = "digits-prepares.lock"  # in the folder for temporary files
REPORT = 1000  # images between two reports of progress: seven a second
BATCH = 64  # examples decoded at once; they may be photographs, and all lie in memory


def data_dir() -> Path:
    """Where TFDS keeps its data: `TFDS_DATA_DIR`, or its default in the home directory."""
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def load(name: str, progress: Progress, validation: int) -> Dataset:
    """The dataset of that name, downloaded and prepared first where it isn't yet.

    Args:
        name: such as `mnist` or `emnist/digits`, of an image classification dataset.
        progress: called while the dataset is prepared and decoded.
        validation: how many of the last training images make up the validation split, but at most
            a sixth of them.

    Raises:
        DataError: no such dataset, no network, a broken archive, or a builder that needs
            TensorFlow.
    """
    if not _is_plain(name) or Path(name).is_file():
        raise DataError(_unknown(name))
    arrays = _read_cache(name)
    if arrays is None:
        arrays = prepare(name, progress)
    train = Split(arrays["train_images"], arrays["train_labels"])
    validation = min(validation, len(train.labels) // 6)
    if validation <= 0:
        raise DataError(
            f"{name} has {len(train.labels)} training images: too few to put some aside for "
            f"validation."
        )
    return Dataset(
        name,
        tuple(arrays["classes"].tolist()),
        Split(train.images[:-validation], train.labels[:-validation]),
        Split(train.images[-validation:], train.labels[-validation:]),
        Split(arrays["test_images"], arrays["test_labels"]),
        tuple(arrays[SKIPPED].tolist()) if SKIPPED in arrays else (),
    )


def is_cached(name: str) -> bool:
    """Whether `load` would come without preparing or decoding anything."""
    return bool(_cache_paths(name))


def is_prepared(name: str) -> bool:
    """Whether `load` would come without fetching anything: TFDS has prepared the dataset here."""
    return is_cached(name) or bool(_prepared_folders(name))


def idx_order(split: str, n: int) -> NDArray[np.intp]:
    """(n,): where in TFDS's order each example of an archive lies, in the archive's order.

    Example i has the key i, and TFDS sorts examples by the MD5 of their split's name and their key
    (tensorflow_datasets/core/hashing.py, which is never to change, and shuffle.py).
    """
    keys = [hashlib.md5(f"{split}{index}".encode()).digest() for index in range(n)]
    return np.argsort(sorted(range(n), key=keys.__getitem__))


def _cache_paths(name: str) -> list[Path]:
    """Decoded arrays of a dataset: in name/version, or in name/config/version where the name alone
    means that one."""
    if not _is_plain(name):
        return []
    folder = _folder(name)
    # What it was asked for by tells as much as TFDS, and needs not be imported.
    asked = (path for path in folder.glob(f"*/[0-9]*/{CACHE}") if _requested_name(path) == name)
    return _caches(folder) or sorted(asked) or _caches(_folder(_in_full(name)))


def _caches(folder: Path) -> list[Path]:
    return sorted([*folder.glob(CACHE), *folder.glob(f"[0-9]*/{CACHE}")])


def _prepared_folders(name: str) -> list[Path]:
    """Where TFDS has prepared a dataset: in name/version, or in name itself if that has one."""
    if not _is_plain(name):
        return []
    folder = _folder(_in_full(name))
    return [
        path
        for path in (*sorted(folder.glob("[0-9]*")), folder)
        if all((path / file).is_file() for file in PREPARED)
    ]


def _folder(name: str) -> Path:
    return data_dir() / name.replace(":", "/")


def _in_full(name: str) -> str:
    """A name without a configuration with the one that TFDS means by it, where any of its
    configurations is here: `emnist` is `emnist/byclass`."""
    plain, colon, version = name.partition(":")
    folder = data_dir() / plain
    if "/" in plain or any(folder.glob("[0-9]*")) or not any(folder.glob("*/[0-9]*")):
        return name
    config = _default_config(plain)
    return f"{plain}/{config}{colon}{version}" if config else name


@functools.cache
def _default_config(name: str) -> str:
    """The configuration that TFDS means by the name of a dataset alone; "" where there is none."""
    import tensorflow_datasets as tfds

    try:
        config = tfds.builder_cls(name).default_builder_config
    except Exception:  # it knows no such dataset, or can't import it: `load` says so
        return ""
    return str(config.name) if config else ""


def _requested_name(path: Path) -> str | None:
    """The name by which a dataset was asked for when it was decoded."""
    with (
        contextlib.suppress(*NO_ARRAYS),
        open(path, "rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        return str(arrays["asked"])
    return None


def _is_plain(name: str) -> bool:
    return (
        bool(name)
        and name.replace("/", "").replace(":", "").replace(".", "").replace("_", "").isalnum()
    )


def _read_cache(name: str) -> dict[str, NDArray[Any]] | None:
    """The decoded arrays, None where there are none or they can't be read: then they are made
    again."""
    for path in reversed(_cache_paths(name)):
        with (
            contextlib.suppress(*NO_ARRAYS),
            open(path, "rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):
            return {key: arrays[key] for key in (*ARRAYS, *({SKIPPED} & set(arrays)))}
    return None


def prepare(name: str, progress: Progress) -> dict[str, NDArray[Any]]:
    """Prepares the dataset by TFDS where it isn't yet, decodes it, and caches the arrays beside
    it."""
    root = data_dir()
    with _one_at_a_time(), _nothing_half_written(root, name):
        if (arrays := _read_cache(name)) is not None:  # another process has made it meanwhile
            return arrays
        try:
            builder = _builder(name, root, progress)
            if not builder.is_prepared() or builder.info.file_format.value == ARRAY_RECORD:
                _require_array_record(name)
            if not builder.is_prepared():
                builder.download_and_prepare(file_format=ARRAY_RECORD)
            arrays = _decode(builder, progress)
        except Exception as error:  # whatever TFDS raises becomes one sentence
            raise DataError(explain(name, error)) from error
        with contextlib.suppress(OSError):  # a cache that can't be written costs time, nothing else
            write_cache(Path(builder.data_dir) / CACHE, arrays | {"asked": np.array(name)})
    return arrays


def _require_array_record(name: str) -> None:
    """Raises DataError where the package that reads and writes TFDS's format isn't installed."""
    try:
        from array_record.python import array_record_module  # noqa: F401
    except ImportError as error:
        raise DataError(
            f"TFDS keeps {name} in a format that takes the package array_record, which isn't "
            f"installed: pip install array_record, or, on Windows, for which there is none, give "
            f"--data a file, such as Keras' mnist.npz, or use WSL."
        ) from error


def write_cache(path: Path, arrays: Mapping[str, Any]) -> None:
    """Writes `ARRAYS`, what was `SKIPPED` and the name that they were `asked` for by, whole or not
    at all."""
    with atomic_write(path) as draft, open(draft, "wb") as file:
        np.savez(file, **arrays)


def _builder(name: str, root: Path, progress: Progress) -> "DatasetBuilder":
    """The TFDS builder: of what is prepared already, or one that prepares it, made to do without
    TensorFlow where it is one of the three."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import downloader

    downloader.MAX_RETRIES = DOWNLOAD_RETRIES
    tfds.disable_progress_bar()  # ours says more, and the dashboard has one of its own
    if folders := _prepared_folders(name):
        return tfds.builder_from_directory(folders[-1])
    cls = tfds.builder_cls(name.partition(":")[0].partition("/")[0])
    if cls.name not in WITHOUT_TENSORFLOW:
        return tfds.builder(name, data_dir=root)
    with tfds.core.registered.skip_registration():
        cls = type(
            cls.__name__,
            (_IdxReader, cls),
            {"__module__": cls.__module__, "progress": staticmethod(progress)},
        )
    return cls(data_dir=root)


class _IdxReader:
    """Goes before a builder of TFDS's MNIST family in a class's bases: archives and images without
    TensorFlow."""

    # the builder's own
    name: str
    URL: str
    url_infos: Mapping[str, Any]
    progress: Progress

    def _split_generators(self, dl_manager: "DownloadManager") -> dict[str, Any]:
        from tensorflow_datasets.core.download import checksums
        from tensorflow_datasets.image_classification import mnist

        files = {
            "train": (mnist._MNIST_TRAIN_DATA_FILENAME, mnist._MNIST_TRAIN_LABELS_FILENAME),
            "test": (mnist._MNIST_TEST_DATA_FILENAME, mnist._MNIST_TEST_LABELS_FILENAME),
        }
        urls = {split: [urljoin(self.URL, file) for file in pair] for split, pair in files.items()}
        paths = dl_manager.download(urls)
        for split, pair in urls.items():
            for url, path in zip(pair, paths[split], strict=True):
                # TFDS verifies what it downloads, but trusts what lies in its cache.
                if checksums.compute_url_info(path).checksum != self.url_infos[url].checksum:
                    raise DataError(
                        f"The archive {Path(path).name} is damaged or altered (its SHA-256 isn't "
                        f"the one that TFDS expects); delete it from {Path(path).parent} and try "
                        f"again."
                    )
        return {split: self._generate_examples(*pair) for split, pair in paths.items()}

    def _generate_examples(
        self, images_path: Path, labels_path: Path
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        from train.idx import read_idx

        images, labels = read_idx(images_path), read_idx(labels_path)
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            if index % REPORT == 0:
                self.progress(
                    index / len(labels) / 2,
                    f"Preparing {self.name}: {index:,} of {len(labels):,} images",
                )
            yield index, {"image": Image.fromarray(image), "label": int(label)}


def _decode(builder: "DatasetBuilder", progress: Progress) -> dict[str, NDArray[Any]]:
    """All images and labels of a prepared builder's train and test splits, as arrays; the test
    images by their numbers in the archive where TFDS's keys tell these. Images in which nothing can
    be read are left out, and named in `SKIPPED`."""
    from model.image import ImageError  # the reader, for the images that are not as MNIST's are

    features, splits = builder.info.features, builder.info.splits
    missing = [feature for feature in ("image", "label") if feature not in features]
    if "train" not in splits:
        missing.append("train")
    if missing:
        raise DataError(
            f"{builder.name} has no '{missing[0]}', which an image classification dataset needs "
            f"here."
        )
    if getattr(features["label"], "names", None) is None:
        raise DataError(
            f"The labels of {builder.name} are no classes, so there is nothing to tell apart."
        )
    arrays, skipped = {"classes": np.array(features["label"].names)}, []
    available = [split for split in ("train", "test") if split in splits]
    total, done = sum(splits[split].num_examples for split in available), 0
    for split in available:
        count = splits[split].num_examples
        images = np.empty((count, GLYPH_SIZE, GLYPH_SIZE), np.uint8)
        labels = np.empty(count, np.int32)
        kept = 0
        for index, example in zip(range(count), _examples(builder, split), strict=True):
            image = example["image"]
            # EMNIST's images lie on their side, mirrored.
            image = image.swapaxes(0, 1) if builder.name == "emnist" else image
            try:
                images[kept], labels[kept] = as_glyph(image), example["label"]
                kept += 1
            except ImageError as error:
                skipped.append(f"{builder.name}, {split} image {index}: {error}")
            if done % REPORT == 0:
                progress(
                    0.5 + done / total / 2, f"Decoding {builder.name}: {done:,} of {total:,} images"
                )
            done += 1
        if split == "test" and builder.name in IN_ARCHIVE_ORDER and kept == count:
            order = idx_order(split, count)
            images, labels = images[order], labels[order]
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = images[:kept], labels[:kept]
    if "test" not in available:  # every sixth image is put aside
        aside = np.arange(len(arrays["train_labels"])) % 6 == 5
        for kind in ("images", "labels"):
            whole = arrays[f"train_{kind}"]
            arrays[f"train_{kind}"], arrays[f"test_{kind}"] = whole[~aside], whole[aside]
    return arrays | {SKIPPED: np.array(skipped, np.str_)}


def _examples(builder: "DatasetBuilder", split: str) -> Iterator[Mapping[str, Any]]:
    """The decoded examples of a split, in TFDS's order."""
    info = builder.info
    if info.file_format.value != TFRECORD:
        source, n = builder.as_data_source(split), info.splits[split].num_examples
        for start in range(0, n, BATCH):  # one by one, they take half as long again
            yield from source.__getitems__(range(start, min(start + BATCH, n)))
        return
    for path in info.splits[split].filepaths:
        for record in read_records(Path(path)):
            yield info.features.deserialize_example_np(record)


def read_records(path: Path) -> Iterator[bytes]:
    """The records of a TFRecord file, which TFDS itself only reads by TensorFlow.

    Each is its length (uint64), a checksum of that (uint32), the record, and a checksum of it
    (uint32), little-endian (tensorflow.org/tutorials/load_data/tfrecord). The checksums aren't
    looked at: a PNG has its own.

    Raises:
        DataError: the file ends within a record.
    """
    with open(path, "rb") as file:
        while head := file.read(12):
            length = int.from_bytes(head[:8], "little")
            rest = os.fstat(file.fileno()).st_size - file.tell()
            if len(head) < 12 or length + 4 > rest:
                raise DataError(
                    f"{path} is damaged: it ends within a record; delete the folder {path.parent} "
                    f"and try again."
                )
            yield file.read(length)
            file.seek(4, os.SEEK_CUR)


def as_glyph(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w, 1 or 3) uint8 → (28, 28) uint8: grey 28×28 as it is, all else as the reader would see
    it.

    Raises:
        ImageError: nothing can be read in it.
    """
    if image.shape == (GLYPH_SIZE, GLYPH_SIZE, 1):
        return image[..., 0]
    from model.recognizer import as_single_glyph

    return as_single_glyph(image[..., 0] if image.shape[-1] == 1 else image)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """While one process of a machine prepares a dataset, others wait; where they can't be told,
    they don't."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # such as that of another user's file
            stack.enter_context(filelock.FileLock(Path(tempfile.gettempdir()) / LOCK))
        yield


@contextlib.contextmanager
def _nothing_half_written(root: Path, name: str) -> Iterator[None]:
    """Where preparing a dataset fails, removes what that left: all but downloads that are whole."""
    new = [folder for folder in (root, *root.parents) if not folder.exists()]
    before = set(root.rglob("*")) if root.exists() else set()
    try:
        yield
    except BaseException:
        left = sorted(set(root.rglob("*")) - before, reverse=True)  # children before their folders
        for path in left:
            if path.is_dir() and (".tmp." in path.name or "incomplete" in path.name):
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_file() and name and (root / name.partition("/")[0]) in path.parents:
                path.unlink()
        for folder in (*left, *new):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def _unknown(name: str) -> str:
    return (
        f"There is no folder '{name}', and TFDS knows no such dataset; "
        f"tensorflow.org/datasets/catalog has the names."
    )


def explain(name: str, error: Exception) -> str:
    """One sentence for whatever went wrong while TFDS prepared a dataset."""
    import requests
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
    from tensorflow_datasets.core.download.util import DownloadError
    from tensorflow_datasets.core.registered import DatasetNotFoundError

    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, DatasetNotFoundError):
        return _unknown(name)
    if isinstance(error, requests.exceptions.RequestException | DownloadError):
        return (
            f"{name} could not be downloaded (is there a network?), and it is not in {data_dir()}; "
            f"copy a TFDS data "
            "directory that has it there, or set TFDS_DATA_DIR to one."
        )
    if isinstance(error, NonMatchingChecksumError):
        return (
            f"The download of {name} is damaged or altered (its SHA-256 isn't the one that TFDS "
            "expects); try again."
        )
    if isinstance(error, ImportError):
        module = error.name or str(error)
        return (
            f"TFDS needs the package '{module}' to prepare {name}; install it: pip install "
            f"{module}."
        )
    if isinstance(error, OSError):
        return f"{name} could not be prepared in {data_dir()}: {error.strerror or error}."
    return f"{name} could not be prepared by TFDS: {_describe(error)}."


def _describe(error: Exception) -> str:
    """What an exception is and the first line of what it says, if anything."""
    return ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]])
