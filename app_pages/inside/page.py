"""Inside the network: why it reads one digit as it does, layer by layer, pixel by pixel and stroke
by stroke."""

import functools
import html

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app_pages import subject
from app_pages.figures import bars, maps, pictures
from app_pages.figures.headline import headline
from app_pages.inside import attributions, explanations, sheets
from app_pages.server import images, resources
from app_pages.theme import ink
from app_pages.words import plain
from model.explainer import Layer
from train import data

DOUBTFUL = 247  # a test image of MNIST to begin with: not everyone would read it as a 4
FEW = 12  # classes that fit side by side

network = resources.chosen_network()
name = resources.card(network).dataset

st.title("Inside the network")
shown = subject.current_or_sample(network)
recognizer = resources.recognizer(network)
(digit,) = recognizer.read_glyphs(shown.glyph[None])
classes, predicted = recognizer.classes, int(digit.probabilities.argmax())

left, right = st.columns([2, 5], gap="medium")
with left:
    figure = pictures.Figure(
        pictures.source(shown.glyph),
        subject.describe(shown),
        "The digit as the network sees it.",
        crisp=True,
    )
    pictures.show([figure], width=200)
with right:
    words = f"{bars.percent(digit.confidence)} sure"
    if digit.value is None:
        words = f"This does not look like a digit. The nearest guess is {classes[predicted]}."
    st.html(headline(recognizer.name(digit), words, 3.5))
    st.html(bars.probability_bars(digit.probabilities, classes))

with st.expander("Take another digit", icon=":material/swap_horiz:"):
    st.page_link(
        "app_pages/draw/page.py", label="Draw one, and press “Look inside”", icon=":material/draw:"
    )
    st.caption("Or a sample, drawn by program:")
    with st.container(horizontal=True, gap="small"):
        for number in range(10):
            if st.button(str(number), key=f"sample {number}"):
                subject.send(subject.sample(number))
    if resources.has_some_images(name):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            number = st.number_input(
                "Or a test image, by number",
                0,
                value=DOUBTFUL if shown.number is None else shown.number,
                width=200,
            )
            if st.button("Open", key="open"):
                try:
                    subject.send(subject.test_image(network, number))
                except data.DataError as error:
                    st.error(plain(str(error)))
        if not resources.has_images(name):
            st.caption(
                f"{len(images.shipped(name).numbers):,} of them come with the network, such as all "
                f"that it reads wrong; “Fetch the images”, below, brings the others."
            )

# once there is something to see: the first time it takes seconds
explainer = explanations.explainer(network)


@st.fragment
def where() -> None:
    """A rerun of its own: another class changes nothing else."""
    st.header("Where it looked")
    choose = st.segmented_control if len(classes) <= FEW else st.selectbox
    options = (
        {"required": True, "default": predicted} if len(classes) <= FEW else {"index": predicted}
    )
    index = choose(
        "What speaks for and against",
        range(len(classes)),
        format_func=(lambda index: plain(classes[index]))
        if len(classes) <= FEW
        else classes.__getitem__,
        key=f"class {predicted}",
        **options,
    )
    st.html(
        attributions.legend(
            *(f"{words} {html.escape(classes[index])}" for words in ("against", "for"))
        )
    )
    pictures.show(explanations.where(network, shown.glyph, index), width=336)
    st.caption(
        "Left, the strongest pixel has the full colour; right, one without which all of the "
        "probability is lost. The others have it in proportion."
    )


def decides() -> None:
    st.header("Which stroke decides" if shown.strokes else "Which part decides")
    variants = explanations.ablate(network, shown)
    st.markdown(plain(explanations.verdict(recognizer.name(digit), variants)))
    pictures.show([variant.figure for variant in variants], width=140, abreast=2)
    cut = "A single stroke is cut into quarters. " if len(shown.strokes) == 1 else ""
    st.caption(
        f"{cut}The striped part is left out, and the rest is centred anew and read as one digit."
    )


