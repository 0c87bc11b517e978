"""How often characters of other scripts are taken for digits: prints docs/results.md's table.

    python benchmarks/strangers.py images_background_small1 images_background_small2

Each folder holds a folder a script, and in these, however deep, pictures of one character each, as
Omniglot's do (Lake, Salakhutdinov and Tenenbaum, 2015: Human-level concept learning through
probabilistic program induction). A script that several folders have is taken from the first.

AUROC is how often a test digit of MNIST has the higher score. Scores of doubt are compared with
each other at thresholds below which the same share of validation digits lies.

    python benchmarks/strangers.py --pens pendigits-orig.tes strokes_background_small1 …

does the same with how a pen moved, which Omniglot's strokes tell, a text file a character; the
digits are those of a UNIPEN file.
"""

import argparse
import itertools
import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
from robustness import auroc

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from model import Recognizer, shipped  # noqa: E402
from model.classifier import certainty  # noqa: E402
from model.image import ImageError, Page, pages  # noqa: E402
from model.page_reader import combine_votes  # noqa: E402
from model.pen_reader import load_pen_reader  # noqa: E402
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
    parser.add_argument("--pens", type=Path, metavar="FILE", help="digits in UNIPEN")
    options = parser.parse_args()
    recognizer = Recognizer.load(shipped.find(options.checkpoint))
    if options.pens:
        print_pens(recognizer, pages(options.pens), characters(options.folders, "txt"))
    else:
        print_pictures(recognizer, characters(options.folders, "png"))


def print_pictures(recognizer: Recognizer, scripts: dict[str, list[Path]]) -> None:
    """The tables of pictures."""
    answers = recognizer.classifier.answers
    mnist = data.load("mnist")
    digits, validation = (
        recognizer.classify(split.images) for split in (mnist.test, mnist.validation)
    )
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
    for name, some in wholes(scripts):
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


def print_pens(recognizer: Recognizer, digits: list[Page], scripts: dict[str, list[Path]]) -> None:
    """The table of how pens moved: what the networks say of all that is on a sheet, by its picture
    and together, and whether the sheet is answered, by its picture and as a pen file."""
    found = {
        script: np.array([look(recognizer, pages(as_inkml(path))[0]) for path in paths])
        for script, paths in scripts.items()
    }
    for name, some in wholes(scripts):
        found[name] = np.concatenate([found[script] for script in some])
    sure = np.array([look(recognizer, sheet) for sheet in digits])
    print(
        "| script | characters | AUROC, by the picture | with the pen | answered, by the picture "
        "| with the pen |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for script, (*scores, by_picture, together) in {k: v.T for k, v in found.items()}.items():
        curves = " | ".join(
            f"{auroc(score, other):.4f}" for score, other in zip(sure.T, scores, strict=False)
        )
        print(
            f"| {script} | {len(together):,} | {curves} | {by_picture.mean():.1%} | "
            f"{together.mean():.1%} |"
        )
    by_picture, together = (1 - sure[:, 2:]).mean(0)
    print(
        f"\nDigits abstained from: by the picture {by_picture:.2%}, with the pen {together:.2%} "
        f"(n = {len(sure):,})."
    )


def look(recognizer: Recognizer, sheet: Page) -> tuple[float, float, bool, bool]:
    """Of a sheet that a pen wrote: how certain the network of glyphs is, and how certain both
    are; whether a digit is read in its picture, and with its strokes."""
    drawing = sheet.drawing()
    assert drawing
    picture = drawing.picture()
    (by_picture,) = recognizer.classify(as_single_glyph(picture)[None])
    together = combine_votes(by_picture, load_pen_reader().read([drawing.strokes])[0])
    return (
        float(certainty(by_picture)),
        float(certainty(together)),
        is_answered(recognizer, picture),
        is_answered(recognizer, sheet),
    )


def as_inkml(path: Path) -> bytes:
    """A file of Omniglot's strokes as a pen file: "START", lines of x, y, time, y up, and "BREAK"
    after each stroke."""
    places: list[str] = []
    traces = ""
    for line in path.read_text().split():
        if line == "BREAK":
            traces += f"<trace>{', '.join(places)}</trace>"
            places = []
        elif line != "START":
            x, y, _ = line.split(",")
            places.append(f"{x} {-float(y)}")
    return f"<ink>{traces}</ink>".encode()


def characters(folders: list[Path], ending: str) -> dict[str, list[Path]]:
    """The files of each script."""
    scripts: dict[str, list[Path]] = {}
    for folder in folders:
        for script in sorted(filter(Path.is_dir, folder.iterdir())):
            scripts.setdefault(script.name, sorted(script.rglob(f"*.{ending}")))
    return scripts


def wholes(scripts: Collection[str]) -> list[tuple[str, list[str]]]:
    """All scripts, and those that no training has drawn, by what they are called."""
    unseen = [script for script in scripts if script != DRAWN]
    return [("all", list(scripts)), (f"all but {DRAWN}", unseen)]


def is_answered(recognizer: Recognizer, source: Path | np.ndarray | Page) -> bool:
    """Whether a picture is read as some digit."""
    try:
        return any(digit.value is not None for digit in recognizer.read(source).digits)
    except ImageError:
        return False


if __name__ == "__main__":
    main()
