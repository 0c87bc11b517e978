"""The Evaluation page, run by Streamlit's AppTest, its views one by one."""

import json
import re
import shutil
from collections.abc import Iterator

import altair as alt
import cards
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pages import DEFAULT, ROOT, button, follow, links, page_html, said, start
from streamlit.testing.v1 import AppTest

from app_pages import subject
from app_pages.evaluation import doubtful, plots, predictions, ship
from app_pages.evaluation.doubtful import Doubtful
from app_pages.evaluation.predictions import Predictions
from app_pages.evaluation.views import compare, people, robustness, training
from app_pages.figures import charts
from app_pages.figures.maps import draw_map
from app_pages.server import images as server_images
from app_pages.server.resources import Network
from app_pages.words import plain
from model import checkpoint
from model.classifier import certainty
from train import corruptions, data, metrics


@pytest.fixture
def images(monkeypatch) -> Iterator[np.ndarray]:
    """(10000, 28, 28) uint8 in the place of the test images: noise, no two alike."""
    labels, _ = checkpoint.read_evaluation(DEFAULT)
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 28, 28), np.uint8)
    monkeypatch.setattr(data, "is_here", lambda name: True)
    monkeypatch.setattr(
        "app_pages.server.resources.test_images",
        lambda name: (data.Split(images, labels), tuple("0123456789")),
    )
    forget()
    yield images
    forget()


def forget() -> None:
    """What was computed of other images in the place of the test images."""
    draw_map.clear()
    robustness.count_answers.clear()


def view(name: str) -> AppTest:
    app = start("evaluation")
    app.button_group(key="view").set_value(name).run()
    assert not app.exception
    return app


def rewrite(path, **changes) -> None:
    """Another checkpoint's card."""
    card = json.loads((path / checkpoint.CARD).read_text())
    (path / checkpoint.CARD).write_text(json.dumps(card | changes))


def answer(path, labels: np.ndarray, probabilities: np.ndarray) -> None:
    """Another checkpoint's evaluation."""
    np.savez(path / checkpoint.EVALUATION, labels=labels, probabilities=probabilities)


def test_the_numbers_are_those_of_the_evaluation():
    app = start("evaluation")
    assert not app.exception
    labels, probabilities = checkpoint.read_evaluation(DEFAULT)
    right, n = int((labels == probabilities.argmax(1)).sum()), len(labels)
    low, high = metrics.wilson_interval(right, n)
    assert [metric.value for metric in app.metric] == [
        f"{right / n:.2%}",
        f"{low:.2%} – {high:.2%}",
        f"{n - right:,} of {n:,}",
    ]
    assert list(app.dataframe[0].value["support"]) == list(np.bincount(labels))


def test_a_checkpoint_without_an_evaluation_says_so(checkpoints):
    (checkpoints / "default" / checkpoint.EVALUATION).unlink()
    app = start("evaluation")
    assert not app.exception
    assert "without an evaluation" in said(app.info)


def test_only_the_chosen_view_is_drawn(images):
    app = view("Training")
    assert (
        said(app.header) == "How it learned The recipe"
        and not app.dataframe
        and len(app.get("vega_lite_chart")) == 2
    )


def test_the_recipe_is_the_cards(images):
    app = view("Training")
    card = checkpoint.read_card(checkpoint.DEFAULT)
    assert app.code[0].value == card.command
    shown = app.table[0].value["value"]
    assert set(shown.index) == {plain(name) for name in (*card.config, *card.versions)}
    assert shown[plain("learning_rate")] == plain(str(card.config["learning_rate"]))
    assert "lie 50% of the way" in said(app.markdown)


def test_only_a_network_between_two_says_so(checkpoints):
    rewrite(checkpoints / "default", average={})
    assert "of the way" not in said(view("Training").markdown)


# Confusion matrix


