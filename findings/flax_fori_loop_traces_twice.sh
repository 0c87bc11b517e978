#!/usr/bin/env bash
# flax 0.12.8, jax 0.10.1: nnx.fori_loop traces its body twice, jax.lax.fori_loop once.
#
# The loop over a module and an array looks like a thin wrapper of JAX's, with the same price. But before the loop is
# made, the body is traced once by jax.eval_shape, only to see what it does to the module's graph: a large training
# step costs its tracing twice, in each process that starts. With graph_updates=False it is traced once, and what the
# body assigns to the module's variables is there after the loop all the same.
#
# Seen: "nnx 2, nnx without graph updates 1, jax.lax 1; counted 3.0, 3.0, 3.0".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check flax==0.12.8 jax==0.10.1 jaxlib==0.10.1 2>/dev/null
JAX_PLATFORMS=cpu "$folder/env/bin/python" - <<'PYTHON'
import flax
import jax
import jax.numpy as jnp
from flax import nnx

assert (flax.__version__, jax.__version__) == ("0.12.8", "0.10.1")


class Counter(nnx.Module):
    def __init__(self):
        self.count = nnx.Variable(jnp.zeros(()))


def traces(**options):
    """How often the body runs in Python, and what the counter says after three rounds."""
    traced, counter = [], Counter()

    def body(number, carried):
        traced.append(number)
        counter, total = carried
        counter.count[...] += 1
        return counter, total + counter.count[...]

    @nnx.jit
    def rounds(counter, total):
        return nnx.fori_loop(0, 3, body, (counter, total), **options)[1]

    rounds(counter, jnp.zeros(()))
    return len(traced), float(counter.count[...])


def traces_of_jax():
    traced = []
    graph, state = nnx.split(Counter())

    def body(number, carried):
        traced.append(number)
        state, total = carried
        counter = nnx.merge(graph, state)
        counter.count[...] += 1
        return nnx.state(counter), total + counter.count[...]

    rounds = jax.jit(lambda state, total: jax.lax.fori_loop(0, 3, body, (state, total)))
    state, _ = rounds(state, jnp.zeros(()))
    return len(traced), float(state["count"][...])


found = traces(), traces(graph_updates=False), traces_of_jax()
(often, once, jax_once), counted = zip(*found)
print(f"nnx {often}, nnx without graph updates {once}, jax.lax {jax_once}; counted {', '.join(map(str, counted))}")
assert found == ((2, 3.0), (1, 3.0), (1, 3.0))
PYTHON
