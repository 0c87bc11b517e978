"""The collection keeps what it is given, on SQLite and on PostgreSQL alike."""

import concurrent.futures
import contextlib
import io
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import postgres
import psutil
import pytest
import sqlalchemy as sql
from conftest import missing
from PIL import Image

from app_pages.corrections import collection
from app_pages.corrections.collection import Collection, CollectionError, Item
from app_pages.server import limits
from train import data


@pytest.fixture(scope="module")
def postgresql():
    """The address of a PostgreSQL server."""
    if postgres.programs() is None:
        missing("PostgreSQL is not installed.")
    with postgres.serve() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        engine = sql.create_engine(
            f"sqlite:///{tmp_path / 'collection.db'}", connect_args={"timeout": 60}
        )
    else:
        engine = sql.create_engine(request.getfixturevalue("postgresql"))
    yield engine
    with engine.begin() as connection:
        collection.TABLE.metadata.drop_all(connection)
    engine.dispose()


@pytest.fixture
def shelf(engine, monkeypatch):
    monkeypatch.setattr(collection, "LIMIT", 120)  # seconds: an upper bound for slow machines
    return Collection(engine)


def item(label: str, ink: int = 255, **values) -> Item:
    glyph = np.zeros((28, 28), np.uint8)
    glyph[4:24, 13:15] = ink
    return Item(
        **{"label": label, "glyph": glyph, "read": "1", "confidence": 0.5} | values,
        checkpoint="c",
        origin="o",
    )


def test_what_is_kept_comes_back_as_it_was_the_newest_first(shelf):
    first = Item(
        "7", np.arange(784, dtype=np.uint8).reshape(28, 28), "1", 0.625, "default", "drawn"
    )
    shelf.add([first])
    shelf.add([item("é <b>", read=None, confidence=None)])
    new, old = shelf.items()
    assert (new.label, new.read, new.confidence) == ("é <b>", None, None)
    np.testing.assert_array_equal(old.glyph, first.glyph)
    fields = "label", "read", "confidence", "checkpoint", "origin"
    assert [getattr(old, name) for name in fields] == [getattr(first, name) for name in fields]
    assert old.id < new.id and old.created <= new.created
    # opened once more, nothing is lost
    assert Collection(shelf.engine).counts() == {"7": 1, "é <b>": 1}


def test_pages_labels_and_counts(shelf):
    shelf.add([item(label, ink) for ink, label in enumerate("1712")])
    assert shelf.counts() == {"1": 2, "2": 1, "7": 1}
    assert [one.label for one in shelf.items(start=1, most=2)] == ["1", "7"]
    assert [one.glyph.max() for one in shelf.items("1")] == [2, 0]
    assert shelf.items("1' OR '1'='1") == []


def test_what_is_typed_is_never_a_command(shelf):
    nasty = "'); DROP TABLE collection; --"
    shelf.add([item(nasty)])
    assert shelf.counts() == {nasty: 1} and shelf.items(nasty)[0].label == nasty


def test_deleting(shelf):
    shelf.add([item(label) for label in "12345"])
    ids = {one.label: one.id for one in shelf.items()}
    gone = shelf.delete([ids["2"], ids["5"], 10**6])
    assert [one.label for one in gone] == ["2", "5"]
    assert list(shelf.counts()) == ["1", "3", "4"]
    shelf.add([item("6")])
    # never the number of another: a page that is late deletes the right ones
    assert shelf.items()[0].id > ids["5"]
    assert shelf.delete([]) == []
    assert len(shelf.delete()) == 4 and shelf.counts() == {}
    glyphs, labels = shelf.arrays()
    assert glyphs.shape == (0, 28, 28) and labels.shape == (0,)


def test_what_was_deleted_can_be_put_back_as_it_was(shelf):
    shelf.add([item("1", ink % 256) for ink in range(700)])
    before, aside = shelf.items(most=700), shelf.arrays(aside=True)[0]
    shelf.restore(shelf.delete())
    after = shelf.items(most=700)
    fields = ("label", "read", "confidence", "checkpoint", "origin", "aside", "created")
    assert [[getattr(one, field) for field in fields] for one in after] == [
        [getattr(one, field) for field in fields] for one in before
    ]
    np.testing.assert_array_equal(shelf.arrays(aside=True)[0], aside)
    assert len({one.id for one in after}) == 700


@pytest.mark.parametrize(
    ("limit", "labels", "words"),
    [
        (limits.CORRECTIONS, "1111", "takes 3 corrections"),
        (limits.CLASSES, "1234", "takes 3 classes"),
    ],
)
def test_a_full_collection_takes_all_or_nothing(shelf, monkeypatch, limit, labels, words):
    monkeypatch.setenv(limit, "3")
    shelf.add([item(label) for label in labels[:2]])
    with pytest.raises(
        CollectionError, match=f"is full: it {words}. Delete some first, or set {limit}"
    ):
        shelf.add([item(label) for label in labels[2:]])
    assert sum(shelf.counts().values()) == 2
    shelf.add([item(labels[2])])
    monkeypatch.setenv(limit, "many")  # counts as not set
    shelf.add([item(labels[3])])