@pytest.mark.parametrize(
    ("shown", "cells"),
    [
        ("Counts", ["8", "2", "", "", "40", "", "", "", "1"]),
        ("Row percentages", ["80", "20", "", "", "100", "", "", "", "100"]),
        ("Mistakes only", ["", "2", "", "", "", "", "", "", ""]),
    ],
)
def test_every_kind_of_the_confusion_matrix(shown, cells, images):
    """What stands in the cells of a worked example, a row a true class; and the page shows that
    kind."""
    chart = charts.confusion(
        np.array([[8, 2, 0], [0, 40, 0], [0, 0, 1]]), ("a", "b", "c"), shown, ("", "")
    )
    assert chart.data["words"].tolist() == cells
    app = start("evaluation")
    app.button_group(key="show").set_value(shown).run()
    assert not app.exception
    tested = Predictions(Network.at(DEFAULT))
    wanted = charts.confusion(tested.matrix, tested.classes, shown, ("", "")).data["words"]
    sent = app.get("vega_lite_chart")[0].proto.datasets[0].data.data
    assert pa.ipc.open_stream(sent).read_pandas()["words"].tolist() == wanted.tolist()


def test_at_first_the_most_frequent_mistake_is_chosen(images):
    tested = Predictions(Network.at(DEFAULT))
    mistakes = tested.matrix * ~np.eye(10, dtype=bool)
    app = start("evaluation")
    cell = [int(app.selectbox(key=key).value) for key in ("true", "predicted")]
    assert mistakes[tuple(cell)] == mistakes.max()


def test_a_cell_chosen_by_the_boxes_shows_its_images_page_by_page(images):
    tested = Predictions(Network.at(DEFAULT))
    app = start("evaluation")
    app.selectbox(key="true").set_value("7").run()
    app.selectbox(key="predicted").set_value("7").run()
    assert not app.exception
    members = np.flatnonzero((tested.labels == 7) & (tested.predicted == 7))
    assert f"7 read as 7: {len(members):,} images" in said(app.subheader)
    surest = members[np.argsort(-tested.confidence[members])]
    assert (
        page_html(app).count("<figure")
        == predictions.PAGE
        == len(app.selectbox(key="image 7 7 1").options)
    )
    assert app.selectbox(key="image 7 7 1").value == surest[0]
    second = tested.classes[tested.ranked[surest[0], 1]]
    assert f"then {second}" in page_html(app) and f'href="network?image={surest[0]}"' in page_html(
        app
    )


def test_an_image_is_sent_on(images):
    app = start("evaluation")
    app.selectbox(key="true").set_value("9").run()
    app.selectbox(key="predicted").set_value("4").run()
    box = app.selectbox(key="image 9 4 1")
    number = int(box.options[1].partition(":")[0])
    box.set_value(number).run()
    assert not app.exception
    assert links(app) == {words: f"image={number}" for words, _ in subject.PLACES.values()}
    follow(app, "Play with it", "playground")
    assert f"test image {number} of mnist. It is a 9." in said(app.markdown)


def test_the_address_of_an_image_names_the_network_where_it_is_not_the_default(checkpoints):
    shutil.copytree(DEFAULT, checkpoints / "my own")
    addresses = [
        predictions.link_to("network", Predictions(Network.at(checkpoints / name)), 3)
        for name in ("default", "my own")
    ]
    assert addresses == ["network?image=3", "network?image=3&checkpoint=my+own"]


def test_test_images_are_fetched_on_wish_and_failure_is_a_sentence(monkeypatch):
    def load(name, progress):
        progress(0.5, "Half way")
        raise data.DataError("There is no network.")

    monkeypatch.setattr(data, "is_here", lambda name: False)
    monkeypatch.setattr(data, "load", load)
    app = start("evaluation")
    assert "Fetch the images" not in labels(app)  # the images of a mistake ship
    app.selectbox(key="true").set_value("7").run()
    app.selectbox(key="predicted").set_value("7").run()
    assert len(app.get("vega_lite_chart")) == 1  # there without the images
    assert re.search(r"of these 1,02\d images come with the network", said(app.markdown))
    assert "Test image" in page_html(app)
    button(app, "Fetch the images").click().run()
    assert button(app, "Fetch the images")
    assert said(app.error) == "There is no network." and not app.exception


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


