"""A checkpoint as ONNX, for runtimes other than JAX, such as a browser's.

    python -m train.export checkpoints/tiny tiny.onnx

Takes "glyphs", (n, 28, 28) uint8, and gives "probabilities", (n, classes) float32, calibrated: what
`Recognizer.classify` does. Needs the package onnx.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from model import checkpoint
from model.card import Card
from model.checkpoint import CheckpointError
from model.disk import atomic_write
from model.network import GLYPH_SIZE, ConvNorm, DigitCNN

OPSET, IR_VERSION = 17, 8  # of 2022: every runtime since reads them


class _Graph:
    """An ONNX graph as it grows."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weight(self, name: str, values: Any, dtype: Any = np.float32) -> str:
        """An array that every image shares; returns its name."""
        from onnx import numpy_helper

        self.weights.append(
            numpy_helper.from_array(np.ascontiguousarray(np.asarray(values), dtype), name)
        )
        return name

    def add(self, operator: str, *inputs: str, output: str, **attributes: Any) -> str:
        """A node with one output; returns that one's name."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output


def to_onnx(network: DigitCNN, card: Card) -> bytes:
    """An ONNX file of a network and its temperature, with the card among its metadata."""
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    x = graph.add("Cast", "glyphs", output="floats", to=TensorProto.FLOAT)
    x = graph.add("Mul", x, graph.weight("one_255th", 1 / 255), output="unit")
    x = graph.add("Unsqueeze", x, graph.weight("channel", [1], np.int64), output="image")
    for number in range(1, 2 * network.depth + 2):
        if number == network.depth + 2:
            x = graph.add("MaxPool", x, output="pool", kernel_shape=[2, 2], strides=[2, 2])
        x = _add_convolution(graph, x, getattr(network, f"conv{number}"), f"conv{number}")
    if network.features:
        x = graph.add("Transpose", x, output="channels_last", perm=[0, 2, 3, 1])
        x = graph.add("Flatten", x, output="flat")
        x = _add_linear(graph, x, network.hidden, "hidden_linear")
        x = graph.add("Relu", x, output="hidden")
    else:
        x = graph.add("ReduceMean", x, output="mean", axes=[2, 3], keepdims=0)
    x = _add_linear(graph, x, network.head, "logits")
    x = graph.add("Div", x, graph.weight("temperature", card.temperature), output="calibrated")
    graph.add("Softmax", x, output="probabilities", axis=-1)

    glyphs = helper.make_tensor_value_info(
        "glyphs", TensorProto.UINT8, ["n", GLYPH_SIZE, GLYPH_SIZE]
    )
    probabilities = helper.make_tensor_value_info(
        "probabilities", TensorProto.FLOAT, ["n", len(card.classes)]
    )
    model = helper.make_model(
        helper.make_graph(graph.nodes, card.name, [glyphs], [probabilities], graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="digit-reader",
    )
    helper.set_model_props(model, {"card": json.dumps(card.as_json(), ensure_ascii=False)})
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _add_convolution(graph: _Graph, x: str, layer: ConvNorm, name: str) -> str:
    """Convolution, batch norm and ReLU. The norm, whose statistics are fixed, is the convolution's
    scale and bias."""
    kernel, bias = layer.folded()
    before, after = layer.margin
    x = graph.add(
        "Conv",
        x,
        graph.weight(f"{name}_kernel", kernel.transpose(3, 2, 0, 1)),
        graph.weight(f"{name}_bias", bias),
        output=f"{name}_linear",
        strides=[layer.strides] * 2,
        pads=[before, before, after, after],
    )
    return graph.add("Relu", x, output=name)


def _add_linear(graph: _Graph, x: str, layer: Any, name: str) -> str:
    kernel = graph.weight(f"{name}_kernel", layer.kernel[...])
    return graph.add("Gemm", x, kernel, graph.weight(f"{name}_bias", layer.bias[...]), output=name)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.export", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("output", type=Path, help="the ONNX file")
    options = parser.parse_args(arguments)
    try:
        network, card = checkpoint.load(options.checkpoint)
        if not isinstance(network, DigitCNN):
            raise CheckpointError(
                f"{options.checkpoint} is a committee; export its members one by one."
            )
        with atomic_write(options.output) as draft:
            draft.write_bytes(to_onnx(network, card))
    except (CheckpointError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
