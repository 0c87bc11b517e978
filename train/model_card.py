"""An export's model card: README.md as the Hugging Face Hub reads it, the figures in YAML, the rest
for people (https://huggingface.co/docs/hub/model-cards).

The programs it quotes are files of train/usage/, which run where the export's form does, without
this project.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import yaml

from model.card import DIGITS, Card, one_line
from model.onnx_graph import IR_VERSION, OPSET
from model.page_format import ALIGNED, LARGEST, NAMES, REACH, SMALLEST, STRIDE
from model.peaks import FOUND
from train.metrics import describe_accuracy

USAGE = Path(__file__).parent / "usage"
HUB_NAMES = {"mnist": ("MNIST", "ylecun/mnist")}  # TFDS's name of a dataset → its title, the Hub's
LIBRARIES = {"onnx": "onnx", "stablehlo": "jax", "safetensors": "safetensors"}

NEEDS = {  # of a form, what runs it
    "onnx": (
        f"ONNX, opset {OPSET} and IR {IR_VERSION}, as ONNX Runtime and most others read. "
        f"It needs `pip install onnxruntime`, which tells its makers that it runs, but for "
        f"`ORT_DISABLE_TELEMETRY=1` in the environment; the card is in the file's metadata, too."
    ),
    "stablehlo": (
        "StableHLO, as `jax.export` writes it, for CPU, CUDA and TPU. It needs `pip install jax "
        "flatbuffers`; JAX compiles it for each n anew when that first comes up."
    ),
    "safetensors": (
        "weights alone, float32, for any framework; the card is in the file's metadata, too. Each "
        "batch norm is part of its convolution. `NAME.kernel` is (height, width, in, out) of a "
        "convolution and (in, out) of a linear layer, `NAME.bias` (out,); PyTorch wants "
        "`kernel.transpose(3, 2, 0, 1)` and `kernel.T`. What lies between the layers is in the "
        "program below, which needs `pip install numpy safetensors`."
    ),
}
PEAKS = f"""\
# What is found is where the heat is high, and no higher beside it.
padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)))
around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2)).max((3, 4))
found = np.argwhere((heat >= {FOUND}) & (heat == around))
for n, row, column in found:
    name = card["classes"][probabilities[n, row, column].argmax()]
    print(n, name, heat[n, row, column], boxes[n, row, column].round())