@pytest.mark.parametrize("name", ["Mistakes", "Damage", "Map", "Compare", "Confusion matrix"])
def test_every_view_offers_once_to_fetch_images_of_which_none_ship(name, checkpoints, monkeypatch):
    monkeypatch.setattr(data, "is_here", lambda name: False)
    shutil.copytree(DEFAULT.parent / "tiny", checkpoints / "tiny")
    for network in ("default", "tiny"):
        rewrite(checkpoints / network, data={"name": "nowhere"})
    app = view(name)
    assert labels(app) == ["Fetch the images"] and "Test image" not in page_html(app)
    assert "don't come with the network" in said(app.markdown)


@pytest.mark.parametrize(
    ("name", "figures"), [("Mistakes", 24), ("Map", 1), ("Compare", 17), ("Labels", 24)]
)
def test_what_a_view_shows_of_shipped_networks_ships(name, figures, monkeypatch):
    monkeypatch.setattr(data, "is_here", lambda name: False)
    forget()
    app = view(name)
    assert "All images shown here come with the network." in said(app.caption)
    assert page_html(app).count("<figure") == figures
    assert labels(app).count("Fetch the images") == (name == "Compare")  # to damage them
    forget()


def test_the_images_that_ship_are_those_of_the_dataset(mnist):
    """Again by `python -m app_pages.evaluation.ship`, where this fails."""
    shipped = server_images.shipped("mnist")
    np.testing.assert_array_equal(shipped.numbers, ship.choose())
    np.testing.assert_array_equal(shipped.pixels, mnist.test.images[shipped.numbers])
    np.testing.assert_array_equal(shipped.labels, mnist.test.labels[shipped.numbers])
    assert shipped.classes == mnist.classes and shipped.total == len(mnist.test.labels)
    assert f"{len(shipped.numbers):,} test images ship" in (ROOT / "README.md").read_text()
    assert not shipped.complete and not len(server_images.shipped("kmnist").numbers)


def test_an_evaluation_of_an_earlier_version_is_put_in_order(checkpoints):
    """It had the test images as TFDS shuffles them."""
    labels, probabilities = checkpoint.read_evaluation(DEFAULT)
    shuffled = np.argsort(data.idx_order("test", len(labels)))
    assert shuffled[:4].tolist() == [9933, 5669, 163, 6686]
    answer(checkpoints / "default", labels[shuffled], probabilities[shuffled])
    tested = Predictions(Network.at(checkpoints / "default"))
    np.testing.assert_array_equal(tested.labels, labels)
    np.testing.assert_array_equal(tested.probabilities, probabilities)


def test_answers_to_images_in_another_order_are_not_laid_beside_them(checkpoints, images):
    labels, probabilities = checkpoint.read_evaluation(DEFAULT)
    answer(checkpoints / "default", labels[::-1], probabilities[::-1])
    app = start("evaluation")
    assert not app.exception and "Test image" not in page_html(app)
    assert "have other labels than those that this network was tested on" in said(app.error)


def test_the_test_images_of_a_folder_need_no_fetching(checkpoints, images):
    rewrite(checkpoints / "default", data={"name": str(checkpoints)})
    app = start("evaluation")
    assert not app.exception
    assert "Test image" in page_html(app)
    assert "Fetch the images" not in labels(app)


def test_other_test_images_are_not_shown(monkeypatch):
    monkeypatch.setattr(data, "is_here", lambda name: True)
    few = np.zeros((5, 28, 28), np.uint8)
    monkeypatch.setattr(
        "app_pages.server.resources.test_images", lambda name: (data.Split(few, np.arange(5)), ())
    )
    app = start("evaluation")
    assert "mnist has 5 test images here, but this network was tested on 10,000." in said(app.error)


