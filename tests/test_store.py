"""A run's folder is one training's alone, and a state that is not the run's is refused."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from train import store
from train.store import STATE, Store, TrainError, claim

ROOT = Path(__file__).parents[1]


@dataclasses.dataclass(frozen=True)
class Config:
    epochs: int = 3
    widths: tuple = (2, 3)


DATA = {"classes": 10, "training images": 60, "checksum": "ab"}


class State(nnx.Pytree):
    def __init__(self, seed: int = 0, width: int = 4):
        self.weights = nnx.Param(jax.random.normal(jax.random.key(seed), (width, 3)))
        self.count = nnx.Variable(jnp.array(seed))
        self.key = nnx.Variable(jax.random.key(seed))


@pytest.fixture
def saved(tmp_path) -> Store:
    kept = Store(tmp_path / STATE, Config(), 30, DATA)
    kept.save(State(7), {"step": 20, "history": [1, 2]})
    return kept


def test_a_state_comes_back_as_it_was(saved, tmp_path):
    state = State(0)
    assert saved.restore(state)["step"] == 20
    np.testing.assert_array_equal(state.weights[...], State(7).weights[...])
    assert int(state.count[...]) == 7
    np.testing.assert_array_equal(
        jax.random.key_data(state.key[...]), jax.random.key_data(State(7).key[...])
    )
    assert store.load_config(tmp_path, Config) == Config()
    saved.clear()
    with pytest.raises(TrainError, match="no interrupted run"):
        saved.restore(state)


@pytest.mark.parametrize(
    ("config", "steps", "data", "width", "says"),
    [
        (Config(epochs=4), 30, DATA, 4, "epochs = 3; resume it without that flag"),
        (Config(), 19, DATA, 4, "another run's"),
        (Config(), 30, DATA, 5, "another run's"),
        (
            Config(),
            30,
            DATA | {"classes": 11},
            4,
            "changed: it had classes 10, and now has classes 11",
        ),
        (
            Config(),
            30,
            DATA | {"checksum": "cd"},
            4,
            "changed: it had checksum ab, and now has checksum cd",
        ),
    ],
)
def test_the_state_of_another_run_is_refused(saved, config, steps, data, width, says):
    before = State(1, width)
    with pytest.raises(TrainError, match=says):
        Store(saved.path, config, steps, data).restore(before)
    np.testing.assert_array_equal(before.weights[...], State(1, width).weights[...])


def test_each_flipped_bit_is_noticed(saved):
    """Whichever byte it is in: of the numbers, of the progress, of the header."""
    content = saved.path.read_bytes()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        saved.path.write_bytes(changed)
        with pytest.raises(TrainError, match=r"damaged|another"):
            saved.restore(State())


def test_a_folder_is_one_trainings_alone_even_if_that_is_killed(tmp_path):
    output = tmp_path / "run"
    program = (
        "import sys, pathlib; from train.store import claim\n"
        f"with claim(pathlib.Path({str(output)!r})): print('claimed', flush=True); "
        f"sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, **pipes) as other:
        assert other.stdout.readline() == b"claimed\n"
        with pytest.raises(TrainError, match="Another training writes to"), claim(output):
            pass
        other.kill()
    with claim(output):
        assert output.is_dir()
    assert not (output / store.LOCK).exists()


def test_a_folder_is_gone_again_where_nothing_was_written(tmp_path):
    with claim(tmp_path / "a" / "b"):
        pass
    assert not (tmp_path / "a").exists()
    with claim(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / STATE).write_text("something")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == [STATE]
    with pytest.raises(TrainError, match="--resume"), claim(tmp_path / "a" / "b"):
        pass
    with claim(tmp_path / "a" / "b", resume=True):
        assert (tmp_path / "a" / "b" / STATE).exists()
    with claim(tmp_path / "a" / "b", overwrite=True):
        assert not (tmp_path / "a" / "b" / STATE).exists()


def test_an_output_that_cannot_be_written_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainError, match="can't be written"), claim(tmp_path / "file" / "run"):
        pass
