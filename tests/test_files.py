"""Datasets in files, in each form that people have them; and one sentence for any other file.

Whatever the form, it is the same pictures of MNIST that come out. Other programs write the forms:
NumPy, pandas, Arrow and SciPy; IDX is written by hand.
"""

import gzip
import io
import json
import struct
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet
from scipy.io import savemat

from train import bounded, data, idx, matlab
from train.dataset import DataError

PER_CLASS = 6  # training images


@pytest.fixture(scope="module")
def pictures(mnist):
    """x_train, y_train, x_test, y_test: six digits of each class, and thirty."""
    chosen = np.sort(
        np.concatenate([np.flatnonzero(mnist.train.labels == n)[:PER_CLASS] for n in range(10)])
    )
    return (
        mnist.train.images[chosen],
        mnist.train.labels[chosen],
        mnist.test.images[:60],
        mnist.test.labels[:60],
    )


def is_whole(dataset, pictures, classes="0123456789") -> bool:
    """Whether a dataset is these pictures, with a sixth of each class put aside."""
    x_train, y_train, x_test, y_test = pictures
    assert dataset.classes == tuple(classes) and dataset.skipped == ()
    np.testing.assert_array_equal(dataset.test.images, x_test)
    np.testing.assert_array_equal(dataset.test.labels, y_test)
    assert np.bincount(dataset.validation.labels).tolist() == [1] * 10
    assert counted(dataset.train, dataset.validation) == sorted(
        (image.tobytes(), label) for image, label in zip(x_train, y_train.tolist(), strict=True)
    )
    return True


def counted(*splits) -> list[tuple[bytes, int]]:
    return sorted(
        (image.tobytes(), label)
        for split in splits
        for image, label in zip(split.images, split.labels.tolist(), strict=True)
    )


