#!/usr/bin/env bash
# augmax 0.4.1, JAX 0.10.1: GaussianBlur(sigma=3) blurs by half of that, and moves the image by half a pixel.
#
# Its kernel has ceil(2 sigma) taps, so that for any whole sigma it is even and ends after one sigma on each side; its
# weights are exp(-x^2 / (2 sigma)), with x from -2 to 2 whatever sigma is, not in pixels. What comes out is nearly the
# mean of a square. An even kernel has no middle: the image lies half a pixel further down and right than its mask or
# key points, which are left where they were. With sigma=1 it is the mean of four pixels. Take jax.scipy.signal or dm_pix.
#
# Seen: a dot at column 20 is spread about 20.5 with a standard deviation of "0.50 by sigma=1, 0.91 by sigma=2, 1.52 by
# sigma=3".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check augmax==0.4.1 jax==0.10.1 jaxlib==0.10.1 2>/dev/null
"$folder/env/bin/python" - <<'PYTHON'
from importlib.metadata import version

import augmax
import jax
import numpy as np

assert version("augmax") == "0.4.1" and jax.__version__ == "0.10.1"
dot = np.zeros((41, 41, 1), np.float32)
dot[20, 20] = 1
deviations = []
for sigma in (1, 2, 3):
    chain = augmax.Chain(augmax.GaussianBlur(sigma=sigma, p=1.0))
    columns = np.asarray(chain(jax.random.key(0), dot))[..., 0].sum(0)
    mean = columns @ np.arange(41)
    deviations.append(float(columns @ (np.arange(41) - mean) ** 2) ** 0.5)
    print(f"column {mean:.1f}, standard deviation {deviations[-1]:.2f} by sigma={sigma}")
    assert abs(mean - 20.5) < 0.01, "it behaves otherwise now"
np.testing.assert_allclose(deviations, [0.50, 0.91, 1.52], atol=0.01)
PYTHON
