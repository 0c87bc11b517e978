"""Images a second in training, beside the same network and step in PyTorch: prints
docs/results.md's table.

    python benchmarks/throughput.py

Both on this machine's CPUs, by turns, since a machine's speed varies from minute to minute; PyTorch
in the environment of benchmarks/peers. Our step is taken out of train/loop.py, first without
distortions, as PyTorch's is, then as it is.
"""

import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

ROUNDS = 5
STEPS, WARM_UP = 60, 10
RECIPES = {"plain": {"augmentation": False, "drawn": 0.0, "outliers": 0.0}, "whole": {}}


def ours(recipe: str, batch_size: int = 128) -> float:
    """Images a second of the default network, in this process and those it trains with, by the
    median step."""
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
    step, taken = nnx.cached_partial(loop.train_step, state, None), []
    with jax.set_mesh(mesh):
        for number in range(STEPS):
            start = time.perf_counter()
            totals = jax.block_until_ready(step(totals, split, order, number, config))
            taken.append(time.perf_counter() - start)
    return config.batch_size / statistics.median(taken[WARM_UP:])


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
    speeds = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            speeds[name].append(peers.printed(*command))
    reference = statistics.median(speeds["PyTorch, channels-last"])
    print(
        f"| training, batches of 128 (median, least and most of {ROUNDS}) | images a second | "
        f"ratio |"
    )
    print("| --- | --- | --- |")
    for name, values in speeds.items():
        middle = statistics.median(values)
        print(
            f"| {name} | {middle:.0f} ({min(values):.0f} to {max(values):.0f}) | "
            f"{middle / reference:.2f} |"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(ours(sys.argv[1]))
    else:
        main()
