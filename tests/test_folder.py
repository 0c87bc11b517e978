"""A folder of class folders is a dataset, whatever lies in it; or one sentence says why not."""

import shutil

import numpy as np
import pytest
from pages import written
from PIL import Image, ImageDraw

import recognize_digits
from benchmarks import fuzz
from model.recognizer import as_single_glyph
from train import data, folder


def draw(path, size: int, width: int = 6) -> None:
    """A bar or, where the folder's name begins with r, a ring, in black on white."""
    page = Image.new("L", (size, size), 255)
    if path.parent.name.startswith("r"):
        ImageDraw.Draw(page).ellipse([20, 15, size - 20, size - 15], outline=0, width=width)
    else:
        ImageDraw.Draw(page).line(
            [(size // 2, 15), (size // 2 + 5, size - 15)], fill=0, width=width
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path)


@pytest.fixture
def pictures(tmp_path):
    """Two classes of three pictures each."""
    for name in ("ring", "bar"):
        for number, kind in enumerate(("png", "jpg", "webp")):
            draw(tmp_path / name / f"{number}.{kind}", 80 + 20 * number)
    return tmp_path


def test_three_pictures_a_class_are_enough(pictures):
    dataset = data.load(str(pictures))
    assert dataset.classes == ("bar", "ring")
    assert dataset.skipped == ()
    sizes = [len(split.labels) for split in (dataset.train, dataset.validation, dataset.test)]
    assert sizes == [2, 2, 2]
    assert [set(split.labels) for split in dataset[2:5]] == [{0, 1}] * 3
    bars = [as_single_glyph(path).tobytes() for path in (pictures / "bar").iterdir()]
    assert {split.images[0].tobytes() for split in dataset[2:5]} == set(bars)
    assert not data.is_cached(str(pictures))


def test_of_six_pictures_four_are_trained_on_and_none_is_lost(tmp_path):
    for name in ("bar", "ring"):
        for number in range(18):
            draw(tmp_path / name / f"{number}.png", 70 + number)
    dataset = data.load(str(tmp_path))
    assert [len(split.labels) for split in (dataset.train, dataset.validation, dataset.test)] == [
        24,
        6,
        6,
    ]
    assert (
        np.bincount(dataset.test.labels).tolist()
        == np.bincount(dataset.validation.labels).tolist()
        == [3, 3]
    )


def test_what_cannot_be_read_is_named_and_left_out(pictures):
    (pictures / "bar" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (pictures / "bar" / "notes.txt").write_text("bars")
    Image.new("L", (50, 50), 255).save(pictures / "ring" / "blank.png")
    (pictures / "ring" / ".hidden").write_text("")
    dataset = data.load(str(pictures))
    assert len(dataset.skipped) == 3
    assert all(
        any(name in fault for fault in dataset.skipped)
        for name in ("broken.png", "notes.txt", "blank.png")
    )
    assert (
        sum(len(split.labels) for split in (dataset.train, dataset.validation, dataset.test)) == 6
    )


def test_damaged_files_among_the_others_end_nothing(pictures, capsys):
    """Neither a training's reading of a folder nor the command line's: each is read, or named."""
    rng, kinds = np.random.default_rng(3), fuzz.samples()
    for number in range(150):
        damaged = fuzz.mutated(kinds[number % len(kinds)], kinds, rng)
        (pictures / "bar" / f"damaged{number}.png").write_bytes(damaged)
    (pictures / "bar" / "gone.png").symlink_to(pictures / "nowhere")
    dataset = data.load(str(pictures))
    count = sum(len(split.labels) for split in (dataset.train, dataset.validation, dataset.test))
    assert 20 < len(dataset.skipped) and count + len(dataset.skipped) in (156, 157)
    files = sorted(map(str, (pictures / "bar").iterdir()))
    assert recognize_digits.main(["--json", *files]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) + len(said.err.splitlines()) == len(files)
    assert "Traceback" not in said.err


def test_names_are_in_the_order_of_counting(tmp_path):
    for name in ("10", "9", "b2", "b10"):
        for number in range(2):
            draw(tmp_path / name / f"{number}.png", 80)
    assert data.load(str(tmp_path)).classes == ("9", "10", "b2", "b10")


def test_other_folders_are_refused_in_one_sentence(tmp_path, pictures):
    (pictures / "empty").mkdir()
    with pytest.raises(data.DataError, match="empty has no picture"):
        data.load(str(pictures))
    (pictures / "empty" / "a.png").write_bytes(b"nothing")
    with pytest.raises(data.DataError, match="no picture that can be read"):
        data.load(str(pictures))
    with pytest.raises(data.DataError, match="no class folders"):
        data.load(str(pictures / "bar"))
    with pytest.raises(data.DataError, match="There is no folder"):
        data.load(str(tmp_path / "nowhere"))
    with pytest.raises(data.DataError, match=r"0\.png is a file of another kind; give"):
        data.load(str(pictures / "bar" / "0.png"))
    (pictures / "empty" / "a.png").unlink()
    (pictures / "empty").rmdir()
    for name in ("ring/1.jpg", "ring/2.webp", "bar/2.webp"):
        (pictures / name).unlink()
    with pytest.raises(data.DataError, match="too few"):
        folder.load(pictures, lambda share, what: None)


def digits(folder, *names: str, per_class: int = 3) -> None:
    """Class folders of digits, drawn by program."""
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            written(int(name), 80 + 20 * number).save(folder / name / f"{number}.png")


def test_parts_that_have_folders_of_their_own_are_used_as_given(tmp_path):
    digits(tmp_path / "train", "1", "4", per_class=6)
    digits(tmp_path / "test", "4", "1", per_class=2)
    dataset = data.load(str(tmp_path))
    assert [len(split.labels) for split in dataset[2:5]] == [10, 2, 4]
    expected = [
        as_single_glyph(tmp_path / "test" / name / f"{number}.png")
        for name in ("1", "4")
        for number in range(2)
    ]
    np.testing.assert_array_equal(dataset.test.images, expected)
    digits(tmp_path / "val", "1")
    (tmp_path / "val" / "4").mkdir()
    shutil.copy(tmp_path / "test" / "4" / "0.png", tmp_path / "val" / "4")
    assert [len(split.labels) for split in data.load(str(tmp_path))[2:5]] == [12, 4, 4]
    digits(tmp_path / "test", "7")
    with pytest.raises(data.DataError, match=r"test/7 has no like in .*train"):
        data.load(str(tmp_path))
    digits(tmp_path / "training", "1", "4")
    with pytest.raises(data.DataError, match="two folders for one part"):
        data.load(str(tmp_path))


def test_classes_may_be_called_train_and_test(pictures):
    for name, part in (("bar", "train"), ("ring", "test")):
        (pictures / name).rename(pictures / part)
    assert data.load(str(pictures)).classes == ("test", "train")


def test_a_picture_of_several_digits_is_named_with_what_is_seen_in_it(tmp_path):
    digits(tmp_path, "1", "4", "7")
    several = Image.new("L", (300, 140), 255)
    for place, digit in enumerate((4, 1, 7)):
        several.paste(written(digit, 100).convert("L"), (100 * place, 20))
    several.save(tmp_path / "4" / "all.png")
    dataset = data.load(str(tmp_path))
    (fault,) = dataset.skipped
    assert fault == f"{tmp_path}/4/all.png: 3 digits are seen in it (417), and one is wanted."
    assert sum(len(split.labels) for split in dataset[2:5]) == 9


def test_pictures_that_lie_transposed_are_put_right(tmp_path):
    upright, lying = tmp_path / "upright", tmp_path / "lying"
    digits(upright, *"2347", per_class=6)
    shutil.copytree(upright, lying)
    for path in lying.glob("*/*.png"):
        Image.open(path).transpose(Image.Transpose.TRANSPOSE).save(path)
    found, expected = data.load(str(lying)), data.load(str(upright))
    assert expected.notes == () and "look transposed" in found.notes[0]
    np.testing.assert_allclose(found.train.images, expected.train.images, atol=80)
