"""Whether an exported network is as good as it is here, and as fast: prints docs/results.md's
tables.

    python benchmarks/export.py
    python benchmarks/export.py --only tiny --rounds 3

Each shipped checkpoint in each form, by the programs of its model card, on all of MNIST's test
images, or for the page network on pages composed of them (benchmarks/pages.py), at half their size.
Speeds are taken by turns with JAX here, and told in its times, since a machine's speed varies from
minute to minute.
"""

import argparse
import contextlib
import io
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Several threads make NumPy's small products slower by far; the others have threads of their own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import jax
import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import pages  # noqa: E402

from model import checkpoint  # noqa: E402
from model.detection import to_grey  # noqa: E402
from model.page_format import ALIGNED, UNIT  # noqa: E402
from model.peaks import FOUND, LEAST_REACH  # noqa: E402
from train import data  # noqa: E402
from train.export import FORMS, export  # noqa: E402

DIFFICULTIES = ["clean", "uneven light", "ruled", "jpeg", "noise"]
PAGES = 4  # of each
BATCHES = {"digits": (1, 1000), "page": (1, 4)}

Read = Callable[[np.ndarray], tuple[np.ndarray, ...]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", help="one checkpoint")
    parser.add_argument("--rounds", type=int, default=5, help="of all forms, by turns")
    options = parser.parse_args()
    test = data.load("mnist").test
    names = [options.only] if options.only else ["tiny", "default", "committee", "pages"]
    for kind, of_kind in (
        ("digits", [name for name in names if name != "pages"]),
        ("page", [name for name in names if name == "pages"]),
    ):
        if of_kind:
            inputs = test.images if kind == "digits" else compose(test)
            print_table(kind, of_kind, inputs, options.rounds)


def print_table(kind: str, names: list[str], inputs: np.ndarray, rounds: int) -> None:
    """A row for each checkpoint and form."""
    batches = BATCHES[kind]
    what = (
        "test images" if kind == "digits" else f"pages of {' × '.join(map(str, inputs.shape[1:]))}"
    )
    also = "" if kind == "digits" else " boxes differ by at most |"
    times = " | ".join(f"{size} at once, ms (times JAX here)" for size in batches)
    print(
        f"| {len(inputs):,} {what} | bytes | probabilities differ by at most |{also} answers that "
        f"differ | {times} |"
    )
    print(f"| --- | --- | --- |{' --- |' if also else ''} --- |{' --- |' * len(batches)}")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            readers, sizes = {"here": here(name)}, {}
            for form in FORMS:
                file = export(checkpoint.SHIPPED / name, Path(folder) / form, form)
                readers[form], sizes[form] = there(file.parent, form, kind), file.stat().st_size
            answers = {form: in_parts(read, inputs, batches[1]) for form, read in readers.items()}
            taken = by_turns(readers, inputs, batches, rounds)
        for form in readers:
            figures = ["", "", *([""] if also else []), ""]
            if form in FORMS:
                figures = [f"{sizes[form]:,}", *compare(kind, answers["here"], answers[form])]
            speeds = [
                f"{1000 * statistics.median(taken[form, size]):.2f} "
                f"({statistics.median(ratios(taken[form, size], taken['here', size])):.2f})"
                for size in batches
            ]
            what = "JAX here" if form == "here" else form
            print(f"| {name}, {what} | {' | '.join([*figures, *speeds])} |", flush=True)


def here(name: str) -> Read:
    """A checkpoint as Flax runs it; the page network's answers as an export has them."""
    if name != "pages":
        digits, card = checkpoint.load(checkpoint.SHIPPED / name)
        program = jax.jit(lambda glyphs: (jax.nn.softmax(digits(glyphs) / card.temperature),))
        return lambda glyphs: in_parts(program, glyphs, 128)
    network, _ = checkpoint.load_page()

    @jax.jit
    def answer(grey: jax.Array) -> tuple[jax.Array, ...]:
        heat, logits, reach = network(grey)
        return heat, jax.nn.softmax(logits), reach

    def read(grey: np.ndarray) -> tuple[np.ndarray, ...]:
        heat, probabilities, reach = map(np.asarray, answer(grey))
        y, x = 4 * np.indices(heat.shape[1:]) + 2
        reach = UNIT * np.maximum(reach, LEAST_REACH)
        sides = x - reach[..., 0], y - reach[..., 1], x + reach[..., 2], y + reach[..., 3]
        return 1 / (1 + np.exp(-heat)), probabilities, np.stack(sides, -1)

    return read


def there(folder: Path, form: str, kind: str) -> Read:
    """An export, by the program of its model card: what that has once it ran is called again."""
    program = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)[1]
    scope: dict[str, Any] = {}
    name = "glyphs" if kind == "digits" else "grey"
    np.save(
        folder / f"{name}.npy", np.zeros((1, 28, 28) if kind == "digits" else (1, 32, 32), np.uint8)
    )
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        exec(program, scope)
    order = ["heat", "probabilities", "boxes"] if kind == "page" else ["probabilities"]
    if form == "onnx":
        return lambda values: tuple(scope["session"].run(order, {name: values}))
    if form == "stablehlo":
        call = jax.jit(scope["network"].call)

        def read_by_jax(values: np.ndarray) -> tuple[np.ndarray, ...]:
            answer = call(values)
            parts = [answer[name] for name in order] if kind == "page" else [answer]
            return tuple(map(np.asarray, parts))

        return read_by_jax
    if kind == "page":
        return scope["read"]
    read = scope["read"]  # a hundred at a time, as the program does
    return lambda values: in_parts(lambda some: (read(some),), values, 100)