def test_real_test_images_stand_behind_a_mistake(mnist):
    app = start("evaluation")
    assert not app.exception
    assert "Test image" in page_html(app)


def test_what_was_chosen_need_not_be_there_with_another_network(checkpoints, images):
    labels, probabilities = checkpoint.read_evaluation(DEFAULT)
    shutil.copytree(DEFAULT, checkpoints / "letters")
    rewrite(checkpoints / "letters", classes=list("abcdefghij"))
    shutil.copytree(DEFAULT, checkpoints / "other")
    answer(checkpoints / "other", labels, probabilities[::-1])  # nothing is read as before
    app = start("evaluation")
    app.selectbox(key="true").set_value("9").run()
    app.selectbox(key="predicted").set_value("4").run()
    box = app.selectbox(key="image 9 4 1")
    box.set_value(int(box.options[-1].partition(":")[0])).run()
    app.selectbox(key="checkpoint").set_value("other").run()
    assert not app.exception and "9 read as 4" in said(app.subheader)
    assert page_html(app).count("<figure") == predictions.PAGE
    app.selectbox(key="checkpoint").set_value("letters").run()
    assert not app.exception
    assert {app.selectbox(key=key).value for key in ("true", "predicted")} <= set("abcdefghij")


# Mistakes


def test_mistakes_are_sorted_and_likely_wrong_labels_marked(images, checkpoints):
    shutil.copytree(DEFAULT.parent / "tiny", checkpoints / "default", dirs_exist_ok=True)
    tested = Predictions(Network.at(checkpoints / "default"))
    wrong = np.flatnonzero(~tested.right)
    doubtful = np.flatnonzero(
        metrics.likely_labels(tested.labels, tested.probabilities) != tested.labels
    )
    app = view("Mistakes")
    assert (
        app.selectbox(key="image mistakes Confidence False 1").value
        == wrong[tested.confidence[wrong].argmax()]
    )
    assert page_html(app).count("likely wrong<") == len(doubtful) > 0
    app.button_group(key="order").set_value("Loss").run()
    dearest = wrong[metrics.losses(tested.labels, tested.probabilities)[wrong].argmax()]
    assert app.selectbox(key="image mistakes Loss False 1").value == dearest
    app.toggle(key="doubtful").set_value(True).run()
    assert not app.exception and page_html(app).count("<figure") == len(doubtful)


def test_without_likely_wrong_labels_nobody_asks_for_them(images, monkeypatch):
    monkeypatch.setattr(metrics, "likely_labels", lambda labels, probabilities: labels)
    app = view("Mistakes")
    figures = page_html(app).count("<figure")
    toggle = app.toggle(key="doubtful")
    assert toggle.disabled and toggle.label == "Only likely wrong labels (0)"
    app.session_state["doubtful"] = True  # as an address may have it
    app.run()
    assert not app.exception and page_html(app).count("<figure") == figures > 0


def test_without_mistakes_there_is_nothing_to_browse(checkpoints):
    labels = np.arange(30) % 10
    answer(checkpoints / "default", labels, np.eye(10, dtype=np.float32)[labels])
    for name in ("Mistakes", "Confidence", "Confusion matrix"):
        app = view(name)
        assert (name == "Mistakes") == ("no mistake" in said(app.success))
    curve = metrics.risk_coverage_curve(np.ones(30, bool), np.ones(30))
    (line,) = plots.coverage({"default": curve}, {}).to_dict()["layer"]
    assert line["encoding"]["x"]["scale"]["domain"] == pytest.approx([0.95, 1])


# Confidence


