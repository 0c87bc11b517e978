"""The whole path, as the dashboard and the command line use it."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.cut_out import cut_out
from model import Recognizer
from model.checkpoint import CheckpointError


def test_classify_any_number_of_glyphs(recognizer, mnist):
    glyphs = mnist.validation.images[:300]
    together = recognizer.classify(glyphs)
    assert together.shape == (300, 10)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together.sum(1), 1, atol=1e-5)
    one_by_one = np.concatenate([recognizer.classify(glyphs[i : i + 1]) for i in range(20)])
    np.testing.assert_allclose(one_by_one, together[:20], atol=1e-4)
    assert recognizer.classify(glyphs[:0]).shape == (0, 10)


def test_classify_refuses_other_arrays(recognizer):
    with pytest.raises(ValueError, match="uint8"):
        recognizer.classify(np.zeros((1, 28, 28)))
    with pytest.raises(ValueError, match=r"\(28, 28\)"):
        recognizer.classify(np.zeros((28, 28), np.uint8))


def test_a_reading_says_all_of_its_digit(recognizer, seven):
    reading = recognizer.read(seven)
    (digit,) = reading.digits
    assert reading.text == "7"
    assert digit.value == 7 == digit.probabilities.argmax()
    assert digit.confidence == pytest.approx(digit.probabilities.max())
    assert digit.probabilities.shape == (10,)
    assert digit.glyph.shape == (28, 28)
    left, top, width, height = digit.box
    ink = np.argwhere(seven < 128)
    np.testing.assert_allclose((top, left), ink.min(0), atol=1)
    np.testing.assert_allclose((height, width), np.ptp(ink, axis=0) + 1, atol=2)
    assert reading.image.shape == (*seven.shape, 3)
    assert reading.ink.shape == seven.shape


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_empty_picture_has_no_digits(recognizer, grey):
    reading = recognizer.read(np.full((280, 280), grey, np.uint8))
    assert reading.text == ""
    assert reading.digits == ()


def test_digits_of_any_size_at_any_place_are_read_as_the_original(recognizer, mnist):
    """1,000 test digits as black ink on a white page, 12 to 600 pixels large: over 99 % read as
    before."""
    rng = np.random.default_rng(0)
    digits = mnist.test.images[:1000]
    before, after = recognizer.classify(digits).argmax(1), []
    for digit in digits:
        image = Image.fromarray(digit)
        image = image.crop(image.getbbox())
        scale = np.exp(rng.uniform(np.log(12), np.log(600))) / max(image.size)
        image = image.resize(
            [max(1, round(side * scale)) for side in image.size], Image.Resampling.BICUBIC
        )
        size = [int(max(image.size) * rng.uniform(1.2, 4)) + 8 for _ in range(2)]
        page = Image.new("L", size, 255)
        place = [
            int(rng.integers(0, outer - inner))
            for outer, inner in zip(size, image.size, strict=True)
        ]
        page.paste(0, tuple(place), image)
        found = recognizer.read(page).digits
        after.append(found[0].probabilities.argmax() if len(found) == 1 else -1)
    assert (np.array(after) == before).mean() > 0.99


def test_a_tiny_digit_on_a_huge_page_and_a_huge_digit(recognizer, seven):
    tiny = Image.fromarray(seven).resize((20, 25), Image.Resampling.LANCZOS)
    page = Image.new("L", (4000, 3000), 255)
    page.paste(tiny, (3500, 200))
    reading = recognizer.read(page)
    assert reading.text == "7"
    left, top, width, height = reading.digits[0].box
    assert 3500 <= left < left + width <= 3525
    assert 200 <= top < top + height <= 3000
    huge = Image.fromarray(seven).resize((3200, 4000), Image.Resampling.BICUBIC)
    assert recognizer.read(huge).text == "7"


def test_small_digits_of_a_large_page_are_read_from_the_page_as_given(recognizer, mnist):
    """A page of 6 megapixels is read at half its size, or less, where 16 pixels are few."""
    images, labels = mnist.validation
    right = 0
    for image, label in zip(images[:24], labels[:24], strict=True):
        small = Image.fromarray(255 - image).resize((16, 16), Image.Resampling.LANCZOS)
        page = Image.new("L", (3000, 2000), 255)
        page.paste(small, (1003, 807))
        right += recognizer.read(page).text == str(label)
    assert right >= 18


@pytest.mark.parametrize(("side", "margin", "least"), [(10, 2, 80), (14, 1, 88), (20, 1, 94)])
def test_pictures_of_fewer_pixels_than_a_glyph_are_read(recognizer, mnist, side, margin, least):
    images, labels = mnist.validation
    right = 0
    for image, label in zip(images[:100], labels[:100], strict=True):
        picture = cut_out(image, side, margin)
        reading = recognizer.read(picture)
        right += reading.text == str(label)
        assert reading.ink.shape == picture.shape
        for digit in reading.digits:  # in pixels of the picture as given
            left, top, width, height = digit.box
            assert min(left, top) >= 0 < min(width, height)
            assert (left + width, top + height) <= picture.shape[::-1]
            assert max(width, height) >= side - 2
    assert right >= least


def test_load_names_what_is_missing(tmp_path):
    with pytest.raises(CheckpointError, match=r"card\.json is missing"):
        Recognizer.load(tmp_path)


@pytest.mark.parametrize("size", [28, 112])
def test_a_damaged_digit_that_fills_its_picture_is_one_digit(recognizer, mnist, size):
    """MNIST's own pictures with noise that tears them to pieces: still mostly read, and as a single
    digit."""
    rng = np.random.default_rng(0)
    right = 0
    for image, label in zip(
        mnist.validation.images[:50], mnist.validation.labels[:50], strict=True
    ):
        noisy = np.clip(image + rng.normal(0, 50, image.shape), 0, 255).astype(np.uint8)
        text = recognizer.read(
            Image.fromarray(noisy).resize((size, size), Image.Resampling.BICUBIC)
        ).text
        right += text == str(label)
    assert right >= 45


def row(mnist) -> np.ndarray:
    """The digits 2 3 4 7 5 2 on a white page, from left to right."""
    page = np.zeros((120, 330), np.uint8)
    for place, value in enumerate((2, 3, 4, 7, 5, 2)):
        glyph = mnist.validation.images[np.flatnonzero(mnist.validation.labels == value)[place]]
        page[30:86, 10 + 52 * place : 66 + 52 * place] |= np.kron(glyph, np.ones((2, 2), np.uint8))
    return 255 - page


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_page_is_found_out(recognizer, mnist, turn):
    upright = row(mnist)
    turned = np.ascontiguousarray(np.rot90(upright, -turn // 90))
    reading = recognizer.read(turned)
    assert (reading.text, reading.turn) == ("234752", turn)
    assert reading.image.shape[:2] == reading.ink.shape == turned.shape
    for digit in reading.digits:
        left, top, width, height = digit.box  # of the picture as given
        inside = turned[top : top + height, left : left + width] < 128
        assert inside.any(0).mean() > 0.9 and inside.any(1).mean() > 0.9


def test_how_a_page_is_turned_can_be_said(recognizer, mnist):
    upright = row(mnist)
    assert recognizer.read(np.ascontiguousarray(upright[::-1, ::-1]), turn=180).text == "234752"
    assert recognizer.read(upright, turn=180).turn == 180


def test_a_digit_alone_is_never_turned(recognizer, mnist):
    six = mnist.validation.images[np.flatnonzero(mnist.validation.labels == 6)[0]]
    assert recognizer.read(np.ascontiguousarray(255 - six[::-1, ::-1])).turn == 0


def test_boxes_that_somebody_sets_are_read_and_what_he_says_holds(recognizer, mnist):
    reading = recognizer.read(row(mnist))
    boxes = [digit.box for digit in reading.digits]
    same = recognizer.read_boxes(reading, dict.fromkeys(boxes[::-1]))
    assert same.text == reading.text and same.digits == reading.digits  # in reading order, and kept
    wider = {(left - 3, top - 3, width + 6, height + 6): None for left, top, width, height in boxes}
    assert recognizer.read_boxes(reading, wider).text == reading.text
    said = recognizer.read_boxes(reading, {boxes[0]: 9, boxes[1]: None, (0, 0, 5, 5): None})
    assert [digit.value for digit in said.digits if digit.box in boxes] == [
        9,
        reading.digits[1].value,
    ]
    assert "?" in said.text  # in the empty corner
    assert recognizer.read_boxes(reading, {}).text == ""


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_boxes_on_a_turned_page_are_read_upright(recognizer, mnist, turn):
    reading = recognizer.read(np.rot90(row(mnist), -turn // 90), turn)
    boxes = [digit.box for digit in reading.digits]
    moved = {(left - 2, top - 2, width + 4, height + 4): None for left, top, width, height in boxes}
    assert recognizer.read_boxes(reading, moved).text == "234752"


def test_a_neighbour_that_reaches_into_a_box_is_not_read(recognizer, mnist):
    reading = recognizer.read(row(mnist))
    left, top, _, height = reading.digits[3].box
    following = reading.digits[4].box
    wide = left, top, following[0] + following[2] // 4 - left, height
    assert recognizer.read_boxes(reading, {wide: None}).text == reading.text[3]
