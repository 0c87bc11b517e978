"""A checkpoint for other programs than this one: as ONNX, as StableHLO, or its weights alone.

    python -m train.export checkpoints/default exports/default --to onnx

Writes a folder that is whole or not there: the network, model.onnx, model.stablehlo or
model.safetensors; card.json, the checkpoint's; and README.md, a model card with a program that uses
it. Digits come in as uint8, any number at once, and calibrated probabilities out, as of
`Recognizer.classify`; the page network is exported, too.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import onnx

from model import checkpoint, onnx_graph, shipped
from model.card import Card, one_line
from model.checkpoint import CARD, CheckpointError
from model.disk import atomic_folder
from model.flax_weights import weights_of
from model.network import DigitCNN, Ensemble
from model.page_format import NAMES
from model.page_network import PageNetwork
from train.command_line import describe_os_error
from train.model_card import model_card
from train.plain_weights import to_safetensors
from train.stablehlo import to_stablehlo

Network = DigitCNN | Ensemble | PageNetwork


def to_onnx(network: Network, card: Card) -> bytes:
    """An ONNX file of a network, checked, with its card among the metadata."""
    content = onnx_graph.to_onnx(weights_of(network), card)
    onnx.checker.check_model(content, full_check=True)
    return content


FORMS: Mapping[str, Callable[[Network, Card], bytes]] = {
    "onnx": to_onnx,
    "stablehlo": to_stablehlo,
    "safetensors": to_safetensors,
}
PACKAGES = {"stablehlo": "flatbuffers"}  # that only a form needs
README = "README.md"


class ExportError(Exception):
    """A checkpoint can't be exported; the message is one sentence that says why and what to do."""


def load(source: Path) -> tuple[Network, Card]:
    """The network of any checkpoint, and its card; raises CheckpointError."""
    is_page = checkpoint.read_card(source).classes == NAMES
    return checkpoint.load_page(source) if is_page else checkpoint.load(source)


def export(
    source: Path, output: Path, form: str = "onnx", overwrite: bool = False, license: str = "mit"
) -> Path:
    """Writes the export of a checkpoint to the folder `output`; returns the network's file.

    Args:
        source: the checkpoint.
        output: made where it isn't there.
        form: one of FORMS.
        overwrite: in the place of an earlier export.
        license: of the network, as the Hugging Face Hub names it.

    Raises:
        CheckpointError: the checkpoint can't be used.
        ExportError: there is something in `output`, or a package is missing.
        OSError: `output` can't be written.
    """
    _check_free(output, overwrite)
    network, card = load(source)
    try:
        content = FORMS[form](network, card)
    except ImportError as error:
        raise ExportError(
            f"--to {form} needs a package that can't be imported ({one_line(error)}): pip install "
            f"{PACKAGES.get(form, form)}, or choose another form."
        ) from error
    file = f"model.{form}"
    with atomic_folder(output) as draft:
        (draft / file).write_bytes(content)
        about = json.dumps(card.as_json(), indent=1, ensure_ascii=False)
        (draft / CARD).write_text(about + "\n", "utf-8")
        (draft / README).write_text(model_card(card, form, file, license), "utf-8")
    return output / file


def _check_free(output: Path, overwrite: bool) -> None:
    """Raises ExportError where something would be lost."""
    if not output.exists():
        return
    if not output.is_dir():
        raise ExportError(f"{output} is a file; an export is a folder: choose a new one.")
    names = {path.name for path in output.iterdir()}
    if others := sorted(names - {README, CARD, *(f"model.{form}" for form in FORMS)}):
        raise ExportError(
            f"There is something else in {output}, such as {one_line(others[0])}: choose a new "
            f"folder."
        )
    if names and not overwrite:
        raise ExportError(
            f"There is an export in {output}: choose another folder, or replace it with "
            f"--overwrite."
        )


def main(arguments: list[str] | None = None, program: str = "python -m train.export") -> int:
    """Runs the command line, by the name of `program`; returns its exit code."""
    parser = argparse.ArgumentParser(prog=program, description=__doc__.partition("\n")[0])
    parser.add_argument(
        "checkpoint",
        type=shipped.find,
        help=f"its folder, or the name of one that ships: {', '.join(shipped.names())}, pages",
    )
    parser.add_argument("output", type=Path, help="the folder that is written")
    parser.add_argument(
        "--to", choices=FORMS, default="onnx", help="the form of the network (onnx)"
    )
    parser.add_argument(
        "--license",
        default="mit",
        metavar="NAME",
        help="of the network, as its model card tells the Hugging Face Hub (mit)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="in the place of an earlier export"
    )
    options = parser.parse_args(arguments)
    try:
        file = export(
            options.checkpoint, options.output, options.to, options.overwrite, options.license
        )
    except (CheckpointError, ExportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {describe_os_error(error, options.output)}", file=sys.stderr)
        return 1
    print(f"{file}: {file.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