def test_every_sixth_of_a_class_is_put_aside_and_stays_so(shelf):
    shelf.add([item("1", ink) for ink in range(13)] + [item("2", 99)])
    glyphs, labels = shelf.arrays(aside=True)
    assert glyphs.max((1, 2)).tolist() == [5, 11] and labels.tolist() == ["1", "1"]
    shelf.delete([one.id for one in shelf.items("1") if one.glyph.max() < 4])
    shelf.add([item("1", 20)])
    assert shelf.arrays(aside=True)[0].max((1, 2)).tolist() == [5, 11]
    assert set(shelf.arrays(aside=False)[0].max((1, 2))) == {4, 6, 7, 8, 9, 10, 12, 99, 20}


def test_many_sessions_at_once_lose_nothing(shelf):
    def visit(number: int) -> int:
        shelf.add([item(str(number % 3), number)])
        return len(shelf.items())

    with concurrent.futures.ThreadPoolExecutor(8) as visitors:
        assert max(visitors.map(visit, range(40))) == 40
    assert sorted(shelf.arrays()[0].max((1, 2))) == list(range(40))


def test_the_exports_are_what_a_training_takes(shelf, tmp_path):
    shelf.add([item("1", 200), item("T-shirt/top"), item("../x"), item("1", 100)])
    glyphs, labels = shelf.arrays()
    (tmp_path / "corrections.npz").write_bytes(collection.as_npz(glyphs, labels))
    read, named = data.read_glyphs(tmp_path / "corrections.npz")
    np.testing.assert_array_equal(read, glyphs)
    assert named.tolist() == ["1", "T-shirt/top", "../x", "1"]
    with zipfile.ZipFile(io.BytesIO(collection.as_zip(glyphs, labels))) as archive:
        assert archive.namelist() == [
            "collection/1/00000.png",
            "collection/T-shirt%2Ftop/00001.png",
            "collection/%2E.%2Fx/00002.png",
            "collection/1/00003.png",
        ]
        np.testing.assert_array_equal(
            Image.open(io.BytesIO(archive.read("collection/1/00003.png"))), glyphs[3]
        )


def test_names_of_classes():
    assert collection.as_label("  a \n b ") == "a b"
    assert collection.as_label("T-shirt/top") == "T-shirt/top"
    for wrong in ("", " ", "a\0", "\u200b", "x" * 41, "\ud800"):
        with pytest.raises(ValueError, match="1 to 40 visible characters"):
            collection.as_label(wrong)
    assert collection.printable("a\0b\nc\ud800" + "x" * 300) == "abc" + "x" * 197


def test_a_wrong_item_keeps_none(shelf):
    with pytest.raises(ValueError, match="1 to 40"):
        shelf.add([item("1"), item(" ")])
    with pytest.raises(ValueError, match="uint8"):
        shelf.add([item("1"), Item("1", np.zeros((28, 28)), None, None, "", "")])
    assert shelf.counts() == {}


def test_a_database_that_is_gone_is_one_sentence(tmp_path, shelf):
    with pytest.raises(
        CollectionError, match=r"^The collection's database can't be used: unable to open [^\n]*\.$"
    ):
        Collection(sql.create_engine(f"sqlite:///{tmp_path}/nowhere/collection.db"))
    with pytest.raises(
        CollectionError, match=r"^The collection's database can't be used: [^\n]*\.$"
    ) as refused:
        Collection(sql.create_engine("postgresql+psycopg://user:secret@127.0.0.1:1/name"))
    assert "secret" not in str(refused.value)
    (tmp_path / "other.db").write_bytes(b"This is no database, but a text." * 100)
    with pytest.raises(CollectionError, match="not a database"):
        Collection(sql.create_engine(f"sqlite:///{tmp_path}/other.db"))
    collection.TABLE.drop(shelf.engine)
    with pytest.raises(CollectionError, match="collection"):
        shelf.counts()
    collection.TABLE.create(shelf.engine)


def test_the_address_is_told_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_DATABASE", f"sqlite:///{tmp_path}/own.db")
    collection.open_collection().add([item("1")])
    assert (tmp_path / "own.db").exists() and collection.open_collection().counts() == {"1": 1}
    for address, words in (
        ("no address", "should be like sqlite:"),
        ("strange://x", "should be like sqlite:"),
        ("postgresql+psycopg2://x/y", "package that is not installed"),
    ):
        monkeypatch.setenv("DIGITS_DATABASE", address)
        with pytest.raises(CollectionError, match=words):
            collection.open_collection()


def test_what_is_no_mode_is_off(monkeypatch):
    monkeypatch.delenv("DIGITS_TEACHING", raising=False)
    assert collection.mode() == "on"
    for address in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", "192.0.2.7", "digits.example"):
        monkeypatch.setattr(collection.st.config, "get_option", {"server.address": address}.get)
        inside = address in ("127.0.0.1", "::1", "localhost")
        assert (collection.mode(), collection.is_undecided()) == (
            ("on", False) if inside else ("off", True)
        )
    for said, meant in (
        ("on", "on"),
        ("Read-Only ", "read-only"),
        ("off", "off"),
        ("readonly", "off"),
        ("", "off"),
    ):
        monkeypatch.setenv("DIGITS_TEACHING", said)
        assert collection.mode() == meant