def as_idx(array: np.ndarray, shape=None) -> bytes:
    shape = shape or array.shape
    kind = {1: 8, 4: 12}[array.itemsize]
    return (
        struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def write_idx(folder, pictures, name="{}-{}-idx{}-ubyte", test="t10k", pack=bytes):
    folder.mkdir(parents=True, exist_ok=True)
    for part, images, labels in (("train", *pictures[:2]), (test, *pictures[2:])):
        for kind, rank, array in (("images", 3, images), ("labels", 1, labels)):
            content = as_idx(array.astype(np.uint8))
            (folder / name.format(part, kind, rank)).write_bytes(pack(content))


@pytest.mark.parametrize(
    ("name", "test", "pack"),
    [
        ("{}-{}-idx{}-ubyte", "t10k", bytes),
        ("{}-{}.idx{}-ubyte", "t10k", bytes),
        ("{}-{}-idx{}-ubyte.gz", "t10k", gzip.compress),
        ("emnist-digits-{}-{}-idx{}-ubyte.gz", "test", gzip.compress),
    ],
)
def test_idx_files_are_read_by_either_spelling(tmp_path, pictures, name, test, pack):
    write_idx(tmp_path / "raw", pictures, name, test, pack)
    assert is_whole(data.load(str(tmp_path / "raw")), pictures)
    assert is_whole(data.load(str(tmp_path)), pictures)  # there is nothing else in it
    (tmp_path / "raw" / "README.md").write_text("# MNIST")
    any_of_them = tmp_path / "raw" / name.format(test, "labels", 1)
    assert is_whole(data.load(str(any_of_them)), pictures)
    assert data.is_here(str(any_of_them)) and not data.is_cached(str(any_of_them))


def test_emnist_lies_transposed_and_is_put_right(tmp_path, pictures):
    lying = [array.swapaxes(1, 2) if array.ndim == 3 else array for array in pictures]
    name = "emnist-{}-{{}}-{{}}-idx{{}}-ubyte"
    write_idx(tmp_path, lying, name.format("digits"), "test")
    dataset = data.load(str(tmp_path))
    assert is_whole(dataset, pictures)
    assert len(dataset.notes) == 1 and "transposed, as those in EMNIST's files" in dataset.notes[0]
    # Where the classes are letters, no digit tells; the file's name does.
    mapping = "".join(f"{label} {65 + label} {97 + label}\n" for label in range(10))
    (tmp_path / "emnist-digits-mapping.txt").write_text(mapping)
    dataset = data.load(str(tmp_path))
    assert is_whole(dataset, pictures, "ABCDEFGHIJ")
    assert dataset.notes == ("The images are EMNIST's, which lie transposed; they are put right.",)
    write_idx(tmp_path, lying, name.format("letters"), "test")
    with pytest.raises(DataError, match="several datasets of IDX files"):
        data.load(str(tmp_path))


def test_qmnists_labels_have_more_columns(tmp_path, pictures):
    images, labels, *_ = pictures
    (tmp_path / "qmnist-train-images-idx3-ubyte").write_bytes(as_idx(images))
    wide = np.column_stack([labels, np.full((len(labels), 7), 9)]).astype(np.int32)
    (tmp_path / "qmnist-train-labels-idx2-int").write_bytes(as_idx(wide))
    dataset = data.load(str(tmp_path))
    assert [len(split.labels) for split in dataset[2:5]] == [40, 10, 10]
    assert np.bincount(dataset.test.labels).tolist() == [1] * 10


def test_npz_is_read_as_keras_has_it_and_as_the_dashboard_exports_it(tmp_path, pictures):
    x_train, y_train, x_test, y_test = pictures
    path = tmp_path / "mnist"  # its name says nothing
    with open(path, "wb") as file:
        np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    assert is_whole(data.load(str(path)), pictures)
    np.savez(tmp_path / "ours.npz", glyphs=x_train, labels=y_train.astype(str))
    dataset = data.load(str(tmp_path / "ours.npz"))
    assert counted(*dataset[2:5]) == sorted(
        zip(map(np.ndarray.tobytes, x_train), y_train.tolist(), strict=True)
    )
    assert [np.bincount(split.labels).tolist() for split in dataset[2:5]] == [
        [4] * 10,
        [1] * 10,
        [1] * 10,
    ]


def test_numbers_of_any_range_and_polarity_become_glyphs_and_that_is_told(tmp_path, pictures):
    x_train, y_train, x_test, y_test = pictures
    path = tmp_path / "mnist.npz"
    np.savez(
        path,
        x_train=1 - x_train[..., None] / 255,
        y_train=np.eye(10)[y_train],
        x_test=1 - x_test[..., None] / 255,
        y_test=np.eye(10)[y_test],
    )
    dataset = data.load(str(path))
    assert is_whole(dataset, pictures)
    assert [note.partition(";")[0] for note in dataset.notes] == [
        "The pixels are from 0 to 1",
        "The images are dark on a bright background",
    ]


def write_csv(path, images, labels=None, header=True):
    table = pd.DataFrame(images.reshape(len(images), -1)).add_prefix("pixel")
    if labels is not None:
        table.insert(0, "label", labels)
    table.to_csv(path, index=False, header=header)


def test_csv_is_read_with_and_without_names_of_columns(tmp_path, pictures):
    x_train, y_train, x_test, y_test = pictures
    write_csv(tmp_path / "mnist_train.csv", x_train, y_train)
    write_csv(tmp_path / "mnist_test.csv.gz", x_test, y_test, header=False)
    assert is_whole(data.load(str(tmp_path)), pictures)
    write_csv(tmp_path / "mnist_test.csv.gz", x_test)  # as in Kaggle's contest
    dataset = data.load(str(tmp_path))
    assert len(dataset.test.labels) == 10 and dataset.notes[0].endswith(
        "no labels and is left out."
    )
    with pytest.raises(DataError, match="has no labels; a column 'label' is wanted"):
        data.load(str(tmp_path / "mnist_test.csv.gz"))
    numbered = pd.DataFrame(x_train.reshape(len(x_train), -1))
    numbered.insert(0, "label", y_train)
    numbered.to_csv(tmp_path / "numbered", index=False)  # label,0,1,2,…
    assert data.load(str(tmp_path / "numbered")).classes == tuple("0123456789")
    write_csv(tmp_path / "names", x_train, np.array(list("zyxwvutsrq"))[y_train], header=False)
    assert data.load(str(tmp_path / "names")).classes == tuple("qrstuvwxyz")


def write_parquet(path, images, labels, names=(), kind="PNG"):
    rows = []
    for image in images:
        content = io.BytesIO()
        Image.fromarray(image).save(content, kind)
        rows.append({"bytes": content.getvalue(), "path": None})
    columns = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(rows, columns), "label": pa.array(labels)})
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": list(names)}}
    if names:
        about = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": about})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path)


