"""The versions of the store's tables, and the way from one to the next."""

from __future__ import annotations

from importlib import resources
from typing import Any

from sqlalchemy import Engine, inspect

from tertiary.errors import DecisionError


def ready(engine: Engine, *, create: bool) -> None:
    """Make the tables of a new store. DecisionError when it is of another version, or new and `create` is off."""
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        held = MigrationContext.configure(connection).get_current_revision()
        is_new = held is None and not inspect(connection).get_table_names()
    if is_new and create:
        upgrade(engine)
    elif held != newest():
        raise DecisionError(
            f"The store is of version {held or 'none'}, this software needs {newest()}. Make a copy of it, then run: "
            "tertiary decisions upgrade."
        )


def newest() -> str:
    """The version that this software works with."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_config(None)).get_current_head())


def upgrade(engine: Engine, to: str = "head") -> None:
    """Take the tables to a version, by default the newest."""
    from alembic import command

    with engine.begin() as connection:
        command.upgrade(_config(connection), to)


def downgrade(engine: Engine, to: str) -> None:
    """Take the tables back to a version; `base` removes them. What the older version cannot hold is lost."""
    from alembic import command

    with engine.begin() as connection:
        command.downgrade(_config(connection), to)


def _config(connection: Any) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("tertiary.decisions").joinpath("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
