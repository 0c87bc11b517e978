"""A visitor without a browser: speaks Streamlit's protocol, as its page does, for the benchmarks of
load and soak.

    with Visitor(address) as visitor:
        visitor.draw(visitor.canvas())
        print(visitor.digit)

It sends what Chromium was seen to send: a stroke is the canvas' whole drawing and its picture, and
once Clear has handed the canvas an empty sheet, the canvas sends that, too.
"""

import base64
import contextlib
import io
import json
import re
import time
import urllib.request
from collections.abc import Sequence

from PIL import Image, ImageDraw
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

PATIENCE = 120  # seconds
Point = tuple[float, float]
ONE: list[list[Point]] = [[(140.0, 60.0), (139.0, 100.0), (137.0, 160.0), (135.0, 220.0)]]

# What stands large on a page as what is read, in its HTML; its style sheet names it, too.
DIGIT = re.compile(r'<span data-testid="digit"[^>]*>([^<]*)<')


class Visitor:
    """One session. What the page shows of it is kept by place, as a browser keeps it."""

    def __init__(self, address: str, query: str = ""):
        self._address = address
        self._query, self._page = query, ""
        self._elements: dict[tuple[int, ...], object] = {}  # place → element
        self._cached: dict[str, ForwardMsg] = {}  # large messages, that the server sends once
        self._values: dict[str, dict] = {}  # a widget's id → its value, as WidgetState has it
        self.session = ""
        self.failed: str | None = None  # what went wrong in the script

    def __enter__(self) -> "Visitor":
        server = re.sub("^http", "ws", self._address) + "/_stcore/stream"
        self._left = contextlib.ExitStack()
        self._socket = self._left.enter_context(
            connect(server, subprotocols=["streamlit"], max_size=None)
        )
        self.run()
        return self

    def __exit__(self, *_) -> None:
        self._left.close()

    def run(self, triggers: dict[str, dict] | None = None) -> float:
        """Runs the page's script with the widgets as they are; seconds until it ended."""
        start = time.perf_counter()
        self.send(triggers)
        self.wait()
        return time.perf_counter() - start

    def send(self, triggers: dict[str, dict] | None = None) -> None:
        """Asks for a run, and doesn't wait for it."""
        message = BackMsg()
        message.rerun_script.query_string = self._query
        message.rerun_script.page_name = self._page
        message.rerun_script.cached_message_hashes.extend(self._cached)
        for name, value in (self._values | (triggers or {})).items():
            message.rerun_script.widget_states.widgets.add(id=name, **value)
        self._socket.send(message.SerializeToString())

    def open(self, page: str) -> float:
        """Goes to another page, by the name in its address; seconds until it stands."""
        self._page, self._values = page, {}
        return self.run()

    def clear_cache(self) -> None:
        """What the page's menu sends for “Clear cache”, whoever the visitor is."""
        self._socket.send(BackMsg(clear_cache=True).SerializeToString())

    def wait(self, until=lambda: False) -> None:
        """Takes in what the server sends, until the script has ended or what is waited for is
        there."""
        deadline = time.monotonic() + PATIENCE
        while not until():
            message = ForwardMsg.FromString(
                self._socket.recv(max(0.0, deadline - time.monotonic()))
            )
            if message.WhichOneof("type") == "ref_hash":
                message = self._cached[message.ref_hash]
            elif message.metadata.cacheable and message.hash:
                self._cached[message.hash] = message
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id
                self._fresh = set()
            elif kind == "delta":
                self._take(tuple(message.metadata.delta_path), message.delta)
            elif (
                kind == "session_event"
                and message.session_event.WhichOneof("type") == "script_compilation_exception"
            ):
                self.failed = message.session_event.script_compilation_exception.message
            elif (
                kind == "script_finished"
                and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                for gone in set(self._elements) - self._fresh:
                    del self._elements[gone]
                return

    def _take(self, place: tuple[int, ...], delta) -> None:
        self._fresh.add(place)
        if delta.WhichOneof("type") == "new_element":
            kind = delta.new_element.WhichOneof("type")
            self._elements[place] = element = getattr(delta.new_element, kind)
            if kind == "exception":
                self.failed = " ".join((element.message, *element.stack_trace))
            if kind == "bidi_component" and element.id not in self._values:
                fit = {
                    "naturalWidth": 280,
                    "naturalHeight": 280,
                    "scaleX": 1,
                    "scaleY": 1,
                    "offsetX": 0,
                    "offsetY": 0,
                }
                self._values[element.id] = {"json_value": json.dumps({"backgroundFit": fit})}
        elif place in self._elements:
            del self._elements[place]

    def element(self, kind: str, words: str = ""):
        """The page's first element of a kind whose label or text has these words; raises
        LookupError."""
        for _, element in sorted(self._elements.items()):
            if type(element).__name__ == kind and words in (
                getattr(element, "label", "") or str(element)
            ):
                return element
        raise LookupError(f"no {kind} {words!r} on the page")

    def has(self, kind: str, words: str = "") -> bool:
        """Whether there is such an element."""
        try:
            self.element(kind, words)
        except LookupError:
            return False
        return True

    def words(self) -> str:
        """All that the page says, roughly."""
        return " ".join(getattr(element, "body", "") for element in self._elements.values())

    @property
    def digit(self) -> str | None:
        """What the page says was read; None where it says nothing."""
        for element in self._elements.values():
            if type(element).__name__ == "Html" and (digit := DIGIT.search(element.body)):
                return digit[1]
        return None

    def click(self, words: str) -> float:
        """Presses a button; seconds until the page stands."""
        return self.run({self.element("Button", words).id: {"trigger_value": True}})

    def draw(self, strokes: Sequence[Sequence[Point]] = ONE, width: int = 16) -> float:
        """Strokes in pixels of the canvas, drawn one after the other; seconds from the last to its
        reading."""
        for count in range(1, len(strokes) + 1):
            self._send_drawing(
                [_path(stroke, width) for stroke in strokes[:count]],
                _picture(strokes[:count], width),
            )
            start = time.perf_counter()
            self.send()
            self.wait(lambda: self.digit is not None)
            taken = time.perf_counter() - start
            self.wait()
        return taken

    def clear(self) -> None:
        """Empties the sheet, as the button does and the canvas answers."""
        self.click("Clear")
        self._send_drawing([], _picture([], 0))
        self.run()

    def _send_drawing(self, paths: list[dict], picture: str) -> None:
        canvas = self.element("BidiComponent")
        begun = json.loads(
            canvas.mixed.json if canvas.WhichOneof("data") == "mixed" else canvas.json
        )
        objects = [*begun["initialDrawing"]["objects"], *paths]
        value = json.loads(self._values[canvas.id]["json_value"])
        value["drawing"] = {"raw": {"version": "7.4.0", "objects": objects}, "data": picture}
        self._values[canvas.id] = {"json_value": json.dumps(value, separators=(",", ":"))}

    def upload(self, name: str, content: bytes) -> None:
        """Hands a file to the page's uploader, and doesn't wait for what the page makes of it."""
        uploader = self.element("FileUploader")
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.session_id = self.session
        message.file_urls_request.file_names.append(name)
        self._socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self._socket.recv(PATIENCE))
            if answer.WhichOneof("type") == "file_urls_response":
                break
        urls = answer.file_urls_response.file_urls[0]
        self._put(urls.upload_url, name, content)
        addresses = {
            "file_id": urls.file_id,
            "upload_url": urls.upload_url,
            "delete_url": urls.delete_url,
        }
        info = {"file_id": urls.file_id, "name": name, "size": len(content), "file_urls": addresses}
        self._values[uploader.id] = {"file_uploader_state_value": {"uploaded_file_info": [info]}}
        self.send()

    def _put(self, url: str, name: str, content: bytes) -> None:
        boundary = "----visitor"
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode() + content
        body += f"\r\n--{boundary}--\r\n".encode()
        health = urllib.request.urlopen(f"{self._address}/_stcore/health")
        cookie = (health.headers.get("Set-Cookie") or "").partition(";")[0]
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        if cookie:
            headers |= {"Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2]}
        request = urllib.request.Request(self._address + url, body, headers, method="PUT")
        urllib.request.urlopen(request, timeout=PATIENCE).close()


def _path(stroke: Sequence[Point], width: int) -> dict:
    """A stroke as fabric writes it."""
    (x, y), *others = stroke
    return {
        "type": "Path",
        "version": "7.4.0",
        "stroke": "black",
        "strokeWidth": width,
        "strokeLineCap": "round",
        "strokeDashOffset": 0,
        "strokeLineJoin": "round",
        "path": [["M", x, y], *(["L", *point] for point in others)],
    }


def _picture(strokes: Sequence[Sequence[Point]], width: int) -> str:
    """(280, 280) pixels, black on nothing, as a data: address."""
    picture = Image.new("RGBA", (280, 280))
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        pen.line(stroke, (0, 0, 0, 255), width, "curve")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
