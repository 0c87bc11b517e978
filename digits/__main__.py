"""Handwritten digits: read them, train the network that does, take it elsewhere, show it.

    digits read scans/ --format csv    # or: python -m digits read …

What a command needs is imported once it is chosen.
"""

import argparse
import sys

import digits


def _read(arguments: list[str]) -> int:
    """read pictures, scans, whole folders of them"""
    from digits import read

    return read.run(arguments)


def _train(arguments: list[str]) -> int:
    """train a network, on MNIST or on pictures of your own"""
    from train import __main__ as training

    return training.run(arguments, "digits train")


def _export(arguments: list[str]) -> int:
    """take a network to other runtimes"""
    from train import export

    return export.main(arguments, "digits export")


def _serve(arguments: list[str]) -> int:
    """start the dashboard"""
    from digits import serve

    return serve.main(arguments)


def _checkpoints(arguments: list[str]) -> int:
    """list the networks that ship"""
    from model import checkpoint, shipped

    parser = argparse.ArgumentParser(prog="digits checkpoints", description="List what ships.")
    parser.parse_args(arguments)
    for name in shipped.names():
        print(f"{name}: {checkpoint.read_card(shipped.SHIPPED / name).in_words()}")
    return 0


COMMANDS = {
    "read": _read,
    "train": _train,
    "export": _export,
    "serve": _serve,
    "checkpoints": _checkpoints,
}
OURS = ("digits", "model", "train", "app_pages")
EXTRAS = {"serve": "dashboard", "read": "cluster"}  # of the package, which a command needs


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="digits",
        usage="%(prog)s [-h] [--version] COMMAND …",
        description=__doc__.partition("\n")[0],
        epilog="digits COMMAND --help says what each takes.",
    )
    parser.add_argument("--version", action="version", version=f"digits {digits.__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest="command"
    )
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    name = parser.parse_args(arguments[:1]).command  # what follows is the command's own to parse
    try:
        return COMMANDS[name](arguments[1:])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in OURS:
            raise
        print(
            f"error: digits {name} needs {error.name}, which is not installed: pip install "
            f"'digits[{EXTRAS.get(name, 'train')}]'.",
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    sys.exit(main())
