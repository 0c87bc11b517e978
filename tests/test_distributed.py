"""Eight devices, or two processes, train the network that one device trains; and one that dies
stops the others."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from browser import free_port

from model import checkpoint
from train.store import LOCK, STATE

ROOT = Path(__file__).parents[1]
FLAGS = (
    "--preset fast --batch-size 64 --epoch-images 0 --widths 8,8,16 --features 32 --validation 500"
)
SHORT = f"{FLAGS} --epochs 1 --train-limit 256"  # four steps


def start(output: Path, flags: str, devices: int, **variables: str) -> subprocess.Popen:
    """`python -m train` on so many simulated devices, with these variables of the environment."""
    environment = os.environ | variables
    environment["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, "-m", "train", *flags.split(), "--output", output],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def start_two(folder: Path, flags: str) -> list[subprocess.Popen]:
    """Two processes of one training, which would write to `0` and `1`."""
    hosts = f"{flags} --coordinator localhost:{free_port()} --processes 2 --process-id"
    return [start(folder / str(number), f"{hosts} {number}", 1) for number in range(2)]


def finish(process: subprocess.Popen) -> str:
    """What it printed; it must have gone well."""
    printed, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return printed


def outcome(folder: Path) -> tuple[np.ndarray, list[np.ndarray]]:
    """The probabilities of the first test images, and the weights."""
    network, _ = checkpoint.load(folder)
    return checkpoint.read_evaluation(folder)[1], [
        network.conv3.conv.kernel[...],
        network.head.kernel[...],
    ]


@pytest.fixture(scope="module")
def alone(mnist, tmp_path_factory):
    """What one device makes of it."""
    folder = tmp_path_factory.mktemp("alone")
    finish(start(folder / "run", SHORT, 1))
    return outcome(folder / "run")


def agree(one, other) -> None:
    # Rounding differs, and Adam's division by the gradient's size enlarges that where a gradient is
    # next to nothing.
    np.testing.assert_allclose(one[0], other[0], atol=2e-3)
    for ours, theirs in zip(one[1], other[1], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_eight_devices_train_what_one_does(alone, tmp_path):
    finish(start(tmp_path / "run", SHORT, 8))
    agree(outcome(tmp_path / "run"), alone)


def test_two_processes_train_what_one_does_and_one_of_them_writes(alone, tmp_path):
    first, second = start_two(tmp_path, SHORT)
    assert "Test accuracy" in finish(first)
    assert "Test accuracy" not in finish(second)
    agree(outcome(tmp_path / "0"), alone)
    assert [path.name for path in tmp_path.iterdir()] == ["0"]


@pytest.mark.parametrize("killed", [0, 1])
def test_a_process_that_dies_stops_the_other_and_the_run_goes_on_without_it(
    mnist, tmp_path, killed
):
    flags = f"{FLAGS} --epochs 30 --train-limit 640"
    both = start_two(tmp_path, flags)
    for line in both[0].stdout:
        if line.startswith("Epoch 1"):  # its state was saved
            break
    both[killed].kill()
    _, errors = both[1 - killed].communicate(timeout=60)
    both[killed].communicate()
    assert both[1 - killed].returncode == 1
    assert re.search("^error: Another process .* --resume", errors, re.MULTILINE)
    # The first one's lock is gone with it, but not the file.
    assert {path.name for path in (tmp_path / "0").iterdir()} <= {STATE, LOCK}
    if killed:
        printed = finish(start(tmp_path / "0", f"{flags} --resume", 4))
        assert "Epoch 1:" not in printed
        assert len(checkpoint.read_card(tmp_path / "0").history) == 30


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["importing", "training"])
def test_stopped_at_any_time_it_says_so_and_nothing_else(mnist, tmp_path, moment, kind):
    if moment == "importing":
        # Python then says what it imports, on standard error.
        process = start(tmp_path / "run", FLAGS, 1, PYTHONPROFILEIMPORTTIME="1")
        assert any("jax" in line for line in process.stderr)  # up to the first such line
    else:
        process = start(tmp_path / "run", f"{FLAGS} --json", 1)
        assert json.loads(process.stdout.readline())["event"] == "step"
    process.send_signal(kind)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    where = {"importing": "Stopped before", "training": "Stopped in"}
    assert errors.splitlines()[-1].startswith(where[moment])
    assert "Traceback" not in errors
