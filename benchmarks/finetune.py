"""What fine-tuning brings on digits of another origin: prints docs/results.md's table of it.

    python benchmarks/finetune.py

The digits are real: 1,797 handwritten ones of 43 people, scanned in the nineties and kept at 8 × 8
pixels, that scikit-learn brings along (E. Alpaydin and C. Kaynak, Optical Recognition of
Handwritten Digits, UCI, 1998). They are written out as folders of class folders, enlarged, and
`python -m train --from checkpoints/default` does the rest. What is counted are a random half of
them, which are in no folder that is trained on, and MNIST's own test images, which the network
should not forget.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

ENLARGED = 8  # times
FROM = ("--from", "checkpoints/default")
RUNS = {  # what is trained on, the others of how many of each class, and how
    "10 of each class": (10, FROM),
    "10 of each class, conv1 to conv3 frozen": (10, (*FROM, "--freeze", "conv1,conv2,conv3")),
    "10 of each class, without rehearsing": (10, (*FROM, "--rehearse", "0")),
    "all others": (1000, FROM),
    "all others, without --from": (1000, ("--epochs", "12")),
}


def write(folder: Path, digits: list[tuple[Image.Image, int]], each: int) -> None:
    """So many digits of each class, or all there are, as PNG in class folders."""
    count = dict.fromkeys(range(10), 0)
    for picture, label in digits:
        if count[label] < each:
            path = folder / str(label) / f"{count[label]}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
            count[label] += 1


def enlarged(values: np.ndarray) -> Image.Image:
    """(8, 8) float, 0 paper to 16 ink → a picture in black on white."""
    grey = Image.fromarray((255 - values * 15.9375).astype(np.uint8))
    return grey.resize([side * ENLARGED for side in grey.size], Image.Resampling.BICUBIC)


def main() -> None:
    from sklearn.datasets import load_digits

    from model import Recognizer
    from model.recognizer import as_single_glyph
    from train import data, metrics

    loaded = load_digits()
    digits = [
        (enlarged(values), int(label))
        for values, label in zip(loaded.images, loaded.target, strict=True)
    ]
    order = np.random.default_rng(0).permutation(len(digits))
    held_out, others = ([digits[number] for number in half] for half in np.array_split(order, 2))
    glyphs, labels = zip(
        *[(as_single_glyph(picture), label) for picture, label in held_out], strict=True
    )
    test, mnist = data.Split(np.array(glyphs), np.array(labels)), data.load("mnist").test

    def right(checkpoint: Path | str) -> str:
        recognizer, shares = Recognizer.load(checkpoint), []
        for images, labels in (test, mnist):
            count = int((recognizer.classify(images).argmax(1) == labels).sum())
            low, high = metrics.wilson_interval(count, len(labels))
            shares.append(f"{count / len(labels):.2%} ({low:.1%} to {high:.1%})")
        return " | ".join(shares)

    print(
        f"| trained on | held out of them (n = {len(test.labels)}) | MNIST test (n = 10,000) | "
        f"seconds |"
    )
    print("| --- | --- | --- | --- |")
    print(f"| checkpoints/default, as it is | {right(ROOT / FROM[1])} | |", flush=True)
    with tempfile.TemporaryDirectory() as root:
        for number, (name, (each, flags)) in enumerate(RUNS.items()):
            folder, output = Path(root) / f"{each} of each", Path(root) / f"run{number}"
            if not folder.exists():
                write(folder, others, each)
            command = [
                sys.executable,
                "-m",
                "train",
                "--data",
                folder,
                *flags,
                "--output",
                output,
                "--quiet",
            ]
            cold = os.environ | {"XDG_CACHE_HOME": f"{output}.cache"}  # nothing is compiled yet
            start = time.perf_counter()
            subprocess.run(command, cwd=ROOT, env=cold, check=True, stdout=subprocess.DEVNULL)
            taken = time.perf_counter() - start
            print(f"| {name} | {right(output)} | {taken:.0f} |", flush=True)


if __name__ == "__main__":
    main()
