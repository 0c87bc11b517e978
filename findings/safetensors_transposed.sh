#!/usr/bin/env bash
# safetensors 0.8.0, NumPy 2.3.5: a transposed array is saved as its memory lies, not as its values are indexed.
#
# safetensors.numpy.save takes an array's shape from the array and its bytes from its memory. Of a.T, the file then says
# (3, 2) and holds the rows of a: what is loaded has the right shape and type, and other values. Nothing is raised. The
# same goes for arrays in Fortran order, as np.load gives them of files that MATLAB-like tools wrote, and of convolution
# kernels that somebody permutes from another framework's order. np.ascontiguousarray before saving is all it takes.
#
# Seen: "saved [[0, 3], [1, 4], [2, 5]]", "loaded [[0, 1], [2, 3], [4, 5]]".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 numpy==2.3.5 2>/dev/null
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import safetensors
from safetensors.numpy import load, save

assert safetensors.__version__ == "0.8.0"
weights = np.arange(6, dtype=np.float32).reshape(2, 3)
loaded = load(save({"weights": weights.T}))["weights"]
print("saved", weights.T.astype(int).tolist())
print("loaded", loaded.astype(int).tolist())
assert loaded.shape == weights.T.shape and loaded.dtype == weights.dtype
assert loaded.tolist() == weights.reshape(3, 2).tolist() != weights.T.tolist(), "it behaves otherwise now"
mended = load(save({"weights": np.ascontiguousarray(weights.T)}))["weights"]
assert (mended == weights.T).all()
PYTHON
