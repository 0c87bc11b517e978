"""Images a second in training, beside the same network and step in PyTorch: prints
docs/results.md's table.

    python benchmarks/throughput.py

Both on this machine's CPUs, by turns; PyTorch in the environment of benchmarks/peers. Our step is
taken out of train/loop.py, first without distortions, as PyTorch's is, then as it is.
"""

import functools
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

ROUNDS = 5
STEPS, WARM_UP = 60, 10
RECIPES = {
    # PyTorch's optimizer, too
    "plain": {"augmentation": False, "drawn": 0.0, "outliers": 0.0, "muon_learning_rate": 0.0},
    "whole": {},
}


def ours(recipe: str, batch_size: int = 128) -> float:
    """Images a second of the default network, in this process and those it trains with, by the
    median program."""
    from train.devices import set_up_devices

    set_up_devices()
    import jax
    import jax.numpy as jnp
    import numpy as np
    from flax import nnx

    from train import loop
    from train.config import Config
    from train.dataset import Split
    from train.devices import choose_mesh, replicate_on

    config = Config(batch_size=batch_size, **RECIPES[recipe])
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (10_000, 28, 28), np.uint8)
    labels = generator.integers(0, 10, len(images), np.int32)
    order = generator.integers(0, len(images), (STEPS, config.batch_size), np.int32)
    state, mesh = loop.TrainState(config, loop.DIGITS, STEPS), choose_mesh(config.batch_size)
    everywhere = replicate_on(mesh)
    nnx.update(state, everywhere(nnx.state(state)))
    split, order, totals = everywhere((Split(images, labels), order, jnp.zeros(3)))
    take, taken = nnx.cached_partial(loop.train_steps, state, None), []
    with jax.set_mesh(mesh):
        for step in range(0, STEPS, loop.STEPS):
            steps = step, step + loop.STEPS
            start = time.perf_counter()
            totals = jax.block_until_ready(take(totals, split, order, *steps, config.seed, config))
            taken.append((time.perf_counter() - start) / loop.STEPS)
    return config.batch_size / statistics.median(taken[WARM_UP // loop.STEPS :])


def by_turns(
    measurements: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """What each measured in each round, by turns, since a machine's speed varies from minute to
    minute."""
    speeds = {name: [] for name in measurements}
    for _ in range(rounds):
        for name, measure in measurements.items():
            speeds[name].append(measure())
    return speeds


def print_table(
    what: str, speeds: Mapping[str, list[float]], heading: str, ratios: Mapping[str, str]
) -> None:
    """A row a name: its images a second in all rounds, and its ratio."""
    rounds = len(next(iter(speeds.values())))
    print(
        f"| training, {what} (median, least and most of {rounds}) | images a second | {heading} |"
    )
    print("| --- | --- | --- |")
    for name, values in speeds.items():
        middle, least, most = statistics.median(values), min(values), max(values)
        print(f"| {name} | {middle:.0f} ({least:.0f} to {most:.0f}) | {ratios[name]} |")


def main() -> None:
    import peers

    commands = {
        "PyTorch, channels-last": (
            peers.python(),
            ROOT / "benchmarks" / "peers" / "pytorch_throughput.py",
        ),
        "JAX, the same": (sys.executable, __file__, "plain"),
        "JAX, the whole recipe with its distortions": (sys.executable, __file__, "whole"),
    }
    speeds = by_turns(
        {name: functools.partial(peers.printed, *command) for name, command in commands.items()},
        ROUNDS,
    )
    reference = statistics.median(speeds["PyTorch, channels-last"])
    ratios = {
        name: f"{statistics.median(values) / reference:.2f}" for name, values in speeds.items()
    }
    print_table("batches of 128", speeds, "ratio", ratios)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(ours(sys.argv[1]))
    else:
        main()
