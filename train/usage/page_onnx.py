import json

import numpy as np
import onnxruntime

grey = np.load("grey.npy")  # yours: (n, h, w) uint8, any n, h and w multiples of 16

session = onnxruntime.InferenceSession("model.onnx")
heat, probabilities, boxes = session.run(["heat", "probabilities", "boxes"], {"grey": grey})
card = json.loads(session.get_modelmeta().custom_metadata_map["card"])
