"""The devices that a training runs on: how JAX makes them of a machine's cores, and what lies on
them.

Importing this imports no JAX, which reads the environment when it first computes: `set_up_devices`
has to come before that.
"""

import contextlib
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cores import cores

if TYPE_CHECKING:
    from jax.sharding import Mesh

COMPILED_BYTES = 200_000_000  # of compiled programs that are kept, at most; one has about 200 kB


def set_up_devices(count: int | None = None) -> None:
    """Tells JAX, before it first computes, how to train on this machine's cores; what the
    environment says already goes first.

    One device a core: a core that works on its own share of the batch keeps it in its cache. And
    one operation after the other, for the same reason.

    What is compiled is kept, for the next training of the same shapes to start sooner.
    """
    flags = f"--xla_force_host_platform_device_count={count or cores()}"
    os.environ.setdefault(
        "XLA_FLAGS", f"{flags} --xla_cpu_enable_concurrency_optimized_scheduler=false"
    )
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        with contextlib.suppress(OSError, RuntimeError):  # nowhere to keep it, so it is not kept
            folder = compiled_folder()
            folder.mkdir(parents=True, exist_ok=True)
            os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
            os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(COMPILED_BYTES))
            # the small programs, too: there are 60, and each takes 50 ms to compile
            os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
            # On some CPUs, XLA complains that each program was made for another one.
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def compiled_folder() -> Path:
    """Where compiled programs are kept: by machine, since a home may be that of several, whose CPUs
    differ; RuntimeError where there is no home."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "digits" / "compiled" / (platform.node() or "here")


def choose_mesh(batch_size: int) -> "Mesh":
    """As many of the devices as share a batch evenly, in one row; those of all processes, if there
    are several.

    Raises:
        TrainError: there are several processes, and their devices can't share a batch evenly.
    """
    import jax
    import numpy as np
    from jax.sharding import Mesh

    from model.convolution import BATCH_AXIS
    from train.store import TrainError

    devices = jax.devices()
    count = max(n for n in range(1, len(devices) + 1) if batch_size % n == 0)
    if jax.process_count() > 1 and count < len(devices):
        raise TrainError(
            f"A batch of {batch_size} can't be split over {len(devices)} devices; choose another "
            f"--batch-size."
        )
    return Mesh(np.array(devices[:count]), (BATCH_AXIS,))


def replicate_on(mesh: "Mesh") -> Callable[[Any], Any]:
    """A function that puts arrays, in any structure, on every device of a mesh.

    Not jax.device_put: it knows this process' devices alone, an identity under jit those of all.
    """
    import jax
    from jax.sharding import NamedSharding, PartitionSpec

    return jax.jit(lambda arrays: arrays, out_shardings=NamedSharding(mesh, PartitionSpec()))
