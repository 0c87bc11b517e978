"""Readings wait their turn, end where nobody waits for them, and take no longer than they may."""

import gc
import threading
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from pages import Sheet, png
from PIL import Image

from app_pages.read import uploads
from app_pages.server import workload
from app_pages.server.resources import Network
from app_pages.server.workload import TooLongError, Workers
from model import interruption
from model.checkpoint import DEFAULT
from model.image import Page

LONG = 30  # seconds: an upper bound for slow machines, not a wait


class Left(BaseException):
    """The visitor has left."""


def patient(before: int) -> None:
    """A visitor who stays."""


def source_of(content: bytes, recognizer) -> uploads.Source:
    """A file that was handed in, to be read by the network that ships."""
    return uploads.Source(Page(content), content, Network.at(DEFAULT), recognizer)


def until(event: threading.Event) -> None:
    """Work that goes on until it is told to end, or interrupted."""
    while not event.wait(0.01):
        interruption.check()


class Queue:
    """Numbered pieces of work that go on until `end`, each asked for by a thread of its own."""

    def __init__(self, workers: Workers, need: int = 0):
        self.workers, self.need = workers, need
        self.begun: list[int] = []
        self.told: set[tuple[int, int]] = set()  # which piece, and how many are before it
        self.end, self.news, self.threads = threading.Event(), threading.Condition(), []

    def ask(self, number: int) -> None:
        self.threads.append(threading.Thread(target=self._ask, args=(number,)))
        self.threads[-1].start()

    def _ask(self, number: int) -> None:
        def work() -> None:
            with self.news:
                self.begun.append(number)
                self.news.notify_all()
            until(self.end)

        def tell(before: int) -> None:
            with self.news:
                self.told.add((number, before))
                self.news.notify_all()

        self.workers.run(work, tell, LONG, self.need)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.news:
            assert self.news.wait_for(condition, LONG)

    def finish(self) -> None:
        self.end.set()
        for thread in self.threads:
            thread.join(LONG)


def test_one_worker_serves_in_order_and_says_how_many_are_before():
    queue = Queue(Workers(1))
    for number in range(4):
        queue.ask(number)
        # it waits, and knows behind how many
        queue.wait_for(lambda number=number: (number, number) in queue.told)
    queue.finish()
    assert queue.begun == [0, 1, 2, 3]


@pytest.mark.parametrize(("count", "need", "most"), [(12, 0, 3), (4, workload.LARGE + 1, 1)])
def test_no_more_at_once_than_there_are_workers_and_one_large_picture(count, need, most):
    queue = Queue(Workers(3), need)
    for number in range(count):
        queue.ask(number)
    queue.wait_for(lambda: len(queue.begun) >= most)
    # once each is told that it waits, there was time to begin more
    queue.wait_for(lambda: len({number for number, _ in queue.told}) == count)
    assert len(queue.begun) == most
    queue.finish()
    assert sorted(queue.begun) == list(range(count))


def test_work_that_asks_for_more_does_it_itself():
    workers = Workers(1)
    assert workers.run(lambda: workers.run(lambda: 7, patient, LONG), patient, LONG) == 7


def test_who_leaves_ends_what_is_read_and_what_waits():
    workers, begun, ended, never = (
        Workers(1),
        threading.Event(),
        threading.Event(),
        threading.Event(),
    )

    def work() -> None:
        begun.set()
        try:
            until(never)
        finally:
            ended.set()

    def leaves(before: int) -> None:
        if begun.is_set():
            raise Left

    with pytest.raises(Left):
        workers.run(work, leaves, LONG)
    assert ended.wait(LONG)
    blocked, end = threading.Event(), threading.Event()
    other = threading.Thread(
        target=workers.run, args=(lambda: (blocked.set(), until(end)), patient, LONG)
    )
    other.start()
    assert blocked.wait(LONG)
    waited = []
    with pytest.raises(Left):
        workers.run(lambda: waited.append(1), leaves, LONG)
    end.set()
    other.join(LONG)
    assert workers.run(lambda: 5, patient, LONG) == 5  # the one who left is not served any more
    assert not waited


def test_work_that_takes_too_long_is_given_up_in_one_sentence():
    with pytest.raises(TooLongError, match="longer than 0 seconds") as error:
        Workers(1).run(lambda: until(threading.Event()), patient, 0.05)
    assert "smaller" in str(error.value)


def test_what_the_work_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        Workers(1).run(lambda: 1 / 0, patient, LONG)


def test_a_reading_can_be_interrupted(recognizer):
    def check() -> None:
        raise Left

    picture = Sheet(900, 600).write("1234567", 40, 60).write("89012345", 40, 200).picture()
    with interruption.by(check), pytest.raises(Left):
        recognizer.read(picture)
    assert recognizer.read(picture).text  # and the next one is not


def test_the_same_picture_is_read_once_for_all(recognizer, monkeypatch):
    content = png(Image.fromarray(Sheet(400, 200).write("407", 40, 60).picture()))
    read, reads = recognizer.read, []
    monkeypatch.setattr(recognizer, "read", lambda *args: (reads.append(1), read(*args))[1])
    texts = []

    def visit() -> None:
        source = source_of(content, recognizer)
        texts.append(uploads.read(source).text)

    threads = [threading.Thread(target=visit) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert texts == ["407"] * 5 and reads == [1]


def test_a_reading_that_took_too_long_is_tried_again(recognizer, monkeypatch):
    content = png(Image.fromarray(Sheet(400, 200).write("5", 40, 60).picture()))
    monkeypatch.setenv("DIGITS_MOST_SECONDS", "0")
    assert "longer than 0 seconds" in uploads.read(source_of(content, recognizer)).error
    monkeypatch.setenv("DIGITS_MOST_SECONDS", "60")
    assert uploads.read(source_of(content, recognizer)).text == "5"


def test_drawings_do_not_wait_for_pictures(recognizer):
    begun, end = threading.Event(), threading.Event()
    busy = [
        threading.Thread(
            target=workload.run, args=(workload.PICTURES, lambda: (begun.set(), until(end)))
        )
        for _ in range(8)
    ]
    for thread in busy:
        thread.start()
    assert begun.wait(LONG)
    try:
        assert workload.read_drawing(recognizer, np.full((280, 280), 255, np.uint8)).text == ""
    finally:
        end.set()
        for thread in busy:
            thread.join(LONG)


class Thing:
    """Something that is read."""


def test_what_was_read_is_let_go_of():
    workers = Workers(1)
    read = weakref.ref(workers.run(Thing, patient, LONG))
    gc.collect()
    assert read() is None
