"""Datasets by TFDS; and one sentence, and nothing half-written, where they can't be had."""

import gzip
import json
import shutil
import struct
import sys
import time
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import missing

from model.image import ImageError
from model.recognizer import as_single_glyph
from train import data, tfds
from train.dataset import DataError
from train.idx import read_idx

ORIGINAL_DIR = tfds.data_dir()  # before a test sets another


def test_mnist_is_mnist(mnist):
    assert mnist.classes == tuple("0123456789")
    shapes = [split.images.shape for split in (mnist.train, mnist.validation, mnist.test)]
    assert shapes == [(55_000, 28, 28), (5_000, 28, 28), (10_000, 28, 28)]
    assert mnist.test.images.dtype == np.uint8
    # Counts of each digit in the test set, as published.
    assert np.bincount(mnist.test.labels).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]


def test_validation_is_the_last_of_train(mnist):
    more = data.load("mnist", validation=6_000)
    np.testing.assert_array_equal(more.validation.images[1_000:], mnist.validation.images)
    assert len(data.load("mnist", validation=60_000).validation.labels) == 10_000  # at most a sixth


def test_a_second_start_takes_the_cache_and_a_broken_cache_is_made_again(mnist, monkeypatch):
    assert data.is_cached("mnist")
    monkeypatch.setattr(tfds, "prepare", lambda *_: pytest.fail("prepared again"))
    np.testing.assert_array_equal(data.load("mnist").test.labels, mnist.test.labels)


def test_the_cache_of_one_config_does_not_answer_for_another(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))

    def decoded(place: str, asked: str) -> None:
        (tmp_path / place).mkdir(parents=True)
        some = {"classes": np.array([asked, "b"])}
        for part in ("train", "test"):
            some |= {
                f"{part}_images": np.zeros((12, 28, 28), np.uint8),
                f"{part}_labels": np.zeros(12, np.int32),
            }
        tfds.write_cache(tmp_path / place / tfds.CACHE, some | {"asked": np.array(asked)})

    decoded("emnist/digits/3.1.0", "emnist/digits")
    assert data.is_cached("emnist/digits") and not data.is_cached("emnist")
    decoded("emnist/byclass/3.1.0", "emnist")
    assert (
        data.load("emnist").classes[0] == "emnist"
        and data.load("emnist/digits").classes[0] == "emnist/digits"
    )


def test_test_images_have_the_numbers_of_the_archive(mnist):
    """The first ten are those of everyone's tutorials."""
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    downloads = ORIGINAL_DIR / "downloads"
    if not downloads.is_dir():
        missing("TFDS has kept no downloads")
    images, labels = (
        read_idx(next(downloads.rglob(f"*t10k-{kind}*.gz"))) for kind in ("images", "labels")
    )
    np.testing.assert_array_equal(mnist.test.images, images)
    np.testing.assert_array_equal(mnist.test.labels, labels)


def test_training_images_stay_in_the_order_of_tfds(mnist):
    """The validation split is the last of them; what ships was trained and chosen so."""
    labels = np.concatenate([mnist.train.labels, mnist.validation.labels])
    assert labels[:10].tolist() == [4, 1, 0, 7, 8, 1, 2, 7, 1, 6]
    assert labels[-5:].tolist() == [7, 1, 6, 1, 5]
    downloads = ORIGINAL_DIR / "downloads"
    if not downloads.is_dir():
        missing("TFDS has kept no downloads")
    in_archive = read_idx(next(downloads.rglob("*train-labels*.gz")))
    np.testing.assert_array_equal(labels[tfds.idx_order("train", len(labels))], in_archive)


