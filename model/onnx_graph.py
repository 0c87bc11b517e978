"""A network as ONNX, which nearly every runtime reads, a browser's too, and this one
(model/runtime.py).

Of a DigitCNN and of an Ensemble, "glyphs", (n, 28, 28) uint8, become "probabilities", (n, classes)
float32, calibrated. Of a PageNetwork, "grey", (n, h, w) uint8, h and w multiples of ALIGNED,
becomes "heat", "probabilities" and "boxes", as `train.stablehlo.find` has them; or, for
model/peaks.py, which makes that of the peaks alone, "heat_logits", "class_logits" and "reach", as
the network itself gives them. Of a PenNetwork, "paths", (n, places, 3) float32, become
"probabilities". The card is among the metadata.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from model.card import Card
from model.glyph import GLYPH_SIZE
from model.page_format import (
    ALIGNED,
    CLASSES,
    LEAST_SPREAD,
    MOST_SPREADS,
    NAMES,
    STRIDE,
    UNIT,
)
from model.peaks import LEAST_REACH
from model.weights import Weights, folded, margin

OPSET, IR_VERSION = 17, 8  # of 2022: every runtime since reads them


class _Graph:
    """An ONNX graph as it grows, of a network's weights."""

    def __init__(self, weights: Weights):
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, values: Any, dtype: Any = np.float32) -> str:
        """An array that every image shares; returns its name."""
        self.constants.append(
            numpy_helper.from_array(np.ascontiguousarray(np.asarray(values), dtype), name)
        )
        return name

    def add(self, operator: str, *inputs: str, output: str, **attributes: Any) -> str:
        """A node with one output; returns that one's name."""
        return self.add_split(operator, *inputs, outputs=[output], **attributes)[0]

    def add_split(
        self, operator: str, *inputs: str, outputs: list[str], **attributes: Any
    ) -> list[str]:
        """A node with several outputs; returns their names."""
        self.nodes.append(helper.make_node(operator, inputs, outputs, outputs[0], **attributes))
        return outputs


