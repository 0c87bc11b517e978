"""How training scales over devices and processes: prints the table of docs/scaling.md.

    python benchmarks/scaling.py

Each row is the same step on twice the cores, with twice the images (weak scaling) or the same
number of them (strong scaling). Each process is kept on its cores by the system, a device a core;
processes speak over loopback. For machines with two cores or more; of more, two are taken.
"""

import functools
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests")]

import throughput  # noqa: E402

ROUNDS = 2
BATCH = 128
WAYS = {  # processes, devices of each, images a step
    "1 core": (1, 1, BATCH),
    "2 cores, 1 process, the same batch": (1, 2, BATCH),
    "2 cores, 1 process, twice the batch": (1, 2, 2 * BATCH),
    "2 cores, 2 processes, the same batch": (2, 1, BATCH),
    "2 cores, 2 processes, twice the batch": (2, 1, 2 * BATCH),
}


def measured(processes: int, devices: int, batch: int) -> float:
    """Images a second of all processes together."""
    from browser import free_port

    coordinator = f"localhost:{free_port()}"
    cores, running = sorted(os.sched_getaffinity(0))[:2], []
    for number in range(processes):
        own = cores[number * devices : (number + 1) * devices]
        pinned = "taskset", "-c", ",".join(map(str, own)), sys.executable
        command = [*pinned, __file__, coordinator, processes, number, devices, batch]
        text = [str(part) for part in command]
        running.append(
            subprocess.Popen(text, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        )
    printed = [process.communicate()[0] for process in running]
    return min(float(text.splitlines()[-1]) for text in printed)


def worker(coordinator: str, processes: int, number: int, devices: int, batch: int) -> None:
    """One process of a measurement."""
    from train.devices import set_up_devices

    set_up_devices(devices)
    import jax

    if processes > 1:
        jax.distributed.initialize(coordinator, processes, number)
    print(throughput.ours("whole", batch), flush=True)


def main() -> None:
    speeds = throughput.by_turns(
        {name: functools.partial(measured, *way) for name, way in WAYS.items()}, ROUNDS
    )
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    efficiency = {
        name: f"{median / medians['1 core'] / (1 if name == '1 core' else 2):.0%}"
        for name, median in medians.items()
    }
    throughput.print_table("the whole recipe", speeds, "efficiency", efficiency)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        worker(sys.argv[1], *map(int, sys.argv[2:]))
    else:
        main()
