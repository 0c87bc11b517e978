"""How long a hundred corrections take, from the click to the comparison, and what they bring.

    python benchmarks/teach.py    # prints docs/results.md's table

The corrections are ten of each class of the digits that benchmarks/finetune.py describes, of
another origin than MNIST's. They are kept in a collection and taught by what the dashboard's button
starts. What is counted are the random half of those digits that finetune.py counts too, which none
of the corrections is of, and MNIST's test images.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sqlalchemy as sql

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

SOURCE = ROOT / "checkpoints" / "default"
EACH = 10  # corrections of each class


def main() -> None:
    from finetune import enlarged
    from sklearn.datasets import load_digits

    from app_pages.corrections.collection import Collection, Item
    from app_pages.teach.teaching import Trainer
    from model.recognizer import as_single_glyph
    from train import metrics

    loaded = load_digits()
    order = np.random.default_rng(0).permutation(len(loaded.images))
    counted, others = np.array_split(order, 2)
    chosen = np.concatenate(
        [[i for i in others if loaded.target[i] == digit][:EACH] for digit in range(10)]
    )

    def glyph(number: int) -> np.ndarray:
        return as_single_glyph(enlarged(loaded.images[number]))

    named = loaded.target.astype(str)
    with tempfile.TemporaryDirectory() as folder:
        shelf = Collection(sql.create_engine(f"sqlite:///{folder}/collection.db"))
        shelf.add(
            [Item(str(named[i]), glyph(i), None, None, "default", "benchmark") for i in chosen]
        )
        trainer = Trainer()
        start = time.perf_counter()
        trained = shelf.arrays(aside=False)
        job = trainer.start(
            SOURCE, trained, (np.array([glyph(i) for i in counted]), named[counted])
        )
        job.wait()
        taken = time.perf_counter() - start
        if job.state != "done":
            sys.exit(job.fault)
        trainer.clear()
    print("| images | n | before | after |")
    print("| --- | --- | --- | --- |")
    for part, words in (
        ("trained", "trained on"),
        ("aside", "held out of them"),
        ("test", "MNIST test"),
    ):
        row = job.comparisons[part]
        shares = []
        for right in (row.before, row.after):
            low, high = metrics.wilson_interval(right, row.n)
            shares.append(f"{right / row.n:.2%} ({low:.1%} to {high:.1%})")
        print(f"| {words} | {row.n:,} | {' | '.join(shares)} |")
    print(f"\n{len(chosen)} corrections, of which {len(trained[1])} are trained on: {taken:.0f} s.")


if __name__ == "__main__":
    main()