def in_parts(read: Read, values: np.ndarray, size: int) -> tuple[np.ndarray, ...]:
    """What is read of all values, so many at a time."""
    parts = [read(values[start : start + size]) for start in range(0, len(values), size)]
    return tuple(np.concatenate(answer) for answer in zip(*parts, strict=True))


def compare(kind: str, ours: tuple[np.ndarray, ...], theirs: tuple[np.ndarray, ...]) -> list[str]:
    """How two differ: at most in a probability; of pages, in a box; and in how many answers."""
    if kind == "digits":
        (one,), (other,) = ours, theirs
        differ = (one.argmax(1) != other.argmax(1)).sum()
        return [f"{np.abs(one - other).max():.1e}", f"{differ} of {len(one):,}"]
    found, also = (heat >= FOUND for heat in (ours[0], theirs[0]))
    heats, probabilities, boxes = (
        np.abs(one - other)[found].max() for one, other in zip(ours, theirs, strict=True)
    )
    classes = ours[1].argmax(-1) != theirs[1].argmax(-1)
    differ = ((found != also) | (found & classes)).sum()
    return [
        f"{max(heats, probabilities):.1e}",
        f"{boxes:.1e} pixels",
        f"{differ} of {found.sum():,} places",
    ]


def by_turns(
    readers: dict[str, Read], inputs: np.ndarray, batches: tuple[int, ...], rounds: int
) -> dict[tuple[str, int], list[float]]:
    """Seconds of one call of each, of so many inputs at once, in each round."""
    taken: dict[tuple[str, int], list[float]] = {}
    for size in batches:
        some, calls = inputs[:size], 20 if size == 1 else 1
        for read in readers.values():
            read(some)  # compiles
        for _ in range(rounds):
            for form, read in readers.items():
                start = time.perf_counter()
                for _ in range(calls):
                    read(some)
                taken.setdefault((form, size), []).append((time.perf_counter() - start) / calls)
    return taken


def ratios(ones: list[float], others: list[float]) -> list[float]:
    return [one / other for one, other in zip(ones, others, strict=True)]


def compose(test: data.Split) -> np.ndarray:
    """(n, h, w) uint8: pages of test digits, at a size at which the network finds them."""
    greys = []
    for difficulty in DIFFICULTIES:
        for number in range(PAGES):
            picture, _ = pages.compose([0, number], test, [difficulty])
            grey = Image.fromarray(to_grey(picture)).reduce(2)
            width, height = (side // ALIGNED * ALIGNED for side in grey.size)
            greys.append(np.asarray(grey)[:height, :width])
    return np.stack(greys)


if __name__ == "__main__":
    main()
