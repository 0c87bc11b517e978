#!/usr/bin/env bash
# augmax 0.4.1, JAX 0.10.1: Rotate with p = 0.5 turns images clockwise only, by half of its range.
#
# Whether an image is turned and by how much are drawn with one and the same key: jax.random.bernoulli(key, p) is whether
# jax.random.uniform(key) is below p, and the angle is that very number, scaled to the range. So only the lowest p of the
# range are ever used: of Rotate((-30, 30), p=0.5), -30 to 0 degrees, of p=0.25, -30 to -15. A network that is to bear
# turned digits learns half of them, with no error and with pictures that look right one by one. Leave p at its default
# of 1.0, or choose whom to turn with a key of your own. It goes for any library that hands one key to two draws.
#
# Seen: of 1000 images "p = 1.0: 488 counterclockwise, 511 clockwise", "p = 0.5: 0 counterclockwise, 511 clockwise".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check augmax==0.4.1 jax==0.10.1 jaxlib==0.10.1 2>/dev/null
"$folder/env/bin/python" - <<'PYTHON'
from importlib.metadata import version

import augmax
import jax
import jax.numpy as jnp

assert version("augmax") == "0.4.1" and jax.__version__ == "0.10.1"
dot = jnp.zeros((29, 29, 1)).at[4, 14].set(1.0)  # above the centre of the image
keys = jax.random.split(jax.random.key(0), 1000)


def ways(p: float) -> tuple[int, int]:
    """How many of the turned dots lie left of the centre, and how many right of it."""
    turned = jax.vmap(lambda key: augmax.Rotate((-30, 30), p=p)(key, dot))(keys)[..., 0]
    column = (turned * jnp.arange(29)).sum((1, 2)) / turned.sum((1, 2)) - 14
    return int((column < -0.01).sum()), int((column > 0.01).sum())


always, sometimes = ways(1.0), ways(0.5)
for p, (left, right) in ((1.0, always), (0.5, sometimes)):
    print(f"p = {p}: {left} counterclockwise, {right} clockwise")
assert min(always) > 400, always
assert sometimes[0] == 0 and 400 < sometimes[1] < 600, "it behaves otherwise now"
PYTHON
