#!/usr/bin/env bash
# jax 0.10.1, CPU: (x * x).sum((0, 1, 2)) of (n, h, w, c) takes five to twelve times as long as x.sum((0, 1, 2)).
#
# Both read the same numbers once, and a multiplication on the way to a sum should cost next to nothing. But a sum of
# what lies in memory goes to YNNPACK, as fast as memory allows, and a sum of what is worked out first does not: XLA:CPU
# writes the squares to memory, then goes through the places of one channel after the other, though the channels lie
# side by side. An optimization_barrier between the two changes nothing, jnp.einsum is as slow. A lax.scan that adds up
# whole images and their squares, as they lie, and then the places of these two sums, takes about twice the one
# sum's time. Batch norm's variance, forwards and backwards, is such a sum.
#
# Seen, on two cores: "squares / sum 7.1, both by a scan / sum 1.8" (5.3 to 12.8 and 1.7 to 2.3 other times, the most
# with busy cores).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check jax==0.10.1 jaxlib==0.10.1 2>/dev/null
JAX_PLATFORMS=cpu "$folder/env/bin/python" - <<'PYTHON'
import statistics
import time

import jax
import jax.numpy as jnp
from jax import lax

assert jax.__version__ == "0.10.1"
SHAPE, ROUNDS = (384, 14, 14, 24), 25
x = jax.random.normal(jax.random.key(0), SHAPE)


@jax.jit
def total(x):
    return x.sum((0, 1, 2))


@jax.jit
def squares(x):
    return (x * x).sum((0, 1, 2))


@jax.jit
def both_by_scan(x):
    images = x.reshape(len(x), -1)
    nothing = jnp.zeros(images[0].size)

    def add(sums, image):
        return (sums[0] + image, sums[1] + image * image), None

    sums, _ = lax.scan(add, (nothing, nothing), images)
    return [each.reshape(-1, SHAPE[-1]).sum(0) for each in sums]


for one, other in zip(both_by_scan(x), (total(x), squares(x))):
    assert jnp.allclose(one, other, rtol=1e-4, atol=0.1)
seconds = {total: [], squares: [], both_by_scan: []}
for _ in range(ROUNDS):
    for way, taken in seconds.items():
        jax.block_until_ready(way(x))
        begin = time.perf_counter()
        jax.block_until_ready(way(x))
        taken.append(time.perf_counter() - begin)
least, slow, scan = (statistics.median(taken) for taken in seconds.values())
print(f"squares / sum {slow / least:.1f}, both by a scan / sum {scan / least:.1f}")
assert slow > 3 * least and slow > 2 * scan, "it behaves otherwise now"
PYTHON
