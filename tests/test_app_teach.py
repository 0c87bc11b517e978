"""What visitors say about readings, and the page Teach it, run by Streamlit's AppTest."""

import json
import shutil

import numpy as np
import pytest
from pages import (
    DEFAULT,
    as_markdown,
    button,
    headline,
    labelled,
    message,
    page_html,
    png,
    said,
    start,
    written,
)
from PIL import Image
from streamlit.testing.v1 import AppTest

from app_pages.corrections import collection
from app_pages.corrections.collection import Item
from app_pages.pen import canvas
from app_pages.server import resources
from app_pages.subject import with_article
from app_pages.teach import teaching
from app_pages.teach.teaching import Comparison, TeachingError
from model import checkpoint
from train import data

HISTORY = [
    {
        "epoch": 1,
        "train_loss": 0.5,
        "train_accuracy": 0.9,
        "validation_loss": 0.1,
        "validation_accuracy": 0.97,
    }
]


class Job:
    """A fine-tuning in any state."""

    source, dataset, history = DEFAULT, "mnist", HISTORY

    def __init__(self, state: str, **values):
        self.state, self.busy, self.fault = state, state == "running", None
        self.progress, self.comparisons = {}, {}
        vars(self).update(values)


class Trainer:
    """A server's, that only writes down what it is asked for."""

    def __init__(self, job: Job | None = None):
        self.job, self.asked, self.refuses = job, [], None

    def note(self, *what):
        self.asked.append(what)
        if self.refuses:
            raise TeachingError(self.refuses)

    def start(self, source, trained, aside):
        self.note("start", source.name, trained[1].tolist(), aside[1].tolist())

    def clear(self, job):
        self.note("clear", job)
        self.job = None

    def keep(self, job, directory, name):
        self.note("keep", job, directory, name)
        self.job = None


@pytest.fixture
def trainer(monkeypatch):
    trainer = Trainer()
    monkeypatch.setattr(teaching, "trainer", lambda: trainer)
    monkeypatch.setattr(data, "is_here", lambda name: True)
    return trainer


def fill(*labels: str) -> collection.Collection:
    """Keeps an item of each label."""
    shelf = collection.open_collection()
    glyph = np.zeros((28, 28), np.uint8)
    shelf.add(
        [
            Item(label, glyph + number, "1", 0.5, "default", "<i>drawn</i>")
            for number, label in enumerate(labels)
        ]
    )
    return shelf


# That's a …


def drawn() -> AppTest:
    """The page Draw with a 2 that is read."""
    app = start()
    app.session_state[canvas.SQUARE.name] = message(written(2))
    return app.run()


def tap(app: AppTest, label: str) -> None:
    """Taps the button of a class."""
    words = f"*That's {with_article(label).replace(' ', '* ')}"
    (one,) = (one for one in app.button if one.label.removesuffix(" *as it was read*") == words)
    one.click().run()
    assert not app.exception


def test_a_tap_keeps_a_drawing_once_with_what_was_read():
    app, shelf = drawn(), collection.open_collection()
    read = [one.label for one in app.button if "as it was read" in one.label]
    assert read == ["*That's a* 2 *as it was read*"]
    assert "all visitors of this server see" in said(app.caption)
    for _ in range(2):
        tap(app, "8")
        assert said(app.success) == "Kept as an 8: 1 to learn from."
    (item,) = shelf.items()
    assert (item.label, item.read, item.checkpoint, item.origin) == ("8", "2", "default", "drawn")
    assert item.confidence > 0.9 and item.glyph.any()


def test_another_tap_takes_the_place_of_the_first_and_either_can_be_undone():
    shelf, app = fill("1", "1"), drawn()
    tap(app, "7")
    tap(app, "2")  # as it was read: that counts, too
    assert said(app.success) == "Kept as a 2: 3 to learn from."
    assert shelf.counts() == {"1": 2, "2": 1}
    button(app, "Undo *keeping it*").click().run()
    assert not app.success and not app.exception and shelf.counts() == {"1": 2}


def test_what_is_deleted_can_be_kept_again(trainer):
    app, shelf = drawn(), collection.open_collection()
    tap(app, "7")
    app.switch_page("app_pages/teach/page.py").run()
    (choose,) = (one for one in app.checkbox if one.label == "7")
    choose.check().run()
    button(app, "Delete the chosen (1)").click().run()
    app.switch_page("app_pages/draw/page.py").run()
    app.session_state[canvas.SQUARE.name] = message(written(2))
    app.run()
    assert headline(app) == "2" and not app.success and shelf.counts() == {}
    tap(app, "7")
    assert said(app.success) == "Kept as a 7: 1 to learn from." and shelf.counts() == {"7": 1}


def test_what_was_there_before_is_neither_kept_twice_nor_taken_back():
    tap(drawn(), "7")
    app, shelf = drawn(), collection.open_collection()  # another visitor draws the same
    tap(app, "7")
    assert shelf.counts() == {"7": 1}
    button(app, "Undo *keeping it*").click().run()
    assert not app.success and shelf.counts() == {"7": 1}