def to_onnx(weights: Weights, card: Card, places: bool = True) -> bytes:
    """An ONNX file of a network and its temperature, with the card among its metadata.

    Args:
        weights: its arrays, float32, with the names of a checkpoint.
        card: its card, of which the arrays are.
        places: of a PageNetwork, whether it tells boxes and probabilities, or what the network
            itself gives.
    """
    graph = _Graph(weights)
    kind = TensorProto.UINT8
    seen: dict[str, Sequence[str | int]]
    answers: dict[str, Sequence[str | int]]
    if card.classes == NAMES:
        seen = {"grey": ("n", "height", "width")}
        found = "n", "rows", "columns"
        _add_page(graph)
        if places:
            _add_places(graph)
            answers = {"heat": found, "probabilities": (*found, CLASSES), "boxes": (*found, 4)}
        else:
            answers = {
                "heat_logits": found,
                "class_logits": (*found, CLASSES),
                "reach": (*found, 4),
            }
    else:
        if places_along := card.network.get("places"):
            kind, seen = TensorProto.FLOAT, {"paths": ("n", places_along, 3)}
            logits = _add_pen(graph)
        else:
            seen = {"glyphs": ("n", GLYPH_SIZE, GLYPH_SIZE)}
            logits = _add_digits(graph, card)
        temperature = graph.constant("temperature", card.temperature)
        x = graph.add("Div", logits, temperature, output="calibrated")
        graph.add("Softmax", x, output="probabilities", axis=-1)
        answers = {"probabilities": ("n", len(card.classes))}

    inputs, outputs = (
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in arrays.items()]
        for arrays, kind in ((seen, kind), (answers, TensorProto.FLOAT))
    )
    model = helper.make_model(
        helper.make_graph(graph.nodes, "network", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="digit-reader",
    )
    helper.set_model_props(model, {"card": json.dumps(card.as_json())})
    return model.SerializeToString(deterministic=True)


def _add_unit(graph: _Graph, picture: str) -> str:
    """(n, h, w) uint8 → (n, 1, h, w) in [0, 1]."""
    x = graph.add("Cast", picture, output="floats", to=TensorProto.FLOAT)
    x = graph.add("Mul", x, graph.constant("one_255th", 1 / 255), output="unit")
    return graph.add("Unsqueeze", x, graph.constant("channel", [1], np.int64), output="image")


def _add_pen(graph: _Graph) -> str:
    """As PenNetwork does it."""
    x = graph.add("Flatten", "paths", output="flat")
    for name in ("hidden1", "hidden2"):
        x = graph.add("Relu", _add_linear(graph, x, name, f"{name}_linear"), output=name)
    return _add_linear(graph, x, "head", "logits")


def _add_digits(graph: _Graph, card: Card) -> str:
    """The logits of a DigitCNN or an Ensemble."""
    image = _add_unit(graph, "glyphs")
    if members := card.network.get("members"):
        each = []
        for number in range(members):
            logits = _add_logits(graph, image, f"members.{number}.")
            x = graph.add("LogSoftmax", logits, output=f"members.{number}.logs", axis=-1)
            axis = graph.constant(f"members.{number}.axis", [0], np.int64)
            each.append(graph.add("Unsqueeze", x, axis, output=f"members.{number}.row"))
        x = graph.add("Concat", *each, output="members", axis=0)
        # The logarithm of their sum, not of their mean: the softmax sees no difference.
        return graph.add("ReduceLogSumExp", x, output="logits", axes=[0], keepdims=0)
    return _add_logits(graph, image, "")


def _add_logits(graph: _Graph, image: str, prefix: str) -> str:
    """What a DigitCNN makes of (n, 1, 28, 28); the names of its weights and nodes begin with the
    prefix."""
    own = [name.removeprefix(prefix) for name in graph.weights if name.startswith(prefix)]
    depth = sum(name.endswith(".conv.kernel") for name in own) // 2  # of a stage; one is the stem
    x = image
    for number in range(1, 2 * depth + 2):
        if number == depth + 2:
            x = _add_max_pool(graph, x, f"{prefix}pool")
        strides, same = 2 if number == 1 else 1, number < 2 * depth + 1
        x = _add_convolution(graph, x, f"{prefix}conv{number}", strides, same)
    if f"{prefix}hidden.kernel" in graph.weights:
        x = graph.add("Transpose", x, output=f"{prefix}channels_last", perm=[0, 2, 3, 1])
        x = graph.add("Flatten", x, output=f"{prefix}flat")
        x = _add_linear(graph, x, f"{prefix}hidden", f"{prefix}hidden_linear")
        x = graph.add("Relu", x, output=f"{prefix}hidden")
    else:
        x = graph.add("ReduceMean", x, output=f"{prefix}mean", axes=[2, 3], keepdims=0)
    return _add_linear(graph, x, f"{prefix}head", f"{prefix}logits")


def _add_page(graph: _Graph) -> None:
    """As PageNetwork does it, its channels first."""

    def block(x: str, *names: str) -> str:
        for name in names:
            x = _add_convolution(graph, x, name)
        return x

    x = graph.add("SpaceToDepth", _add_normalised(graph), output="depth", blocksize=2)
    x = _add_max_pool(graph, block(x, "stem"), "half")
    quarter = block(x, "quarter1", "quarter2")
    eighth = block(_add_max_pool(graph, quarter, "quarter"), "eighth1", "eighth2")
    x = _add_max_pool(graph, eighth, "eighth")
    x = block(x, "sixteenth1", "sixteenth2", "sixteenth3")
    x = graph.add("Concat", _add_upsampled(graph, x, 2, "nearest"), eighth, output="at8", axis=1)
    x = _add_upsampled(graph, block(x, "up1", "up2"), 2, "nearest")
    x = block(graph.add("Concat", x, quarter, output="at4", axis=1), "merged")
    x = graph.add("Transpose", x, output="channels_last", perm=[0, 2, 3, 1])
    kernel, bias = (
        graph.constant(f"head_{part}", graph.weights[f"head.{part}"]) for part in ("kernel", "bias")
    )
    x = graph.add("MatMul", x, kernel, output="head_linear")
    x = graph.add("Add", x, bias, output="head")
    sizes = graph.constant("answer_sizes", [1, CLASSES, 4], np.int64)
    graph.add_split("Split", x, sizes, outputs=["heat_last", "class_logits", "reach"], axis=3)
    graph.add("Squeeze", "heat_last", graph.constant("last", [3], np.int64), output="heat_logits")


def _add_places(graph: _Graph) -> None:
    """What train.stablehlo.find makes of a PageNetwork's answers."""
    graph.add("Sigmoid", "heat_logits", output="heat")
    graph.add("Softmax", "class_logits", output="probabilities", axis=-1)
    reach = graph.add("Max", "reach", graph.constant("least", LEAST_REACH), output="least_reach")
    outwards = graph.constant("outwards", UNIT * np.array([-1, -1, 1, 1]))
    reach = graph.add("Mul", reach, outwards, output="reach_pixels")
    middles = [
        _add_middles(graph, 1, "rows", [-1, 1, 1], [0, 1, 0, 1]),
        _add_middles(graph, 2, "columns", [-1, 1], [1, 0, 1, 0]),
    ]
    graph.add("Add", graph.add("Add", *middles, output="middles"), reach, output="boxes")


def _add_normalised(graph: _Graph) -> str:
    """As page_network._normalise: "grey" → (n, 2, h, w)."""
    x = _add_unit(graph, "grey")
    both = graph.add("Concat", x, graph.add("Mul", x, x, output="squares"), output="both", axis=1)
    blocks = graph.add(
        "AveragePool", both, output="blocks", kernel_shape=[ALIGNED] * 2, strides=[ALIGNED] * 2
    )
    # The mean of those that are there: zeros around aren't counted.
    smooth = graph.add("AveragePool", blocks, output="smooth", kernel_shape=[3, 3], pads=[1] * 4)
    halves = graph.constant("halves", [1, 1], np.int64)
    mean, square = graph.add_split(
        "Split", smooth, halves, outputs=["block_mean", "block_square"], axis=1
    )
    variance = graph.add(
        "Sub", square, graph.add("Mul", mean, mean, output="mean_square"), output="difference"
    )
    variance = graph.add("Max", variance, graph.constant("zero", 0), output="variance")
    spread = graph.add("Sqrt", variance, output="deviation")
    least = graph.constant("least_spread", LEAST_SPREAD)
    spread = graph.add("Add", spread, least, output="block_spread")
    around = graph.add("Concat", mean, spread, output="block_around", axis=1)
    around = _add_upsampled(graph, around, ALIGNED, "linear")
    mean, spread = graph.add_split("Split", around, halves, outputs=["mean", "spread"], axis=1)
    local = graph.add("Sub", x, mean, output="from_mean")
    local = graph.add("Div", local, spread, output="in_spreads")
    limits = graph.constant("lowest", -MOST_SPREADS), graph.constant("highest", MOST_SPREADS)
    local = graph.add("Clip", local, *limits, output="local")
    whole = graph.add("Mul", x, graph.constant("two", 2), output="doubled")
    whole = graph.add("Sub", whole, graph.constant("one", 1), output="whole")
    return graph.add("Concat", whole, local, output="normalised", axis=1)


def _add_middles(graph: _Graph, axis: int, name: str, shape: list[int], which: list[int]) -> str:
    """Where the places along an axis of "heat" lie in the picture, in pixels, for which of a box's
    sides."""
    shape_of = graph.add("Shape", "heat", output=f"{name}_shape", start=axis, end=axis + 1)
    count = graph.add("Cast", shape_of, output=f"{name}_float", to=TensorProto.FLOAT)
    count = graph.add("Squeeze", count, output=f"{name}_count")
    start, step = graph.constant(f"{name}_start", 0.5), graph.constant(f"{name}_step", 1)
    end = graph.add("Add", count, start, output=f"{name}_end")
    x = graph.add("Range", start, end, step, output=f"{name}_numbers")
    x = graph.add(
        "Reshape", x, graph.constant(f"{name}_form", shape, np.int64), output=f"{name}_along"
    )
    strides = graph.constant(f"{name}_strides", STRIDE * np.array(which))
    return graph.add("Mul", x, strides, output=f"{name}_middles")


def _add_upsampled(graph: _Graph, x: str, times: int, mode: str) -> str:
    """(n, c, h, w) → (n, c, times · h, times · w), each value so often, or linearly between their
    middles, and beyond those at the border as they are."""
    scales = graph.constant(f"{x}_scales", [1, 1, times, times])
    how = {
        "nearest": {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        "linear": {"coordinate_transformation_mode": "half_pixel"},
    }
    return graph.add("Resize", x, "", scales, output=f"{x}_upsampled", mode=mode, **how[mode])


def _add_max_pool(graph: _Graph, x: str, name: str) -> str:
    return graph.add("MaxPool", x, output=name, kernel_shape=[2, 2], strides=[2, 2])


def _add_convolution(graph: _Graph, x: str, name: str, strides: int = 1, same: bool = True) -> str:
    """Convolution, batch norm and ReLU. The norm, whose statistics are fixed, is the convolution's
    scale and bias."""
    kernel, bias = folded(graph.weights, name)
    before, after = margin(len(kernel), strides, same)
    x = graph.add(
        "Conv",
        x,
        graph.constant(f"{name}_kernel", kernel.transpose(3, 2, 0, 1)),
        graph.constant(f"{name}_bias", bias),
        output=f"{name}_linear",
        strides=[strides] * 2,
        pads=[before, before, after, after],
    )
    return graph.add("Relu", x, output=name)


def _add_linear(graph: _Graph, x: str, layer: str, name: str) -> str:
    """A layer's weights are those of its name; the node and its output have another."""
    kernel, bias = (
        graph.constant(f"{name}_{part}", graph.weights[f"{layer}.{part}"])
        for part in ("kernel", "bias")
    )
    return graph.add("Gemm", x, kernel, bias, output=name)
