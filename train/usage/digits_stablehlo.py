import json
from pathlib import Path

import numpy as np
from jax import export

glyphs = np.load("glyphs.npy")  # yours: (n, 28, 28) uint8, n ≥ 1, white ink on black

network = export.deserialize(bytearray(Path("model.stablehlo").read_bytes()))
batches = np.array_split(glyphs, -(-len(glyphs) // 1000))  # a thousand at a time, for memory
probabilities = np.concatenate([np.asarray(network.call(batch)) for batch in batches])

card = json.loads(Path("card.json").read_text())
print([card["classes"][best] for best in probabilities.argmax(1)])
