"""The test images as the network sees them: a map on which like lies by like."""

import numpy as np
import streamlit as st

from app_pages.evaluation import predictions
from app_pages.evaluation.predictions import Predictions
from app_pages.figures import maps, pictures
from app_pages.theme import ink
from app_pages.words import plain
from train import data


def show(tested: Predictions) -> None:
    st.header("What it finds alike")
    if (images := predictions.test_images(tested)) is None:
        return
    wanted = maps.choose(tested.network, images)
    if predictions.offer_missing(tested, images, wanted):
        return
    try:
        map = maps.draw_map(tested.network)
    except data.DataError as error:
        st.error(plain(str(error)))
        return
    numbers, mistaken = map.numbers.tolist(), map.numbers[map.labels != map.predicted].tolist()
    key, box = f"map of {tested.network.name}", f"on the map of {tested.network.name}"

    def choose() -> None:
        """A click on a digit chooses it in the box below, which is what counts."""
        for clicked in st.session_state[key].selection[maps.SELECTION]:
            st.session_state[box] = int(clicked["number"])

    st.caption(
        "Hover over a digit to see its image, click it to choose it. The mistakes are ringed."
    )
    st.altair_chart(
        maps.chart(map, tested.classes, ink=ink()),
        key=key,
        on_select=choose,
        alt=(
            f"Map of {len(numbers):,} test images, each as the name of its class; "
            f"{len(mistaken):,} mistakes ringed."
        ),
    )
    st.caption(
        f"{len(numbers):,} test images, a sample with the mistakes in it, each written as what it "
        f"is. What the network "
        "finds alike lies together (t-SNE of the numbers from which it decides). The directions, "
        "and the sizes of the groups, mean nothing."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Test image",
            numbers,
            index=numbers.index((mistaken or numbers)[0]),
            format_func=lambda number: f"{number}: {predictions.describe(tested, number)}",
            key=box,
            width=280,
        )
        image = images.of(np.array(number))
        predictions.offer(tested, number, image)
    pictures.show([predictions.figure(tested, number, image)], width=120)
