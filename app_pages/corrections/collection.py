"""What visitors said about readings: glyphs with the class that each is, in a database.

It is an SQLite file, `collection.db` in the project's folder, unless the environment variable
DIGITS_DATABASE or `[connections.collection]` in `.streamlit/secrets.toml` has the address of
another one, as SQLAlchemy writes it: `postgresql+psycopg://user:password@host/name`.

DIGITS_TEACHING=read-only shows the collection and changes nothing; DIGITS_TEACHING=off doesn't show
it either. Without it, a server that other machines can reach has it off: what visitors keep, all of
them see and delete.
"""

import concurrent.futures
import contextlib
import dataclasses
import datetime
import functools
import io
import ipaddress
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sql
import streamlit as st
from PIL import Image

from app_pages.server import cache, limits
from model.glyph import GLYPH_SIZE

NAME = "collection"  # of the connection, as .streamlit/secrets.toml has it
MODES = ON, READ_ONLY, OFF = "on", "read-only", "off"
ASIDE = 6  # every so many of a class are not trained on, to tell whether a training helped
LONGEST_LABEL, LONGEST_TEXT = 40, 200  # characters
# seconds to wait for another session's writing, for a server, or for what it makes of a statement
PATIENCE = 10
# seconds for all that a call does: a server that hangs says nothing, and no driver stops waiting
# for it
LIMIT = 15
UNSAFE = '/\\:*?"<>|%'  # characters that file names can't have everywhere

TABLE = sql.Table(
    "collection",
    sql.MetaData(),
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("created", sql.DateTime, nullable=False),  # UTC
    sql.Column("label", sql.Text, nullable=False, index=True),
    sql.Column("read", sql.Text),
    sql.Column("confidence", sql.Float),
    sql.Column("checkpoint", sql.Text, nullable=False),
    sql.Column("origin", sql.Text, nullable=False),
    sql.Column("aside", sql.Boolean, nullable=False),
    sql.Column("glyph", sql.LargeBinary, nullable=False),
    # the number of a deleted one is never given to another, as in other databases
    sqlite_autoincrement=True,
)
# another program may have written others
_IS_WHOLE = sql.func.length(TABLE.c.glyph) == GLYPH_SIZE**2
THREADS = concurrent.futures.ThreadPoolExecutor(16, "collection")


class CollectionError(Exception):
    """The collection can't be read or written; the message is one sentence that says why."""


@dataclass(frozen=True, eq=False)
class Item:
    """A glyph and what somebody says it is."""

    label: str  # the class that it is
    glyph: np.ndarray  # (28, 28) uint8
    read: str | None  # what the reader said it is, None where nothing was said
    confidence: float | None  # of that, in [0, 1]
    checkpoint: str  # the name of the network that read it
    origin: str  # where it comes from: "drawn", "picture page.png"
    aside: bool = False  # never trained on; the collection decides
    created: datetime.datetime | None = None  # UTC; the collection's clock
    id: int | None = None


def _in_time(method: Callable) -> Callable:
    """A method that raises CollectionError where the database does not answer in time."""

    @functools.wraps(method)
    def call(*arguments, **options):
        future = THREADS.submit(method, *arguments, **options)
        try:
            return future.result(LIMIT)
        except TimeoutError as error:
            future.cancel()
            raise CollectionError(
                f"The collection's database does not answer within {LIMIT} seconds; try again "
                f"later."
            ) from error

    return call


