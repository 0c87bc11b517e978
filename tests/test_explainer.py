"""What the Explainer says of a network agrees with the network, and with what its methods
promise."""

import cards
import jax
import numpy as np
import pytest
from flax import nnx

from app_pages.pen import samples
from model import Recognizer, checkpoint, strokes
from model.embedding_index import EmbeddingIndex
from model.explainer import BATCH, PATCH, Explainer
from model.network import DigitCNN, Ensemble
from model.recognizer import as_single_glyph

CLASSES = list("0123456789")


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    """Of the network that ships."""
    return Explainer(*checkpoint.load(checkpoint.DEFAULT))


@pytest.fixture(scope="module")
def glyph() -> np.ndarray:
    """A 4, drawn by program."""
    return as_single_glyph(strokes.picture(samples.strokes(4, 280, 16), 280, 280))


def made(network: DigitCNN | Ensemble, classes=CLASSES) -> Explainer:
    """Of a network with random weights."""
    network.eval()
    return Explainer(network, cards.card(classes=tuple(classes)))


def test_the_layers_lead_from_the_image_to_the_scores(explainer, glyph):
    layers = explainer.layers(glyph)
    assert [layer.name for layer in layers] == [
        "image",
        "conv1",
        "conv2",
        "conv3",
        "pool",
        "conv4",
        "conv5",
        "hidden",
        "head",
    ]
    assert [layer.output.shape for layer in layers[1:]] == [
        (14, 14, 32), (14, 14, 48), (14, 14, 48), (7, 7, 48), (7, 7, 96), (5, 5, 96), (128,), (10,)
    ]  # fmt: skip
    np.testing.assert_allclose(layers[0].output[..., 0], glyph / 255, rtol=1e-6)
    np.testing.assert_allclose(
        layers[-2].output, explainer.embeddings(glyph[None])[0], rtol=1e-3, atol=1e-4
    )
    scores = layers[-1].output / explainer.card.temperature
    np.testing.assert_allclose(
        nnx.softmax(scores), explainer.probabilities(glyph[None])[0], atol=1e-4
    )
    assert sum(layer.parameters for layer in layers) == explainer.card.parameters
    # 32 filters of 5 × 5 pixels, and batch norm's scale and bias of each.
    assert layers[1].parameters == 32 * (25 + 2)
    sees = [layer.description.partition("One place now sees ")[2] for layer in layers[2:7]]
    assert sees == [
        "9 × 9 pixels of the image.", "13 × 13 pixels of the image.",
        "15 × 15 pixels of the image.", "23 × 23 pixels of the image.",
        "nearly the whole image.",
    ]  # fmt: skip


def test_a_place_sees_as_many_pixels_as_is_said(explainer, glyph):
    """By the gradient: pixels outside of what a place of the second convolution sees don't move
    it."""
    network = checkpoint.load(checkpoint.DEFAULT)[0]

    def place(images):
        return dict(network.layer_outputs(images))["conv2"][0, 7, 7].sum()

    rows, columns = np.nonzero(np.asarray(jax.grad(place)(glyph[None].astype(np.float32)))[0])
    assert np.ptp(rows) + 1 <= 9 and np.ptp(columns) + 1 <= 9
    assert np.ptp(rows) + 1 >= 8


@pytest.mark.parametrize(
    "network",
    [
        DigitCNN(3, widths=(4, 5, 6), depth=1, features=0, rngs=nnx.Rngs(0)),
        DigitCNN(3, widths=(4, 5, 6), depth=3, features=7, rngs=nnx.Rngs(0)),
        Ensemble(2, 3, widths=(4, 5, 6), features=7, rngs=nnx.Rngs(0)),
    ],
    ids=["tiny", "deep", "committee"],
)
def test_any_shape_of_network_is_explained(network, glyph):
    explainer = made(network, "abc")
    member = network.members[0] if isinstance(network, Ensemble) else network
    layers = explainer.layers(glyph)
    assert sum(layer.parameters for layer in layers) == sum(
        p.size for p in jax.tree.leaves(nnx.state(member, nnx.Param))
    )
    np.testing.assert_allclose(layers[-1].output, member(glyph[None])[0], rtol=1e-4, atol=1e-5)
    assert explainer.integrated_gradients(glyph, 2).shape == (28, 28)
    assert explainer.occlusion(glyph).shape == (28, 28, 3)


@pytest.mark.parametrize("index", [4, 9, 0])
def test_integrated_gradients_share_out_the_whole_difference(explainer, glyph, index):
    """Sundararajan, Taly and Yan's axiom of completeness."""
    shares = explainer.integrated_gradients(glyph, index)
    both = np.stack([np.zeros_like(glyph), glyph])
    black, here = np.log(explainer.probabilities(both)[:, index])
    assert abs(here - black) > 1
    assert shares.sum() == pytest.approx(here - black, abs=0.3)
    assert not shares[glyph == 0].any()


