"""Digits that are read while they are drawn or bent, on the visitor's own device.

A component for Streamlit: assets/ has what runs in the browser, tiny.onnx among it, the network.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

ASSETS = Path(__file__).parent / "assets"


def is_complete() -> bool:
    """Whether what runs networks was to be had when this was installed."""
    return (ASSETS / "onnxruntime-web" / "package.json").is_file()


def mount(key: str, data: Mapping[str, Any]) -> None:
    """Mounts the component, which shows nothing until something moves.

    Args:
        key: Streamlit's.
        data: "what" is to be read, "drawing" or "sliders", and what assets/{what}.js asks for.
    """
    _component()(key=key, data=data, height="content")


@functools.cache
def _component() -> Any:
    return st.components.v2.component("digits.reader", js="live.js", isolate_styles=False)