class Collection:
    """The collection in one database; sessions and threads share it.

    Each of its methods raises CollectionError where the database can't be used, and finds it again
    once it can.
    """

    def __init__(self, engine: sql.Engine):
        self.engine = engine
        self._ready = False  # whether the table is there
        # of SQLite's: what tells it from another of the same name
        self._file: tuple[int, int] | None = None
        sql.event.listen(engine, "do_connect", _wait_no_longer)
        if engine.dialect.name == "postgresql":
            sql.event.listen(engine, "connect", _limit_statements)
        self._prepare()

    @_in_time
    def add(self, items: Sequence[Item]) -> None:
        """Keeps items, all or none. Every sixth of a class is put aside. What is there already
        (`find`) is kept a second time: whoever calls decides.

        Raises:
            CollectionError: the database can't be written, or holds as much as it may
                (app_pages/server/limits.py).
            ValueError: a label that is none (`as_label`), or another glyph than (28, 28) uint8.
        """
        with self._begin() as connection:
            for item in items:
                label = as_label(item.label)
                own = TABLE.c.label == label
                # How many came in since the last one that is aside: deleting some does not move
                # others.
                last = (
                    connection.scalar(
                        sql.select(sql.func.max(TABLE.c.id)).where(own, TABLE.c.aside)
                    )
                    or 0
                )
                since = connection.scalar(
                    sql.select(sql.func.count()).where(own, TABLE.c.id > last)
                )
                now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
                _insert(
                    connection,
                    dataclasses.replace(item, label=label, aside=since >= ASIDE - 1, created=now),
                )
            self._check_limits(connection)

    @_in_time
    def restore(self, items: Sequence[Item]) -> None:
        """Keeps again what `delete` gave, as it was but for its ids. Raises as `add`."""
        with self._begin() as connection:
            for item in items:
                _insert(connection, item)
            self._check_limits(connection)

    @_in_time
    def items(self, label: str | None = None, start: int = 0, most: int = 100) -> list[Item]:
        """The newest first: of one class or of all, from number `start` on, at most so many."""
        query = (
            TABLE.select().where(_IS_WHOLE).order_by(TABLE.c.id.desc()).offset(start).limit(most)
        )
        if label is not None:
            query = query.where(TABLE.c.label == label)
        with self._begin() as connection:
            return [_item(row) for row in connection.execute(query)]

    @_in_time
    def find(self, items: Sequence[Item]) -> list[int | None]:
        """Of each, the id of the newest that has its label and its pixels; None where there is
        none. Raises ValueError as `add`."""
        with self._begin() as connection:
            return [
                connection.scalar(
                    sql.select(sql.func.max(TABLE.c.id)).where(
                        TABLE.c.label == as_label(item.label), TABLE.c.glyph == item.glyph.tobytes()
                    )
                )
                for item in items
            ]

    @_in_time
    def counts(self) -> dict[str, int]:
        """How many there are of each class, in the order of their names."""
        query = sql.select(TABLE.c.label, sql.func.count()).where(_IS_WHOLE).group_by(TABLE.c.label)
        with self._begin() as connection:
            return dict(sorted(tuple(row) for row in connection.execute(query)))

    @_in_time
    def damaged(self) -> int:
        """How many there are whose glyph has another size; no other method tells of them, but
        `delete` takes them."""
        with self._begin() as connection:
            return connection.scalar(
                sql.select(sql.func.count()).select_from(TABLE).where(~_IS_WHOLE)
            )

    @_in_time
    def delete(self, ids: Sequence[int] | None = None) -> list[Item]:
        """Deletes the items of these ids, or all; returns what is gone, the oldest first."""
        query = TABLE.select().order_by(TABLE.c.id)
        if ids is not None:
            query = query.where(TABLE.c.id.in_([int(number) for number in ids]))
        with self._begin() as connection:
            rows = connection.execute(query).all()
            for start in range(0, len(rows), 500):  # more parameters, and some databases refuse
                chosen = [row.id for row in rows[start : start + 500]]
                connection.execute(TABLE.delete().where(TABLE.c.id.in_(chosen)))
        return [_item(row) for row in rows if len(row.glyph) == GLYPH_SIZE**2]

    @_in_time
    def arrays(self, aside: bool | None = None) -> tuple[np.ndarray, np.ndarray]:
        """All glyphs (n, 28, 28) uint8 and labels (n,) str, the oldest first; those put aside, the
        others, or all."""
        query = sql.select(TABLE.c.glyph, TABLE.c.label).where(_IS_WHOLE).order_by(TABLE.c.id)
        if aside is not None:
            query = query.where(TABLE.c.aside == aside)
        with self._begin() as connection:
            rows = connection.execute(query).all()
        glyphs = np.array([_glyph(row.glyph) for row in rows], np.uint8).reshape(
            -1, GLYPH_SIZE, GLYPH_SIZE
        )
        return glyphs, np.array([row.label for row in rows], str)

    def _check_limits(self, connection: sql.Connection) -> None:
        """Raises CollectionError where there is more than there may be; the caller's transaction
        then ends with it."""
        count, classes = connection.execute(
            sql.select(sql.func.count(), sql.func.count(TABLE.c.label.distinct())).select_from(
                TABLE
            )
        ).one()
        file = self._stat()
        megabytes = file.st_size // 10**6 if file else 0
        for name, there, words in (
            (limits.CORRECTIONS, count, "corrections"),
            (limits.CLASSES, classes, "classes"),
            (limits.MEGABYTES, megabytes, "megabytes"),
        ):
            if there > limits.of(name):
                raise CollectionError(
                    f"The collection is full: it takes {limits.of(name):,} {words}. Delete some "
                    f"first, or set {name}."
                )

    @contextlib.contextmanager
    def _begin(self) -> Iterator[sql.Connection]:
        try:
            with _in_one_sentence():
                self._see_file()
                self._make()
                with self.engine.begin() as connection:
                    yield connection
        except CollectionError:
            self._ready = False  # the table may be gone with what it was in
            raise

    @_in_time
    def _prepare(self) -> None:
        with _in_one_sentence():
            self._make()
            self._file = self._identity()

    def _make(self) -> None:
        if self._ready:
            return
        if self.engine.dialect.name == "sqlite":
            # Who reads never waits for who writes. A file or file system that can't do this does
            # without.
            with (
                contextlib.suppress(sql.exc.OperationalError),
                self.engine.connect() as connection,
            ):
                connection.execute(sql.text("PRAGMA journal_mode=WAL"))
        try:
            TABLE.metadata.create_all(self.engine)
        except sql.exc.DBAPIError:  # another server has made it just now
            TABLE.metadata.create_all(self.engine)
        self._ready = True

    def _see_file(self) -> None:
        """Raises CollectionError where SQLite's file is another: what is open still writes into the
        old one, unseen."""
        if self._identity() == self._file:
            return
        self.engine.dispose()
        # what the old file's connections had not yet moved into it: not the new one's
        for suffix in ("-wal", "-shm"):
            Path(f"{self.engine.url.database}{suffix}").unlink(missing_ok=True)
        self._file = None
        self._ready = False
        self._make()
        self._file = self._identity()
        raise CollectionError(
            "The collection's file was moved or replaced, and has been opened anew; look at what "
            "is in it, and try again."
        )

    def _identity(self) -> tuple[int, int] | None:
        file = self._stat()
        return (file.st_dev, file.st_ino) if file else None

    def _stat(self) -> os.stat_result | None:
        """Of SQLite's file; None where there is none."""
        name = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        with contextlib.suppress(OSError):
            return Path(name).stat() if name else None
        return None