def test_what_abstaining_brings_is_said_in_numbers():
    app = view("Confidence")
    tested = Predictions(Network.at(DEFAULT))
    answered = tested.certainty >= tested.card.least_certainty
    assert f"answers {answered.mean():.2%}" in said(app.caption)
    assert f"reads {tested.right[answered].mean():.2%} of those right" in said(app.caption)
    assert len(app.get("vega_lite_chart")) == 3


def test_a_network_that_always_answers(checkpoints):
    rewrite(checkpoints / "default", least_certainty=0.0)
    assert "always answers" in said(view("Confidence").caption)


def test_the_histogram_counts_all():
    confidence, right = np.array([0.35, 0.95, 0.97, 1.0]), np.array([True, False, True, True])
    rows = plots.histogram(confidence, right).data
    last = rows[rows["confidence"] == "90–100"].set_index("part")["images"]
    assert rows["images"].sum() == 4 and last.to_dict() == {"Right": 2, "Wrong": 1}
    assert rows["confidence"].iloc[0] == "30–40"


def test_the_coverage_curve_keeps_its_end_and_marks_the_threshold():
    tested = Predictions(Network.at(DEFAULT))
    curve = metrics.risk_coverage_curve(tested.right, tested.certainty)
    line, mark, _ = plots.coverage({"default": curve}, {"default": 0.625}).layer
    assert len(line.data) <= 2 * plots.POINTS
    assert line.data["accuracy"].iloc[-1] == pytest.approx(tested.right.mean())
    assert mark.data["coverage"][0] == pytest.approx((tested.certainty >= 0.625).mean())


# Damage


def corrupt_few(monkeypatch, images: int, kinds: tuple[str, ...]) -> None:
    """Few images and kinds of damage, to be quick."""
    few = {kind: corruptions.CORRUPTIONS[kind] for kind in kinds}
    monkeypatch.setattr(corruptions, "CORRUPTIONS", few)
    monkeypatch.setattr(robustness, "IMAGES", images)


def test_damage_is_measured_and_shown(images, monkeypatch):
    corrupt_few(monkeypatch, 16, ("none", "grey ground"))
    app = view("Damage")
    assert page_html(app).count("<figure") == 2 and "grey ground" in page_html(app)
    assert "16 test images, spread evenly" in said(app.caption)


def test_the_rows_of_damage_are_counts(images, recognizer):
    class Place:
        def progress(self, share, words):
            assert 0 <= share < 1 and words

    tested = Predictions(Network.at(DEFAULT))
    rows = robustness.measure([tested], images[:8], tested.labels[:8], Place())
    assert list(rows["kind"]) == list(corruptions.CORRUPTIONS)
    probabilities = recognizer.classify(corruptions.corrupt("stripes", images[:8]))
    row = rows[rows["kind"] == "stripes"].iloc[0]
    assert row["accuracy"] == (probabilities.argmax(1) == tested.labels[:8]).mean()
    assert row["abstained"] == (certainty(probabilities) < tested.card.least_certainty).mean()
    assert (row["low"], row["high"]) == metrics.wilson_interval(round(8 * row["accuracy"]), 8)
    two = plots.corruptions(pd.concat([rows, rows.assign(network="other")]))
    assert isinstance(two, alt.LayerChart) and set(two.data["network"]) == {"default", "other"}


# Map


def test_the_map_shows_the_digits_and_one_can_be_sent_on(images):
    app = view("Map")
    assert len(app.get("vega_lite_chart")) == 1 and "1,000 test images" in said(app.caption)
    box = app.selectbox(key="on the map of default")
    number = int(box.options[7].partition(":")[0])
    box.set_value(number).run()
    assert not app.exception and f"Test image {number}:" in page_html(app)


def test_a_map_that_cannot_be_drawn_says_why(images, monkeypatch):
    def fail(path):
        raise data.DataError("The images are elsewhere.")

    monkeypatch.setattr("app_pages.figures.maps.draw_map", fail)
    assert "The images are elsewhere." in said(view("Map").error)


# Doubtful labels


