"""A fine-tuning is a process of its own: it can be followed, cancelled, kept, and never outlives
the server."""

import contextlib
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pupil
import pytest
from pages import ROOT, written

from app_pages.server import limits
from app_pages.teach import teaching
from app_pages.teach.teaching import Comparison, TeachingError, Trainer
from model import checkpoint
from model.recognizer import as_single_glyph

SHORT = (
    "--epochs",
    "1",
    "--epoch-images",
    "64",
    "--batch-size",
    "32",
    "--no-augmentation",
    "--outliers",
    "0",
)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """The checkpoint of a network of 1 and 7."""
    return pupil.make(tmp_path_factory.mktemp("pupil"))


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """A server's, with a temporary folder of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    trainer = Trainer()
    yield trainer
    trainer.clear()
    assert list(tmp_path.glob(f"{teaching.PREFIX}*")) == []


def corrections(digit: int, n: int) -> teaching.Examples:
    glyphs = [as_single_glyph(written(digit, 80 + 10 * number)) for number in range(n)]
    return np.array(glyphs, np.uint8).reshape(-1, 28, 28), np.full(n, str(digit))


def test_a_network_is_taught_compared_and_kept(source, trainer, tmp_path):
    job = trainer.start(source, corrections(7, 1), corrections(1, 2), SHORT)
    with pytest.raises(TeachingError, match="only one network"):
        trainer.start(source, corrections(7, 1), corrections(7, 0), SHORT)
    with pytest.raises(TeachingError, match="gone"):
        trainer.keep(job, tmp_path, "too soon")
    job.wait()
    assert (job.state, job.fault) == ("done", None)
    assert job.progress["epochs"] == len(job.history) == 1
    test = job.comparisons["test"]
    labels, probabilities = checkpoint.read_evaluation(source)
    assert (test.n, test.before) == (len(labels), int((probabilities.argmax(1) == labels).sum()))
    assert test.after - test.before == test.gained - test.lost
    assert [job.comparisons[part].n for part in ("trained", "aside")] == [1, 2]

    (tmp_path / "taken").mkdir()
    for name, words in (
        ("taken", "already"),
        ("../x", "1 to 40"),
        (".x", "1 to 40"),
        ("", "1 to 40"),
        ("a/b", "40"),
    ):
        with pytest.raises(TeachingError, match=words):
            trainer.keep(job, tmp_path, name)
    with pytest.raises(TeachingError, match="can't be written"):
        trainer.keep(job, source / checkpoint.CARD, "mine")
    with pytest.MonkeyPatch.context() as patch:  # the disk is full

        def full(*_):
            raise teaching.shutil.Error([("a", "b", "[Errno 28] No space left on device")])

        patch.setattr(teaching.shutil, "copytree", full)
        with pytest.raises(TeachingError, match="a file could not be copied; the disk may be full"):
            trainer.keep(job, tmp_path, "mine")
    trainer.keep(job, tmp_path, " mine ")
    _, card = checkpoint.load(tmp_path / "mine")
    assert (card.name, card.classes) == ("mine", ("1", "7"))
    # so that it can be taught further
    assert card.dataset == checkpoint.read_card(source).dataset
    # the job's folder is gone
    assert teaching.PREFIX not in (tmp_path / "mine" / checkpoint.CARD).read_text()
    assert card.config["corrections"] == "corrections.npz"
    assert trainer.job is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "taken"]


def test_a_cancelled_one_leaves_nothing(source, trainer, tmp_path):
    job = trainer.start(source, corrections(7, 3), corrections(7, 0))
    process = job.process
    trainer.clear(job)
    assert process.returncode is not None and list(tmp_path.iterdir()) == []
    job.wait()
    assert (job.state, trainer.job, job.busy) == ("cancelled", None, False)
    other = trainer.start(source, corrections(7, 3), corrections(7, 0), SHORT)
    trainer.clear(job)  # somebody's late click
    assert trainer.job is other and other.busy


def test_a_failure_is_one_sentence(source, trainer):
    job = trainer.start(source, corrections(7, 1), corrections(7, 0), ("--rehearse", "2"))
    job.wait()
    assert (job.state, job.fault) == ("failed", "--rehearse should be from 0 to 0.9, not 2.0.")
    trainer.clear(job)
    with pytest.raises(TeachingError, match="no correction"):
        trainer.start(source, corrections(7, 0), corrections(7, 0))
    with pytest.raises(checkpoint.CheckpointError):
        trainer.start(source / "nowhere", corrections(7, 1), corrections(7, 0))
    # the failures are out of the way
    job = trainer.start(source, corrections(7, 1), corrections(7, 0), SHORT)


def test_whatever_goes_wrong_it_has_ended(source, trainer, monkeypatch):
    def broken(*_):
        raise RuntimeError("out of anything")

    monkeypatch.setattr(teaching, "compare", broken)
    job = trainer.start(source, corrections(7, 1), corrections(7, 0), SHORT)
    job.wait()
    assert (job.state, job.fault) == (
        "failed",
        "The training has ended unexpectedly (RuntimeError).",
    )


def test_lines_that_are_no_events_are_passed_over(source, trainer, monkeypatch):
    """As a library may print them."""
    real = subprocess.Popen

    def chatty(command, **options):
        says = (
            "import sys; print('[]'); print('odd'); print('{\"event\": \"step\", \"step\": 7}'); "
            "sys.exit(3)"
        )
        return real([sys.executable, "-c", says], **options)

    monkeypatch.setattr(teaching.subprocess, "Popen", chatty)
    job = trainer.start(source, corrections(7, 1), corrections(7, 0), SHORT)
    job.wait()
    assert (job.state, job.progress, job.fault) == (
        "failed",
        {"step": 7},
        "The training ended with code 3.",
    )


def test_so_many_trainings_an_hour_and_networks_there_may_be(
    source, trainer, tmp_path, monkeypatch
):
    monkeypatch.setenv(limits.TRAININGS, "2")
    monkeypatch.setenv(limits.NETWORKS, "1")
    job = trainer.start(source, corrections(7, 1), corrections(7, 0), SHORT)
    job.wait()
    trainer.keep(job, tmp_path, "mine")
    assert teaching.list_networks(tmp_path) == ["mine"]
    job = trainer.start(source, corrections(7, 1), corrections(7, 0), SHORT)
    job.wait()
    with pytest.raises(TeachingError, match="1 networks were kept already"):
        trainer.keep(job, tmp_path, "another")
    teaching.forget(tmp_path, "mine")
    trainer.keep(job, tmp_path, "another")
    with pytest.raises(TeachingError, match="somebody else has deleted it"):
        teaching.forget(tmp_path, "mine")
    with pytest.raises(
        TeachingError,
        match="2 networks were taught in the last hour; the next may begin in 60 minutes",
    ):
        trainer.start(source, corrections(7, 1), corrections(7, 0), SHORT)


def test_another_trainer_of_the_server_spares_what_runs(source, trainer):
    job = trainer.start(source, corrections(7, 3), corrections(7, 0))
    other = Trainer()
    with contextlib.closing(other.start(source, corrections(7, 1), corrections(7, 0))):
        assert job.busy and job.folder.exists()


SERVER = """
import signal, sys
from pathlib import Path
sys.path.insert(0, "tests")
from test_teaching import corrections, teaching
job = teaching.Trainer().start(Path(sys.argv[1]), corrections(7, 1), corrections(7, 0))
print(job.process.pid, flush=True)
signal.pause()
"""


def test_it_ends_with_a_server_that_is_killed_and_the_next_server_clears_up(
    source, trainer, tmp_path
):
    command = [sys.executable, "-c", SERVER, source]
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        training = int(server.stdout.readline())
        end = os.pidfd_open(training)
        server.kill()
    assert select.select([end], [], [], 120)[0], "The training goes on."
    os.close(end)
    (left,) = tmp_path.glob(f"{teaching.PREFIX}*")
    trainer.start(source, corrections(7, 1), corrections(7, 0), SHORT)
    assert not left.exists()


def test_two_networks_are_compared_by_the_names_of_classes(source):
    glyphs, labels = corrections(7, 4)
    comparisons = teaching.compare(
        source, source, {"own": (glyphs, labels), "none": (glyphs[:0], labels[:0])}
    )
    assert (
        comparisons["own"].before == comparisons["own"].after
        and comparisons["own"].gained == comparisons["own"].lost == 0
    )
    assert comparisons["none"] == Comparison(0, 0, 0, 0, 0, 1.0)
