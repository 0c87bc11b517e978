#!/usr/bin/env bash
# augmax 0.4.1, JAX 0.10.1: RandomSizedCrop's prevent_underzoom, on by default, prevents nothing: half of the crops of an
# image's own size show what lies outside of it.
#
# It raises the least zoom to the logarithm of crop / image, where the zoom is that ratio itself: for a crop as large as
# its image to 0, which is below any zoom, and so for all crops that are not e times as large. With the default
# zoom_range of (0.5, 2.0), half of the images come out smaller than they were, with an empty border, the same ones with
# the flag and without; a network learns digits of half their size. Give a zoom_range that begins at crop / image.
#
# Seen: "zoom from 0.5: 481 of 1000 crops show the outside with prevent_underzoom, 481 without", "zoom from 1.0: 0".
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
white = jnp.ones((28, 28, 1))
keys = jax.random.split(jax.random.key(0), 1000)


def outside(least_zoom: float, prevent: bool) -> int:
    """How many crops of a white image have a pixel of which half or more is from outside."""
    crop = augmax.RandomSizedCrop(28, 28, zoom_range=(least_zoom, 2.0), prevent_underzoom=prevent)
    return int((jax.vmap(lambda key: crop(key, white))(keys).min((1, 2, 3)) < 0.5).sum())


with_it, without, from_1 = outside(0.5, True), outside(0.5, False), outside(1.0, True)
print(f"zoom from 0.5: {with_it} of 1000 crops show the outside with prevent_underzoom, {without} without")
print(f"zoom from 1.0: {from_1}")
assert with_it == without > 400 and from_1 == 0, "it behaves otherwise now"
PYTHON