@pytest.fixture
def make(monkeypatch):
    """Makes engines that are disposed of in the end, once no thread uses them any more."""
    engines, threads = [], concurrent.futures.ThreadPoolExecutor(16)
    monkeypatch.setattr(collection, "THREADS", threads)
    yield lambda *address, **how: engines.append(sql.create_engine(*address, **how)) or engines[-1]
    threads.shutdown()
    for engine in engines:
        engine.dispose()


def test_no_database_is_waited_for_for_ever(engine, make):
    """Wherever its address stands: the limits are the collection's own."""
    settings = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW statement_timeout"}
    engine = make(engine.url)
    Collection(engine)
    with engine.connect() as connection:
        assert connection.scalar(sql.text(settings[engine.dialect.name])) in (10_000, "10s")


def test_a_database_that_hangs_is_one_sentence_and_heals(postgresql, monkeypatch, make):
    root = sql.make_url(postgresql).query["host"]
    server = psutil.Process(int(Path(root, "data", "postmaster.pid").read_text().split()[0]))
    shelf = Collection(make(postgresql, pool_pre_ping=True))
    shelf.add([item("1")])
    processes = [server, *server.children()]
    monkeypatch.setattr(collection, "LIMIT", 0.5)
    for process in processes:
        process.suspend()
    try:
        with pytest.raises(CollectionError, match="does not answer within"):
            shelf.counts()
    finally:
        for process in processes:
            process.resume()
    monkeypatch.setattr(collection, "LIMIT", 60)
    assert shelf.counts() == {"1": 1}
    shelf.delete()


def test_a_table_that_is_gone_is_one_sentence_and_heals(shelf, engine):
    shelf.add([item("1")])
    with engine.begin() as connection:
        collection.TABLE.metadata.drop_all(connection)
    with pytest.raises(CollectionError, match="can't be used"):
        shelf.counts()
    assert shelf.counts() == {}
    shelf.add([item("2")])
    assert shelf.counts() == {"2": 1}


def test_a_file_that_is_gone_or_an_older_one_is_one_sentence_and_heals(tmp_path, make):
    """What is kept after it would go into a file that nobody finds again."""
    path = tmp_path / "collection.db"
    shelf = Collection(make(f"sqlite:///{path}"))
    shelf.add([item("1")])
    with (
        contextlib.closing(sqlite3.connect(path)) as own,
        contextlib.closing(sqlite3.connect(tmp_path / "old")) as old,
    ):
        own.backup(old)
    shelf.add([item("2")])
    (tmp_path / "old").replace(path)
    with pytest.raises(CollectionError, match="moved or replaced"):
        shelf.add([item("3")])
    assert shelf.counts() == {"1": 1}
    path.unlink()
    with pytest.raises(CollectionError, match="moved or replaced"):
        shelf.counts()
    shelf.add([item("4")])
    assert Collection(make(f"sqlite:///{path}")).counts() == {"4": 1}


def test_a_disk_that_is_full_is_one_sentence_and_heals(tmp_path, make):
    engine = make(f"sqlite:///{tmp_path / 'collection.db'}", pool_size=1, max_overflow=0)
    shelf = Collection(engine)
    with engine.connect() as connection:
        pages = connection.scalar(sql.text("PRAGMA page_count"))
        connection.execute(sql.text(f"PRAGMA max_page_count = {pages + 2}"))
    with pytest.raises(CollectionError, match="full"):
        shelf.add([item("1", ink) for ink in range(50)])
    assert shelf.counts() == {}
    with engine.connect() as connection:
        connection.execute(sql.text("PRAGMA max_page_count = 1000000"))
    shelf.add([item("1", ink) for ink in range(50)])
    assert shelf.counts() == {"1": 50}


def test_glyphs_of_another_size_are_left_out_and_told(shelf, engine):
    shelf.add([item("1"), item("2")])
    with engine.begin() as connection:
        connection.execute(
            collection.TABLE.update().where(collection.TABLE.c.label == "2").values(glyph=b"1234")
        )
    assert shelf.damaged() == 1
    assert shelf.counts() == {"1": 1} and [one.label for one in shelf.items()] == ["1"]
    assert shelf.arrays()[1].tolist() == ["1"]
    assert [one.label for one in shelf.delete()] == ["1"]
    assert shelf.damaged() == 0


def test_what_is_there_is_found_by_its_label_and_its_pixels(shelf):
    shelf.add([item("7"), item("7", 90), item("1"), item("7")])
    newest, *_ = shelf.items()
    asked = [item("7"), item("  7 "), item("7", 91), item("2"), item("1")]
    one = shelf.items("1")[0].id
    assert shelf.find(asked) == [newest.id, newest.id, None, None, one]
    shelf.delete([one])
    assert shelf.find([item("1")]) == [None]
    with pytest.raises(ValueError, match="name of a class"):
        shelf.find([item("")])
