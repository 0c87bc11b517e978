"""A digit as text in an address: what comes back is what was drawn, or a sentence."""

import base64
import zlib

import numpy as np
import pytest

from app_pages.pen import address, canvas, samples
from model import strokes
from model.recognizer import as_single_glyph
from model.strokes import brush


@pytest.mark.parametrize("digit", range(10))
def test_a_drawn_digit_comes_back(digit, recognizer):
    drawing = tuple(samples.strokes(digit, canvas.SIZE, 16, tilt=5.0))
    text = address.encode_strokes(drawing)
    assert len(text) < 300 and text.replace("-", "").replace("_", "").isalnum()
    back = address.decode_strokes(text)
    assert [stroke.width for stroke in back] == [16.0] * len(drawing)
    for before, after in zip(drawing, back, strict=True):
        # Each point of the stroke lies within a pixel of the line that came back.
        starts, ends = after.points[:-1], after.points[1:]
        along = ends - starts
        share = np.einsum("psk,sk->ps", before.points[:, None] - starts, along)
        share = np.clip(share / np.maximum((along**2).sum(1), 1e-9), 0, 1)
        nearest = starts + share[..., None] * along
        assert np.linalg.norm(before.points[:, None] - nearest, axis=2).min(1).max() <= 1
    picture = strokes.picture(back, canvas.SIZE, canvas.SIZE)
    (read,) = recognizer.read_glyphs(as_single_glyph(picture)[None])
    assert read.value == digit
    assert address.encode_strokes(back) == text, "an address is not drawn anew each time"


def test_a_dot_and_a_stroke_beyond_the_canvas_come_back():
    drawing = (brush([(9.0, 9.0), (9.0, 9.0)], 4), brush([(-20.0, 300.0), (400.0, -7.5)], 40))
    back = address.decode_strokes(address.encode_strokes(drawing))
    assert [stroke.width for stroke in back] == [4, 40]
    np.testing.assert_allclose(back[1].points, [[-20, 300], [400, -7.5]])


def test_what_does_not_fit_has_no_address():
    rng = np.random.default_rng(0)
    scribble = [brush(rng.uniform(0, 280, (60, 2)).tolist(), 16) for _ in range(30)]
    assert address.encode_strokes(scribble) is None


def test_a_glyph_comes_back():
    glyph = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    np.testing.assert_array_equal(address.decode_glyph(address.encode_glyph(glyph)), glyph)


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


WHOLE = address.encode_strokes(tuple(samples.strokes(8, 280, 16)))


@pytest.mark.parametrize(
    "text",
    ["", "7", "%%%", "é", WHOLE[:-5], packed(b""), packed(b"\x20\x05\x01"), packed(bytes(10**6))],
    ids=["nothing", "short", "signs", "letter", "cut off", "empty", "few points", "bomb"],
)
def test_what_is_no_digit_is_a_sentence(text):
    for decode in (address.decode_strokes, address.decode_glyph):
        with pytest.raises(address.AddressError, match="The address holds no"):
            decode(text)


def test_strokes_far_away_are_refused():
    far = brush([(0.0, 0.0), (1e5, 0.0)], 16)
    with pytest.raises(address.AddressError):
        address.decode_strokes(address.encode_strokes((far,)))