def test_parquet_is_read_as_hugging_face_has_it(tmp_path, pictures):
    x_train, y_train, x_test, y_test = pictures
    folder = tmp_path / "mnist"
    write_parquet(folder / "train-00000-of-00002.parquet", x_train[:20], y_train[:20], "9876543210")
    write_parquet(folder / "train-00001-of-00002.parquet", x_train[20:], y_train[20:], "9876543210")
    write_parquet(folder / "test-00000-of-00001.parquet", x_test, y_test, "9876543210")
    (tmp_path / "README.md").write_text("# MNIST")
    assert is_whole(data.load(str(tmp_path)), pictures, "9876543210")
    # inverted, twice as large, and one that is no picture
    large = np.kron(255 - x_train, np.ones((2, 2), np.uint8))
    write_parquet(tmp_path / "one", large, y_train.astype(str), kind="WebP")
    dataset = data.load(str(tmp_path / "one"))
    assert sum(len(split.labels) for split in dataset[2:5]) == len(y_train)
    assert all(split.images.any((1, 2)).all() for split in dataset[2:5])
    whole = parquet.read_table(tmp_path / "one").to_pylist()
    whole[7]["image"]["bytes"] = b"no picture"
    parquet.write_table(pa.Table.from_pylist(whole), tmp_path / "one")
    (fault,) = data.load(str(tmp_path / "one")).skipped
    assert "train image 7: This is not a PNG" in fault
    parquet.write_table(pa.table({"x": [1]}), tmp_path / "one")
    with pytest.raises(DataError, match=r"no single column of pictures .*its columns are x\."):
        data.load(str(tmp_path / "one"))


@pytest.mark.parametrize("compressed", [True, False])
def test_mat_is_read_as_emnist_has_it(tmp_path, pictures, compressed):
    x_train, y_train, x_test, y_test = pictures

    def part(images, labels):
        columns_first = images.swapaxes(1, 2).reshape(len(images), -1)
        return {"images": columns_first, "labels": labels[:, None] + 1.0, "writers": labels}

    mapping = np.array([[label + 1, 65 + label, 97 + label] for label in range(10)], np.uint8)
    whole = {
        "dataset": {
            "train": part(x_train, y_train),
            "test": part(x_test, y_test),
            "mapping": mapping,
        }
    }
    path = tmp_path / "emnist-letters.mat"
    savemat(path, whole, do_compression=compressed)
    dataset = data.load(str(path))
    assert is_whole(dataset, pictures, "ABCDEFGHIJ")
    assert "EMNIST's" in dataset.notes[0]


def test_mat_is_read_as_svhn_has_it(tmp_path, pictures):
    x_train, y_train, *_ = pictures
    padded = np.pad(x_train, ((0, 0), (2, 2), (2, 2)))
    colours = np.moveaxis(np.stack([padded] * 3, -1), 0, -1)
    labels = np.where(y_train == 0, 10, y_train)[:, None]
    savemat(tmp_path / "train_32x32.mat", {"X": colours, "y": labels})
    dataset = data.load(str(tmp_path / "train_32x32.mat"))
    assert dataset.classes == tuple("0123456789") and dataset.notes == ()
    # They are made anew by the reader's steps, and come out as they were, within a grey or two.
    nearest = [
        int(np.abs(x_train.astype(int) - image).sum((1, 2)).argmin())
        for image in dataset.test.images
    ]
    np.testing.assert_array_equal(y_train[nearest], dataset.test.labels)


def test_smaller_pictures_are_enlarged_and_read_as_well(tmp_path, recognizer):
    """Those of scikit-learn, of 8 × 8 pixels and 17 greys."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    np.savez(tmp_path / "digits.npz", images=digits.images[:300], labels=digits.target[:300])
    dataset = data.load(str(tmp_path / "digits.npz"))
    read = recognizer.classify(dataset.train.images).argmax(1)
    assert (read == dataset.train.labels).mean() > 0.97
    assert "from 0 to 16" in dataset.notes[0]


def test_numbers_that_are_no_digits_are_not_taken_for_digits(tmp_path, pictures):
    """As in Fashion-MNIST: nothing should draw digits among them, or read pages with them."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 28, 28), np.uint8)
    noise[:, :6] = noise[:, -6:] = noise[:, :, :6] = noise[:, :, -6:] = 0
    np.savez(tmp_path / "fashion.npz", x_train=noise, y_train=pictures[1])
    dataset = data.load(str(tmp_path / "fashion.npz"))
    assert dataset.classes == tuple(f"class {number}" for number in range(10))
    assert "show no digits" in dataset.notes[0]


