import json

import numpy as np
import onnxruntime

glyphs = np.load("glyphs.npy")  # yours: (n, 28, 28) uint8, any n, white ink on black

session = onnxruntime.InferenceSession("model.onnx")
(probabilities,) = session.run(["probabilities"], {"glyphs": glyphs})

card = json.loads(session.get_modelmeta().custom_metadata_map["card"])
print([card["classes"][best] for best in probabilities.argmax(1)])
