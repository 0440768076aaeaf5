"""Connections to the database of the store: one way for SQLite, one for PostgreSQL, and no password in any message."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from tertiary.errors import DecisionError

EXPECTED = "sqlite:///decisions.sqlite, or postgresql://USER@HOST/DATABASE with tertiary[postgres] installed"
PASSWORD = "PGPASSWORD"
# all writers of PostgreSQL wait for each other here, as those of SQLite do for the file
LOCK = 7_365_001


def connected(url: str, *, create: bool) -> Engine:
    """An engine that has reached its database. DecisionError when it cannot, or with `create` off a file is missing."""
    parsed = _parsed(url)
    host = str(parsed.host or "this machine").rpartition("@")[2]  # of a password with @ in it a part may stand there
    shown = f"{parsed.get_backend_name()} database {parsed.database or ''} at {host}"
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        file = Path(str(parsed.database))
        if not create and not file.exists():
            raise DecisionError(f"There is no decision store {file}. The first tertiary decisions draft makes one.")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DecisionError(f"No store can be made at {file}: {error.strerror}. Choose another folder.") from error
    try:
        engine = create_engine(_for_pg8000(parsed) if parsed.drivername == "postgresql" else parsed)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        with engine.connect():
            pass
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise DecisionError(f"No driver for the {shown}. Write {EXPECTED}.") from error
    except (DBAPIError, OSError, TypeError, ValueError) as error:
        raise DecisionError(
            f"The {shown} does not answer: {getattr(error, 'orig', None) or type(error).__name__}. Check that it runs, "
            f"the name, and the user's rights; a password comes from {PASSWORD}."
        ) from error
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one moment of the database from its first look to its last."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    with engine.connect().execution_options(isolation_level=level) as connection, Session(connection) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session whose look at the database still holds when it writes: no other writer comes between."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        with Session(connection, expire_on_commit=False) as session:
            yield session
            session.flush()


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise DecisionError(f"The address of the store cannot be read as a database URL. Write {EXPECTED}.") from error


def _for_pg8000(url: URL) -> URL:
    """The driver of the extra. PostgreSQL's own tools name a socket by its folder, `?host=/folder`; it by its file."""
    url = url.set(drivername="postgresql+pg8000")
    if url.password is None and os.environ.get(PASSWORD):
        url = url.set(password=os.environ[PASSWORD])
    folder = str(url.query.get("host", ""))
    if not folder.startswith("/"):
        return url
    socket = f"{folder}/.s.PGSQL.{url.port or 5432}"
    return url.difference_update_query(["host"]).update_query_dict({"unix_sock": socket})


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below
    settings = ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 10000", "synchronous = FULL",
                "recursive_triggers = ON")  # fmt: skip
    for setting in settings:
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer holds the database from its first look; readers see the moment of theirs."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
