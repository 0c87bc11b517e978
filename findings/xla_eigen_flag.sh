#!/usr/bin/env bash
# JAX 0.10.1 on CPU: --xla_cpu_multi_thread_eigen=false, which is what one finds to hold JAX to one core, holds nothing.
#
# XLA's thunk runtime, which runs all programs now, hands its convolutions the client's pool of threads whatever the flag
# says: a convolution takes the time of as many cores with it as without. With taskset -c 0 it takes one's. Who runs a
# process a core, each with the flag, has twice as many busy threads as cores; nothing in JAX says that it is ignored.
#
# Seen on two cores, cores busy on average: "with the flag 1.7, without 1.9, pinned to one core 1.0". Needs two cores.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check jax==0.10.1 jaxlib==0.10.1 2>/dev/null
cat >"$folder/busy.py" <<'PYTHON'
import time

import jax
import numpy as np

images = np.ones((128, 28, 28, 32), np.float32)
kernel = np.ones((3, 3, 32, 64), np.float32)
convolve = jax.jit(lambda x: jax.lax.conv(x.transpose(0, 3, 1, 2), kernel.transpose(3, 2, 0, 1), (1, 1), "SAME"))
convolve(images).block_until_ready()
wall, core = time.perf_counter(), time.process_time()
for _ in range(100):
    convolve(images).block_until_ready()
print(round((time.process_time() - core) / (time.perf_counter() - wall), 1))
PYTHON
python="$folder/env/bin/python"
with=$(XLA_FLAGS=--xla_cpu_multi_thread_eigen=false "$python" "$folder/busy.py")
without=$(XLA_FLAGS= "$python" "$folder/busy.py")
pinned=$(XLA_FLAGS= taskset -c 0 "$python" "$folder/busy.py")
echo "cores busy on average: with the flag $with, without $without, pinned to one core $pinned"
"$python" -c "import sys; a, b, c = map(float, sys.argv[1:]); sys.exit(not (a > 1.4 and abs(a - b) < 0.35 and c < 1.2))" \
    "$with" "$without" "$pinned" || { echo "it behaves otherwise now"; exit 1; }
