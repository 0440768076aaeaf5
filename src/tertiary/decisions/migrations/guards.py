"""Triggers by which the databases themselves refuse to change or remove a row."""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op


def guards(table: str, columns: Sequence[str]) -> list[str]:
    """Statements that make a table, with its key `columns`, one that is only added to."""
    said = f"{table} is only added to"
    key = " AND ".join(f"{c} = NEW.{c}" for c in columns)
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            for verb in ("update", "delete")
        ] + [
            # INSERT OR REPLACE would take a row out without a word
            f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {key}) BEGIN SELECT RAISE(ABORT, '{said}'); END"""
        ]
    return [
        """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END$$""",
        f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    ]