def test_labels_with_gaps_are_names_and_those_that_are_missing_are_told(tmp_path, pictures):
    x_train, y_train, x_test, _ = pictures
    names = np.array(["", "2", "10", "b", "a", "é", "7", "c", "d", "e"])
    np.savez(tmp_path / "named.npz", x_train=x_train, y_train=names[y_train])
    dataset = data.load(str(tmp_path / "named.npz"))
    assert dataset.classes == ("2", "7", "10", "a", "b", "c", "d", "e", "é")
    assert dataset.notes[0] == "6 train images have no label and are left out."
    np.savez(tmp_path / "named.npz", x_train=x_train, y_train=y_train * 7 - 3)
    assert data.load(str(tmp_path / "named.npz")).classes[:3] == ("-3", "4", "11")
    few = np.where(y_train == 9, 3, np.where(y_train > 1, 2, y_train))
    np.savez(tmp_path / "named.npz", x_train=x_train, y_train=few, x_test=x_test, y_test=[5] * 60)
    with pytest.raises(DataError, match="no training image of the class 5"):
        data.load(str(tmp_path / "named.npz"))


def test_classes_with_few_pictures_are_in_each_part_as_far_as_they_go(tmp_path, pictures):
    x_train, *_ = pictures
    labels = np.repeat(["one", "two", "pair", "three", "many"], [1, 2, 2, 3, 52])
    np.savez(tmp_path / "few.npz", glyphs=x_train, labels=labels)
    dataset = data.load(str(tmp_path / "few.npz"))
    found = {
        name: [int((split.labels == number).sum()) for split in dataset[2:5]]
        for number, name in enumerate(dataset.classes)
    }
    assert found["one"] == [1, 0, 0] and found["three"] == [1, 1, 1]
    assert sorted([found["two"], found["pair"]]) == [[1, 0, 1], [1, 1, 0]]
    assert found["many"] == [34, 9, 9]
    again = data.load(str(tmp_path / "few.npz"))
    np.testing.assert_array_equal(again.test.images, dataset.test.images)


def refused(path, words) -> None:
    with pytest.raises(DataError, match=words) as caught:
        data.load(str(path))
    assert "\n" not in str(caught.value) and path.name in str(caught.value)


def test_a_file_that_claims_more_than_it_holds_asks_for_no_memory(tmp_path, pictures, monkeypatch):
    images, labels, *_ = pictures
    claims = (
        (as_idx(images, (4_000_000_000, 28, 28)), "more than it can hold"),
        (gzip.compress(as_idx(images, (10**6, 28, 28))), "more than it can hold"),
        (gzip.compress(as_idx(images) + bytes(10**7)), "header and content disagree"),
        (gzip.compress(as_idx(images))[:-30], "ended before"),
        (as_idx(images)[:-1], "header and content disagree"),
    )
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(as_idx(labels.astype(np.uint8)))
    for content, words in claims:
        path = tmp_path / "train-images-idx3-ubyte"
        path.write_bytes(content)
        refused(path, words)
    header = io.BytesIO()
    shape = {"descr": "|u1", "fortran_order": False, "shape": (10**6, 28, 28)}
    np.lib.format.write_array_header_1_0(header, shape)
    path = tmp_path / "mnist.npz"
    for extra, words in ((0, "more than it can hold"), (10**9, "can hold|disagree")):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x_train.npy", header.getvalue() + bytes(1000))
            archive.writestr("y_train.npy", b"" if extra else header.getvalue())
        refused(path, words)
    monkeypatch.setattr(bounded, "MAX_BYTES", 20_000)
    np.savez(path, x_train=images, y_train=labels)
    refused(path, r"at most 0\.0 GB are read")
    write_csv(tmp_path / "train.csv", images, labels)
    refused(tmp_path / "train.csv", "at most")
    write_parquet(tmp_path / "one.parquet", np.repeat(images, 3, 0), np.repeat(labels, 3))
    refused(tmp_path / "one.parquet", "at most")
    savemat(tmp_path / "one.mat", {"X": images, "y": labels}, do_compression=True)
    refused(tmp_path / "one.mat", "at most")


