"""JAX makes a device of each core, if it is told so before it starts."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from train.devices import choose_mesh, replicate_on, set_up_devices
from train.store import TrainError

ROOT = Path(__file__).parents[1]


def test_the_command_line_imports_no_jax_before_the_devices_are_set_up():
    program = "import sys, train.__main__; sys.exit('jax' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_one_device_a_core_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")  # so that it is put back at the end
    monkeypatch.delenv("XLA_FLAGS")
    set_up_devices(3)
    assert "--xla_force_host_platform_device_count=3" in os.environ["XLA_FLAGS"].split()
    before = os.environ["XLA_FLAGS"]
    set_up_devices(5)
    assert os.environ["XLA_FLAGS"] == before
    monkeypatch.delenv("XLA_FLAGS")
    monkeypatch.setattr("train.devices.cores", lambda: 7)  # of a container, fewer than the machine
    set_up_devices()
    assert "--xla_force_host_platform_device_count=7" in os.environ["XLA_FLAGS"].split()


def test_what_is_compiled_is_kept_where_that_can_be(monkeypatch, tmp_path):
    for name in ("COMPILATION_CACHE_MAX_SIZE", "PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        monkeypatch.setenv(f"JAX_{name}", "")  # so that it is put back at the end
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "elsewhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    set_up_devices()
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == "elsewhere" and not list(tmp_path.iterdir())
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    set_up_devices()
    folder = Path(os.environ["JAX_COMPILATION_CACHE_DIR"])
    assert folder.is_dir() and folder.is_relative_to(tmp_path / "digits")

    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    set_up_devices()
    assert "JAX_COMPILATION_CACHE_DIR" not in os.environ


@pytest.mark.parametrize(("batch_size", "count"), [(64, 8), (12, 6), (7, 7), (11, 1)])
def test_as_many_devices_as_share_a_batch_evenly(batch_size, count, monkeypatch):
    monkeypatch.setattr(jax, "devices", lambda: [jax.local_devices()[0]] * 8)
    assert choose_mesh(batch_size).devices.size == count


def test_several_processes_use_all_devices_or_say_why_not(monkeypatch):
    monkeypatch.setattr(jax, "devices", lambda: [jax.local_devices()[0]] * 8)
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    assert choose_mesh(64).devices.size == 8
    with pytest.raises(TrainError, match="A batch of 12 can't be split over 8 devices"):
        choose_mesh(12)


def test_what_is_replicated_keeps_its_structure_and_values():
    mesh = choose_mesh(64)
    arrays = replicate_on(mesh)({"a": jax.numpy.arange(3), "b": (jax.numpy.ones(2),)})
    assert arrays["a"].tolist() == [0, 1, 2] and arrays["b"][0].tolist() == [1, 1]
    assert arrays["a"].sharding.is_fully_replicated
