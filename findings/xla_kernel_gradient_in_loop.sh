#!/usr/bin/env bash
# jax 0.10.1, CPU: training steps of a convolution in lax.fori_loop take 16 times as long as called from Python.
#
# Several steps in one compiled loop should cost no more than as many calls, and do on an accelerator. The forward pass
# alone does not, here either. But the gradient of a kernel is a convolution with its dimensions in another order
# (f01b_i01o->01bf), which XLA:CPU transposes to the one that its fast kernels take (b01f_01io->b01f) in the program's
# main computation only: in the body of a loop it stays, and is run as plain loops. Unrolled it is fast, and so is the
# gradient written out with the transposes already in it: one convolution of x.transpose(3, 1, 2, 0) by
# gradient.transpose(1, 2, 0, 3).
#
# Seen, on two cores: "forward, 10 times: loop / calls 1.1", "kernel's gradient: loop / calls 16.1" (18 another time),
# "transposed by hand: loop / calls 1.0".
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
TIMES = 10
x = jax.random.normal(jax.random.key(0), (96, 14, 14, 32))
kernel = jax.random.normal(jax.random.key(1), (3, 3, 32, 32)) * 0.06


def convolve(x, kernel):
    order = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (1, 1), [(1, 1), (1, 1)], dimension_numbers=order)


def forward(image):
    return jnp.tanh(convolve(image, kernel))


def step(kernel):
    return kernel - 1e-6 * jax.grad(lambda kernel: jnp.tanh(convolve(x, kernel)).sum())(kernel)


def transposed(kernel):
    gradient = 1 - jnp.tanh(convolve(x, kernel)) ** 2
    found = convolve(x.transpose(3, 1, 2, 0), gradient.transpose(1, 2, 0, 3))
    return kernel - 1e-6 * found.transpose(1, 2, 0, 3)


def loop_to_calls(function, start):
    once = jax.jit(function)
    loop = jax.jit(lambda start: lax.fori_loop(0, TIMES, lambda _, value: function(value), start))

    def calls(value):
        for _ in range(TIMES):
            value = once(value)
        return value

    seconds = {calls: [], loop: []}
    assert jnp.allclose(calls(start), loop(start), atol=1e-4)
    for _ in range(5):
        for way, taken in seconds.items():
            begin = time.perf_counter()
            way(start).block_until_ready()
            taken.append(time.perf_counter() - begin)
    return statistics.median(seconds[loop]) / statistics.median(seconds[calls])


assert jnp.allclose(step(kernel), transposed(kernel), atol=1e-4)
ratios = [loop_to_calls(f, v) for f, v in ((forward, x), (step, kernel), (transposed, kernel))]
print("forward, 10 times: loop / calls {:.1f}".format(ratios[0]))
print("kernel's gradient: loop / calls {:.1f}".format(ratios[1]))
print("transposed by hand: loop / calls {:.1f}".format(ratios[2]))
assert ratios[0] < 2 and ratios[1] > 4 and ratios[2] < 2, "it behaves otherwise now"
PYTHON