def test_classes_with_longer_names_are_chosen_in_a_box(checkpoints):
    card = json.loads((checkpoints / "default" / checkpoint.CARD).read_text())
    names = ["zero", *card["classes"][1:]]
    (checkpoints / "default" / checkpoint.CARD).write_text(json.dumps(card | {"classes": names}))
    app = drawn()
    assert not [one.label for one in app.button if "That's" in one.label]
    labelled(app.selectbox, "Its class").set_value("zero").run()
    button(app, "Keep it").click().run()
    assert said(app.success) == "Kept as zero: 1 to learn from."


def test_a_database_that_is_gone_is_a_sentence(tmp_path, monkeypatch):
    app = drawn()
    monkeypatch.setenv("DIGITS_DATABASE", f"sqlite:///{tmp_path}/nowhere/collection.db")
    tap(app, "7")
    assert "database can't be used" in said(app.error) and not app.exception
    app = start("teach")
    assert "database can't be used" in said(app.error) and not app.exception


def test_digits_of_a_picture_are_kept_one_by_one_or_those_that_were_corrected():
    picture = Image.new("RGBA", (500, 240), "white")
    for place, digit in enumerate((2, 7)):
        picture.paste(written(digit, 200), (20 + 240 * place, 20))
    app = start("read")
    app.file_uploader[0].set_value([("two seven.png", png(picture), "image/png")]).run()
    assert app.code[0].value == "27"
    labelled(app.selectbox, "One of them").set_value(1).run()
    tap(app, "1")
    assert said(app.success) == "Kept as a 1: 1 to learn from."
    assert app.code[0].value == "21"  # what is said of a picture corrects it
    assert labelled(app.selectbox, "One of them").value == 1
    labelled(app.toggle, "Correct it").set_value(True).run()
    app.text_area[0].set_value("91").run()
    assert app.code[0].value == "91"
    button(app, "Keep the 2 corrected ones").click().run()
    assert [toast.value for toast in app.toast] == ["Kept: 9"] and not app.exception
    nine, one = collection.open_collection().items()
    assert (nine.label, nine.read, one.label, one.read) == ("9", "2", "1", "7")
    assert one.origin == "picture two seven.png" and not np.array_equal(one.glyph, nine.glyph)
    button(app, "Undo *keeping it*").click().run()
    assert app.code[0].value == "97" and not app.success
    assert collection.open_collection().counts() == {"9": 1}


@pytest.mark.parametrize("mode", ["read-only", "off"])
def test_a_server_may_take_nothing(mode, monkeypatch):
    shelf = fill("7")
    monkeypatch.setenv("DIGITS_TEACHING", mode)
    app = start()
    app.session_state[canvas.SQUARE.name] = message(written(2))
    app.run()
    assert headline(app) == "2"
    assert not [one.label for one in app.button if "Keep" in one.label or "That's" in one.label]
    if mode == "read-only":
        app.switch_page("app_pages/teach/page.py").run()
        assert "read: 1" in page_html(app) and not app.exception
        assert not app.checkbox and not app.button
        assert [one.label for one in app.get("download_button")] == [
            "Download as PNG",
            "Download as npz",
        ]
    assert shelf.counts() == {"7": 1}


def test_a_server_that_others_can_reach_teaches_only_if_told_to(monkeypatch):
    shelf = fill("7")
    monkeypatch.setattr(collection, "is_undecided", lambda: True)
    monkeypatch.setattr(collection, "mode", lambda: "off")
    app = start("teach")
    assert "DIGITS_TEACHING=on" in said(app.info) and not app.exception and not app.button
    assert shelf.counts() == {"7": 1}


# The collection


def test_nothing_is_kept_yet():
    app = start("teach")
    assert "Nothing is kept yet" in said(app.info) and not app.exception and not app.button


def test_the_collection_is_shown_in_pages_and_by_class_and_deleted_from(trainer):
    shelf = fill(*["7"] * 30, "<b>x</b>")
    app = start("teach")
    assert not app.exception
    assert labelled(app.selectbox, "Show").options == ["All (31)", "7 (30)", "<b>x</b> (1)"]
    assert len(app.checkbox) == 25 and "<b>x" not in page_html(app) and "<i>" not in page_html(app)
    assert button(app, "Delete the chosen").disabled
    labelled(app.selectbox, "Show").set_value("<b>x</b>").run()
    assert len(app.checkbox) == 2
    app.checkbox[0].check().run()
    button(app, "Delete the chosen (1)").click().run()
    assert "Deleted: 1" in said(app.success) and shelf.counts() == {"7": 30} and not app.exception
    button(app, "Undo").click().run()
    assert (
        "Put back: 1" in said(app.success)
        and shelf.counts() == {"7": 30, "<b>x</b>": 1}
        and not app.exception
    )
    assert button(app, "Delete all of them").disabled
    (sure,) = (
        one for one in app.checkbox if one.label.startswith("All 31 corrections of 2 classes will")
    )
    sure.check().run()
    button(app, "Delete all of them").click().run()
    assert shelf.counts() == {} and "Nothing is kept yet" in said(app.info) and not app.exception
    button(app, "Undo").click().run()
    assert shelf.counts() == {"7": 30, "<b>x</b>": 1} and not app.exception


