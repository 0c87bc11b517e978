import json
from pathlib import Path

import numpy as np
from jax import export

grey = np.load("grey.npy")  # yours: (n, h, w) uint8, n ≥ 1, h and w multiples of 16

network = export.deserialize(bytearray(Path("model.stablehlo").read_bytes()))
found = network.call(grey)
heat, probabilities, boxes = (
    np.asarray(found[name]) for name in ("heat", "probabilities", "boxes")
)
card = json.loads(Path("card.json").read_text())
