import json

import numpy as np
from safetensors import safe_open

with safe_open("model.safetensors", "numpy") as file:
    weights = {name: file.get_tensor(name) for name in sorted(file.keys())}
    card = json.loads(file.metadata()["card"])


def convolve(x: np.ndarray, *names: str) -> np.ndarray:
    """(n, h, w, in) → (n, h, w, out): zeros around, as many as the kernel needs, and ReLU; so by
    one layer after the other."""
    for name in names:
        kernel, bias = weights[f"{name}.kernel"], weights[f"{name}.bias"]  # (k, k, in, out), (out,)
        margin = (len(kernel) // 2,) * 2
        x = np.pad(x, ((0, 0), margin, margin, (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], (1, 2))
        windows = windows.transpose(0, 1, 2, 4, 5, 3)  # (n, h, w, k, k, in)
        x = np.maximum(np.tensordot(windows, kernel, 3) + bias, 0)
    return x


def in_blocks(x: np.ndarray, side: int) -> np.ndarray:
    """(n, h, w, c) → (n, h/side, side, w/side, side, c)."""
    n, h, w, c = x.shape
    return x.reshape(n, h // side, side, w // side, side, c)


def pool(x: np.ndarray) -> np.ndarray:
    return in_blocks(x, 2).max((2, 4))


def enlarge(x: np.ndarray) -> np.ndarray:
    return x.repeat(2, 1).repeat(2, 2)


def smooth(x: np.ndarray) -> np.ndarray:
    """The mean of each value and of those of the eight around it that are there."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    return np.nanmean(windows, (4, 5))


def interpolate(x: np.ndarray) -> np.ndarray:
    """(n, h, w, c) → (n, 16 h, 16 w, c), linearly between the blocks' middles."""
    for axis in (1, 2):
        blocks = np.arange(x.shape[axis])
        at = (np.arange(16 * len(blocks)) + 0.5) / 16 - 0.5
        shares = np.stack([np.interp(at, blocks, one) for one in np.eye(len(blocks))], 1)
        x = np.moveaxis(np.tensordot(shares.astype(np.float32), x, (1, axis)), 0, axis)
    return x


def normalise(grey: np.ndarray) -> np.ndarray:
    """(n, h, w) → (n, h, w, 2): grey, and how it differs from what is around, in its spread."""
    x = grey[..., None].astype(np.float32) / 255
    mean, square = (smooth(in_blocks(values, 16).mean((2, 4))) for values in (x, x**2))
    spread = np.sqrt(np.maximum(square - mean**2, 0)) + np.float32(0.02)
    differs = (x - interpolate(mean)) / interpolate(spread)
    return np.concatenate([2 * x - 1, np.clip(differs, -5, 5)], -1)


def read(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, h, w) → heat (n, h/4, w/4), probabilities (…, classes), boxes (…, 4)."""
    x = in_blocks(normalise(grey), 2).transpose(0, 1, 3, 2, 4, 5)
    x = convolve(x.reshape(*x.shape[:3], 8), "stem")
    quarter = convolve(pool(x), "quarter1", "quarter2")
    eighth = convolve(pool(quarter), "eighth1", "eighth2")
    x = convolve(pool(eighth), "sixteenth1", "sixteenth2", "sixteenth3")
    x = convolve(np.concatenate([enlarge(x), eighth], -1), "up1", "up2")
    x = convolve(np.concatenate([enlarge(x), quarter], -1), "merged")
    x = x @ weights["head.kernel"] + weights["head.bias"]
    heat, logits, reach = x[..., 0], x[..., 1:-4], 24 * np.maximum(x[..., -4:], 0.02)
    logits = np.exp(logits - logits.max(-1, keepdims=True))
    y, x = (4 * np.indices(heat.shape[1:]) + 2).astype(np.float32)
    middles = np.stack([x, y], -1)
    boxes = np.concatenate([middles - reach[..., :2], middles + reach[..., 2:]], -1)
    return 1 / (1 + np.exp(-heat)), logits / logits.sum(-1, keepdims=True), boxes


grey = np.load("grey.npy")  # yours: (n, h, w) uint8, n ≥ 1, h and w multiples of 16
heat, probabilities, boxes = read(grey)
