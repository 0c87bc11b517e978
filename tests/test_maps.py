"""The map of the test images: t-SNE against scikit-learn's, and a new digit's place on it."""

import json

import numpy as np
import pytest
import threadpoolctl
from sklearn import datasets, manifold

from app_pages.figures import maps, tsne
from app_pages.server import resources
from app_pages.server.resources import Network
from model import checkpoint
from train import data


@pytest.fixture(scope="module")
def points():
    digits = datasets.load_digits(n_class=6)
    return digits.data[:400].astype(np.float32), digits.target[:400]


def test_the_map_is_as_good_as_scikit_learns(points):
    points, _ = points
    places = tsne.tsne(points)
    # its threads wait for each other where the processor is shared
    with threadpoolctl.threadpool_limits(1):
        reference = manifold.TSNE(init="pca", random_state=0, max_iter=500).fit_transform(points)
    attraction = tsne.affinities(points, 30)
    assert attraction.sum() == pytest.approx(1, abs=1e-4) and (attraction == attraction.T).all()
    assert tsne.divergence(attraction, places) < 1.1 * tsne.divergence(attraction, reference)
    ours, theirs = (
        manifold.trustworthiness(points, each, n_neighbors=10) for each in (places, reference)
    )
    assert ours > theirs - 0.005
    np.testing.assert_array_equal(tsne.tsne(points), places)


def test_affinities_have_the_perplexity_that_was_asked_for():
    """Of two far groups of 20 equal distances each, every point's neighbours are its own
    group's."""
    points = np.concatenate([np.eye(20), 100 + np.eye(20)]).astype(np.float32)
    attraction = tsne.affinities(points, 19)
    assert attraction[:20, 20:].max() < 1e-9
    np.testing.assert_allclose(
        attraction[:20, :20][~np.eye(20, dtype=bool)], 1 / (40 * 19), rtol=1e-3
    )


@pytest.mark.parametrize("n", [1, 3, 5])
def test_few_points_have_places_too(n):
    assert np.isfinite(tsne.tsne(np.eye(n, 8))).all()
    assert (tsne.tsne(np.ones((n, 8))) == 0).all()


def a_map(classes=3, n=30):
    rng = np.random.default_rng(0)
    labels = np.arange(n) % classes
    places = np.array([[0, 0], [10, 0], [0, 10]])[labels] + rng.normal(0, 0.1, (n, 2))
    predicted = np.where(np.arange(n) == 4, 0, labels)
    features = np.eye(classes)[labels] + rng.normal(0, 0.01, (n, classes))
    return maps.Map(
        places, features, np.arange(n), labels, predicted, ("data:image/png;base64,",) * n
    )


def test_a_digit_is_placed_where_its_like_are():
    map = a_map()
    assert maps.place(map, np.array([0, 1, 0])) == pytest.approx([10, 0], abs=0.5)
    assert maps.place(map, map.embeddings[7]) == pytest.approx(map.places[7], abs=0.01)


@pytest.mark.parametrize("classes", [("7", "8", "9"), ("trouser", "ankle boot", "bag")])
def test_the_chart_names_all_and_marks_the_mistakes_and_the_new_digit(classes):
    map = a_map()
    spec = maps.chart(map, classes, here=np.array([3.0, 4.0])).to_dict()
    digits, *more = sorted(spec["datasets"].values(), key=len, reverse=True)
    assert [row["class"] for row in digits] == [classes[label] for label in map.labels]
    assert [row["number"] for row in digits if row["mistake"]] == [4]
    assert all(row["image"] == map.pictures[0] for row in digits)
    written = (
        {row["mark"] for row in digits} if classes[0] == "7" else {row["class"] for row in more[0]}
    )
    assert written == set(classes)
    assert spec["layer"][-1]["mark"]["text"] == "this digit" and [{"x": 3.0, "y": 4.0}] in more


def test_a_map_of_test_images_holds_all_mistakes(monkeypatch):
    labels, probabilities = checkpoint.read_evaluation(checkpoint.DEFAULT)
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 28, 28), np.uint8)
    monkeypatch.setattr(data, "is_here", lambda name: True)
    monkeypatch.setattr(resources, "test_images", lambda name: (data.Split(images, labels), ()))
    map = maps.draw_map.__wrapped__(Network.at(checkpoint.DEFAULT))
    mistakes = np.flatnonzero(probabilities.argmax(1) != labels)
    assert len(map.numbers) == maps.POINTS and np.isin(mistakes, map.numbers).all()
    assert (np.diff(map.numbers) > 0).all() and (map.labels == labels[map.numbers]).all()
    assert (map.predicted == probabilities.argmax(1)[map.numbers]).all()
    assert map.places.shape == (maps.POINTS, 2) and np.isfinite(map.places).all()


def test_a_map_takes_the_images_that_ship_where_no_others_are(monkeypatch):
    monkeypatch.setattr(data, "is_here", lambda name: False)
    for path in (checkpoint.DEFAULT, checkpoint.SHIPPED / "tiny"):
        assert maps.is_drawable(Network.at(path))
    map = maps.draw_map.__wrapped__(Network.at(checkpoint.DEFAULT))
    labels, probabilities = checkpoint.read_evaluation(checkpoint.DEFAULT)
    assert len(map.numbers) == maps.POINTS and (map.labels == labels[map.numbers]).all()
    wrong = probabilities.argmax(1) != labels
    np.testing.assert_array_equal(map.numbers, maps.sample(wrong))
    assert ((map.labels != map.predicted).sum()) == wrong.sum()


def test_a_map_without_an_evaluation_reads_the_images_itself(checkpoints, monkeypatch, recognizer):
    path = checkpoints / "default"
    (path / checkpoint.EVALUATION).unlink()
    images = np.random.default_rng(1).integers(0, 256, (20, 28, 28), np.uint8)
    monkeypatch.setattr(data, "is_here", lambda name: True)
    monkeypatch.setattr(
        resources, "test_images", lambda name: (data.Split(images, np.arange(20) % 10), ())
    )
    map = maps.draw_map(Network.at(path))
    assert (map.predicted == recognizer.classify(images).argmax(1)).all() and len(map.places) == 20


def test_other_test_images_have_no_map(checkpoints, monkeypatch):
    path = checkpoints / "default" / checkpoint.CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | {"description": "other"}))
    images = np.zeros((2, 28, 28), np.uint8)
    monkeypatch.setattr(data, "is_here", lambda name: True)
    monkeypatch.setattr(
        resources, "test_images", lambda name: (data.Split(images, np.array([3, 40])), ())
    )
    with pytest.raises(data.DataError, match="aren't those"):
        maps.draw_map(Network.at(path.parent))
