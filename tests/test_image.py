"""Every kind of picture comes in upright and in colour; what is no picture gets one sentence."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from model.image import LARGE, MAX_DECODING_BYTES, ImageError, Page, load_image, pages

# heif-enc, avifenc, opj_compress, img2pdf, qpdf, tiffcp and Ghostscript made these; form.pdf was
# written by hand.
FILES = Path(__file__).parent / "files"


def encoded(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture
def page(seven) -> Image.Image:
    return Image.fromarray(seven)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_formats(page, format):
    rgb = load_image(encoded(page, format))
    assert rgb.shape == (200, 160, 3)
    assert rgb.dtype == np.uint8
    assert np.abs(rgb[..., 0].astype(int) - np.asarray(page)).mean() < 3


@pytest.mark.parametrize("name", ["digits.heic", "digits.avif", "digits.jp2"])
def test_what_phones_and_scanners_save(name, recognizer):
    (page,) = pages(FILES / name)
    assert page.name(name) == name and page.load().shape == (200, 480, 3)
    assert recognizer.read(page).text == recognizer.read(FILES / name).text == "407"


def test_a_phones_heic_is_upright(page):
    import pillow_heif

    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    buffer = io.BytesIO()
    turned = page.convert("RGB").rotate(90, expand=True)
    pillow_heif.from_pillow(turned).save(buffer, exif=exif.tobytes(), quality=90)
    upright = load_image(buffer.getvalue())
    assert upright.shape == (200, 160, 3)
    assert np.abs(upright[..., 0].astype(int) - np.asarray(page)).mean() < 3


@pytest.mark.parametrize("name", ["scan.pdf", "pages.tiff"])
def test_every_page_is_read(name, recognizer):
    found = pages(FILES / name)
    assert [page.name(name) for page in found] == [f"{name}, page {n}" for n in (1, 2, 3)]
    assert [recognizer.read(page).text for page in found] == ["407", "1289", "63"]
    assert recognizer.read((FILES / name).read_bytes()).text == "407"
    assert 0 < max(page.decoding_bytes() for page in found) < MAX_DECODING_BYTES


def test_a_pdf_is_shown_at_its_scans_resolution_or_finely(recognizer):
    assert pages(FILES / "scan.pdf")[1].load().shape[1] >= 480, "as many pixels as were scanned"
    (drawn,) = pages(FILES / "drawn.pdf")  # 200 × 100 points
    assert drawn.load().shape == (278, 556, 3)
    assert recognizer.read(drawn).text == "74"


def test_what_was_filled_into_a_pdf_form_is_read(recognizer):
    (page,) = pages(FILES / "form.pdf")
    assert page.load()[:20].min() == 255, "and nothing marks the field"
    assert recognizer.read(page).text == "4711"


def test_bad_documents_get_one_sentence():
    with pytest.raises(ImageError, match="asks for a password"):
        pages(FILES / "locked.pdf")
    with pytest.raises(ImageError, match="PDF document is damaged"):
        pages(b"%PDF-1.7 nothing else")
    content = (FILES / "pages.tiff").read_bytes()
    assert len(pages(content[: len(content) // 2])) == 1, "what is whole is read"
    with pytest.raises(ImageError, match="damaged"):
        pages(content[:60])
    assert Page(b"%PDF-1.7 nothing else").decoding_bytes() == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_modes(page, mode, recognizer):
    if mode == "I;16":
        image = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    elif mode in "IF":
        image = Image.fromarray(
            np.asarray(page).astype({"I": np.int32, "F": np.float32}[mode]) * 3 - 100
        )
    else:
        image = page.convert(mode)
    assert image.mode == mode
    assert recognizer.read(image).text == "7"
    if mode not in ("LA", "RGBA"):
        assert recognizer.read(encoded(image, "TIFF")).text == "7"


def test_paths_and_arrays_are_read_like_bytes(page, tmp_path, recognizer):
    page.save(tmp_path / "7.png")
    for source in (
        tmp_path / "7.png",
        str(tmp_path / "7.png"),
        np.asarray(page),
        np.asarray(page.convert("RGBA")),
    ):
        assert recognizer.read(source).text == "7"


def test_a_gif_shows_its_first_frame(page):
    frames = encoded(page, "GIF", save_all=True, append_images=[Image.new("L", page.size, 255)])
    assert load_image(frames).min() == 0


def test_exif_turns_the_picture_upright(page):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright
    turned = page.transpose(Image.Transpose.ROTATE_90)
    upright = load_image(encoded(turned, "PNG", exif=exif))
    np.testing.assert_array_equal(upright[..., 0], np.asarray(page))


@pytest.mark.parametrize("pen", [0, 255])
def test_ink_on_a_transparent_ground_stands_out(seven, pen, recognizer):
    rgba = np.full((*seven.shape, 4), pen, np.uint8)
    rgba[..., 3] = 255 - seven
    assert recognizer.read(rgba).text == "7"


def test_a_page_with_transparent_corners_gets_no_corners(seven):
    rgba = np.dstack([seven] * 3 + [np.full_like(seven, 255)])
    rgba[:20, :20, 3] = 0
    assert load_image(rgba)[:20, :20].min() == 255


def test_sixteen_bits_with_a_colour_that_is_transparent_are_read(seven):
    """PNG has that as a chunk tRNS with the one value, here the paper's."""
    values = seven.astype(np.uint16) * 257
    content = encoded(Image.fromarray(values), "PNG")
    chunk = b"tRNS" + struct.pack(">H", 65535)
    chunk = struct.pack(">I", 2) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with_transparency = content[:33] + chunk + content[33:]  # behind the header
    np.testing.assert_array_equal(load_image(with_transparency), load_image(content))


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(50)))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"hello", "not a PNG, JPEG, HEIC, .* Xournal.. or reMarkable file, or it is damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (png_header(50_000, 50_000), "too large"),
        (png_header(12_000, 12_000), "too large"),
        (png_header(100, 100), "damaged"),
        (encoded(Image.new("L", (1, 1)), "PNG"), "too small"),
        (encoded(Image.effect_noise((400, 400), 90), "JPEG")[:3000], "damaged"),
        (encoded(Image.fromarray(np.full((20, 20), np.nan, np.float32)), "TIFF"), "not numbers"),
    ],
    ids=["empty", "text", "svg", "html", "bomb", "big", "header", "pixel", "truncated", "nan"],
)
def test_bad_files_get_one_sentence(content, says):
    with pytest.raises(ImageError, match=says) as caught:
        load_image(content)
    assert "\n" not in str(caught.value)