def mode() -> str:
    """One of MODES: DIGITS_TEACHING. What is none of them is taken for off, so that a slip does not
    open a server."""
    value = os.environ.get("DIGITS_TEACHING", OFF if is_undecided() else ON).strip().lower()
    return value if value in MODES else OFF


def is_undecided() -> bool:
    """Whether other machines can reach this server, and nobody has said whether they may teach."""
    return "DIGITS_TEACHING" not in os.environ and not _is_loopback(
        st.config.get_option("server.address") or ""
    )


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(address).is_loopback
    return False  # none: it listens on all


def open_collection() -> Collection:
    """The collection of this server.

    Raises:
        CollectionError: there is no such database, or it can't be reached.
    """
    url = os.environ.get("DIGITS_DATABASE")
    if not url and NAME not in _in_secrets():
        folder = os.environ.get("DIGITS_HOME") or Path(__file__).parents[2]
        url = f"sqlite:///{Path(folder, 'collection.db')}"
    with _in_one_sentence():
        return _collection(url or "")


def as_label(text: str) -> str:
    """What somebody typed as the name of a class, as it is kept; raises ValueError, one sentence,
    where it is none."""
    label = " ".join(text.split())
    if not label or not label.isprintable() or len(label) > LONGEST_LABEL:
        raise ValueError(
            f"The name of a class should have 1 to {LONGEST_LABEL} visible characters."
        )
    return label


