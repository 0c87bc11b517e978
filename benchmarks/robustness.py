"""How the network bears damaged digits, and what is no digit: prints the README's two tables.

    python benchmarks/robustness.py            # MNIST's test digits, the figures that are published
    python benchmarks/robustness.py --tune     # validation digits, for choosing anything by

The damages are made here with NumPy and SciPy, apart from `train.augment`, and the outliers are of kinds that
`train.outliers` has none of. Each kind of damage is done to the same digits with a fixed seed.
"""

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from sklearn.metrics import roc_auc_score

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer  # noqa: E402
from model.glyph import normalise  # noqa: E402
from train import data  # noqa: E402
from train.evaluate import wilson_interval  # noqa: E402

Damage = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def affine(matrix, shift=(0.0, 0.0)) -> Damage:
    """About the image's middle."""
    matrix = np.array(matrix, float)

    def damage(rng, image):
        sign = rng.choice([-1, 1])  # either way, as often
        turned = np.array([[matrix[0, 0], sign * matrix[0, 1]], [sign * matrix[1, 0], matrix[1, 1]]])
        middle = np.array([13.5, 13.5])
        offset = middle - turned @ middle + sign * np.array(shift)
        return ndimage.affine_transform(image, turned, offset, order=1)

    return damage


def rotation(degrees: float) -> Damage:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return affine([[c, -s], [s, c]])


def stray_line(rng, image):
    page = Image.fromarray(np.uint8(255 * image))
    (x0, y0), (x1, y1) = rng.uniform(0, 27, (2, 2))
    ImageDraw.Draw(page).line((x0, y0, x1, y1), fill=255, width=2)
    return np.asarray(page) / 255


def stray_dots(rng, image):
    image = image.copy()
    for y, x in rng.integers(0, 27, (8, 2)):
        image[y : y + 2, x : x + 2] = 1
    return image


def blob(rng, image):
    y, x = np.mgrid[:28, :28]
    cy, cx = rng.uniform(3, 25, 2)
    return np.maximum(image, np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * 2.2**2)))


def missing_piece(rng, image):
    image = image.copy()
    y, x = rng.integers(4, 17, 2)
    image[y : y + 7, x : x + 7] = 0
    return image


def stripes(rng, image):
    band = ((np.arange(28) + rng.integers(0, 7)) % 7 < 2)[:, None] * np.ones(28)
    return np.maximum(image, 0.7 * (band if rng.random() < 0.5 else band.T))


def grey_gradient(rng, image):
    ramp = np.linspace(0, 0.7, 28)[:, None] * np.ones(28)
    ground = np.rot90(ramp, rng.integers(4))
    return ground + (1 - ground) * image


def impulses(rng, image):
    hit = rng.random((28, 28)) < 0.12
    return np.where(hit, rng.integers(0, 2, (28, 28)), image)


def jpeg(rng, image):
    file = io.BytesIO()
    Image.fromarray(np.uint8(255 * image)).save(file, "JPEG", quality=8)
    return np.asarray(Image.open(file)) / 255


def motion_blur(rng, image):
    return ndimage.uniform_filter1d(image, 7, axis=int(rng.integers(2)))


DAMAGES: dict[str, Damage] = {
    "none": lambda rng, image: image,
    "noise, σ 0.2": lambda rng, image: image + rng.normal(0, 0.2, image.shape),
    "noise, σ 0.4": lambda rng, image: image + rng.normal(0, 0.4, image.shape),
    "12 % of pixels black or white": impulses,
    "blur, σ 1.5": lambda rng, image: ndimage.gaussian_filter(image, 1.5),
    "motion blur, 7 pixels": motion_blur,
    "contrast of a fifth": lambda rng, image: 0.2 * image,
    "grey ground": lambda rng, image: 0.5 + 0.5 * image,
    "bright, uneven ground": grey_gradient,
    "stripes": stripes,
    "a stray line": stray_line,
    "stray dots": stray_dots,
    "a blob": blob,
    "a missing piece": missing_piece,
    "thick strokes": lambda rng, image: ndimage.grey_dilation(image, (3, 3)),
    "thin strokes": lambda rng, image: ndimage.grey_erosion(image, footprint=[[0, 1, 0], [1, 1, 1], [0, 0, 0]]),
    "slant of 20°": affine([[1, 0], [np.tan(np.deg2rad(20)), 1]]),
    "rotation by 15°": rotation(15),
    "rotation by 25°": rotation(25),
    "shift by 3 pixels": affine([[1, 0], [0, 1]], (3, 3)),
    "scale of 0.7": affine([[1 / 0.7, 0], [0, 1 / 0.7]]),
    "scale of 1.25": affine([[1 / 1.25, 0], [0, 1 / 1.25]]),
    "JPEG of quality 8": jpeg,
}

