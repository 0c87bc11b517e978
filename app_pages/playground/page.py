"""Distort a digit by sliders and see where the network's answer flips; watch it being written,
stroke by stroke."""

import numpy as np
import streamlit as st

from app_pages import live, subject
from app_pages.figures import bars, pictures
from app_pages.figures.headline import headline
from app_pages.playground import distortions, replay, sweeps
from app_pages.server import resources
from app_pages.words import plain

READ_AS = "Read as "

network = resources.chosen_network()

st.title("Playground")
digit = subject.current_or_sample(network)
st.markdown(
    f"How far can a digit be bent before the network changes its mind? "
    f"{plain(subject.describe(digit))}"
)


def show_bent(glyph: np.ndarray, alt: str = "The digit.") -> str:
    """A bent digit, (28, 28) uint8 → HTML."""
    figure = pictures.Figure(pictures.source(glyph), "What the network sees", alt, crisp=True)
    return pictures.as_html([figure], width=170)


def reset() -> None:
    """Callback: every slider back to where it changes nothing."""
    for slider in distortions.SLIDERS:
        st.session_state[slider.name] = slider.rest


@st.fragment
def play() -> None:
    """Sliders and what they do, rerun together and without the rest of the page."""
    recognizer = resources.recognizer(network)
    left, right = st.columns([3, 4], gap="large")
    with right, st.container(key="sliders"):
        settings = {
            slider.name: st.slider(
                slider.label,
                slider.low,
                slider.high,
                slider.rest,
                slider.step,
                format=f"%g {slider.unit}",
                key=slider.name,
                bind="query-params",
            )
            for slider in distortions.SLIDERS
        }
    with left:
        moving, answer = live.place_of_answer()
        with st.container(horizontal=True, vertical_alignment="center"):
            again = st.toggle(
                "Cut out and centre it",
                key="again",
                bind="query-params",
                help="As the reader does with what is drawn: place and size then hardly matter.",
            )
            st.button("Reset", on_click=reset, icon=":material/restart_alt:")

    curves = distortions.curves(digit.glyph, settings, again)
    glyph = distortions.distort(digit.glyph, settings, again)
    # One batch for all that is on the page.
    probabilities = recognizer.classify(
        np.concatenate([glyph[None], *(curve.glyphs for curve in curves)])
    )
    now, rest = probabilities[0], probabilities[1:].reshape(len(curves), distortions.POINTS, -1)
    with answer:
        st.html(
            show_bent(glyph)
            + headline(
                recognizer.classes[int(now.argmax())],
                f", {bars.percent(now.max())} sure",
                1.6,
                READ_AS,
            )
            + bars.probability_bars(now, recognizer.classes)
        )
    with moving:
        live.read_sliders(
            show_bent(digit.glyph, alt="") + live.template(recognizer.classes, 1.6, READ_AS),
            recognizer.classes,
            digit.glyph,
            settings,
            again,
        )
    st.header("Along each slider, with the others as they are")
    st.html(
        sweeps.grid(
            [
                sweeps.figure(
                    curve.slider,
                    curve.values,
                    along,
                    recognizer.classes,
                    settings[curve.slider.name],
                    distortions.flips(curve.values, along.argmax(1), settings[curve.slider.name]),
                    st.context.theme.type == "dark",
                )
                for curve, along in zip(curves, rest, strict=True)
            ]
        )
    )
    st.caption(
        "Each curve is the probability of a class; the solid upright line is where the slider "
        "stands, a dashed one where the answer changes. The noise always has the same grain and "
        "only gets stronger."
    )


play()

st.header("As it was written")
if not digit.strokes:
    st.markdown("A digit that you draw can be watched as it was written.")
    st.page_link(
        "app_pages/draw/page.py",
        label="Draw one, then choose “Play with it”",
        icon=":material/draw:",
    )
else:
    replay.show(network, digit.strokes)