def test_integrated_gradients_of_a_network_that_is_a_sum(glyph):
    """Where scores are sums over pixels, a pixel's share is what it adds: the weight times its
    brightness."""

    class Sum(nnx.Module):
        def __call__(self, images):
            light = images.reshape(len(images), -1).astype(np.float32) / 255
            return light @ weights.reshape(-1, 2)

        embed = __call__

    weights = np.zeros((28, 28, 2), np.float32)
    weights[..., 0] = np.random.default_rng(0).normal(size=(28, 28)) / 100
    explainer = made(Sum(), "ab")
    difference = explainer.integrated_gradients(glyph, 0) - explainer.integrated_gradients(glyph, 1)
    np.testing.assert_allclose(difference, weights[..., 0] * glyph / 255, rtol=1e-3, atol=1e-6)


def test_occlusion_is_what_wiping_out_costs(explainer, recognizer: Recognizer, glyph):
    lost = explainer.occlusion(glyph)
    y, x = np.unravel_index(lost[..., 4].argmax(), glyph.shape)
    wiped = glyph.copy()
    for row in range(y - PATCH // 2, y + PATCH // 2 + 1):
        for column in range(x - PATCH // 2, x + PATCH // 2 + 1):
            wiped[row, column] = 0
    before, after = recognizer.classify(np.stack([glyph, wiped]))
    assert lost[y, x, 4] > 0.001
    np.testing.assert_allclose(lost[y, x], before - after, atol=1e-4)
    np.testing.assert_allclose(lost.sum(-1), 0, atol=1e-4)  # what one class loses, others win
    assert not lost[0, 0].any()  # nothing to wipe out there


def test_an_empty_image_has_nothing_to_share_out(explainer):
    black = np.zeros((28, 28), np.uint8)
    assert (
        not explainer.integrated_gradients(black, 3).any() and not explainer.occlusion(black).any()
    )


def test_the_most_similar_image_is_the_glyph_itself(explainer, glyph):
    others = np.random.default_rng(0).integers(0, 256, (2 * BATCH, 28, 28), np.uint8)
    told = []
    index = EmbeddingIndex(explainer, np.concatenate([others, glyph[None], others]), told.append)
    alike = index.similarities(glyph)
    assert alike.shape == (4 * BATCH + 1,) and alike.argmax() == 2 * BATCH
    assert alike.max() == pytest.approx(1, abs=1e-5)
    assert told[-1] == 1
    one, other = explainer.embeddings(np.stack([glyph, others[3]]))
    assert alike[3] == pytest.approx(
        one @ other / np.linalg.norm(one) / np.linalg.norm(other), abs=1e-4
    )


def test_what_excites_a_map_is_found_with_its_place(explainer):
    images = np.load(checkpoint.SHIPPED / "test_images.npz")["pixels"][:150]
    found = explainer.excitations(images, 3)
    outputs = [{one.name: one.output for one in explainer.layers(image)} for image in images]
    assert found.keys() == {"conv1", "conv2", "conv3", "pool", "conv4", "conv5", "hidden"}
    for name, excitations in found.items():
        flat = np.stack([each[name].reshape(-1, each[name].shape[-1]) for each in outputs])
        highest = flat.max(1).T  # (channels, images)
        np.testing.assert_allclose(excitations.values, -np.sort(-highest)[:, :3], atol=1e-4)
        for channel, (values, numbers, places) in enumerate(zip(*excitations, strict=True)):
            np.testing.assert_allclose(flat[numbers, places, channel], values, atol=1e-4)


def test_a_place_sees_the_pixels_that_its_field_says(explainer, glyph):
    before = {layer.name: layer for layer in explainer.layers(glyph)}
    for name, (row, column) in {"conv1": (6, 5), "conv3": (6, 6), "pool": (3, 3)}.items():
        left, top, width, height = before[name].field.box(row, column)
        outside = np.full((28, 28), 255, np.uint8)
        outside[top : top + height, left : left + width] = glyph[
            top : top + height, left : left + width
        ]
        after = {layer.name: layer for layer in explainer.layers(outside)}
        here = np.s_[row, column]
        np.testing.assert_allclose(after[name].output[here], before[name].output[here], atol=1e-4)
        smaller = glyph.copy()
        smaller[top, left : left + width] = 255  # the field's first row counts
        after = {layer.name: layer for layer in explainer.layers(smaller)}
        assert not np.allclose(after[name].output[here], before[name].output[here], atol=1e-4)


def test_a_kernel_does_what_convolution_and_norm_do(explainer, glyph):
    before, after = explainer.layers(glyph)[:2]
    padded = np.pad(before.output, ((1, 2), (1, 2), (0, 0)))
    patch = padded[12:17, 10:15]  # of place 6, 5
    _, bias = explainer.network.conv1.folded()
    expected = np.maximum((patch[..., None] * after.kernel).sum((0, 1, 2)) + bias, 0)
    np.testing.assert_allclose(after.output[6, 5], expected, atol=1e-4)
