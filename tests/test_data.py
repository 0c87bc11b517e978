"""A dataset by its name, and files of glyphs."""

import numpy as np
import pytest

from train import data


def test_a_folder_goes_before_a_dataset_of_tfds(tmp_path, monkeypatch, mnist):
    monkeypatch.chdir(tmp_path)
    assert not data.is_path("mnist") and data.is_cached("mnist")
    (tmp_path / "mnist").mkdir()
    assert data.is_path("mnist") and not data.is_cached("mnist")
    with pytest.raises(data.DataError, match="class folder"):
        data.load("mnist")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("./nosuch", "There is no folder ./nosuch"),
        (__file__, "is a file of another kind; give a dataset of TFDS"),
    ],
)
def test_a_path_that_is_no_folder_is_one_sentence(name, says):
    with pytest.raises(data.DataError, match=says):
        data.load(name)


def test_a_file_of_glyphs_is_read_and_any_other_is_one_sentence(tmp_path):
    glyphs, labels = (
        np.arange(2 * 784, dtype=np.uint16).astype(np.uint8).reshape(2, 28, 28),
        np.array(["7", "é"]),
    )
    file = tmp_path / "corrections.npz"
    np.savez(file, glyphs=glyphs, labels=labels)
    images, names = data.read_glyphs(file)
    np.testing.assert_array_equal(images, glyphs)
    assert names.tolist() == ["7", "é"]
    for arrays, words in (
        ({"glyphs": glyphs}, "not an npz file with 'glyphs' and 'labels'"),
        # it would take pickle to read it
        ({"glyphs": glyphs, "labels": np.array([7, None])}, "not an npz file"),
        ({"glyphs": glyphs / 255, "labels": labels}, "'glyphs' should be uint8"),
        ({"glyphs": glyphs[:, :20], "labels": labels}, "'glyphs' should be uint8"),
        ({"glyphs": glyphs[:0], "labels": labels[:0]}, "n > 0"),
        ({"glyphs": glyphs, "labels": labels[:1]}, "'labels' should be 2 names"),
        ({"glyphs": glyphs, "labels": np.array([7, 1])}, "'labels' should be 2 names"),
    ):
        np.savez(file, **arrays)
        with pytest.raises(data.DataError, match=words) as refused:
            data.read_glyphs(file)
        assert "corrections.npz" in str(refused.value)
    file.write_bytes(b"nonsense")
    with pytest.raises(data.DataError, match="not an npz file"):
        data.read_glyphs(file)
    with pytest.raises(data.DataError, match="There is no file"):
        data.read_glyphs(tmp_path / "nowhere.npz")
