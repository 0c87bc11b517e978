"""PDF documents, page by page, at the resolution of what was scanned into them."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from PIL import Image

MARK, WITHIN = b"%PDF-", 1024  # a document has this mark among its first bytes
INCH = 72  # points
# Dots an inch: of a page that was not scanned, of one that was, at least and at most.
DRAWN, LEAST, MOST = 200, 100, 600
MAX_PIXELS = 20_000_000  # of a page: A4 at 600 dots an inch would be 35
SCANNED = 0.5  # of a page's area: what an image covers, for its resolution to be the page's
DEEP = 3  # forms within forms in which an image is looked for
BYTES_PER_PIXEL = 12  # PDFium's own four, Pillow's, and those of a scan as it is decoded

_lock = threading.RLock()  # PDFium is not safe with threads


class PdfError(ValueError):
    """A document can't be read; the message is one sentence that says why."""


def is_pdf(content: bytes) -> bool:
    """Whether a file is a PDF document."""
    return MARK in content[:WITHIN]


def count_pages(content: bytes) -> int:
    """How many pages a document has; raises PdfError."""
    with _open(content) as document:
        return len(document)


def decoding_bytes(content: bytes, number: int) -> int:
    """Bytes that rendering a page takes at most; raises PdfError."""
    with _open(content) as document, contextlib.closing(document[number]) as page:
        width, height = page.get_size()
        return int(BYTES_PER_PIXEL * width * height * _scale(page) ** 2)


def render(content: bytes, number: int) -> Image.Image:
    """A page, counted from 0, as an upright RGB picture; raises PdfError."""
    with _open(content) as document:
        try:
            document.init_forms()  # without it, what was filled in is left out
            with contextlib.closing(document[number]) as page:
                return page.render(scale=_scale(page), rev_byteorder=True).to_pil().convert("RGB")
        except MemoryError:
            raise
        except Exception as error:  # PDFium's, and those of its bindings
            raise PdfError("The page is damaged and can't be shown.") from error


@contextlib.contextmanager
def _open(content: bytes) -> Iterator[Any]:
    """A document, which nothing else works on meanwhile."""
    import pypdfium2  # not before it is needed: most of what is read are pictures

    with _lock:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise PdfError(
                    "The PDF document asks for a password; save it without one."
                ) from error
            raise PdfError("The PDF document is damaged.") from error
        try:
            if not len(document):
                raise PdfError("The PDF document has no pages.")
            yield document
        finally:
            document.close()


def _scale(page: Any) -> float:
    """Pixels a point at which a page is rendered."""
    import pypdfium2.raw

    width, height = page.get_size()
    dots = 0.0
    for image in page.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=DEEP):
        left, bottom, right, top = image.get_bounds()
        if (right - left) * (top - bottom) >= SCANNED * width * height:
            wide, high = image.get_px_size()
            # An image may lie on its side.
            longer, side = max(wide, high), max(right - left, top - bottom)
            dots = max(dots, INCH * longer / side)
    dots = min(max(dots, LEAST), MOST) if dots else DRAWN
    return float(min(dots / INCH, (MAX_PIXELS / max(1.0, width * height)) ** 0.5))
