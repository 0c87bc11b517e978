"""A network's weights alone, as safetensors, for whoever builds its layers in another framework.

Unlike a checkpoint's, they have no batch norm left: it is part of each convolution's kernel and
bias. All are float32. A layer's name is that of the module, such as `conv1` or
`members.0.conv1`, and it has

- `NAME.kernel`: of a convolution (height, width, in, out), of a linear layer (in, out);
- `NAME.bias`: (out,).

What lies between the layers is in the programs of train/usage/, which the model card quotes.
"""

import json

import numpy as np
from flax import nnx
from safetensors.numpy import save

from model.card import Card
from model.network import ConvNorm, DigitCNN, Ensemble
from model.page_network import PageNetwork


def to_safetensors(network: DigitCNN | Ensemble | PageNetwork, card: Card) -> bytes:
    """The file of a network's weights; the card, which has the temperature, is its metadata."""
    arrays = {}
    for path, layer in nnx.iter_modules(network):
        if isinstance(layer, ConvNorm):
            kernel, bias = layer.folded()
        elif isinstance(layer, nnx.Linear):
            assert layer.bias is not None
            kernel, bias = np.asarray(layer.kernel[...]), np.asarray(layer.bias[...])
        else:
            continue
        name = ".".join(map(str, path))
        # safetensors writes the memory of an array as it lies, whatever its strides.
        arrays[f"{name}.kernel"] = np.ascontiguousarray(kernel, np.float32)
        arrays[f"{name}.bias"] = np.ascontiguousarray(bias, np.float32)
    return save(arrays, {"card": json.dumps(card.as_json(), ensure_ascii=False)})
