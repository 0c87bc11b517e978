"""Seconds to 99 % of MNIST's test images, beside Keras' and PyTorch's own examples: prints
docs/results.md's table.

    python benchmarks/fast.py                 # ten seeds of ours, two of each peer's

Whole processes, from start to end, one after the other, with the dataset prepared. Ours is `python
-m train --preset fast`, which looks at the test images once, at its end, and writes a checkpoint:
with each seed as a newcomer's first run, who has nothing compiled yet, and as any later one, by
turns. The peers' look after each epoch and stop at the first that has 99 %. They run in the
environment of benchmarks/peers, each of their seeds after its share of ours, since a machine's
speed varies.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

SEEDS, PEERS_SEEDS = 10, 2
SHARE = SEEDS // PEERS_SEEDS
FIRST, LATER = "ours, `--preset fast`, the first run", "ours, any later run"
PEERS = {
    "Keras, `mnist_convnet`": "keras_mnist.py",
    "PyTorch, `examples/mnist`": "pytorch_mnist.py",
}


def fast(seed: int, compiled: Path | None = None) -> float:
    """The test accuracy of one run of the preset; `compiled`: where what it compiles is kept."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "run"
        flags = ["--preset", "fast", "--quiet", "--seed", str(seed), "--output", str(output)]
        subprocess.run(
            [sys.executable, "-m", "train", *flags],
            cwd=ROOT,
            env=os.environ | {"XDG_CACHE_HOME": str(compiled or folder)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return json.loads((output / "card.json").read_text())["test"]["accuracy"]


def timed(function, *arguments) -> tuple[float, float]:
    """Seconds taken, and what came out."""
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def main() -> None:
    import peers

    from train import data, tfds

    data.load("mnist")
    arrays = next((tfds.data_dir() / "mnist").glob(f"*/{tfds.CACHE}"))
    interpreter = peers.python()
    runs = {name: [] for name in (FIRST, LATER, *PEERS)}
    with tempfile.TemporaryDirectory() as compiled:
        fast(0, Path(compiled))
        for turn in range(PEERS_SEEDS):
            for seed in range(turn * SHARE, (turn + 1) * SHARE):
                runs[FIRST].append(timed(fast, seed))
                runs[LATER].append(timed(fast, seed, Path(compiled)))
            for name, program in PEERS.items():
                command = interpreter, peers.HERE / program, arrays, turn
                runs[name].append(timed(peers.printed, *command))
    means = {name: statistics.mean(seconds for seconds, _ in all_) for name, all_ in runs.items()}
    print(
        "| to 99 % | runs | seconds, mean (least to most) | times our first | times a later one | "
        "test accuracy, mean (least to most) |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for name, results in runs.items():
        seconds, accuracies = zip(*results, strict=True)
        print(
            f"| {name} | {len(results)} | {means[name]:.1f} ({min(seconds):.1f} to "
            f"{max(seconds):.1f}) | {means[name] / means[FIRST]:.1f} "
            f"| {means[name] / means[LATER]:.1f} "
            f"| {statistics.mean(accuracies):.2%} ({min(accuracies):.2%} to {max(accuracies):.2%}) "
            f"|"
        )


if __name__ == "__main__":
    main()
