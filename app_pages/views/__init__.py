"""The views of the Evaluation page, one file each: `show(tested)` draws one below the page's heading."""

import streamlit as st


def ink() -> str:
    """The colour of words on the page's own background."""
    return "white" if st.context.theme.type == "dark" else "black"