def test_decoded_arrays_of_earlier_versions_are_not_taken(tmp_path, monkeypatch):
    """Their test images were in another order, in a file of another name."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    folder = tmp_path / "mnist" / "3.0.1"
    folder.mkdir(parents=True)
    for name in ("arrays.npz", *tfds.PREPARED):
        (folder / name).touch()
    assert not data.is_cached("mnist") and data.is_here("mnist")


@pytest.mark.parametrize("kind", [tfds.ARRAY_RECORD, tfds.TFRECORD])
def test_what_tfds_has_prepared_is_decoded_without_fetching(elsewhere, mnist, kind):
    """In its own format, or in TensorFlow's: the same records with other lengths and checksums
    around."""
    from array_record.python.array_record_module import ArrayRecordReader

    there = next((ORIGINAL_DIR / "mnist").glob("*/dataset_info.json")).parent
    folder = tfds.data_dir() / "mnist" / there.name
    folder.mkdir(parents=True)
    shutil.copy(there / "features.json", folder)
    info = json.loads((there / "dataset_info.json").read_text()) | {"fileFormat": kind}
    count = 50
    for split in info["splits"]:
        name = split["name"]
        (records,) = there.glob(f"mnist-{name}.{tfds.ARRAY_RECORD}*")
        if kind == tfds.ARRAY_RECORD:
            shutil.copy(records, folder)
            continue
        first = ArrayRecordReader(str(records)).read(0, count)
        split["shardLengths"] = [str(count)]
        (folder / records.name.replace(tfds.ARRAY_RECORD, kind)).write_bytes(tfrecord(first))
    (folder / "dataset_info.json").write_text(json.dumps(info))
    assert data.is_here("mnist") and not data.is_cached("mnist")
    found = data.load("mnist")
    assert data.is_cached("mnist")
    if kind == tfds.ARRAY_RECORD:
        for split, original in zip(found[2:5], mnist[2:5], strict=True):
            np.testing.assert_array_equal(split.images, original.images)
            np.testing.assert_array_equal(split.labels, original.labels)
    else:
        images = np.concatenate([found.train.images, found.validation.images])
        np.testing.assert_array_equal(images, mnist.train.images[:count])
        assert len(found.test.labels) == count


def test_a_tfrecord_file_that_ends_within_a_record_is_a_sentence(tmp_path):
    path = tmp_path / "some.tfrecord"
    whole = tfrecord([b"one", b"", b"three"])
    path.write_bytes(whole)
    assert list(tfds.read_records(path)) == [b"one", b"", b"three"]
    for size in (5, 13, len(whole) - 1, len(whole) - 6):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match="ends within a record"):
            list(tfds.read_records(path))


def tfrecord(records: list[bytes]) -> bytes:
    """A TFRecord file, with nothing for its checksums."""
    return b"".join(
        len(record).to_bytes(8, "little") + bytes(4) + record + bytes(4) for record in records
    )


class Source(list):
    """A data source, as TFDS gives it: several examples at once, too."""

    def __getitems__(self, keys):
        return [self[key] for key in keys]


class Pictures:
    """A prepared builder of 12 pictures a split, the second of which is blank."""

    name = "shapes"
    features = types.MappingProxyType(
        {"image": None, "label": types.SimpleNamespace(names=["a", "b"])}
    )
    info = types.SimpleNamespace(
        features=features,
        splits=dict.fromkeys(("train", "test"), types.SimpleNamespace(num_examples=12)),
        file_format=types.SimpleNamespace(value="array_record"),
    )

    def __init__(self, folder):
        self.data_dir = folder / self.name / "1.0.0"

    def is_prepared(self):
        return False

    def download_and_prepare(self, file_format):
        self.data_dir.mkdir(parents=True)

    def as_data_source(self, split):
        pictures = np.full((12, 40, 40, 1), 230, np.uint8)
        pictures[np.arange(12) != 1, 8:32, 18:22] = 20
        return Source(
            {"image": picture, "label": index % 2} for index, picture in enumerate(pictures)
        )


def test_what_can_not_be_read_is_left_out_and_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(tfds, "_builder", lambda name, root, progress: Pictures(root))
    for _ in range(2):  # decoded, then from the cache
        shapes = data.load("shapes")
        assert len(shapes.train.labels) + len(shapes.validation.labels) == 11
        assert shapes.train.labels.tolist()[:3] == [0, 0, 1] and len(shapes.test.labels) == 11
        assert shapes.test.images.any((1, 2)).all()
        assert [fault.partition(":")[0] for fault in shapes.skipped] == [
            "shapes, train image 1",
            "shapes, test image 1",
        ]
        monkeypatch.setattr(tfds, "prepare", lambda *_: pytest.fail("prepared again"))
    assert [path.name for path in (tmp_path / "shapes/1.0.0").iterdir()] == [tfds.CACHE]


def test_who_comes_while_a_dataset_is_prepared_waits_for_it(tmp_path, monkeypatch):
    class Slow(Pictures):
        def download_and_prepare(self, file_format):
            prepared.append(self)
            time.sleep(0.5)
            super().download_and_prepare(file_format)

    prepared = []
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(tfds, "_builder", lambda name, root, progress: Slow(root))
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(data.load, ["shapes"] * 2)
    assert len(prepared) == 1
    np.testing.assert_array_equal(first.train.images, second.train.images)


def test_a_name_without_a_configuration_is_that_which_tfds_means(elsewhere, mnist):
    """Prepared and not yet decoded, as well as decoded: what is here needs no fetching."""
    from array_record.python.array_record_module import ArrayRecordReader

    there = next((ORIGINAL_DIR / "mnist").glob("*/dataset_info.json")).parent
    info = json.loads((there / "dataset_info.json").read_text())
    info |= {"name": "emnist", "fileFormat": tfds.TFRECORD}
    count = 50
    for config in ("digits", "byclass"):
        folder = tfds.data_dir() / "emnist" / config / "3.1.0"
        assert not data.is_here("emnist")
        folder.mkdir(parents=True)
        shutil.copy(there / "features.json", folder)
        for split in info["splits"]:
            (records,) = there.glob(f"mnist-{split['name']}.{tfds.ARRAY_RECORD}*")
            some = ArrayRecordReader(str(records)).read(0, count)
            split["shardLengths"] = [str(count)]
            name = f"emnist-{split['name']}.{tfds.TFRECORD}-00000-of-00001"
            (folder / name).write_bytes(tfrecord(some))
        about = info | {"configName": config, "version": "3.1.0"}
        (folder / "dataset_info.json").write_text(json.dumps(about))
    for name in ("emnist", "emnist:3.1.0", "emnist/byclass"):
        assert data.is_here(name) and not data.is_cached(name)
    found = data.load("emnist")
    np.testing.assert_array_equal(
        np.concatenate([found.train.images, found.validation.images]),
        mnist.train.images[:count].swapaxes(1, 2),
    )
    for name in ("emnist", "emnist:3.1.0", "emnist/byclass"):
        assert data.is_cached(name)
    assert not data.is_cached("emnist/digits") and data.is_here("emnist/digits")


def test_without_array_record_one_sentence_says_so_before_anything_is_fetched(
    elsewhere, monkeypatch
):
    monkeypatch.setitem(sys.modules, "array_record.python", None)
    with pytest.raises(DataError, match=r"takes the package array_record.*Windows") as caught:
        data.load("mnist")
    assert "\n" not in str(caught.value) and list(elsewhere.iterdir()) == []


def test_an_error_that_says_nothing_is_a_sentence_too():
    assert (
        tfds.explain("mnist", RuntimeError())
        == "mnist could not be prepared by TFDS: RuntimeError."
    )


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A data directory that isn't there yet, and no network: the proxy is a port that nobody
    listens on."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "new" / "data"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr(tfds, "DOWNLOAD_RETRIES", 0)
    return tmp_path


def test_no_network_is_one_sentence_and_leaves_nothing(elsewhere):
    for name in tfds.WITHOUT_TENSORFLOW:
        with pytest.raises(DataError, match="network") as caught:
            data.load(name)
        assert "\n" not in str(caught.value)
        assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("harm", ["truncated", "altered"])
def test_a_harmed_archive_is_refused(elsewhere, mnist, harm):
    downloads = ORIGINAL_DIR / "downloads"
    if not downloads.is_dir():
        missing("TFDS has kept no downloads")
    shutil.copytree(downloads, tfds.data_dir() / "downloads")
    archive = next((tfds.data_dir() / "downloads").rglob("*t10k-images*.gz"))
    archive.chmod(0o644)
    content = bytearray(archive.read_bytes())
    if harm == "truncated":
        content = content[:-100]
    else:
        content[1000] ^= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match="damaged or altered"):
        data.load("mnist")
    assert [path.name for path in tfds.data_dir().iterdir()] == ["downloads"]


def test_unknown_names_and_missing_packages_are_sentences(elsewhere):
    for name in ("no_such_dataset", "../mnist", ""):
        with pytest.raises(DataError) as caught:
            data.load(name)
        assert "\n" not in str(caught.value)
    error = ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")
    assert "pip install tensorflow" in tfds.explain("cifar10", error)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def test_idx_of_a_worked_example(tmp_path):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx(images)))
    np.testing.assert_array_equal(read_idx(path), images)
    for content in (
        b"",
        b"no gzip",
        gzip.compress(idx(images)[:-1]),
        gzip.compress(idx(images))[:-9],
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match="not a whole IDX file"):
            read_idx(path)


def test_other_sizes_and_colours_become_the_glyphs_that_the_reader_would_see():
    picture = np.full((56, 40, 3), (250, 240, 200), np.uint8)
    picture[8:48, 18:24] = (20, 20, 160)
    glyph = tfds.as_glyph(picture)
    assert glyph.shape == (28, 28)
    assert glyph[14, 14] > 200  # ink is high, whatever the colours
    assert glyph[0].max() == 0
    np.testing.assert_array_equal(glyph, as_single_glyph(picture))
    with pytest.raises(ImageError):
        tfds.as_glyph(np.full((56, 40, 1), 200, np.uint8))
    small = np.arange(784, dtype=np.int64).astype(np.uint8).reshape(28, 28, 1)
    np.testing.assert_array_equal(tfds.as_glyph(small), small[..., 0])
