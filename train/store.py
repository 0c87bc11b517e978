"""Where a run's files go: claimed for one training at a time, and its state kept so that it can go
on.

The checkpoint itself is written by model/checkpoint.py, once the run is finished.
"""

import contextlib
import dataclasses
import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import filelock
import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy
from flax import nnx
from jax import random
from numpy.typing import NDArray

from model import checkpoint
from model.disk import atomic_write

STATE = "state.safetensors"  # the file in a run's output that holds what --resume needs
# there while a training runs; the system lets go of it when its process ends, however that is
LOCK = ".lock"

Config = TypeVar("Config")  # a dataclass


class TrainError(Exception):
    """Training can't start or go on; the message is one sentence that says why and what to do."""


@contextlib.contextmanager
def claim(output: Path, resume: bool = False, overwrite: bool = False) -> Iterator[None]:
    """The folder of a run, for this process alone; made where it isn't there, gone again where
    nothing was written.

    Args:
        output: the folder.
        resume: there may be an interrupted run in it.
        overwrite: there may be anything; an interrupted run is dropped.

    Raises:
        TrainError: it can't be written, another training writes there, or a run there would be
            lost.
    """
    if jax.process_index():  # the first one writes
        yield
        return
    lock = filelock.FileLock(output / LOCK, blocking=False)
    new = [path for path in (output, *output.parents) if not path.exists()]
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise TrainError(
            f"Another training writes to {output}; wait for it, or choose another --output."
        ) from error
    except OSError as error:
        raise TrainError(
            f"{output} can't be written ({error.strerror or error}); choose another --output, or "
            f"make room there."
        ) from error
    try:
        if overwrite and not resume:
            (output / STATE).unlink(missing_ok=True)
        elif (output / STATE).exists():
            if not resume:
                raise TrainError(
                    f"There is an interrupted run in {output}: go on with --resume, or start anew "
                    f"with --overwrite."
                )
        elif not resume and not overwrite and (output / checkpoint.CARD).exists():
            raise TrainError(
                f"There is a finished network in {shlex.quote(str(output))}: choose another "
                f"--output, or train in its "
                "place with --overwrite."
            )
        yield
    finally:
        (output / LOCK).unlink(missing_ok=True)  # first: who comes now takes a lock of his own
        lock.release()
        with contextlib.suppress(OSError):  # there is something in it
            for path in new:
                path.rmdir()


class Store:
    """What --resume needs, in one file that is always whole: all arrays of the state, and the
    progress so far.

    Args:
        path: of the file.
        config: a dataclass; the run's.
        steps: that the run has in all.
        data: what tells the run's data from others: names and numbers.
    """

    def __init__(self, path: Path, config: Any, steps: int, data: Mapping[str, Any]) -> None:
        self.path, self.config, self.steps, self.data = path, config, steps, data

    def save(self, state: nnx.Pytree, progress: dict[str, Any]) -> None:
        """Keeps a state, and `progress`, which has `step`; by the first process of several."""
        if jax.process_index():
            return
        arrays = {
            name: np.asarray(_key_data(value), order="C") for name, value in _arrays(state).items()
        }
        about = json.dumps(
            progress | {"config": dataclasses.asdict(self.config), "data": dict(self.data)}
        )
        metadata = {"progress": about, "sha256": _checksum(arrays, about)}
        with atomic_write(self.path) as path:
            path.write_bytes(safetensors.numpy.save(arrays, metadata))

    def restore(self, state: nnx.Pytree) -> dict[str, Any]:
        """Puts the saved state into `state`, and returns the progress saved with it.

        Raises:
            TrainError: there is none, it is damaged, or one of another config, other data or
                another version.
        """
        output, current = self.path.parent, _arrays(state)
        saved, arrays = _load_file(self.path)
        config, data = saved.pop("config"), saved.pop("data", None)
        for field, value in json.loads(json.dumps(dataclasses.asdict(self.config))).items():
            if config.get(field) != value:
                raise TrainError(
                    f"The interrupted run in {output} has {field} = {config.get(field)}; resume it "
                    f"without that flag, "
                    "or start anew with --overwrite."
                )
        wanted = json.loads(json.dumps(dict(self.data)))
        if data != wanted:
            was, now = (
                ", ".join(
                    f"{name} {value}" for name, value in these.items() if value != those.get(name)
                )
                for these, those in ((data or {}, wanted), (wanted, data or {}))
            )
            raise TrainError(
                f"The data of the interrupted run in {output} changed: it had {was or 'others'}, "
                f"and now has {now}; "
                "put them back, or start anew with --overwrite."
            )
        shapes = {
            name: (_key_data(value).shape, str(_key_data(value).dtype))
            for name, value in current.items()
        }
        step = saved.get("step")
        if shapes != {
            name: (value.shape, str(value.dtype)) for name, value in arrays.items()
        } or not (isinstance(step, int) and 0 <= step <= self.steps):
            raise TrainError(
                f"{self.path} is another version's or another run's; start anew with --overwrite."
            )
        leaves = [
            random.wrap_key_data(jnp.asarray(arrays[name])) if _is_key(value) else arrays[name]
            for name, value in current.items()
        ]
        nnx.update(state, jax.tree.unflatten(jax.tree.structure(nnx.state(state)), leaves))
        return saved

    def clear(self) -> None:
        """Once the run is finished."""
        if not jax.process_index():
            self.path.unlink(missing_ok=True)


def load_config(output: Path, kind: type[Config]) -> Config:
    """The config, of that dataclass, with which the interrupted run in a folder was started.

    Raises:
        TrainError: there is none, it is damaged or another version's.
    """
    saved, _ = _load_file(output / STATE)
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in saved["config"].items()
    }
    dataclass: Any = kind
    if values.keys() != {field.name for field in dataclasses.fields(dataclass)}:
        raise TrainError(f"{output / STATE} is another version's; start anew with --overwrite.")
    return kind(**values)


def _load_file(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What was saved: progress with config and data, and arrays."""
    try:
        with safetensors.safe_open(path, "numpy") as file:
            metadata = file.metadata()
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        saved = json.loads(metadata["progress"])
        if metadata["sha256"] != _checksum(arrays, metadata["progress"]):
            raise ValueError("its checksum is another")
        if not isinstance(saved["config"], dict):
            raise ValueError("it has no config")
    except FileNotFoundError as error:
        raise TrainError(
            f"There is no interrupted run in {path.parent} to resume; start it without --resume."
        ) from error
    except (
        safetensors.SafetensorError,
        OSError,
        TypeError,
        KeyError,
        ValueError,
        RecursionError,
    ) as error:
        raise TrainError(f"{path} is damaged ({error}); start anew with --overwrite.") from error
    return saved, arrays


def _checksum(arrays: Mapping[str, NDArray[Any]], about: str) -> str:
    digest = hashlib.sha256(about.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def _arrays(state: nnx.Pytree) -> dict[str, jax.Array]:
    """Every array of a state by its path, such as `model.conv1.conv.kernel.value`, in the order of
    JAX's own leaves."""
    leaves = jax.tree_util.tree_leaves_with_path(nnx.state(state))
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in leaves}


def _key_data(leaf: jax.Array) -> jax.Array:
    """Random keys are saved as the numbers they are made of."""
    return random.key_data(leaf) if _is_key(leaf) else leaf


def _is_key(leaf: jax.Array) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
