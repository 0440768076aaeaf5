"""The versions of the store's tables, and the way from one to the next."""

from __future__ import annotations

from importlib import resources
from typing import Any

from sqlalchemy import Engine, inspect

from tertiary.errors import DecisionError


def ready(engine: Engine, *, create: bool) -> None:
    """Make the tables of a new store. DecisionError when it is of another version, or there is none to be made."""
    held, is_empty = _held(engine)
    if is_empty and create:
        _run("upgrade", engine, "head")
    elif held is None:
        raise DecisionError(
            "There is no decision store there. The first tertiary decisions draft makes one in an empty database."
        )
    elif held not in _known():
        raise DecisionError(f"The store is of version {held}, newer than this software. Update the software.")
    elif held != newest():
        raise DecisionError(
            f"The store is of version {held}, this software needs {newest()}. Make a copy of it, then run: "
            "tertiary decisions upgrade."
        )


def newest() -> str:
    """The version that this software works with."""
    return _known()[0]


def upgrade(engine: Engine) -> None:
    """Take the tables of an existing store to the newest version. DecisionError when there is none."""
    held, _ = _held(engine)
    if held not in _known():
        ready(engine, create=False)
    _run("upgrade", engine, "head")


def downgrade(engine: Engine, to: str) -> None:
    """Take the tables back to a version; `base` removes them. What the older version cannot hold is lost."""
    _run("downgrade", engine, to)


def _held(engine: Engine) -> tuple[str | None, bool]:
    """The version of the store in a database, and whether the database has no tables at all."""
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        held = MigrationContext.configure(connection).get_current_revision()
        return held, held is None and not set(inspect(connection).get_table_names()) - {"alembic_version"}


def _known() -> list[str]:
    """All versions, newest first."""
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()]


def _run(verb: str, engine: Engine, to: str) -> None:
    from alembic import command

    with engine.begin() as connection:
        getattr(command, verb)(_config(connection), to)


def _config(connection: Any) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("tertiary.decisions").joinpath("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