"""


def model_card(card: Card, form: str, file: str, license: str) -> str:
    """The README.md beside an exported network.

    Args:
        card: the checkpoint's.
        form: "onnx", "stablehlo" or "safetensors".
        file: the network's name in the folder.
        license: its identifier on the Hub, such as "mit".
    """
    is_page = card.classes == NAMES
    front = yaml.safe_dump(_front(card, form, license, is_page), sort_keys=False)
    size = f", {card.parameters:,} parameters" if card.parameters else ""
    limits = _page_limits() if is_page else _digit_limits(card)
    if form == "stablehlo":
        limits = [*limits, *_stablehlo_limits()]
    usage = (USAGE / f"{'page' if is_page else 'digits'}_{form}.py").read_text("utf-8")
    parts = [
        f"---\n{front}---",
        f"# {one_line(card.name)}",
        f"{one_line(card.description) or 'A network'}{size}; `card.json` says how it came to be.",
        f"`{file}`: {NEEDS[form]}",
        "## What it takes and gives",
        _page_answers() if is_page else _digit_answers(card),
        "## How to use it",
        f"```python\n{usage}```",
        *([f"```python\n{PEAKS}```"] if is_page else []),
        "## How good it is",
        _figures(card),
        "## Limits",
        "\n".join(f"- {limit}" for limit in limits),
    ]
    return "\n\n".join(parts) + "\n"


def _front(card: Card, form: str, license: str, is_page: bool) -> dict[str, Any]:
    """The metadata that the Hub reads (https://github.com/huggingface/hub-docs, modelcard.md)."""
    task = "object-detection" if is_page else "image-classification"
    title, hub_name = HUB_NAMES.get(card.dataset, (card.dataset, ""))
    front: dict[str, Any] = {
        "license": license,
        "library_name": LIBRARIES[form],
        "pipeline_tag": task,
        "tags": [
            form,
            "handwriting",
            "digits" if set(DIGITS) <= set(card.classes) else "ocr",
        ],
    }
    if hub_name:
        front["datasets"] = [hub_name]
    if not card.test:
        return front
    figures = {"accuracy": "accuracy", "log_loss": "log loss", "ece": "expected calibration error"}
    front["metrics"] = ["accuracy"]
    front["model-index"] = [
        {
            "name": card.name,
            "results": [
                {
                    "task": {"type": task},
                    "dataset": {
                        "type": hub_name or title,
                        "name": title,
                        "split": "test",
                    },
                    "metrics": [
                        {"type": figure, "name": f"test {name}", "value": card.test[figure]}
                        for figure, name in figures.items()
                        if figure in card.test
                    ],
                }
            ],
        }
    ]
    return front


def _digit_answers(card: Card) -> str:
    classes = one_line(", ".join(card.classes))
    return (
        f"`glyphs`, (n, 28, 28) uint8, any n: what is written, each by itself, made as MNIST's "
        f"are: white (255) on black (0), fitted into 20 × 20 pixels, the centre of its mass in the "
        f"middle of the 28 × 28. It gives `probabilities`, (n, {len(card.classes)}) float32, each "
        f"row of sum 1, calibrated: of all answers with 90%, about nine in ten are right. The "
        f'classes, in order, are those of the card\'s "classes": {classes}.'
    )


def _page_answers() -> str:
    return (
        f"`grey`, (n, h, w) uint8, any n, h and w any multiples of {ALIGNED}: pictures as they "
        f"were photographed or scanned. It says of each place, one for {STRIDE} × {STRIDE} pixels:"
        f"\n\n"
        f"- `heat`, (n, h/{STRIDE}, w/{STRIDE}) float32 in [0, 1]: how sure it is that the middle "
        f"of something lies there.\n"
        f"- `probabilities`, (n, h/{STRIDE}, w/{STRIDE}, {len(NAMES)}) float32: which class it is, "
        f"if so: a digit, a dash (−), a decimal point or comma (.), another mark (?). They come "
        f"from the softmax as it is, not calibrated.\n"
        f"- `boxes`, (n, h/{STRIDE}, w/{STRIDE}, 4) float32: its left, top, right and bottom, in "
        f"pixels of the picture."
    )


def _figures(card: Card) -> str:
    if not card.test:
        return "The card has no test figures of its own."
    title, _ = HUB_NAMES.get(card.dataset, (one_line(card.dataset) or "its dataset", ""))
    text = f"It reads {describe_accuracy(card.test)} of the test images of {title} right"
    if "ece" in card.test and "log_loss" in card.test:
        text += (
            f", with a log loss of {card.test['log_loss']:.5f} and an expected calibration error "
            f"of {card.test['ece']:.2%}"
        )
    return (
        f"{text}. That was measured once, on the checkpoint that was exported, by JAX; the "
        f"temperature that calibrates it, {card.temperature:.4f}, was fitted on validation images."
    )


def _digit_limits(card: Card) -> Iterator[str]:
    yield (
        "The figures are of images that were made as those it was trained on. They don't say how "
        "well it reads yours, nor a photograph, out of which glyphs have to be cut first."
    )
    abstains = (
        f" Where 1 - H / ln {len(card.classes)} is below {card.least_certainty:.2f}, H being the "
        f"entropy of its answer in nats, rather say nothing."
        if card.least_certainty
        else ""
    )
    yield f"It answers with one of its classes whatever it is shown.{abstains}"
    unseen = {"outliers": "pictures that show none of its classes", "damage": "damaged ones"}
    if missing := [what for field, what in unseen.items() if not card.config.get(field)]:
        yield f"In training it has not seen {' nor '.join(missing)}, and is often sure of such."
    if card.dataset == "mnist":
        yield (
            "MNIST's digits were written by American census employees and pupils: other hands, "
            "such as those that cross a 7 or give a 1 a long flag, are rarer there."
        )


def _page_limits() -> list[str]:
    return [
        f"It finds what is {SMALLEST:.0f} to {LARGEST:.0f} pixels large: show it the picture at "
        f"several sizes, each half as large as the one before, and cut large ones into tiles.",
        f"Nearer than {REACH} pixels to the border of a tile, it lacks what lies beyond: let tiles "
        f"overlap by twice that.",
        "Of several boxes on one digit, keep that with the most heat (non-maximum suppression). "
        "Lines, numbers and words have to be made of what is found.",
    ]


def _stablehlo_limits() -> list[str]:
    return [
        "n is at least 1; the program can't be differentiated.",
        f"JAX reads the file if it is no more than 6 months younger than the one that wrote it, "
        f"{jax.__version__} (https://docs.jax.dev/en/latest/export/export.html); the lowering for "
        f"CUDA and TPU was never run.",
    ]
