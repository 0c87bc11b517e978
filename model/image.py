"""Whatever people call a picture → upright RGB arrays, one a page, or a sentence that says why
not."""

import functools
import io
import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from model import interruption, pdf
from model.file_types import FORMATS_IN_WORDS
from model.pdf import PdfError
from model.pen import files as pen
from model.pen.sheets import PenError

# As Pillow calls them.
_PILLOW = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "JPEG2000")
MAX_PIXELS = 100_000_000  # a phone's largest picture; more would not fit into a small server
# Bytes that decoding may take: with one such picture at a time, a server of 1 GB survives
# (benchmarks/load.py).
MAX_DECODING_BYTES = 400_000_000
# Bytes that decoding takes for a pixel, by its peak memory: by formats' own decoders, into memory
# of ours, of 16 and 32 bits or float, and of all else.
DECODERS = {"WEBP": 22, "HEIF": 8, "AVIF": 11, "JPEG2000": 20}
IN_PLACE, WIDE, OTHERS = 4, 5, 7
# Values for each byte of a file: with more, beyond so many values, it is a bomb or blank.
MAX_VALUES_PER_BYTE, BLANK_CHECK_VALUES = 500, 100_000_000
# Pixels from which a picture is held once and copied strip by strip, never as a whole.
LARGE, STRIP = 4_000_000, 1_000_000
MIN_RANGE = 1e-30  # of a picture whose pixels are floats: with less, it shows nothing
MIN_SIDE = 8  # pixels of the longer side: below, nobody could write a digit

# A picture is read or refused; what Pillow warns of beside, odd tags or many pixels (MAX_PIXELS is
# stricter), is no news to who gave it. Once for the process: filters that are set and reset at each
# picture are not safe with threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


Source = os.PathLike[str] | str | bytes | Image.Image | np.ndarray


class ImageError(ValueError):
    """A picture can't be read; the message is one sentence that says why."""


@dataclass(frozen=True)
class Page:
    """A page of a file, or the one picture that it is."""

    source: bytes | Image.Image
    number: int = 0  # counted from 0
    count: int = 1  # of the file

    def load(self) -> np.ndarray:
        """(h, w, 3) uint8 RGB, upright. Transparent pictures are laid on paper that their ink
        stands out from.

        Raises:
            ImageError: damaged, too large or too small.
        """
        if isinstance(self.source, Image.Image):
            return _to_rgb(self.source)
        if pdf.is_pdf(self.source):
            try:
                return _to_rgb(pdf.render(self.source, self.number))
            except PdfError as error:
                raise ImageError(str(error)) from error
        if drawing := self.drawing():
            picture = drawing.picture()
            return np.broadcast_to(picture[..., None], (*picture.shape, 3))
        with _open(self.source) as image:
            if self.number:
                _turn_to(image, self.number)
            return _to_rgb(image, len(self.source))

    def drawing(self) -> pen.Drawing | None:
        """The strokes of a sheet that a pen wrote, in pixels of what `load` gives; None of any
        other picture.

        Raises:
            ImageError: damaged.
        """
        if isinstance(self.source, Image.Image) or not pen.is_pen(self.source):
            return None
        try:
            return pen.drawing(self.source, self.number)
        except PenError as error:
            raise ImageError(str(error)) from error

    def decoding_bytes(self) -> int:
        """Bytes that `load` takes at most; 0 where it is refused."""
        if isinstance(self.source, Image.Image):
            return 0
        try:
            if pdf.is_pdf(self.source):
                return pdf.decoding_bytes(self.source, self.number)
            if drawing := self.drawing():
                return drawing.decoding_bytes
            with _open(self.source) as image:
                if self.number:
                    _turn_to(image, self.number)
                need = _decoding_need(image)
        except (ImageError, PdfError):  # `load` says what is wrong
            return 0
        return need if need <= MAX_DECODING_BYTES else 0

    def name(self, file: str) -> str:
        """What a page of a file of that name is called."""
        return f"{file}, page {self.number + 1}" if self.count > 1 else file


