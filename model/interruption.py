"""Reading takes seconds where a page is large and full: whoever asked for it may change his mind.

    with interruption.by(check):
        recognizer.read(picture)

`check` is called now and then while the picture is read, in the thread that reads; what it raises
ends the reading.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_CHECK: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextlib.contextmanager
def by(check: Callable[[], None]) -> Iterator[None]:
    """What is read inside can be interrupted by what `check` raises."""
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def check() -> None:
    """A point at which a reading can be interrupted; raises what the check does."""
    if check := _CHECK.get():
        check()
