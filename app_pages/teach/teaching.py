"""Fine-tuning on the collection: a process of its own, one at a time for the whole server, and what
came of it.

The process is `python -m train --corrections`, of lower priority than the dashboard. It works in a
temporary folder, and ends when the server does, however that ends: its standard input is a pipe
that only the server holds. What comes out becomes a checkpoint when somebody keeps it, in one step,
and is gone otherwise.
"""

import atexit
import contextlib
import enum
import functools
import json
import logging
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app_pages.corrections import collection
from app_pages.server import limits
from model import Recognizer, checkpoint
from model.disk import sync_to_disk
from train import data, metrics
from train.metrics import Comparison

ROOT = Path(__file__).parents[2]
HOUR = 3600  # seconds
PREFIX = "digits-teaching-"  # of the temporary folders; then the server's process id
NICENESS = 10  # of 19: visitors go first
NAME = re.compile(r"[\w][\w .-]{0,39}")

FOLDERS: set[Path] = set()  # the folders of this server's jobs
# glyphs (n, 28, 28) uint8, and the names of their classes (n,) str
Examples = tuple[np.ndarray, np.ndarray]


class TeachingError(Exception):
    """A fine-tuning can't begin or be kept; the message is one sentence that says why."""


class State(enum.StrEnum):
    """How far a fine-tuning is."""

    RUNNING = "running"
    COMPARING = "comparing"  # the new network with the old one
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    KEPT = "kept"  # its network is among the others


class Job:
    """One fine-tuning. A thread of its own follows the process; sessions only look.

    Attributes:
        source: the checkpoint it starts from.
        folder: all that it writes.
        process: the training.
        dataset: the name of what that was trained on, which is rehearsed.
        state: how far it is.
        progress: what `python -m train --json` said last of a step; empty before the first one.
        history: of each epoch, as a card has it.
        fault: why it failed, one sentence.
        comparisons: "test", "trained" and "aside" → how the old and the new network do there.
    """

    def __init__(
        self, source: Path, trained: Examples, aside: Examples, flags: tuple[str, ...] = ()
    ):
        self.source, self._parts = source, {"trained": trained, "aside": aside}
        self.dataset = checkpoint.read_card(source).dataset
        self.state, self.fault = State.RUNNING, None
        self.progress, self.history, self.comparisons = {}, [], {}
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        FOLDERS.add(self.folder)
        self.output = self.folder / "new"
        (self.folder / "corrections.npz").write_bytes(collection.as_npz(*trained))
        command = [
            sys.executable,
            "-m",
            "train",
            "--json",
            "--while-stdin",
            "--from",
            str(source),
            "--output",
        ]
        command += [
            str(self.output),
            "--corrections",
            str(self.folder / "corrections.npz"),
            *flags,
        ]
        with open(self.folder / "errors", "wb") as errors:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        with contextlib.suppress(AttributeError, OSError):  # where there are priorities
            os.setpriority(os.PRIO_PROCESS, self.process.pid, NICENESS)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether there is something to wait for."""
        return self.state in (State.RUNNING, State.COMPARING)

    def wait(self) -> None:
        """Until there is nothing to wait for."""
        self._thread.join()

    def close(self, state: State = State.CANCELLED) -> None:
        """Ends the process, if it still runs, and deletes all that it wrote."""
        self.state = state
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        FOLDERS.discard(self.folder)

    def _follow(self) -> None:
        try:
            with self.process.stdout:
                self._follow_to_the_end()
        except Exception as error:  # whatever it is, nobody waits for ever
            if self.busy:
                self.fault = f"The training has ended unexpectedly ({type(error).__name__})."
                self.close(State.FAILED)
            logging.getLogger(__name__).exception("A training ended unexpectedly")

    def _follow_to_the_end(self) -> None:
        for line in self.process.stdout:
            try:
                event = json.loads(line)
                kind = event.pop("event")
            except (ValueError, TypeError, AttributeError, KeyError):
                continue  # something else that a library printed
            if kind == "step":
                self.progress = event
            elif kind == "epoch":
                self.history.append(event)
        code = self.process.wait()
        if self.state != State.RUNNING:
            return
        if code:
            errors = (self.folder / "errors").read_text(errors="replace").strip()
            self.fault = (
                errors.rpartition("error: ")[2].rpartition("\n")[2]
                or f"The training ended with code {code}."
            )
            self.close(State.FAILED)
            return
        self.state = State.COMPARING
        try:
            comparisons = compare(self.source, self.output, self._parts)
        except (checkpoint.CheckpointError, data.DataError) as error:
            if self.state == State.COMPARING:
                self.fault = str(error)
                self.close(State.FAILED)
            return
        if self.state == State.COMPARING:
            self.comparisons, self.state = comparisons, State.DONE


class Trainer:
    """The fine-tunings of this server: one at a time, which all sessions see."""

    def __init__(self):
        self._lock, self._job = threading.Lock(), None
        self._starts: list[float] = []  # when each of the last hour's began
        atexit.register(self.clear)

    @property
    def job(self) -> Job | None:
        """The one there is, running or over; None after `clear`."""
        return self._job

    def start(
        self, source: Path, trained: Examples, aside: Examples, flags: tuple[str, ...] = ()
    ) -> Job:
        """Begins one.

        Args:
            source: the folder of the checkpoint to start from.
            trained: what is trained on, at least one.
            aside: what it is compared on too, without training on it.
            flags: more of `python -m train`'s.

        Raises:
            CheckpointError: the checkpoint is damaged.
            TeachingError: there is one already, nothing to learn from, or no place for its files.
        """
        if not len(trained[1]):
            raise TeachingError("There is no correction to learn from.")
        with self._lock:
            if self._job:
                raise TeachingError(
                    "Somebody else has begun just now; only one network is taught at a time."
                )
            now, most = time.monotonic(), limits.of(limits.TRAININGS)
            self._starts = [start for start in self._starts if start > now - HOUR]
            if len(self._starts) >= most:
                wait = math.ceil((self._starts[-most] + HOUR - now) / 60) if most else 60
                raise TeachingError(
                    f"{most} networks were taught in the last hour; the next may begin in "
                    f"{wait} minutes."
                )
            _sweep()
            try:
                self._job = Job(source, trained, aside, flags)
                self._starts.append(now)
            except OSError as error:
                raise TeachingError(
                    f"The training can't begin: {error.strerror or error}."
                ) from error
            return self._job

    def clear(self, job: Job | None = None) -> None:
        """Cancels it, or throws away what came of it; a job that is another one by now is left
        alone."""
        with self._lock:
            if self._job and job in (None, self._job):
                self._job.close()
                self._job = None

    def keep(self, job: Job, directory: Path, name: str) -> None:
        """Makes a checkpoint of what came of a job, whole or not at all, in the folder of the
        checkpoints.

        Raises:
            TeachingError: the name is none or is taken, the folder can't be written, or the job is
                gone.
        """
        name = name.strip()
        if not NAME.fullmatch(name):
            raise TeachingError(
                "The name should have 1 to 40 letters, digits, blanks, dots and hyphens."
            )
        with self._lock:
            if job is not self._job or job.state != State.DONE:
                raise TeachingError("It is gone: somebody else has kept it or thrown it away.")
            if len(list_networks(directory)) >= limits.of(limits.NETWORKS):
                raise TeachingError(
                    f"{limits.of(limits.NETWORKS)} networks were kept already; delete one below "
                    "first."
                )
            clash = TeachingError(f"There is a network “{name}” already; choose another name.")
            if (directory / name).exists():
                raise clash
            draft = directory / f".{name}.{os.getpid()}"
            try:
                shutil.copytree(job.output, draft)
                content = (draft / checkpoint.CARD).read_text()
                # It names the folder of the job, which is gone soon and nobody's business.
                content = content.replace(f"{job.output.parent}{os.sep}", "")
                card = json.loads(content) | {"name": name, "kept": True}
                (draft / checkpoint.CARD).write_text(json.dumps(card, indent=1) + "\n")
                for path in (*draft.iterdir(), draft):
                    sync_to_disk(path)
                os.rename(draft, directory / name)
                sync_to_disk(directory)
            except OSError as error:
                shutil.rmtree(draft, ignore_errors=True)
                if (directory / name).exists():
                    raise clash from error
                # shutil.Error has none
                why = error.strerror or "a file could not be copied; the disk may be full"
                raise TeachingError(
                    f"The folder of the networks can't be written: {why}."
                ) from error
            self._job = None
            job.close(State.KEPT)


@functools.cache  # not Streamlit's: that any visitor's browser can clear
def trainer() -> Trainer:
    """The server's."""
    return Trainer()