def pages(source: Source) -> list[Page]:
    """Path, bytes, PIL image or uint8 array (h, w), (h, w, 3), (h, w, 4) → its pages.

    PDF documents, TIFF files and what pens write may have several. Of what moves, such as GIF, the
    first frame is taken, and of HEIC the picture that is meant to be shown. No page is decoded yet.

    Raises:
        ImageError: not a picture, of a format not known, or damaged.
    """
    if isinstance(source, np.ndarray):
        source = _from_array(source)
    if isinstance(source, Image.Image):
        return [Page(source)]
    content = bytes(source) if isinstance(source, (bytes, bytearray)) else _file_content(source)
    if not content:
        raise ImageError("The file is empty.")
    if pdf.is_pdf(content):
        try:
            count = pdf.count_pages(content)
        except PdfError as error:
            raise ImageError(str(error)) from error
    elif pen.is_pen(content):
        try:
            count = len(pen.sheets(content))
        except PenError as error:
            raise ImageError(str(error)) from error
    else:
        with _open(content) as image:
            count = _count_frames(image) if image.format == "TIFF" else 1
    return [Page(content, number, count) for number in range(count)]


def load_image(source: Source) -> np.ndarray:
    """A picture, as `pages` takes it → its first page, as `Page.load` gives it; raises
    ImageError."""
    return pages(source)[0].load()


def downscale(picture: np.ndarray, reduction: int) -> np.ndarray:
    """(h, w, 3) or (h, w) uint8 → (h / reduction, w / reduction, …), rounded up; by strips, since
    Pillow copies what it takes."""
    if reduction == 1:
        return picture
    rows = reduction * max(1, STRIP // (reduction * picture.shape[1]))
    strips = (picture[top : top + rows] for top in range(0, len(picture), rows))
    return np.concatenate(
        [np.asarray(Image.fromarray(strip).reduce(reduction)) for strip in strips]
    )


def enlarge_picture(picture: np.ndarray, times: int) -> np.ndarray:
    """(h, w, 3) uint8, or (h, w) float32, which may go a little beyond its bounds → (times · h,
    times · w, …)."""
    size = times * picture.shape[1], times * picture.shape[0]
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def _open(content: bytes) -> Image.Image:
    """A picture file of which only the head is read; raises ImageError."""
    formats: tuple[str, ...] = _PILLOW
    if content[4:8] == b"ftyp":  # of HEIC, AVIF and films
        _register_heif()
        formats = ("HEIF", *_PILLOW)
    try:
        return Image.open(io.BytesIO(content), formats=formats)
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"The picture is too large; at most {MAX_PIXELS // 10**6} megapixels can be read."
        ) from error
    except Exception as error:  # what a damaged file makes a decoder raise is of any kind
        raise ImageError(_not_a_picture(content)) from error