def test_networks_that_were_kept_can_be_deleted(trainer, checkpoints):
    path = checkpoints / "mine *1*"
    shutil.copytree(checkpoints / "default", path)
    card = json.loads((path / checkpoint.CARD).read_text())
    (path / checkpoint.CARD).write_text(json.dumps(card | {"kept": True}))
    app = start("teach")
    assert r"mine \*1\*" in as_markdown(app.markdown) and not app.exception
    assert [one.label for one in app.button].count("Delete it") == 1  # none for what ships
    button(app, "Delete it").click().run()
    assert not path.exists() and "Deleted" in said(app.success) and not app.exception


# Teaching


def test_teaching_begins_with_what_the_network_knows_and_every_sixth_put_aside(trainer):
    fill(*["7"] * 7, "new")
    app = start("teach")
    button(app, "Teach default").click().run()
    assert trainer.asked == [("start", "default", ["7"] * 6, ["7"])] and not app.exception
    app.button_group[0].set_value(["7", "new"]).run()
    assert "New to this network: new" in said(app.caption)
    trainer.refuses = "Somebody else has begun."
    button(app, "Teach default").click().run()
    assert (
        trainer.asked[-1][2] == ["7"] * 6 + ["new"]
        and said(app.error) == "Somebody else has begun."
    )


def test_what_can_not_be_taught_is_said(trainer, checkpoints, monkeypatch):
    fill("7")
    shutil.copytree(DEFAULT.parent / "committee", checkpoints / "committee")
    app = start("teach")
    app.sidebar.selectbox[0].set_value("committee").run()
    assert "a committee, which can't be taught" in said(app.info) and not app.exception
    app.sidebar.selectbox[0].set_value("default").run()
    monkeypatch.setattr(data, "is_here", lambda name: False)
    app.run()
    assert "Fetch the images" in [one.label for one in app.button] and not app.exception
    monkeypatch.setattr(teaching, "is_writable", lambda path: False)
    app.run()
    assert "can't be written" in said(app.info) and not app.exception


def test_a_running_one_is_seen_by_all_and_can_be_cancelled(trainer):
    trainer.job = Job("running")
    app = start("teach")
    assert "is being taught" in said(app.markdown) and not app.exception
    step = {
        "epoch": 2,
        "epochs": 4,
        "step": 20,
        "steps": 64,
        "loss": 0.25,
        "accuracy": 0.9,
        "remaining": 12.4,
    }
    trainer.job.progress = step
    app.run()
    (bar,) = app.get("progress")
    assert bar.proto.text == "Epoch 2 of 4 · about 12 s left · loss 0.250, accuracy 90.0%"
    assert len(app.get("vega_lite_chart")) == 2
    job = trainer.job
    button(app, "Cancel").click().run()
    assert trainer.asked == [("clear", job)] and not app.exception


def test_a_result_is_compared_and_kept_or_thrown_away(trainer):
    comparisons = {
        "test": Comparison(100, 90, 95, 6, 1, 0.125),
        "trained": Comparison(5, 2, 5, 3, 0, 0.25),
        "aside": Comparison(0, 0, 0, 0, 0, 1.0),
    }
    job = trainer.job = Job("done", comparisons=comparisons)
    app = start("teach")
    assert not app.exception
    rows = app.table[0].value
    assert list(rows.index) == ["Test images of mnist", "Corrections it has learned"]
    assert rows.iloc[0].tolist() == ["100", "90.00% (82.6% to 94.5%)", "95.00% (88.8% to 97.8%)"]
    assert "6 right that the old one reads wrong, and 1 the other way" in said(app.markdown)
    assert "no more than chance would explain" in said(app.markdown) and "p = 0.12" in said(
        app.markdown
    )
    assert "too few" in said(app.caption)
    app.text_input[0].set_value("taken *name*").run()
    trainer.refuses = "It is taken."
    button(app, "Keep it").click().run()
    assert said(app.error) == "It is taken." and not app.exception
    trainer.refuses = None
    button(app, "Keep it").click().run()
    assert trainer.asked[-1] == ("keep", job, resources.directory(), "taken *name*")
    assert r"Kept as **taken \*name\***" in as_markdown(app.success)
    trainer.job = job
    app.run()
    button(app, "Throw it away").click().run()
    assert trainer.asked[-1] == ("clear", job) and not app.exception


def test_a_failure_is_told(trainer):
    trainer.job = Job("failed", fault="The disk is full.")
    app = start("teach")
    assert said(app.error) == "The training failed. The disk is full." and not app.exception
    button(app, "Close").click().run()
    assert trainer.job is None and not app.exception


def test_a_network_that_was_trained_on_what_is_gone(trainer, checkpoints, monkeypatch):
    fill("7")
    path = checkpoints / "default" / checkpoint.CARD
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"data": {}}))
    monkeypatch.setattr(data, "is_here", lambda name: False)
    app = start("teach")
    assert not app.exception and "Teach default" not in [one.label for one in app.button]