def test_bad_paths_and_arrays(tmp_path):
    with pytest.raises(ImageError, match="no file"):
        load_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="folder"):
        load_image(tmp_path)
    with pytest.raises(ImageError, match="uint8"):
        load_image(np.zeros((20, 20)))
    with pytest.raises(ImageError, match=r"\(20, 20, 2\)"):
        load_image(np.zeros((20, 20, 2), np.uint8))
    with pytest.raises(ImageError, match="empty"):
        load_image(np.zeros((0, 20), np.uint8))


def test_a_phones_largest_picture_is_read(recognizer):
    """64 megapixels, a 7 in its middle."""
    picture = Image.effect_noise((578, 434), 8).resize((9248, 6936)).convert("RGB")
    ImageDraw.Draw(picture).line(
        [(4000, 2400), (5200, 2400), (4400, 4600)], fill=(0, 0, 60), width=160, joint="curve"
    )
    content = encoded(picture, "JPEG")
    assert Page(content).decoding_bytes() == 4 * 9248 * 6936
    reading = recognizer.read(content)
    assert reading.image.shape == (6936, 9248, 3) and reading.text == "7"


def test_a_picture_made_to_fill_the_memory_is_refused():
    file = io.BytesIO()
    Image.new("L", (9_900, 9_900)).convert("RGB").save(file, "PNG")
    with pytest.raises(ImageError, match="too many pixels for so small a file"):
        load_image(file.getvalue())


@pytest.mark.parametrize(
    ("mode", "format"),
    [
        ("RGB", "JPEG"),
        ("RGB", "PNG"),
        ("RGB", "TIFF"),
        ("L", "JPEG"),
        ("L", "PNG"),
        ("P", "PNG"),
        ("1", "PNG"),
    ],
)
@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_large_picture_comes_in_as_pillow_has_it(mode, format, orientation):
    """Large ones are copied strip by strip: each pixel is where Pillow's own conversions have
    it."""
    small = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    image = Image.fromarray(small).resize((2501, 1999), Image.Resampling.NEAREST).convert(mode)
    assert image.width * image.height >= LARGE
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(
        image, format, exif=exif, **({"compress_level": 1} if format == "PNG" else {})
    )
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    np.testing.assert_array_equal(load_image(content), np.asarray(wanted))


@pytest.mark.parametrize(
    ("mode", "format"), [("RGBA", "PNG"), ("LA", "PNG"), ("I;16", "PNG"), ("F", "TIFF")]
)
@pytest.mark.parametrize("much", [True, False])
def test_a_large_picture_of_another_kind_comes_in_as_a_small_one(mode, format, much):
    """Strip by strip, the paper and the range of the whole are taken: as of a small part that has
    the same colours."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8))
    if mode in ("RGBA", "LA"):
        small.putalpha(
            Image.fromarray(
                rng.integers(*((130, 256) if much else (0, 140)), (40, 50)).astype(np.uint8)
            )
        )
        small = small.convert(mode)
    else:
        small = Image.fromarray(
            np.asarray(small.convert("L")).astype(np.uint16 if mode == "I;16" else np.float32) * 99
        )
    large = small.resize((2500, 2000), Image.Resampling.NEAREST)
    assert large.width * large.height >= LARGE
    how = {"compress_level": 1} if format == "PNG" else {}
    np.testing.assert_array_equal(
        load_image(encoded(large, format, **how))[25::50, 25::50],
        load_image(encoded(small, format)),
    )


def test_what_takes_too_much_memory_to_decode_is_refused_before():
    """A WebP decoder takes five times as much as that of a JPEG, whose picture of that size is
    read."""
    content = encoded(
        Image.effect_noise((64, 64), 90).resize((5200, 5000)).convert("RGB"),
        "WEBP",
        quality=20,
        method=0,
    )
    with pytest.raises(ImageError, match="of a WEBP picture of this kind at most 18 megapixels"):
        load_image(content)
    assert (
        Page(content).decoding_bytes()
        == 0
        < Page(encoded(Image.new("RGB", (100, 80)), "JPEG")).decoding_bytes()
        == 4 * 100 * 80
    )
    assert Page(b"no picture").decoding_bytes() == 0


def test_a_large_file_that_ends_too_early_is_refused():
    with pytest.raises(ImageError, match="damaged"):
        load_image(encoded(Image.effect_noise((2500, 2000), 90).convert("RGB"), "JPEG")[:300_000])


def test_a_large_picture_that_somebody_opened_stays_open():
    image = Image.open(io.BytesIO(encoded(Image.new("RGB", (2500, 2000), (9, 99, 199)), "JPEG")))
    np.testing.assert_array_equal(load_image(image), np.asarray(image))