def test_people_are_counted_as_their_votes_were():
    """Of the 100, 15 labels are refused, as the paper's Table 1 has it."""
    asked = doubtful.read()
    assert len(asked) == 100 and (np.diff(doubtful.numbers()) > 0).all()
    assert all(each.for_label + each.for_other + each.for_neither == 5 for each in asked)
    most = [each.most for each in asked]
    assert [most.count(what) for what in ("label", "other", "neither", None)] == [85, 10, 3, 2]
    by_number = {each.number: each for each in asked}
    assert by_number[947][1:] == ("8", "9", 0, 5, 0) and by_number[947].words == "5×9"
    assert by_number[2130].most is None and by_number[2130].words == "2×4, 2×9, 1×–"
    assert by_number[938].other == "" and by_number[938].most == "label"


def test_a_network_stands_beside_people():
    a, b, c, d = (
        Doubtful(1, "4", "9", 0, 5, 0),
        Doubtful(2, "4", "9", 2, 3, 0),
        Doubtful(3, "4", "9", 2, 2, 1),
        Doubtful(4, "4", "", 5, 0, 0),
    )
    words = people.verdict({a: "9", b: "4", c: "9", d: "7"})
    assert "Of the 2 in which most see the other digit" in words
    assert "**1 as people do** and 1 as the label says" in words
    assert "of the 1 in which most see the label, it reads 0 as that" in words
    assert "of its 3 mistakes among the 4, 1 are rather" in words and "in 1 of the 2," in words
    assert "Most see the label in 1, the other digit in 2, neither in 0; in 1," in people.summary(
        [a, b, c, d]
    )


def test_doubtful_labels_are_shown_with_votes_and_of_another_dataset_not(checkpoints):
    app = view("Labels")
    tested = Predictions(Network.at(DEFAULT))
    other = [each for each in doubtful.read() if each.most == "other"]
    agreed = sum(tested.classes[tested.predicted[each.number]] == each.other for each in other)
    assert f"**{agreed} as people do**" in said(app.markdown)
    assert "label 8\npeople 5×9" in page_html(app)
    assert app.subheader[0].value == "Labels that most people don't see: 15"
    results = (ROOT / "docs" / "results.md").read_text()
    for most, kind in (("the label", "label"), ("another digit", "other")):
        those = [each for each in doubtful.read() if each.most == kind]
        right = sum(tested.classes[tested.predicted[each.number]] == each.label for each in those)
        assert f"| {most} | {len(those)} | {right} |" in results
    rewrite(checkpoints / "default", data={"name": "kmnist"})
    assert "were asked about test images of mnist" in said(view("Labels").info)


# Compare


@pytest.fixture
def other(checkpoints):
    """Another checkpoint beside the default one, with the same network."""
    shutil.copytree(DEFAULT, checkpoints / "other")
    return checkpoints / "other"


def test_two_networks_side_by_side(other, images):
    labels, probabilities = checkpoint.read_evaluation(DEFAULT)
    worse = probabilities.copy()
    # 40 images that only the default one reads right
    lost = np.flatnonzero(probabilities.argmax(1) == labels)[:40]
    worse[lost] = np.roll(np.eye(10), 1, axis=1)[labels[lost]]
    answer(other, labels, worse.astype(np.float32))
    app = view("Compare")
    table = app.table[0].value
    assert list(table.columns) == ["default", "other", "Difference"]
    assert (
        table.loc["Mistakes", "Difference"] == "+40"
        and table.loc["Parameters", "Difference"] == "0"
    )
    assert table.loc["Accuracy", "Difference"] == "−0.40 points"
    assert "default is better, by more than chance would make" in said(app.markdown)
    assert app.table[1].value.loc["default right", "other wrong"] == "40"
    assert "Only default: 40 images" in said(app.subheader) and "Only other: 0 images" in said(
        app.subheader
    )
    assert page_html(app).count("<figure") == predictions.PAGE


