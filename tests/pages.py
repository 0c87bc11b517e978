"""The dashboard in Streamlit's AppTest: no browser, so what a drawing sends is put in by hand."""

import base64
import io
from pathlib import Path

from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from app_pages.parts import canvas, samples

ROOT = Path(__file__).parents[1]
DEFAULT = ROOT / "checkpoints" / "default"
TIMEOUT = 120  # seconds: an upper bound for slow machines


def start(page: str | None = None) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=TIMEOUT).run()
    return app.switch_page(f"app_pages/{page}.py").run() if page else app


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def written(digit: int, size: int = canvas.SIZE) -> Image.Image:
    """A digit as the canvas would send it."""
    picture = Image.new("RGBA", (size, size), "white")
    for stroke in samples.placed(digit, size):
        ImageDraw.Draw(picture).line(stroke, fill="black", width=round(0.06 * size), joint="curve")
    return picture


def sent(picture: Image.Image, strokes: int = 1, began: dict | None = None) -> dict:
    """The state of the canvas after so many strokes, where said on a sheet that `began` so."""
    address = f"data:image/png;base64,{base64.b64encode(png(picture)).decode()}"
    objects = began["objects"][:1] if began else []
    return {"drawing": {"raw": {"objects": [*objects, *[{"type": "Path"}] * strokes]}, "data": address}}


def button(app: AppTest, label: str):
    """The only button of that label."""
    (found,) = (one for one in app.button if one.label == label)
    return found


def page_html(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def said(elements) -> str:
    return " ".join(element.value for element in elements)
