"""Whatever people call a picture → an upright RGB array, or one sentence that says why not."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
EXTENSIONS = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
MAX_PIXELS = 100_000_000  # a phone's largest picture; more would not fit into the memory of a small server
PACKED, ROOMY = 500, 100_000_000  # values for each byte of a file: more, beyond so many values, is a bomb or blank
LARGE = 4_000_000  # pixels: from here on, a picture is held once and copied strip by strip, never as a whole
STRIP = 1_000_000  # pixels
LEAST_RANGE = 1e-30  # of a picture whose pixels are floats: it shows nothing
MIN_SIDE = 8  # of the longer side: below, nobody could write a digit

# A picture is read or refused; what Pillow warns of beside, odd tags or many pixels (MAX_PIXELS is stricter), is no
# news to who gave it. Once for the process: filters that are set and reset at each picture are not safe with threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


class ImageError(ValueError):
    """A picture can't be read; the message is one sentence that says why."""


def load(source: os.PathLike | str | bytes | Image.Image | np.ndarray) -> np.ndarray:
    """Path, bytes, PIL image or uint8 array (h, w), (h, w, 3), (h, w, 4) → (h, w, 3) uint8 RGB, upright.

    Transparent pictures are laid on paper that their ink stands out from. The first frame of several is taken.

    Raises:
        ImageError: not a picture, of a format not known, damaged, too large or too small.
    """
    if isinstance(source, np.ndarray):
        source = _from_array(source)
    if isinstance(source, Image.Image):
        return _to_rgb(source)
    if not isinstance(source, (bytes, bytearray)):
        source = _file_content(Path(source))
    if not source:
        raise ImageError("The file is empty.")
    try:
        image = Image.open(io.BytesIO(source), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageError(f"The picture is too large; at most {MAX_PIXELS // 10**6} megapixels can be read.") from error
    except Exception as error:  # what a damaged file makes a decoder raise is of any kind
        raise ImageError(f"This is {_guess(source)}, not a PNG, JPEG, WebP, BMP, TIFF or GIF picture.") from error
    with image:
        return _to_rgb(image, len(source))


def _file_content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{path} is a folder, not a picture.") from error
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} can't be opened: {getattr(error, 'strerror', None) or error}.") from error


def _guess(content: bytes) -> str:
    """What a file that is no picture may be, in words."""
    start = content[:512].lstrip().lower()
    if b"<svg" in start:
        return "an SVG drawing"
    if b"<html" in start or b"<!doctype" in start:
        return "a web page"
    if start.startswith(b"%pdf"):
        return "a PDF document"
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        return "a HEIC or AVIF picture"
    return "something else or damaged"


def _from_array(array: np.ndarray) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ImageError(
            f"An array should be uint8 of shape (h, w), (h, w, 3) or (h, w, 4), not {array.dtype} {array.shape}."
        )
    if 0 in array.shape:
        raise ImageError("The picture is empty.")
    return Image.fromarray(array)


def _to_rgb(image: Image.Image, stored: int | None = None) -> np.ndarray:
    """A picture, of a file of so many bytes if any → (h, w, 3) uint8, upright."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The picture is too large: {width:,} × {height:,} pixels; at most {MAX_PIXELS // 10**6} megapixels can be "
            "read."
        )
    if stored is not None and width * height * len(image.getbands()) > max(PACKED * stored, ROOMY):
        raise ImageError("The picture is blank or made to fill the memory: too many pixels for so small a file.")
    if max(width, height) < MIN_SIDE:
        raise ImageError(f"The picture is too small: {width} × {height} pixels can't hold a digit.")
    try:
        if width * height >= LARGE and image.mode in ("1", "L", "P", "RGB", "CMYK") and not image.has_transparency_data:
            return _in_strips(image, opened=stored is not None)
        image.load()
        if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:  # else it would only copy
            image = ImageOps.exif_transpose(image)
    except MemoryError as error:
        raise ImageError("There is not enough memory for this picture now; make it smaller, or try again.") from error
    except Exception as error:
        raise ImageError("The picture is damaged: it ends too early or can't be decoded.") from error
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_numbers(np.asarray(image))
    if image.has_transparency_data:
        return _on_paper(np.asarray(image.convert("RGBA")))
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _in_strips(image: Image.Image, opened: bool) -> np.ndarray:
    """A large opaque picture → (h, w, 3), upright by a view; of a grey one, all three channels are the same memory.

    One that was opened here is closed as soon as it is decoded; somebody else's stays as it is.
    """
    width, height = image.size
    rows = max(1, STRIP // width)
    strips = [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
    if opened and image.mode == "RGB" and image.format in ("JPEG", "PNG") and image.tile:
        # Pillow holds four bytes a pixel: decoded into our memory, they become three there without a second copy.
        flat = np.empty(height * width * 4, np.uint8)
        ours = Image.frombuffer("RGBX", image.size, flat, "raw", "RGBX", 0, 1).im
        image.im = ours  # which load() fills, as it does whatever memory is there
        image.load()
        orientation, filled = image.getexif().get(ExifTags.Base.Orientation), image.im is ours
        if filled:
            image.close()  # nothing but `flat` may know of memory that shrinks
            del ours
            for strip in strips:
                pixels = flat[4 * width * strip.start : 4 * width * strip.stop].reshape(-1, 4)[:, :3].copy()
                flat[3 * width * strip.start : 3 * width * strip.stop] = pixels.reshape(-1)
            flat.resize(height * width * 3, refcheck=False)
            return _upright(flat.reshape(height, width, 3), orientation)
        del flat, ours
    image.load()
    orientation = image.getexif().get(ExifTags.Base.Orientation)
    mode = "L" if image.mode in ("1", "L") else "RGB"
    array = np.empty((height, width, len(mode)), np.uint8)
    for strip in strips:
        part = image.crop((0, strip.start, width, strip.stop))
        array[strip] = np.asarray(part if part.mode == mode else part.convert(mode)).reshape(-1, width, len(mode))
    return _upright(np.broadcast_to(array, (height, width, 3)), orientation)


def _upright(array: np.ndarray, orientation: int | None) -> np.ndarray:
    """(h, w, 3) and what Exif says of it → a view upright, as ImageOps.exif_transpose would copy it."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array[:, ::-1] if orientation in (2, 3, 6, 7) else array


def _from_numbers(values: np.ndarray) -> np.ndarray:
    """(h, w) of 16 or 32 bits or float, of any range → RGB, from its least value to its greatest."""
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise ImageError("The picture has pixels that are not numbers (NaN or infinite).")
    low, high = float(values.min()), float(values.max())
    grey = np.full(values.shape, 255, np.uint8)
    if high - low > LEAST_RANGE:
        # By halves: from the least float to the greatest is more than a float can hold.
        grey = np.round((values / 2 - low / 2) * (510 / (high - low))).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _on_paper(rgba: np.ndarray) -> np.ndarray:
    """(h, w, 4) → (h, w, 3), laid on the page's own colour or, where only ink is there, on black or white."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    colour, visible = rgba[..., :3], rgba[..., 3] > 127
    paper = np.full(3, 255.0)
    if visible.mean() > 0.5:  # a page with see-through corners or margins
        paper = np.median(colour[visible], axis=0)
    elif (alpha > 0).any():
        brightness = (colour * alpha).sum() / (3 * alpha.sum())
        paper = np.full(3, 0.0 if brightness > 127 else 255.0)
    return np.round(colour * alpha + paper.astype(np.float32) * (1 - alpha)).astype(np.uint8)
