"""The Playground, run by Streamlit's AppTest."""

import base64
import re

import numpy as np
from pages import headline, page_html, said, start

from app_pages import subject
from app_pages.playground import distortions, sweeps
from train import data


def test_a_sample_is_there_to_play_with():
    app = start("playground")
    assert not app.exception
    assert "a sample, drawn by program" in said(app.markdown)
    assert headline(app) == "4"
    assert (
        page_html(app).count("Flips at") + page_html(app).count("No other answer")
        == len(distortions.SLIDERS) + 1
    )
    assert "After each stroke" in said(app.markdown)


def test_a_slider_changes_the_reading_and_reset_brings_it_back():
    app = start("playground")
    app.slider(key="turn").set_value(60.0).run()
    assert not app.exception and headline(app) not in ("4", None)
    app.button[0].click().run()
    assert app.slider(key="turn").value == 0 and headline(app) == "4"


def test_centring_undoes_a_shift():
    app = start("playground")
    app.slider(key="right").set_value(10.0).run()
    far = page_html(app)
    app.toggle(key="again").set_value(True).run()
    assert not app.exception and page_html(app) != far and headline(app) == "4"


def test_a_digit_that_was_sent_without_strokes():
    app = start("playground")
    glyph = np.zeros((28, 28), np.uint8)
    glyph[4:24, 13:15] = 255
    app.session_state[subject.STATE] = subject.Subject(glyph, "drawn here")
    app.run()
    assert not app.exception and headline(app) == "1"
    assert "can be watched" in said(app.markdown)


def test_a_test_image_by_its_address(monkeypatch):
    images = np.zeros((3, 28, 28), np.uint8)
    images[2, 4:24, 13:15] = 255
    split = data.Split(images, np.array([0, 0, 1]))
    monkeypatch.setattr(
        "app_pages.server.resources.test_images", lambda name: (split, tuple("0123456789"))
    )
    monkeypatch.setattr(data, "is_here", lambda name: True)
    app = start("playground")
    app.query_params[subject.IMAGE] = "2"
    app.run()
    assert not app.exception
    assert "test image 2 of mnist" in said(app.markdown) and headline(app) == "1"
    for wrong in ("3", "-1", "x"):
        app.query_params[subject.IMAGE] = wrong
        app.run()
        assert not app.exception and "no such test image" in said(app.error)


def test_a_figure_says_in_words_what_it_shows():
    values, slider = np.linspace(-90, 90, 5), distortions.SLIDERS[0]
    probabilities = np.array([[0.1, 0.9], [0.3, 0.7], [1, 0], [1, 0], [0.8, 0.2]])
    figure = sweeps.figure(slider, values, probabilities, ("<a>", "b"), 0.0, [(-45.0, 1)])
    assert (
        "Rotate: at 0 ° it is read as &lt;a&gt;, &gt;99.9% sure; from −45 ° on it is read as b."
        in figure
    )
    assert "Flips at −45 °: a b." in figure
    svg = base64.b64decode(re.search('base64,([^"]+)', figure)[1]).decode()
    assert svg.count("<polyline") == 2 and "&lt;a&gt;" in svg and "<a>" not in svg