def test_a_network_compared_with_its_like(other):
    app = view("Compare")
    assert "read the same images right" in said(app.markdown)


def test_both_bear_the_same_damage(other, images, monkeypatch):
    corrupt_few(monkeypatch, 8, ("none", "stripes"))
    app = view("Compare")
    before = len(app.get("vega_lite_chart"))
    app.toggle(key="both damaged").set_value(True).run()
    assert not app.exception and len(app.get("vega_lite_chart")) == before + 1
    assert "(default)" in said(app.caption) and "(other)" in said(app.caption)


def test_what_cannot_be_compared_says_why(checkpoints):
    assert "no other checkpoint" in said(view("Compare").info)
    shutil.copytree(DEFAULT, checkpoints / "other")
    labels, probabilities = checkpoint.read_evaluation(DEFAULT)
    answer(checkpoints / "other", labels[:50], probabilities[:50])
    assert "tested on different images" in said(view("Compare").info)
    (checkpoints / "other" / checkpoint.EVALUATION).unlink()
    assert "without an evaluation" in said(view("Compare").info)


@pytest.mark.parametrize(
    ("first", "second", "words"), [(0, 8, "is better"), (4, 6, "no more than chance")]
)
def test_the_verdict_is_mcnemars(first, second, words):
    class Tested:
        def __init__(self, name, right):
            self.network, self.right = Network(checkpoint.DEFAULT.parent / name, ()), right

    right = np.repeat([[1, 1], [1, 0], [0, 1]], [50, first, second], axis=0).astype(bool)
    said = compare.verdict(Tested("one", right[:, 0]), Tested("two", right[:, 1]))
    assert (
        words in said
        and f"{first + second} images" in said
        and f"{first} by one, {second} by two" in said
    )


def test_numbers_that_differ_do_so_in_their_digits():
    assert compare._told_apart(0.9969, 0.9953, 2, "%") == ["99.69%", "99.53%"]
    assert compare._told_apart(0.99690, 0.99691, 2, "%") == ["99.690%", "99.691%"]
    assert compare._signed(0.99690, 0.99691, 2, "%") == "+0.001 points"
    assert compare._told_apart(0.0123, 0.0123, 4, "f") == ["0.0123", "0.0123"]
    assert compare._signed(0.01234, 0.01231, 4, "f") == "−0.00003"
    assert compare._signed(30_000, 4, 0, ",d") == "−29,996"


def test_what_is_in_the_training_loss_is_said_as_the_recipe_has_it():
    loss = training.train_loss
    assert "drawings of no digit" in loss(checkpoint.read_card(DEFAULT))
    tiny = loss(checkpoint.read_card(DEFAULT.parent / "tiny"))
    assert "a teacher's answers" in tiny and "sure" not in tiny and "no digit" not in tiny
    assert loss(cards.card(config={})) == "is theirs alone."


def test_the_difference_matrix_has_signs_and_not_colours_alone():
    chart = plots.difference(np.array([[3, -3], [0, 0]]), ("a", "b"), "one", "two", "black")
    assert list(chart.data["words"]) == ["+3", "−3", "", ""] and list(chart.data["who"][:2]) == [
        "two",
        "one",
    ]


# The confusion matrix's chart


def test_the_confusion_matrix_in_numbers():
    matrix = np.array([[990, 10], [0, 500]])
    rows = {}
    for view in charts.VIEWS:
        chart = charts.confusion(matrix, ("a", "b"), view, ("a", "b"))
        rows[view] = chart.data
        assert isinstance(chart, alt.LayerChart) and rows[view]["strength"].between(0, 1).all()
        assert list(rows[view]["chosen"]) == [False, True, False, False]
    assert list(rows["Counts"]["words"]) == ["990", "10", "", "500"]
    assert list(rows["Row percentages"]["words"]) == ["99", "1", "", "100"]
    assert list(rows["Mistakes only"]["words"]) == ["", "10", "", ""]
