"""The dashboard's front door, run by Streamlit's AppTest: the choice of a checkpoint."""

import json
import shutil

from pages import DEFAULT, said, start

from app_pages.server import resources
from model import checkpoint


def test_a_faulty_checkpoint_is_shown_with_its_reason_and_the_others_work(checkpoints):
    shutil.copytree(DEFAULT, checkpoints / "other")
    (checkpoints / "other" / checkpoint.WEIGHTS).write_bytes(b"not weights")
    app = start()
    assert not app.exception
    (box,) = app.sidebar.selectbox
    assert box.options == ["default", "other (faulty)"]
    assert "other" in said(app.sidebar.warning) and checkpoint.WEIGHTS in said(app.sidebar.warning)
    assert "Draw a digit" in said(app.info)
    box.set_value("other").run()
    assert "can't be used" in said(app.error) and not app.exception
    app.sidebar.selectbox[0].set_value("default").run()
    assert "Draw a digit" in said(app.info) and not app.error


def test_where_the_default_is_faulty_another_is_chosen(checkpoints):
    shutil.copytree(DEFAULT, checkpoints / "other")
    card = json.loads((checkpoints / "default" / checkpoint.CARD).read_text())
    del card["classes"]
    (checkpoints / "default" / checkpoint.CARD).write_text(json.dumps(card))
    app = start()
    assert app.sidebar.selectbox[0].value == "other" and not app.error and not app.exception


def test_a_checkpoint_that_vanishes_while_it_is_chosen(checkpoints):
    shutil.copytree(DEFAULT, checkpoints / "other")
    app = start()
    app.sidebar.selectbox[0].set_value("other").run()
    shutil.rmtree(checkpoints / "other")
    app.run()
    assert app.sidebar.selectbox[0].value == "default" and not app.error and not app.exception


def test_no_checkpoint_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_CHECKPOINTS", str(tmp_path / "nowhere"))
    app = start()
    assert "python -m train" in said(app.error) and not app.exception


def test_what_helps_every_network_is_none_of_the_checkpoints_offered(monkeypatch, tmp_path):
    monkeypatch.delenv("DIGITS_CHECKPOINTS", raising=False)
    assert resources.names() == ["default", "committee", "tiny"]
    # a server's folder began as a copy of them
    shutil.copytree(checkpoint.SHIPPED, tmp_path / "networks")
    monkeypatch.setenv("DIGITS_CHECKPOINTS", str(tmp_path / "networks"))
    assert resources.names() == ["default", "committee", "tiny"]
