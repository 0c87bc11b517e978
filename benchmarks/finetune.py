"""What fine-tuning brings on digits of another origin: prints the README's table of it.

    python benchmarks/finetune.py

The digits are real: 1,797 handwritten ones of 43 people, scanned in the nineties and kept at 8 × 8 pixels, that
scikit-learn brings along (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998). They are
written out as a folder of class folders, enlarged, and `python -m train --from checkpoints/default` does the rest. What
is counted are the sixth of them that training puts aside to test, and MNIST's own test images, which it should not
forget.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

ENLARGED = 8  # times
RUNS = {  # what is trained on, and how
    "10 of each class": (10, ()),
    "10 of each class, conv1 to conv3 frozen": (10, ("--freeze", "conv1,conv2,conv3")),
    "all": (None, ()),
    "all, without --from": (None, ("--preset", "default", "--epochs", "12")),
}


def write(folder: Path, each: int | None) -> None:
    """The digits as PNG, in class folders: all of them, or so many of each class."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    count = dict.fromkeys(range(10), 0)
    for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        if each is None or count[label] < each:
            path = folder / str(label) / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            grey = Image.fromarray((255 - image * 15.9375).astype("uint8"))  # ink is 16, on white paper
            grey.resize([side * ENLARGED for side in grey.size], Image.Resampling.BICUBIC).save(path)
            count[label] += 1


def main() -> None:
    from model import Recognizer
    from train import data, evaluate

    mnist = data.load("mnist").test

    def right(recognizer: Recognizer, split: data.Split) -> str:
        predicted = recognizer.classify(split.images).argmax(1)
        low, high = evaluate.wilson_interval(int((predicted == split.labels).sum()), len(split.labels))
        return f"{(predicted == split.labels).mean():.2%} ({low:.1%} to {high:.1%})"

    with tempfile.TemporaryDirectory() as root:
        write(Path(root) / "all", None)
        test = data.load(f"{root}/all").test
        print(f"| trained on | their test part (n = {len(test.labels)}) | MNIST test (n = 10,000) | seconds |")
        print("| --- | --- | --- | --- |")
        before = Recognizer.load()
        print(f"| checkpoints/default, as it is | {right(before, test)} | {right(before, mnist)} | |", flush=True)
        for number, (name, (each, flags)) in enumerate(RUNS.items()):
            folder, output = Path(root) / f"data{number}", Path(root) / f"run{number}"
            write(folder, each)
            source = () if "--preset" in flags else ("--from", "checkpoints/default")
            command = [sys.executable, "-m", "train", "--data", folder, *source, *flags, "--output", output, "--quiet"]
            start = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            taken = time.perf_counter() - start
            after = Recognizer.load(output)
            print(f"| {name} | {right(after, test)} | {right(after, mnist)} | {taken:.0f} |", flush=True)


if __name__ == "__main__":
    main()
