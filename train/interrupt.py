"""Ctrl-C and SIGTERM: an exception before a training begins; then a wish that it looks for between its steps."""

import contextlib
import signal
from collections.abc import Iterator

KINDS = (signal.SIGINT, signal.SIGTERM)
asked: list[int] = []  # those that came since the program began


def catch() -> None:
    """From now on, both raise KeyboardInterrupt. They are remembered too: inside a callback, Python drops it."""

    def stop(number, frame):
        asked.append(number)
        raise KeyboardInterrupt

    for kind in KINDS:
        signal.signal(kind, stop)


@contextlib.contextmanager
def deferred() -> Iterator[list]:
    """A list that both put something into, rather than breaking a step in the middle."""
    try:
        before = [signal.signal(kind, lambda number, frame: asked.append(number)) for kind in KINDS]
    except ValueError:  # not the main thread: nobody sends it signals
        yield []
        return
    try:
        yield asked
    finally:
        asked.clear()
        for kind, handler in zip(KINDS, before, strict=True):
            signal.signal(kind, handler)
