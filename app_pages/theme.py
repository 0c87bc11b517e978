"""The dashboard's own colours.

BLUE is what one looks at: what is read, right, sure, chosen, speaks for a class, the first of two.
ORANGE is what stands against it: what is wrong, doubtful, left out, speaks against, the other of
two. Neither says anything alone, and both are of Okabe and Ito's palette, which colour-blind
readers can tell apart.
"""

import streamlit as st

BLUE, ORANGE = "#0072b2", "#d55e00"
BLUE_ON_BLACK = "#56b4e9"


def ink() -> str:
    """The colour of words on the page's own background."""
    return "white" if st.context.theme.type == "dark" else "black"


def rgb(colour: str) -> tuple[int, int, int]:
    """ "#0072b2" → its red, green and blue, 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
