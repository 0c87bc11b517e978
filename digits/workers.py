"""Many files read by processes side by side, in order.

Each process reads a page at a time: which one a process died of is then known, and the others'
pages are safe.
"""

import contextlib
import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal, NamedTuple

from digits.answer import Answer
from model import shipped

Turn = Literal[0, 90, 180, 270]
TRIES = 2  # a page of which so many processes died is left out
BROKEN = (
    "The reader broke down on this page and left it out; it may need more memory than there is."
)
GONE = "The processes that read end before they begin, as for want of memory; try --workers 1."
STARTS = 3  # in a row that fail, and then none is tried again
# A page: the number of its file among those given, and its own, from 0.
Place = tuple[int, int]


class File(NamedTuple):
    """A file as it was named, and what is in it where that is known already: standard input."""

    name: str
    content: bytes | None = None


class Found(NamedTuple):
    """What a process found at a place: the answer, and how many pages the file has."""

    answer: Answer
    pages: int


class ReaderError(Exception):
    """Nothing can be read; the message is one sentence that says why."""


class PageReader:
    """One network, and the file that it read last.

    Args:
        checkpoint: its folder.
        turn: degrees clockwise by which writing is turned; None: found out.
        threads: with which it computes; None: as many as there are cores.

    Raises:
        ReaderError: the checkpoint can't be used.
    """

    def __init__(self, checkpoint: Path, turn: Turn | None, threads: int | None = None):
        from model import Recognizer
        from model.checkpoint import CheckpointError

        if not checkpoint.is_dir():
            raise ReaderError(
                f"There is no checkpoint {checkpoint}: give the folder of one, or "
                f"{' or '.join(shipped.names())}."
            )
        try:
            self._recognizer, self._turn = Recognizer.load(checkpoint, threads), turn
        except CheckpointError as error:
            raise ReaderError(str(error)) from error
        self._file: File | None = None
        self._pages: list[Any] = []

    def read(self, file: File, number: int) -> Found:
        """What is on a page of a file, counted from 0."""
        from model.image import ImageError, pages

        count = 1
        try:
            if file != self._file:
                self._file, self._pages = None, []
                self._pages = pages(file.name if file.content is None else file.content)
                self._file = file
            count = len(self._pages)
            reading = self._recognizer.read(self._pages[number], self._turn)
        except ImageError as error:
            return Found(_refused(file, number, count, str(error)), count)
        except Exception:  # a fault of ours, or no memory; the other pages are read all the same
            return Found(_refused(file, number, count, BROKEN), count)
        answer = Answer(file.name, _shown(number, count), reading.summary(), reading.turn)
        return Found(answer, count)


def _shown(number: int, count: int) -> int | None:
    """A page's number as people count; None of a file's only one."""
    return number + 1 if count > 1 else None


def _refused(file: File, number: int, count: int, why: str) -> Answer:
    return Answer(file.name, _shown(number, count), error=why)


def read_alone(files: Sequence[File], reader: PageReader) -> Iterator[Answer | None]:
    """The answers for all pages of these files, by this process; None after each file."""
    for file in files:
        number, count = 0, 1
        while number < count:
            answer, count = reader.read(file, number)
            yield answer
            number += 1
        yield None


class Team:
    """Processes that read side by side, each one page at a time. One that dies is replaced."""

    def __init__(self, checkpoint: Path, turn: Turn | None, size: int):
        self._context = multiprocessing.get_context("spawn")  # threads do not survive a fork
        self._arguments = checkpoint, turn
        self._busy: dict[Connection, tuple[_Worker, Place | None]] = {}
        self._idle: list[_Worker] = []
        self._failed = 0  # starts in a row
        for _ in range(size):
            self._start()

    def read(self, files: Sequence[File]) -> Iterator[Answer | None]:
        """The answers for all pages of these files, in order; None after each file.

        Raises:
            ReaderError: the checkpoint can't be used, or no process begins.
        """
        waiting = deque((number, 0) for number in range(len(files)))
        found: dict[Place, Answer] = {}
        counts: dict[int, int] = {}
        deaths: dict[Place, int] = {}
        at = 0, 0
        while at[0] < len(files):
            self._give(waiting, files)
            for place, answer in self._take():
                number, page = place
                if answer is None:  # the process is gone
                    deaths[place] = deaths.get(place, 0) + 1
                    if deaths[place] < TRIES:
                        waiting.appendleft(place)
                        continue
                    count = counts.get(number, 1)
                    answer = Found(_refused(files[number], page, count, BROKEN), count)
                if page == 0:
                    counts[number] = answer.pages
                    rest = [(number, other) for other in range(1, answer.pages)]
                    waiting.extendleft(reversed(rest))
                found[place] = answer.answer
            while at in found:
                yield found.pop(at)
                number, page = at
                at = number, page + 1
                if page + 1 == counts[number]:
                    yield None
                    at = number + 1, 0

    def close(self) -> None:
        """Ends all of them."""
        for worker in [*self._idle, *(worker for worker, _ in self._busy.values())]:
            worker.process.kill()
            worker.pipe.close()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, *self._arguments), daemon=True, name="digits reader"
        )
        process.start()
        theirs.close()
        self._busy[ours] = _Worker(process, ours), None

    def _give(self, waiting: deque[Place], files: Sequence[File]) -> None:
        """Hands pages to those that have none; a file's content once."""
        while waiting and self._idle:
            worker, (number, page) = self._idle.pop(), waiting.popleft()
            file, same = files[number], worker.file is files[number]
            self._busy[worker.pipe] = worker._replace(file=file), (number, page)
            with contextlib.suppress(OSError):  # it is gone, as `_take` will see
                worker.pipe.send((None if same else file, page))

    def _take(self) -> list[tuple[Place, Found | None]]:
        """Waits until something is read, and gives it; None for a page whose process died."""
        taken: list[tuple[Place, Found | None]] = []
        for pipe in wait(list(self._busy)):
            assert isinstance(pipe, Connection)
            worker, place = self._busy.pop(pipe)
            try:
                message = pipe.recv()
            except (EOFError, OSError):
                pipe.close()
                self._failed += place is None
                if self._failed == STARTS:
                    raise ReaderError(GONE) from None
                self._start()
                message = None
            else:
                if isinstance(message, ReaderError):
                    raise message
                self._idle.append(worker)
                self._failed = 0
            if place is not None:
                taken.append((place, message))
        return taken


class _Worker(NamedTuple):
    process: BaseProcess
    pipe: Connection
    file: File | None = None  # that it has


def _work(pipe: Connection, checkpoint: Path, turn: Turn | None) -> None:
    """What a process of the team does, until the pipe is closed."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it closes the pipe
    with contextlib.suppress(EOFError, OSError):
        try:
            reader = PageReader(checkpoint, turn, threads=1)
        except ReaderError as error:
            pipe.send(error)
            return
        pipe.send(None)
        file = File("")
        while True:
            given, number = pipe.recv()
            file = given or file
            pipe.send(reader.read(file, number))
