"""What a recipe brings, whatever its seed: prints docs/results.md's table of some finished runs.

    for seed in 0 1 2 3 4; do python -m train --seed $seed --output runs/seed$seed; done
    python benchmarks/seeds.py runs/seed?
    python benchmarks/seeds.py checkpoints/committee    # of its members

Each run is its last epoch, and none is left out. The one that is best on validation, which is the
one to ship, is marked; the test images choose nothing. The calibration error is the expected one,
in 15 bins. Runs of different recipes are refused.
"""

import dataclasses
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))


def main(folders: list[str]) -> int | str:
    from model import checkpoint

    try:
        given = [checkpoint.read_card(folder) for folder in folders]
    except checkpoint.CheckpointError as error:
        return f"error: {error}"
    runs = [one for card in given for one in card.members or [dataclasses.asdict(card)]]
    if len(runs) < 2:
        return "error: Name two or more finished runs that differ in their seeds."
    for folder, card in zip(folders, given, strict=True):
        recipe = {name: value for name, value in given[0].config.items() if name != "seed"}
        if others := sorted(
            name for name, value in recipe.items() if card.config.get(name, value) != value
        ):
            return f"error: {folder} has another {', '.join(others)} than {folders[0]}."
    best = max(
        runs, key=lambda run: (run["validation"]["accuracy"], -run["validation"]["log_loss"])
    )
    print("| seed | validation | its log loss | test | its calibration error |")
    print("| --- | --- | --- | --- | --- |")
    for run in runs:
        mark = " (ships)" if run is best else ""
        validation, test = run["validation"], run["test"]
        print(
            f"| {run['seed']}{mark} | {validation['accuracy']:.2%} | {validation['log_loss']:.5f} "
            f"| {test['accuracy']:.2%} | {test['ece']:.2%} |"
        )
    shares = [[run[split]["accuracy"] for run in runs] for split in ("validation", "test")]
    validation, test = (
        f"{statistics.mean(part):.3%} ± {statistics.stdev(part):.3%}" for part in shares
    )
    print(f"| mean ± standard deviation of {len(runs)} | {validation} | | {test} | |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
