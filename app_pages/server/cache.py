"""What all visitors share is made once, kept until many others were asked for, and never changed.

Not by `st.cache_resource`: each visitor may clear Streamlit's caches for all, and every network
would have to wake up anew. What is cheap to make again may lie there.
"""

import functools
import threading
from collections.abc import Callable

import cachetools
import cachetools.keys
import streamlit as st


def shared(most: int, words: str = "") -> Callable:
    """A decorator for functions of what can be hashed.

    Args:
        most: results that are kept.
        words: shown while one is made.
    """

    def decorated(make: Callable) -> Callable:
        cache, condition = cachetools.LRUCache(most), threading.Condition()
        # by one thread; others wait for it
        once = cachetools.cached(cache, condition=condition)(make)

        @functools.wraps(make)
        def made(*arguments):
            with condition:
                there = cachetools.keys.hashkey(*arguments) in cache
            if there or not words:
                return once(*arguments)
            with st.spinner(words):
                return once(*arguments)

        made.clear = once.cache_clear
        return made

    return decorated
