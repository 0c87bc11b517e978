"""Which test images ship, so that they are seen before any is fetched: those that the shipped
networks read wrong, those on their maps, and those whose labels were doubted.

    python -m app_pages.evaluation.ship     # writes checkpoints/test_images.npz

To be run again after one of these networks, or what is on a map, has changed.
"""

import numpy as np

from app_pages.evaluation import doubtful
from app_pages.figures import maps
from app_pages.server import images
from model import checkpoint
from model.disk import atomic_write
from train import data

DATASET = "mnist"


def choose() -> np.ndarray:
    """(m,) int, ascending: the numbers of the test images that ship."""
    chosen = [doubtful.numbers()]
    for path in checkpoint.SHIPPED.glob(f"*/{checkpoint.EVALUATION}"):
        labels, probabilities = checkpoint.read_evaluation(path.parent)
        wrong = probabilities.argmax(1) != labels
        chosen += [np.flatnonzero(wrong), maps.sample(wrong)]
    return np.unique(np.concatenate(chosen))


def main() -> None:
    dataset, numbers = data.load(DATASET), choose()
    with atomic_write(images.SHIPPED) as path, open(path, "wb") as file:
        np.savez_compressed(
            file,
            dataset=np.array(DATASET),
            classes=np.array(dataset.classes),
            total=np.array(len(dataset.test.labels)),
            numbers=numbers.astype(np.uint16),
            labels=dataset.test.labels[numbers].astype(np.uint8),
            pixels=dataset.test.images[numbers],
        )
    print(
        f"{images.SHIPPED}: {len(numbers):,} test images, {images.SHIPPED.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
