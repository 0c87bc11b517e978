"""The dashboard in Streamlit's AppTest, no browser, so what a drawing sends is put in by hand; and
sheets to read."""

import base64
import html
import io
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from streamlit.testing.v1 import AppTest
from visitor import DIGIT

from app_pages.pen import canvas, samples
from app_pages.words import JOINER
from model.strokes import Stroke

ROOT = Path(__file__).parents[1]
DEFAULT = ROOT / "checkpoints" / "default"
LINE = Stroke((("M", 20.0, 20.0), ("L", 60.0, 20.0)), 16.0)
TIMEOUT = 120  # seconds: an upper bound for slow machines


def start(page: str | None = None) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=TIMEOUT).run()
    return app.switch_page(f"app_pages/{page}/page.py").run() if page else app


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def written(digit: int, size: int = canvas.SIZE) -> Image.Image:
    """A digit as the canvas would send it."""
    picture = Image.new("RGBA", (size, size), "white")
    for stroke in samples.lines(digit, size):
        ImageDraw.Draw(picture).line(stroke, fill="black", width=round(0.06 * size), joint="curve")
    return picture


def message(
    picture: Image.Image, strokes: Sequence[Stroke] = (LINE,), start: canvas.Start | None = None
) -> dict:
    """The canvas' state in the browser once these strokes make that picture, where said on a sheet
    that started so."""
    address = f"data:image/png;base64,{base64.b64encode(png(picture)).decode()}"
    objects = start.as_raw()["objects"][:1] if start else []
    objects += [
        {
            "type": "Path",
            "path": [list(step) for step in stroke.path],
            "strokeWidth": stroke.width,
        }
        for stroke in strokes
    ]
    return {"drawing": {"raw": {"objects": objects}, "data": address}}


def button(app: AppTest, label: str):
    """The only button of that label."""
    return labelled(app.button, label)


def labelled(widgets, label: str):
    """The only one of that label."""
    (widget,) = (widget for widget in widgets if widget.label == label)
    return widget


def links(app: AppTest) -> dict[str, str]:
    """What the links to other pages say → their queries."""
    return {link.proto.label: link.proto.query_string for link in app.get("page_link")}


def follow(app: AppTest, label: str, page: str) -> AppTest:
    """Opens a link to another page, as the browser does."""
    query = dict(parse_qsl(links(app)[label]))
    app.query_params.clear()
    app.query_params.update(query)
    return app.switch_page(f"app_pages/{page}/page.py").run()


def headline(app: AppTest) -> str | None:
    """What stands large on the page as what is read; None where nothing does."""
    text = DIGIT.search(page_html(app))
    return html.unescape(text[1]) if text else None


def page_html(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def said(elements) -> str:
    """What they say, as it shows: without the signs that keep Markdown from being any."""
    return re.sub(r"\\([^\w\s])", r"\1", as_markdown(elements)).replace(JOINER, "")


def as_markdown(elements) -> str:
    """What they are told to say."""
    return " ".join(element.value for element in elements)


class Sheet:
    """A sheet on which digits are written by hand, print is set and lines are drawn; ink from 0 to
    1."""

    def __init__(self, width: int, height: int):
        self.drawn = Image.new("L", (2 * width, 2 * height), 0)
        self.pen = ImageDraw.Draw(self.drawn)

    def write(
        self, text: str, x: float, y: float, height: float = 60, pen: float = 4, gap: float = 0.75
    ) -> "Sheet":
        """Digits whose squares are `height` pixels, from (x, y); a space is a digit's room."""
        for place, digit in enumerate(text):
            if digit != " ":
                left = 2 * (x + gap * height * place)
                tilt = 3 * (place % 3)
                for stroke in samples.lines(
                    int(digit), round(2 * height), tilt=tilt, left=round(left), top=round(2 * y)
                ):
                    self.pen.line(stroke, fill=255, width=round(2 * pen), joint="curve")
        return self

    def print(self, text: str, x: float, y: float, height: float) -> "Sheet":
        self.pen.text((2 * x, 2 * y), text, 235, ImageFont.load_default(2 * height))
        return self

    def line(self, *points: float, pen: float = 2, ink: int = 200) -> "Sheet":
        self.pen.line([2 * point for point in points], fill=ink, width=round(2 * pen))
        return self

    def picture(
        self, light: np.ndarray | float = 0.92, strength: float = 0.8, noise: float = 0.01
    ) -> np.ndarray:
        """(h, w, 3) uint8, in a light that may be an array (h, w)."""
        ink = np.asarray(self.drawn.reduce(2), np.float32) / 255
        grey = light * (1 - strength * ink) + np.random.default_rng(0).normal(0, noise, ink.shape)
        return np.repeat(np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8)[..., None], 3, 2)