LETTERS = (
    "ABCDEFGHJKLMNPQRTUVWXYabdefhijkmnprtuvwxyÄÜßñ&@$§"  # none that looks like a digit: I, l, O, o, S, s, Z, z, g, q
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
    return stroke([([12, 68], [e, e]) for e in ends] + [([e, e], [12, 68]) for e in ends], int(rng.integers(2, 5)))


def solid(rng) -> np.ndarray:
    page = Image.new("L", (80, 80))
    box = [*rng.uniform(8, 25, 2), *rng.uniform(50, 72, 2)]
    pen = ImageDraw.Draw(page)
    (pen.ellipse if rng.random() < 0.5 else pen.rectangle)(box, fill=255)
    return np.asarray(page)


def crowd(rng) -> np.ndarray:
    """Many short strokes: hatching, rain, grass."""
    starts = rng.uniform(8, 72, (25, 2))
    angle = rng.uniform(0, np.pi)
    step = 10 * np.array([np.cos(angle), np.sin(angle)])
    return stroke([([x, x + step[0]], [y, y + step[1]]) for x, y in starts], 2)


def stroke(lines, width: int) -> np.ndarray:
    page = Image.new("L", (80, 80))
    for x, y in lines:
        ImageDraw.Draw(page).line(list(zip(x, y, strict=True)), fill=255, width=width, joint="curve")
    return np.asarray(page)


OUTLIERS = {
    "printed letters": letter,
    "spirals": spiral,
    "waves": waves,
    "lattices": lattice,
    "solid shapes": solid,
    "hatching": crowd,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tune", action="store_true", help="damage validation digits")
    parser.add_argument("--checkpoint", default=ROOT / "checkpoints" / "default")
    parser.add_argument("-n", type=int, default=2000, help="digits for each kind of damage")
    options = parser.parse_args()
    mnist = data.load("mnist")
    split = mnist.validation if options.tune else mnist.test
    recognizer = Recognizer.load(options.checkpoint)
    threshold = recognizer.card.get("threshold", 0.0)
    images, labels = split.images[: options.n] / 255, split.labels[: options.n]

    print(f"| damage (n = {len(labels):,} each) | accuracy | abstained |\n| --- | --- | --- |")
    accuracies = []
    for number, (name, damage) in enumerate(DAMAGES.items()):
        rng = np.random.default_rng(number)
        damaged = np.stack([np.clip(damage(rng, image), 0, 1) for image in images])
        probabilities = recognizer.classify(np.round(255 * damaged).astype(np.uint8))
        accuracies.append((probabilities.argmax(1) == labels).mean())
        print(f"| {name} | {accuracies[-1]:.2%} | {(probabilities.max(1) < threshold).mean():.1%} |")
    print(f"| mean of all but none | {np.mean(accuracies[1:]):.2%} | |\n")

    digits = recognizer.classify(split.images).max(1)
    low, high = wilson_interval(int((digits < threshold).sum()), len(digits))
    print(f"Digits abstained from: {(digits < threshold).mean():.2%} ({low:.2%} to {high:.2%}, n = {len(digits):,}).\n")
    print("| no digit (n = 500 each) | AUROC | abstained |\n| --- | --- | --- |")
    everything = []
    for number, (name, draw) in enumerate(OUTLIERS.items()):
        rng = np.random.default_rng(100 + number)
        glyphs = np.stack([normalise(draw(rng).astype(np.float32) / 255) for _ in range(500)])
        confidence = recognizer.classify(glyphs).max(1)
        everything.append(confidence)
        print(f"| {name} | {auroc(digits, confidence):.4f} | {(confidence < threshold).mean():.1%} |")
    print(f"| all | {auroc(digits, np.concatenate(everything)):.4f} | |")


def auroc(digits: np.ndarray, others: np.ndarray) -> float:
    """How often a digit has more confidence than what is none."""
    return roc_auc_score(np.repeat([1, 0], [len(digits), len(others)]), np.concatenate([digits, others]))


if __name__ == "__main__":
    main()
