"""Train a network: `python -m train --help`.

The recipe of checkpoints/default, into runs/default; another; after Ctrl-C, a crash or a power cut:

    python -m train
    python -m train --preset fast --output runs/fast
    python -m train --resume

Pictures of one's own, and corrections; on two hosts, the other one with --process-id 1:

    python -m train --data my_pictures --from checkpoints/default --output runs/mine
    python -m train --corrections mine.npz --from checkpoints/default --output runs/mine
    python -m train --coordinator host0:1234 --processes 2 --process-id 0

JAX is imported by `main`, not here: first the devices are set up and, of several hosts, a child
process is made, which may not be once JAX has threads; and a signal that comes while it is being
imported is answered.
"""

import argparse
import atexit
import dataclasses
import gc
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from train import interrupt
from train.devices import set_up_devices

HEARTBEAT = 30  # seconds without a sign of life after which a process of several counts as dead


def main(arguments: list[str] | None = None, program: str = "python -m train") -> int:
    """Runs the command line of a program of that name; returns its exit code."""
    set_up_devices()
    import jax

    from model import checkpoint, shipped
    from train import comparison, loop, metrics, store
    from train.command_line import add_flags, report_failures
    from train.config import BOUNDS, PRESETS, Config, architecture_of
    from train.provenance import reproducing_command

    parser = argparse.ArgumentParser(
        prog=program, description=__doc__.partition("\n")[0], allow_abbrev=False
    )
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        help=(
            "a set of the values below (default; with --from, finetune; with --corrections, teach)"
        ),
    )
    parser.add_argument("--output", type=Path, help="where the checkpoint goes (runs/PRESET)")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the interrupted run in --output, with the flags it had",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="train in the place of what is in --output"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.add_argument(
        "--json",
        action="store_true",
        help="progress as one JSON object a line, in place of the bars",
    )
    parser.add_argument(
        "--while-stdin",
        action="store_true",
        help="stop, as by Ctrl-C, when standard input is closed",
    )
    parser.add_argument(
        "--distributed",
        action="store_true",
        help="several hosts, as JAX finds them in SLURM and such",
    )
    parser.add_argument(
        "--coordinator", metavar="HOST:PORT", help="several hosts: where the first process listens"
    )
    parser.add_argument(
        "--processes", type=int, metavar="N", help="several hosts: how many processes there are"
    )
    parser.add_argument(
        "--process-id", type=int, metavar="I", help="several hosts: this one's number, from 0"
    )
    add_flags(parser, Config, BOUNDS)
    options = vars(parser.parse_args(arguments))
    preset, output, resume, quiet = (
        options.pop(name) for name in ("preset", "output", "resume", "quiet")
    )
    as_json, while_stdin, overwrite = (
        options.pop(name) for name in ("json", "while_stdin", "overwrite")
    )
    hosts = {
        name: options.pop(name)
        for name in ("distributed", "coordinator", "processes", "process_id")
    }
    values = {name: value for name, value in options.items() if value is not None}
    has_flags = resume and not preset  # the run that is resumed has flags of its own
    preset = preset or (
        "teach" if values.get("corrections") else "finetune" if values.get("from_") else "default"
    )
    output = output or Path("runs") / preset
    command = reproducing_command(program, arguments)
    if while_stdin:
        interrupt.stop_when_closed(sys.stdin)
    with report_failures(output) as outcome:
        _join(**hosts)
        if values.get("from_"):  # by its name, too
            values["from_"] = str(shipped.find(values["from_"]))
        # the network's shape is the checkpoint's, unless a flag says otherwise
        if values.get("from_"):
            values = architecture_of(values["from_"]) | values
        if values.get("corrections") and values.get("from_"):  # and so is what is rehearsed
            values = {"data": checkpoint.read_card(values["from_"]).dataset} | values
        base = store.load_config(output, Config) if has_flags else PRESETS[preset]
        config, report = dataclasses.replace(base, **values), _print_json if as_json else None
        card = loop.train(config, output, resume, quiet, command, report, overwrite)
    if outcome.code:
        return outcome.code
    if jax.process_index() or as_json:
        return 0
    for name, values in card.compared.items():
        print(comparison.describe(name, metrics.Comparison(**values)))
    print(f"Test accuracy {metrics.describe_accuracy(card.test)}.")
    print(f"Checkpoint: {output}")
    return 0


def _print_json(event: dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def _join(
    distributed: bool, coordinator: str | None, processes: int | None, process_id: int | None
) -> None:
    """Makes this process one of several, where the flags say so."""
    from train.store import TrainError

    explicit = coordinator, processes, process_id
    if any(value is not None for value in explicit) and None in explicit:
        raise TrainError(
            "--coordinator, --processes and --process-id go together; give all three or none."
        )
    if not distributed and coordinator is None:
        return
    import jax

    try:
        jax.distributed.initialize(*explicit, heartbeat_timeout_seconds=HEARTBEAT)
    except (ValueError, RuntimeError) as error:
        raise TrainError(
            f"The processes did not find each other: {str(error).strip().splitlines()[0]}"
        ) from error


def _continue_watched() -> None:
    """Goes on in a child process, whose end the parent reports: JAX may abort a process when
    another one is gone.

    It does so from a thread of its own, by SIGABRT, so that no `except` sees it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(writing)
        # Never alone: nothing is written there, so that reading ends when the parent does.
        threading.Thread(target=lambda: (os.read(reading, 1), os._exit(1)), daemon=True).start()
        return
    for kind in interrupt.SIGNALS:
        signal.signal(kind, lambda number, frame: os.kill(child, number))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGABRT:
        from train.loop import OTHERS_GONE

        print(f"error: {OTHERS_GONE}", file=sys.stderr)
    os._exit(1 if code < 0 else code)


def run(arguments: list[str], program: str = "python -m train") -> int:
    """Runs the command line as a process of its own does, which signals end; returns its exit
    code."""
    if any(argument.startswith(("--distributed", "--coordinator")) for argument in arguments):
        _continue_watched()
    # Python need not look for cycles in JAX's modules and traces again and again, nor at the end.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    with interrupt.end_on_signals():
        code = main(arguments, program)
    if code and sys.modules["jax"].distributed.is_initialized():
        sys.stderr.flush()
        os._exit(code)  # JAX would wait for the other processes, which may be gone, and then abort
    return code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
