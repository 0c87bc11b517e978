#!/usr/bin/env bash
# jax 0.10.1: what jax.export writes holds the absolute paths of the sources, and is another file each time.
#
# Exported.serialize() is meant to be handed to others. Each operation in it carries the Python stack that made it: file
# names with the whole path, such as a home folder with a person's name in it, and line numbers. Two exports of one
# function in one process differ as well, since the stack of the call is part of it, so that an export can't be compared
# with the one that ships. jax_traceback_in_locations_limit=0 cures both; no argument of jax.export does. With
# jax_include_full_tracebacks_in_locations=False two exports are alike, but the path of the innermost frame stays.
#
# Seen: "path in the file: True, two exports alike: False"; without full tracebacks "True", "True"; with the limit of 0
# "False", "True".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check jax==0.10.1 flatbuffers==25.9.23 2>/dev/null
mkdir "$folder/of_a_person"
cat > "$folder/of_a_person/program.py" <<'PYTHON'
import jax
import jax.numpy as jnp
from jax import export

assert jax.__version__ == "0.10.1"


def function(x):
    return jnp.tanh(x @ x.T)


def exported():
    shape = jax.ShapeDtypeStruct((4, 4), jnp.float32)
    return bytes(export.export(jax.jit(lambda x: function(x)))(shape).serialize())


def look():
    first = exported()
    second = exported()
    has_path, alike = b"of_a_person" in first, first == second
    print(f"path in the file: {has_path}, two exports alike: {alike}")
    return has_path, alike


assert look() == (True, False), "it behaves otherwise now"
jax.config.update("jax_include_full_tracebacks_in_locations", False)
assert look() == (True, True), "it behaves otherwise now"
jax.config.update("jax_include_full_tracebacks_in_locations", True)
jax.config.update("jax_traceback_in_locations_limit", 0)
assert look() == (False, True), "it behaves otherwise now"
PYTHON
"$folder/env/bin/python" "$folder/of_a_person/program.py"
