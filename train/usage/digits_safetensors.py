import json

import numpy as np
from safetensors import safe_open

with safe_open("model.safetensors", "numpy") as file:
    weights = {name: file.get_tensor(name) for name in sorted(file.keys())}
    card = json.loads(file.metadata()["card"])


def convolve(x: np.ndarray, name: str, strides: int, margin: tuple[int, int]) -> np.ndarray:
    """(n, h, w, in) → (n, h', w', out), with so many zeros before and after each side; ReLU."""
    kernel, bias = weights[f"{name}.kernel"], weights[f"{name}.bias"]  # (k, k, in, out), (out,)
    x = np.pad(x, ((0, 0), margin, margin, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], (1, 2))
    windows = windows[:, ::strides, ::strides].transpose(0, 1, 2, 4, 5, 3)  # (n, h', w', k, k, in)
    return np.maximum(np.tensordot(windows, kernel, 3) + bias, 0)


def logits_of(glyphs: np.ndarray, network: str) -> np.ndarray:
    """(n, 28, 28) → (n, classes), by the network whose layers' names begin so."""
    x = glyphs[..., None].astype(np.float32) / 255
    layers = sum(name.startswith(f"{network}conv") for name in weights) // 2  # an odd number
    for number in range(1, layers + 1):
        if number == (layers + 3) // 2:  # the second stage: the largest of each 2 × 2
            x = x.reshape(len(x), 7, 2, 7, 2, -1).max((2, 4))
        strides = 2 if number == 1 else 1
        margin = (1, 2) if number == 1 else (0, 0) if number == layers else (1, 1)
        x = convolve(x, f"{network}conv{number}", strides, margin)
    if f"{network}hidden.kernel" in weights:
        x = x.reshape(len(x), -1)  # row by row, and in a row place by place
        x = np.maximum(x @ weights[f"{network}hidden.kernel"] + weights[f"{network}hidden.bias"], 0)
    else:
        x = x.mean((1, 2))
    return x @ weights[f"{network}head.kernel"] + weights[f"{network}head.bias"]


def softmax(x: np.ndarray) -> np.ndarray:
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def read(glyphs: np.ndarray) -> np.ndarray:
    """(n, 28, 28) → (n, classes) calibrated probabilities."""
    members = card["network"].get("members")
    if members is None:
        return softmax(logits_of(glyphs, "") / np.float32(card["temperature"]))
    each = [softmax(logits_of(glyphs, f"members.{number}.")) for number in range(members)]
    return softmax(np.log(np.mean(each, 0)) / np.float32(card["temperature"]))


glyphs = np.load("glyphs.npy")  # yours: (n, 28, 28) uint8, n ≥ 1, white ink on black
batches = np.array_split(glyphs, -(-len(glyphs) // 100))  # a hundred at a time, for memory
probabilities = np.concatenate([read(batch) for batch in batches])
print([card["classes"][best] for best in probabilities.argmax(1)])
