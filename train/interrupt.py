"""Ctrl-C and SIGTERM: an exception before a training begins, which ends the program with a line;
then a wish that the training looks for between its steps."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# signals that came since the program began, or since `defer_signals` ended
received: list[int] = []


class Interrupted(Exception):
    """A run was asked to stop; its state is saved, where there is one."""


def raise_on_signals() -> None:
    """From now on, both raise KeyboardInterrupt. They are remembered too: inside a callback, Python
    drops it."""

    def stop(number: int, frame: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    for kind in SIGNALS:
        signal.signal(kind, stop)


@contextlib.contextmanager
def end_on_signals() -> Iterator[None]:
    """While a program runs, both end it, with a line on standard error and code 130, until it
    trains."""
    raise_on_signals()
    try:
        yield
    except BaseException:  # what is half imported answers KeyboardInterrupt with errors of its own
        if not received:
            raise
        print("Stopped before the training began; nothing was written.", file=sys.stderr)
        sys.exit(130)


def stop_when_closed(stream: TextIO) -> None:
    """From now on, the end of a stream is a SIGTERM: what a program started does not outlive it,
    even where it crashes.

    Not prctl's signal at a parent's death: on Linux that is the death of the thread which started
    this process.
    """

    def watch() -> None:
        while os.read(stream.fileno(), 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def defer_signals() -> Iterator[list[int]]:
    """A list that both put something into, rather than breaking a step in the middle."""
    try:
        before = [
            signal.signal(kind, lambda number, frame: received.append(number)) for kind in SIGNALS
        ]
    except ValueError:  # not the main thread: nobody sends it signals
        yield []
        return
    try:
        yield received
    finally:
        received.clear()
        for kind, handler in zip(SIGNALS, before, strict=True):
            signal.signal(kind, handler)