def list_networks(directory: Path) -> list[str]:
    """The names of the networks in a folder that visitors kept."""
    names = []
    for path in sorted(directory.glob(f"*/{checkpoint.CARD}")):
        with contextlib.suppress(OSError, ValueError, AttributeError, RecursionError):
            if (
                not path.parent.name.startswith(".")
                and json.loads(path.read_bytes()).get("kept") is True
            ):
                names.append(path.parent.name)
    return names


def forget(directory: Path, name: str) -> None:
    """Deletes a network that a visitor kept; raises TeachingError where it is none, or can't be
    deleted."""
    if name not in list_networks(directory):
        raise TeachingError("It is gone: somebody else has deleted it.")
    draft = directory / f".{name}.{os.getpid()}"  # in one step for those who list the folder
    try:
        os.rename(directory / name, draft)
        shutil.rmtree(draft)
    except OSError as error:
        raise TeachingError(f"It can't be deleted: {error.strerror or error}.") from error


def compare(before: Path, after: Path, parts: dict[str, Examples]) -> dict[str, Comparison]:
    """Two checkpoints on the test images of what the new one was trained on, and on other images.

    Raises:
        CheckpointError, DataError: a checkpoint can't be read, or its dataset can't be had.
    """
    dataset = data.load(checkpoint.read_card(after).dataset)
    names = np.array(dataset.classes)[dataset.test.labels]
    parts = {"test": (dataset.test.images, names)} | parts
    networks = [Recognizer.load(path) for path in (before, after)]
    comparisons = {}
    for part, (glyphs, labels) in parts.items():
        old, new = (
            np.array(network.classes)[network.classify(glyphs).argmax(1)] == labels
            for network in networks
        )
        comparisons[part] = metrics.compare(old, new)
    return comparisons


def select(items: Examples, classes: Sequence[str]) -> Examples:
    """Those of some classes."""
    glyphs, labels = items
    chosen = np.isin(labels, list(classes))
    return glyphs[chosen], labels[chosen]


def name_dataset(dataset: str) -> str:
    """The name of a dataset as visitors see it: of a folder or file, not where on the server it
    lies."""
    return Path(dataset).name if data.is_path(dataset) else dataset


def is_writable(directory: Path) -> bool:
    """Whether checkpoints can be kept in a folder."""
    return os.access(directory, os.W_OK | os.X_OK)


def _sweep() -> None:
    """Deletes what servers left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        gone = process.isdecimal() and (int(process) == os.getpid() or not _is_alive(int(process)))
        if gone and folder not in FOLDERS:
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, but somebody else's
        pass
    return True
