"""The page's own colours."""

import streamlit as st


def ink() -> str:
    """The colour of words on the page's own background."""
    return "white" if st.context.theme.type == "dark" else "black"