def layers() -> None:
    st.header("Layer by layer")
    if (members := recognizer.card.network.get("members", 1)) > 1:
        st.markdown(
            f"This is a committee of {members} networks. These are the layers of the first."
        )
    st.caption(
        "White is the strongest answer of a layer, black is none; each layer has a scale of its "
        "own. Brightness is the square root of the strength, so that faint answers show, too. "
        "Point at a map, or tap it, to see what it looks for; a click holds it."
    )
    for described in explanations.layers(network, shown.glyph):
        with st.container(border=True):
            st.markdown(f"**{described.title}** · {described.shape}")
            st.markdown(described.words)
            if described.layer.name not in ("image", "head"):
                explore(described.layer)


@st.fragment
def explore(layer: Layer) -> None:
    """A layer's maps, and what one of them looks for; a rerun of its own."""
    count = layer.output.shape[-1]
    number = sheets.choose(layer, f"sheet {layer.name}")
    silent = int((layer.output.reshape(-1, count).max(0) <= 0).sum())
    unit = sheets.unit(layer)
    st.caption(f"{count} {unit.lower()}s, {silent or 'none'} of them silent.")
    left, right = st.columns(2)
    with left:
        pictures.show(sheets.answer(shown.glyph, layer, number), width=140, abreast=2)
    if kernel := sheets.kernel(layer, number):
        many = layer.kernel is not None and layer.kernel.shape[-2] > len(kernel)
        with right:
            st.markdown(
                f"**{unit} {number + 1}'s kernel**"
                + f" on the {len(kernel)} of {layer.kernel.shape[-2]} maps that it weighs most"
                * many
            )
            pictures.show(kernel, width=68, abreast=4)
    st.markdown(f"**What excites {unit.lower()} {number + 1} most** among the training images")
    if not explanations.excitations.is_done(network):
        st.caption("“Search the training images”, above, finds it.")
        return
    split, names = resources.training_images(name)
    side = layer.output.shape[1] if layer.output.ndim == 3 else 1
    found = explanations.excitations.of(network)[layer.name]
    pictures.show(
        sheets.exciting(found, layer.field, number, split, names, side), width=68, abreast=4
    )


def report(bar: DeltaGenerator, done: int, searches: int, share: float) -> None:
    """Shows how far several searches are: so many are done, and the next one has this share."""
    share = (done + share) / searches
    bar.progress(share, f"Describing the training images: {share:.0%}")


@st.fragment
def nearest() -> None:
    """A rerun of its own: the search changes nothing else."""
    read = classes[predicted]
    place = st.empty()
    searches = explanations.embedding_index, explanations.excitations
    if not all(search.is_done(network) for search in searches):
        words = (
            "The network describes each training image once. This takes some seconds, and then "
            "serves everyone."
        )
        with place.container():
            st.caption(words)
            if not st.button("Search the training images", icon=":material/search:"):
                return
        bar = place.progress(0.0, "Describing the training images")
        try:
            for done, search in enumerate(searches):
                search.of(network, functools.partial(report, bar, done, len(searches)))
        except data.DataError as error:
            st.error(plain(str(error)))
            return
        st.rerun()  # the layers' maps have something to show now, too
    alike, others = explanations.nearest(network, shown.glyph, read)
    st.markdown("The images it learned from that it describes most alike, the most alike first:")
    pictures.show(alike, width=68, abreast=4)
    st.markdown(f"And those that are no {plain(read)}:")
    pictures.show(others, width=68, abreast=4)
    st.caption(
        "Below each: what it is, and how alike, from 0 to 1: the cosine of the angle between the "
        "two descriptions."
    )


def on_the_map() -> None:
    st.header("On the map")
    points = maps.draw_map(network)
    here = maps.place(points, explainer.embeddings(shown.glyph[None])[0])
    around = np.linalg.norm(points.places - here, axis=1).argsort()[: maps.NEIGHBOURS]
    st.altair_chart(
        maps.chart(points, classes, here, ink()),
        alt=f"Map of {len(points.numbers):,} test images; this digit lies beside "
        f"{', '.join(classes[label] for label in points.labels[around])}.",
    )
    st.caption(
        "Test images that the network describes alike lie together. The cross is where this digit "
        "belongs."
    )


where()
decides()
slower = st.container()  # filled last: the first time, they take seconds
layers()
with slower:
    st.header("The nearest training images")
    try:
        if resources.ensure_images(name):
            nearest()
        if maps.is_drawable(network):
            on_the_map()
    except data.DataError as error:
        st.error(plain(str(error)))
