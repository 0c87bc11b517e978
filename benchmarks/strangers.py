"""How often characters of other scripts are taken for digits: prints docs/results.md's table.

    python benchmarks/strangers.py images_background_small1 images_background_small2

Each folder holds a folder a script, and in these, however deep, pictures of one character each, as
Omniglot's do (Lake, Salakhutdinov and Tenenbaum, 2015: Human-level concept learning through
probabilistic program induction). A script that several folders have is taken from the first.

AUROC is how often a test digit of MNIST has the higher score. Scores of doubt are compared with
each other at thresholds below which the same share of validation digits lies.
"""

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np
from robustness import auroc

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer, shipped  # noqa: E402
from model.classifier import certainty  # noqa: E402
from model.image import ImageError  # noqa: E402
from model.recognizer import as_single_glyph  # noqa: E402
from train import data  # noqa: E402
from train.metrics import wilson_interval  # noqa: E402

ABSTAIN = 0.003  # of the validation digits, where scores are compared
TINY = 1e-30
DRAWN = "Latin"  # whose letters train.outliers draws


def margin(probabilities: np.ndarray) -> np.ndarray:
    """Between the largest and the second."""
    ranked = np.sort(probabilities, 1)
    return ranked[:, -1] - ranked[:, -2]


def spread(probabilities: np.ndarray) -> np.ndarray:
    """The standard deviation of the logits, whatever the temperature and what was added to all."""
    return np.log(probabilities + TINY).std(1)


SCORES = {
    "largest probability": lambda probabilities: probabilities.max(1),
    "certainty, by the entropy": certainty,
    "margin": margin,
    "spread of the logits": spread,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--checkpoint", default="default")
    options = parser.parse_args()
    recognizer = Recognizer.load(shipped.find(options.checkpoint))
    answers = recognizer.classifier.answers
    mnist = data.load("mnist")
    digits, validation = (
        recognizer.classify(split.images) for split in (mnist.test, mnist.validation)
    )
    scripts = characters(options.folders)
    glyphs = {
        script: np.stack([as_single_glyph(path) for path in paths])
        for script, paths in scripts.items()
    }
    found = {script: recognizer.classify(some) for script, some in glyphs.items()}

    print("| script | characters | AUROC | answered, as a glyph | as a picture |")
    print("| --- | --- | --- | --- | --- |")
    pictures = {
        script: [is_answered(recognizer, path) for path in paths]
        for script, paths in scripts.items()
    }
    everything = np.concatenate(list(found.values()))
    unseen = [script for script in found if script != DRAWN]
    for name, some in (("all", list(found)), (f"all but {DRAWN}", unseen)):
        pictures[name] = [*itertools.chain(*(pictures[script] for script in some))]
        found[name] = np.concatenate([found[script] for script in some])
    for script, probabilities in found.items():
        print(
            f"| {script} | {len(probabilities):,} | "
            f"{auroc(certainty(digits), certainty(probabilities)):.4f} | "
            f"{answers(probabilities).mean():.1%} | {np.mean(pictures[script]):.1%} |"
        )
    unsure = ~answers(digits)
    low, high = wilson_interval(int(unsure.sum()), len(unsure))
    print(
        f"\nDigits abstained from: {unsure.mean():.2%} ({low:.2%} to {high:.2%}, n = "
        f"{len(unsure):,}).\n"
    )
    print(f"| score | AUROC | answered where {ABSTAIN:.1%} of validation digits are not |")
    print("| --- | --- | --- |")
    for name, score in SCORES.items():
        least = np.quantile(score(validation), ABSTAIN)
        print(
            f"| {name} | {auroc(score(digits), score(everything)):.4f} | "
            f"{(score(everything) >= least).mean():.1%} |"
        )


def characters(folders: list[Path]) -> dict[str, list[Path]]:
    """The pictures of each script."""
    scripts: dict[str, list[Path]] = {}
    for folder in folders:
        for script in sorted(filter(Path.is_dir, folder.iterdir())):
            scripts.setdefault(script.name, sorted(script.rglob("*.png")))
    return scripts


def is_answered(recognizer: Recognizer, path: Path) -> bool:
    """Whether a picture is read as some digit."""
    try:
        return any(digit.value is not None for digit in recognizer.read(path).digits)
    except ImageError:
        return False


if __name__ == "__main__":
    main()
