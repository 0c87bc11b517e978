"""What a card says of how its network came to be."""

import platform
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version

import jax

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy")  # that decide how a training comes out


def reproducing_command(program: str, arguments: Sequence[str] | None) -> str:
    """What does a run again, quoted for a shell; of these arguments, or of this process's."""
    words = sys.argv[1:] if arguments is None else arguments
    kept = [word for word in words if word not in ("--resume", "--overwrite")]
    return f"{program} {shlex.join(kept)}".strip()


def versions() -> dict[str, str]:
    """Of what decides how a training comes out."""
    return {"python": platform.python_version()} | {
        package: version(package) for package in PACKAGES
    }


def hardware() -> str:
    """How many devices of which kind, and the machine: `8 × cpu, x86_64`."""
    return f"{jax.device_count()} × {jax.devices()[0].device_kind}, {platform.machine()}"
