"""How the network bears damaged digits, and what is no digit: prints two tables of docs/results.md.

    python benchmarks/robustness.py            # MNIST's test digits, the figures that are published
    python benchmarks/robustness.py --tune     # validation digits, for choosing anything by

The damages are those of `train.corruptions`, and the outliers are of kinds that `train.outliers`
has none of. Each kind of damage is done to the same digits with a fixed seed.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.metrics import roc_auc_score

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer  # noqa: E402
from model.classifier import certainty  # noqa: E402
from model.glyph import normalise  # noqa: E402
from train import corruptions, data  # noqa: E402
from train.metrics import wilson_interval  # noqa: E402

LETTERS = (
    # none that looks like a digit: I, l, O, o, S, s, Z, z, g, q
    "ABCDEFGHJKLMNPQRTUVWXYabdefhijkmnprtuvwxyÄÜßñ&@$§"
)


def letter(rng) -> np.ndarray:
    """A printed letter, of the font that comes with Pillow, at any small angle."""
    page = Image.new("L", (80, 80))
    font = ImageFont.load_default(int(rng.integers(36, 52)))
    ImageDraw.Draw(page).text((20, 8), str(rng.choice(list(LETTERS))), fill=255, font=font)
    return np.asarray(page.rotate(float(rng.uniform(-12, 12)), Image.Resampling.BICUBIC))


def spiral(rng) -> np.ndarray:
    t = np.linspace(0, rng.uniform(3.5, 6) * np.pi, 200)
    x, y = 40 + 1.9 * t * np.cos(t), 40 + 1.9 * t * np.sin(t)
    return stroke([(x, y)], int(rng.integers(3, 6)))


def waves(rng) -> np.ndarray:
    x = np.linspace(8, 72, 100)
    waves = [(x, 40 + d + 9 * np.sin(x / rng.uniform(3, 6) + rng.uniform(0, 6))) for d in (-12, 12)]
    return stroke(waves, int(rng.integers(3, 6)))


def lattice(rng) -> np.ndarray:
    ends = np.linspace(12, 68, int(rng.integers(3, 6)))
    return stroke(
        [([12, 68], [e, e]) for e in ends] + [([e, e], [12, 68]) for e in ends],
        int(rng.integers(2, 5)),
    )


def crowd(rng) -> np.ndarray:
    """Many short strokes: hatching, rain, grass."""
    starts = rng.uniform(8, 72, (25, 2))
    angle = rng.uniform(0, np.pi)
    step = 10 * np.array([np.cos(angle), np.sin(angle)])
    return stroke([([x, x + step[0]], [y, y + step[1]]) for x, y in starts], 2)


def stroke(lines, width: int) -> np.ndarray:
    page = Image.new("L", (80, 80))
    for x, y in lines:
        ImageDraw.Draw(page).line(
            list(zip(x, y, strict=True)), fill=255, width=width, joint="curve"
        )
    return np.asarray(page)


OUTLIERS = {
    "printed letters": letter,
    "spirals": spiral,
    "waves": waves,
    "lattices": lattice,
    "hatching": crowd,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tune", action="store_true", help="damage validation digits")
    parser.add_argument("--checkpoint", default=ROOT / "checkpoints" / "default")
    parser.add_argument("-n", type=int, default=2000, help="digits for each kind of damage")
    options = parser.parse_args()
    mnist = data.load("mnist")
    split = mnist.validation if options.tune else data.shuffle_test(mnist.test)
    recognizer = Recognizer.load(options.checkpoint)
    images, labels = split.images[: options.n], split.labels[: options.n]

    print(f"| damage (n = {len(labels):,} each) | accuracy | abstained |\n| --- | --- | --- |")
    accuracies = []
    for name in corruptions.CORRUPTIONS:
        probabilities = recognizer.classify(corruptions.corrupt(name, images))
        accuracies.append((probabilities.argmax(1) == labels).mean())
        abstained = ~recognizer.classifier.answers(probabilities)
        print(f"| {name} | {accuracies[-1]:.2%} | {abstained.mean():.1%} |")
    print(f"| mean of all but none | {np.mean(accuracies[1:]):.2%} | |\n")

    digits = recognizer.classify(split.images)
    abstained = ~recognizer.classifier.answers(digits)
    low, high = wilson_interval(int(abstained.sum()), len(digits))
    print(
        f"Digits abstained from: {abstained.mean():.2%} ({low:.2%} to {high:.2%}, n = "
        f"{len(digits):,}).\n"
    )
    print("| no digit (n = 500 each) | AUROC | abstained |\n| --- | --- | --- |")
    everything = []
    for number, (name, draw) in enumerate(OUTLIERS.items()):
        rng = np.random.default_rng(100 + number)
        glyphs = np.stack([normalise(draw(rng).astype(np.float32) / 255) for _ in range(500)])
        others = recognizer.classify(glyphs)
        everything.append(certainty(others))
        abstained = ~recognizer.classifier.answers(others)
        print(
            f"| {name} | {auroc(certainty(digits), everything[-1]):.4f} | {abstained.mean():.1%} |"
        )
    print(f"| all | {auroc(certainty(digits), np.concatenate(everything)):.4f} | |")


def auroc(digits: np.ndarray, others: np.ndarray) -> float:
    """How often a digit has a higher score than what is none."""
    return roc_auc_score(
        np.repeat([1, 0], [len(digits), len(others)]), np.concatenate([digits, others])
    )


if __name__ == "__main__":
    main()