@functools.cache
def _register_heif() -> None:
    """Lets Pillow read HEIC: not before it is needed, since most of what is read is no such
    picture."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def _count_frames(image: Image.Image) -> int:
    """Those of a TIFF file; one where its list of them is damaged."""
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:
        return 1


def _turn_to(image: Image.Image, number: int) -> None:
    try:
        image.seek(number)
    except Exception as error:
        raise ImageError("The page is damaged.") from error


def _file_content(source: os.PathLike[str] | str) -> bytes:
    path = Path(source)
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{path} is a folder, not a picture.") from error
    except (OSError, ValueError) as error:
        raise ImageError(
            f"{path} can't be opened: {getattr(error, 'strerror', None) or error}."
        ) from error


def _not_a_picture(content: bytes) -> str:
    """The sentence for a file that is no picture, with what it may be."""
    known = f"a {FORMATS_IN_WORDS} file"
    start = content[:512].lstrip().lower()
    if b"<svg" in start:
        return f"This is an SVG drawing, not {known}."
    if b"<html" in start or b"<!doctype" in start:
        return f"This is a web page, not {known}."
    return f"This is not {known}, or it is damaged."


def _from_array(array: np.ndarray) -> Image.Image:
    if (
        array.dtype != np.uint8
        or array.ndim not in (2, 3)
        or (array.ndim == 3 and array.shape[2] not in (3, 4))
    ):
        raise ImageError(
            f"An array should be uint8 of shape (h, w), (h, w, 3) or (h, w, 4), not {array.dtype} "
            f"{array.shape}."
        )
    if 0 in array.shape:
        raise ImageError("The picture is empty.")
    return Image.fromarray(array)


def _to_rgb(image: Image.Image, stored: int | None = None) -> np.ndarray:
    """A picture, of a file of so many bytes if any → (h, w, 3) uint8, upright."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The picture is too large: {width:,} × {height:,} pixels; at most "
            f"{MAX_PIXELS // 10**6} megapixels can be "
            "read."
        )
    if stored is not None and _decoding_need(image) > MAX_DECODING_BYTES:
        most = MAX_DECODING_BYTES * width * height // _decoding_need(image) // 10**6
        raise ImageError(
            f"The picture is too large: {width:,} × {height:,} pixels; of a {image.format} picture "
            f"of this kind at most {most} megapixels can be read, of a JPEG picture "
            f"{MAX_PIXELS // 10**6}."
        )
    if stored is not None and width * height * len(image.getbands()) > max(
        MAX_VALUES_PER_BYTE * stored, BLANK_CHECK_VALUES
    ):
        raise ImageError(
            "The picture is blank or made to fill the memory: too many pixels for so small a file."
        )
    if max(width, height) < MIN_SIDE:
        raise ImageError(f"The picture is too small: {width} × {height} pixels can't hold a digit.")
    try:
        return _decode(image, opened=stored is not None)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(
            "There is not enough memory for this picture now; make it smaller, or try again."
        ) from error
    except Exception as error:
        raise ImageError(
            "The picture is damaged: it ends too early or can't be decoded."
        ) from error


