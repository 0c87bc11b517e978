"""Train a network: `python -m train --help`.

python -m train                                 # the recipe of checkpoints/default, into runs/default
python -m train --preset fast --output runs/fast
python -m train --resume                        # after Ctrl-C, a crash or a power cut
"""

import argparse
import dataclasses
import os
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    # One device a core: a core that works on its own part of the batch keeps it in its cache. And one operation after
    # the other, for the same reason. To be set before JAX is imported.
    flags = f"--xla_force_host_platform_device_count={os.cpu_count()}"
    os.environ.setdefault("XLA_FLAGS", f"{flags} --xla_cpu_enable_concurrency_optimized_scheduler=false")
    from train.loop import PRESETS, Config, Interrupted, TrainError, train

    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__.partition("\n")[0])
    parser.add_argument("--preset", choices=PRESETS, default="default", help="a set of the values below")
    parser.add_argument("--output", type=Path, help="where the checkpoint goes (runs/PRESET)")
    parser.add_argument("--resume", action="store_true", help="go on with the interrupted run in --output")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    for field in dataclasses.fields(Config):
        flag = "--" + field.name.replace("_", "-")
        if field.type is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None)
        else:
            parser.add_argument(flag, type=field.type, metavar=field.type.__name__.upper())
    options = vars(parser.parse_args(arguments))
    preset, output, resume, quiet = (options.pop(name) for name in ("preset", "output", "resume", "quiet"))
    try:
        config = dataclasses.replace(PRESETS[preset], **{k: v for k, v in options.items() if v is not None})
        command = "python -m train " + " ".join(sys.argv[1:] if arguments is None else arguments)
        card = train(config, output or Path("runs") / preset, resume, quiet, command.strip())
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return 130
    except (TrainError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        from train.data import DataError

        if not isinstance(error, DataError):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 1
    test = card["test"]
    low, high = test["accuracy_interval"]
    print(f"Test accuracy {test['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%}, n = {test['n']:,}).")
    print(f"Checkpoint: {output or Path('runs') / preset}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