def printable(text: str) -> str:
    """A text that can be shown and kept by every database: its first 200 printable characters."""
    return "".join(filter(str.isprintable, text))[:LONGEST_TEXT]


def as_npz(glyphs: np.ndarray, labels: np.ndarray) -> bytes:
    """A file that `python -m train --corrections` takes: `glyphs` (n, 28, 28) uint8 and `labels`
    (n,) str."""
    file = io.BytesIO()
    np.savez_compressed(file, glyphs=glyphs, labels=labels)
    return file.getvalue()


def as_zip(glyphs: np.ndarray, labels: np.ndarray) -> bytes:
    """A folder of class folders of PNG, as a ZIP file. Characters that file names can't have are
    written as %2F."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (glyph, label) in enumerate(zip(glyphs, labels.tolist(), strict=True)):
            picture = io.BytesIO()
            Image.fromarray(glyph).save(picture, "PNG")
            folder = "".join(
                f"%{ord(letter):02X}" if letter in UNSAFE else letter for letter in label
            )
            folder = f"%2E{folder[1:]}" if folder.startswith(".") else folder
            archive.writestr(f"collection/{folder}/{number:05d}.png", picture.getvalue())
    return file.getvalue()


@cache.shared(4, "Opening the collection")
def _collection(url: str) -> Collection:
    connection = st.connection(
        NAME, type="sql", pool_pre_ping=True, **({"url": url} if url else {})
    )
    return Collection(connection.engine)


def _wait_no_longer(dialect: sql.Dialect, record, arguments: list, options: dict) -> None:
    """Before a connection is made, wherever its address comes from: what it says itself goes first.

    SQLite waits so long for who writes; of PostgreSQL's, the second is for a network that has gone
    (libpq's tcp_user_timeout, milliseconds).
    """
    kinds = {
        "sqlite": {"timeout": PATIENCE},
        "postgresql": {"connect_timeout": PATIENCE, "tcp_user_timeout": 1000 * PATIENCE},
    }
    for name, value in kinds.get(dialect.name, {}).items():
        options.setdefault(name, value)


def _limit_statements(connection, record) -> None:
    """A setting of the session, not of its start: a pooler between may not know that."""
    before, connection.autocommit = connection.autocommit, True
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {1000 * PATIENCE}")
    connection.autocommit = before


def _in_secrets() -> dict:
    try:
        return st.secrets.get("connections", {})
    except FileNotFoundError:  # there are none
        return {}


def _insert(connection: sql.Connection, item: Item) -> None:
    if item.glyph.dtype != np.uint8 or item.glyph.shape != (GLYPH_SIZE, GLYPH_SIZE):
        raise ValueError(
            f"a glyph should be uint8 (28, 28), not {item.glyph.dtype} {item.glyph.shape}"
        )
    values = {
        "created": item.created,
        "label": item.label,
        "read": item.read,
        "confidence": item.confidence,
        "checkpoint": printable(item.checkpoint),
        "origin": printable(item.origin),
        "aside": item.aside,
        "glyph": item.glyph.tobytes(),
    }
    connection.execute(TABLE.insert().values(values))


def _item(row: sql.Row) -> Item:
    return Item(**dict(row._mapping) | {"glyph": _glyph(row.glyph)})


def _glyph(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8).reshape(GLYPH_SIZE, GLYPH_SIZE)


@contextlib.contextmanager
def _in_one_sentence() -> Iterator[None]:
    """What SQLAlchemy and its drivers raise, as a CollectionError; drivers name hosts, but no
    passwords."""
    try:
        yield
    except sql.exc.DBAPIError as error:
        why = str(error.orig).strip().partition("\n")[0] or type(error.orig).__name__
        raise CollectionError(
            f"The collection's database can't be used: {why.rstrip('.')}."
        ) from error
    except ModuleNotFoundError as error:
        raise CollectionError(
            f"The collection's database needs a package that is not installed ({error.args[0]}); "
            "install it, or set another address in DIGITS_DATABASE."
        ) from error
    except sql.exc.SQLAlchemyError as error:
        raise CollectionError(
            "The collection's database has an address that SQLAlchemy can't use; it should be like "
            "sqlite:///collection.db or postgresql+psycopg://user:password@host/name."
        ) from error