def test_what_is_none_of_the_forms_is_refused_in_one_sentence_that_lists_them(tmp_path, pictures):
    images, labels, *_ = pictures
    path = tmp_path / "file"
    for content, words in (
        (b"", r"another kind; give .* TFDS, .* class, .* IDX .*, \.npz, CSV .*, Parquet .*\.mat"),
        (b"label,a,b\n1,2,3\n", "of another kind"),
        (gzip.compress(b"some text"), "of another kind"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "HDF5, as MATLAB 7.3"),
        (b"PK\x03\x04 and no more", "ZIP archive"),
        (b"PAR1", "not a whole Parquet"),
    ):
        path.write_bytes(content)
        refused(path, words)
    arrays = {"x_train": images, "y_train": labels}
    for change, words in (
        ({"y_train": labels[:-1]}, "60 train images and 59 labels"),
        ({"y_train": labels + 0.5}, "whole numbers or names"),
        ({"y_train": labels * 0}, "1 class; from 2"),
        ({"y_train": np.array([None] * 60)}, "Python objects, which could run code"),
        ({"y_train": np.arange(60)}, "too few to train"),
        ({"x_train": images[:0], "y_train": labels[:0]}, "no train images"),
        ({"x_train": images[:, :5, :5]}, "at least 8 × 8"),
        ({"x_train": images * np.nan}, "no numbers"),
        ({"x_train": images * 0}, "nothing in its images"),
        ({"x_train": images.astype(str)}, "not numbers"),
        ({"x_test": images, "y_test": labels.astype(str)}, "names as labels in one part"),
    ):
        np.savez(tmp_path / "some.npz", **(arrays | change))
        refused(tmp_path / "some.npz", words)
    np.savez(tmp_path / "some.npz", a=images)
    refused(tmp_path / "some.npz", "holds a; x_train and y_train")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [*rows[:9], rows[9] + ",1,2"], "Expected 785 fields"),
        (lambda rows: [*rows[:9], rows[9][:500]], "missing, or is no number"),
        (lambda rows: [*rows[:9], rows[9].replace(",0,", ",zero,", 1)], "missing, or is no number"),
        (lambda rows: [*rows[:9], rows[9].replace(",0,", ",inf,", 1)], "missing, or is no number"),
        (lambda rows: rows[:1], "not a whole CSV"),
        (lambda rows: [*rows, "1" * 2**21], "a line of more than"),
    ],
)
def test_a_damaged_csv_is_one_sentence(tmp_path, pictures, change, words):
    path = tmp_path / "train.csv"
    write_csv(path, *pictures[:2])
    path.write_text("\n".join(change(path.read_text().splitlines())))
    refused(path, words)


def test_a_damaged_mat_is_read_or_refused(tmp_path, pictures):
    """SciPy ends the process at some of these."""
    path, rng = tmp_path / "some.mat", np.random.default_rng(1)
    some = {"train": {"images": pictures[0], "labels": pictures[1]}}
    savemat(path, {"dataset": some}, do_compression=False)
    whole, refusals = path.read_bytes(), []
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(matlab.HEADER, 700, 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            matlab.read_mat(path)
        except DataError as error:
            refusals.append(str(error))
    assert 20 < len(refusals) < 150 and not any("\n" in words for words in refusals)


def test_images_without_labels_and_folders_of_several_kinds_are_named(tmp_path, pictures):
    images, labels, *_ = pictures
    (tmp_path / "train-images-idx3-ubyte").write_bytes(as_idx(images))
    refused(tmp_path, "has no labels beside it")
    np.savez(tmp_path / "one.npz", glyphs=images, labels=labels)
    refused(tmp_path, "datasets of several forms")
    (tmp_path / "train-images-idx3-ubyte").unlink()
    np.savez(tmp_path / "other.npz", glyphs=images, labels=labels)
    refused(tmp_path, "several datasets")
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(as_idx(images))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(as_idx(labels.astype(np.uint8)))
    refused(tmp_path / "t10k-images-idx3-ubyte", "no training images, only those for test")
    assert idx.dataset_of(tmp_path / "t10k-images.idx3-ubyte.gz") == ""
