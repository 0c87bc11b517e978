"""Bounded work: readings wait their turn, so that no number of visitors takes more memory or cores
than there are.

As many pictures are read at once as there are cores, less one that is left for drawings. Who waits
sees how many are before him. A reading ends where its visitor leaves or does something else, and
after a minute.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import streamlit as st

from app_pages.server import limits, resources
from model import Reading, Recognizer, interruption
from model.image import MAX_DECODING_BYTES, ImageError
from model.strokes import Stroke

TICK = 0.25  # seconds between two looks whether the visitor who waits is still there
LARGE = MAX_DECODING_BYTES // 4  # bytes: of pictures that take more, one is read at a time

T = TypeVar("T")


class TooLongError(ImageError):
    """A reading took longer than it may; the message is one sentence that says what to do."""


class _GivenUp(BaseException):
    """Nobody waits for the reading any more. No Exception, which might be taken for what is wrong
    with a picture."""


class Workers:
    """Threads that work off what sessions ask for, whoever comes first first.

    Threads of their own, rather than the sessions' by turns: the C library gives each thread a
    heap, and each heap keeps what a large picture took of it.
    """

    def __init__(self, count: int):
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(
            count, initializer=lambda: setattr(self._own, "works", True)
        )
        self._alone, self._lock = threading.Lock(), threading.Lock()
        self._asked: list[Future] = []  # in their order, as long as somebody waits for them

    def run(
        self, work: Callable[[], T], tell: Callable[[int], None], seconds: float, need: int = 0
    ) -> T:
        """What `work` returns or raises, once it was its turn; work that asks for more work does
        that itself.

        Args:
            work: has points at which it can be interrupted (model/interruption.py).
            tell: called now and then until it is done, with how many are before it; what it raises
                is raised, and ends the work.
            seconds: that the work may take.
            need: bytes that it takes.

        Raises:
            TooLongError: it took longer.
        """
        if getattr(self._own, "works", False):
            return work()
        given_up = threading.Event()

        def begin() -> T:
            with self._alone if need > LARGE else contextlib.nullcontext():
                end = time.monotonic() + seconds

                def check() -> None:
                    if given_up.is_set():
                        raise _GivenUp
                    if time.monotonic() > end:
                        raise TooLongError(
                            f"This took longer than {seconds:.0f} seconds to read, and was given "
                            f"up; make the picture "
                            "smaller, or cut out what is to be read."
                        )

                with interruption.by(check):
                    interruption.check()
                    return work()

        with self._lock:
            future = self._pool.submit(begin)
            self._asked.append(future)
        try:
            while not _is_done(future):
                with self._lock:
                    before = self._asked.index(future)
                tell(before)
            return future.result()
        finally:
            given_up.set()
            future.cancel()
            with self._lock:
                self._asked.remove(future)


def _is_done(future: Future) -> bool:
    """Whether it is; waits a moment where it is not."""
    with contextlib.suppress(TimeoutError):
        future.exception(TICK)
    return future.done()


PICTURES = Workers(max(1, limits.of(limits.READINGS) - 1))
DRAWINGS = Workers(1)


def run(workers: Workers, work: Callable[[], T], need: int = 0) -> T:
    """What `work` returns or raises, with a word to the visitor while it waits; as `Workers.run`.

    Ends with the script's run, where the visitor leaves or does something else.
    """
    with contextlib.ExitStack() as words:
        shown: list[int | None] = [None]

        def tell(before: int) -> None:
            st.session_state.get(resources.CHOICE)  # here Streamlit ends a run that is over
            if before != shown[0]:
                words.close()
                waiting = f"Waiting for its turn: {before} before this one" if before else "Reading"
                words.enter_context(st.spinner(waiting))
                shown[0] = before

        return workers.run(work, tell, limits.of(limits.SECONDS), need)


def read_drawing(
    recognizer: Recognizer, picture: np.ndarray, strokes: Sequence[Stroke] = ()
) -> Reading:
    """A drawing, of these strokes, or a glyph, read upright, when it is its turn; raises
    ImageError."""
    return run(DRAWINGS, lambda: recognizer.read(picture, turn=0, strokes=strokes))