def _decode(image: Image.Image, opened: bool) -> np.ndarray:
    """A picture → (h, w, 3), upright by a view; of a grey one, all three channels are the same
    memory.

    Beside the decoded picture there is only a strip of it at a time. One that was opened here is
    closed as soon as it is decoded; somebody else's stays as it is.
    """
    width, height = image.size
    rows = max(1, STRIP // width)
    strips = [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
    memory = _memory_of(image) if opened and width * height >= LARGE else None
    if memory is None:
        image.load()
    orientation = image.getexif().get(ExifTags.Base.Orientation)
    wide = _has_wide_samples(image)  # of which one that is called transparent is a number, too
    transparent = image.has_transparency_data and not wide
    if wide:
        mode = image.mode
    elif transparent:
        mode = "RGBA"
    else:
        mode = "L" if image.mode in ("1", "L") else "RGB"
    if memory is not None:
        image.close()  # nothing but `memory` may know of memory that shrinks

    def part(strip: slice) -> np.ndarray:
        if memory is not None:
            return memory.reshape(height, width, 4)[strip, :, : len(mode)]
        cut = image.crop((0, strip.start, width, strip.stop))
        values = np.asarray(cut if cut.mode == mode else cut.convert(mode))
        return values.reshape(strip.stop - strip.start, width, -1)

    paint: Callable[[np.ndarray], np.ndarray] = np.copy
    if wide:
        paint = _as_grey(map(part, strips))
    elif transparent:
        paint = _on_paper(map(part, strips))
    channels = 1 if wide or mode == "L" else 3
    size = height * width * channels
    # Of memory of ours, the rows become three bytes a pixel in place.
    flat = np.empty(size, np.uint8) if memory is None else memory
    for strip in strips:
        interruption.check()
        rows_of_flat = slice(width * channels * strip.start, width * channels * strip.stop)
        flat[rows_of_flat] = paint(part(strip)).reshape(-1)
    if memory is not None:
        flat.resize(size, refcheck=False)
    array = flat.reshape(height, width, channels)
    return _upright(
        np.broadcast_to(array, (height, width, 3)) if channels == 1 else array, orientation
    )


def _decoding_need(image: Image.Image) -> int:
    """Bytes that decoding a file takes at most, Pillow's own and ours together."""
    if image.format in DECODERS:
        a_pixel = DECODERS[image.format]
    elif _has_wide_samples(image):
        a_pixel = WIDE
    else:
        a_pixel = IN_PLACE if image.mode in ("1", "L") or _fits_in_place(image) else OTHERS
    return a_pixel * image.width * image.height


def _has_wide_samples(image: Image.Image) -> bool:
    return image.mode == "F" or image.mode.startswith("I")


def _fits_in_place(image: Image.Image) -> bool:
    opaque = image.mode == "RGB" and not image.has_transparency_data
    return (
        image.format in ("JPEG", "PNG")
        and bool(getattr(image, "tile", None))
        and (opaque or image.mode == "RGBA")
    )


def _memory_of(image: Image.Image) -> np.ndarray | None:
    """The picture decoded into memory of ours, four bytes a pixel as Pillow holds them; None where
    it is of a kind of which that can't be told."""
    if not _fits_in_place(image):
        return None
    memory = np.empty(image.width * image.height * 4, np.uint8)
    mode = "RGBX" if image.mode == "RGB" else "RGBA"
    ours = Image.frombuffer(mode, image.size, memory, "raw", mode, 0, 1).im
    image.im = ours  # which load() fills, as it does whatever memory is there
    image.load()
    return memory if image.im is ours else None


def _upright(array: np.ndarray, orientation: int | None) -> np.ndarray:
    """(h, w, 3) and what Exif says of it → a view upright, as ImageOps.exif_transpose would copy
    it."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array[:, ::-1] if orientation in (2, 3, 6, 7) else array


def _as_grey(parts: Iterable[np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Strips of 16 or 32 bits or float → what makes a strip grey, from the least value of all to
    the greatest."""
    low, high = np.inf, -np.inf
    for part in parts:
        values = part.astype(np.float32)
        if not np.isfinite(values).all():
            raise ImageError("The picture has pixels that are not numbers (NaN or infinite).")
        low, high = min(low, float(values.min())), max(high, float(values.max()))

    def grey(part: np.ndarray) -> np.ndarray:
        if high - low <= MIN_RANGE:
            return np.full(part.shape, 255, np.uint8)
        # By halves: from the least float to the greatest is more than a float can hold.
        return np.round((part.astype(np.float32) / 2 - low / 2) * (510 / (high - low))).astype(
            np.uint8
        )

    return grey


def _on_paper(parts: Iterable[np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Strips (h, w, 4) → what lays a strip on the page's own colour or, where only ink is there, on
    black or white."""
    counts, pixels, light, weight = np.zeros((3, 256), int), 0, 0.0, 0.0
    for part in parts:
        colour, alpha = part[..., :3], part[..., 3]
        visible = colour[alpha > 127]
        counts += [np.bincount(visible[:, channel], minlength=256) for channel in range(3)]
        pixels += alpha.size
        light += float((colour.sum(-1, dtype=np.uint16) * alpha.astype(np.float64)).sum())
        weight += float(alpha.sum(dtype=np.int64))
    paper = np.full(3, 255.0)
    seen = int(counts[0].sum())
    if seen > pixels / 2:  # a page with see-through corners or margins
        below = counts.cumsum(1)
        # the median
        paper = np.mean([(below <= middle).sum(1) for middle in ((seen - 1) // 2, seen // 2)], 0)
    elif weight > 0:
        paper = np.full(3, 0.0 if light / (3 * weight) > 127 else 255.0)

    def laid(part: np.ndarray) -> np.ndarray:
        alpha = part[..., 3:].astype(np.float32) / 255
        return np.round(part[..., :3] * alpha + paper.astype(np.float32) * (1 - alpha)).astype(
            np.uint8
        )

    return laid
