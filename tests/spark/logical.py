"""Logical equality of tables: the same rows with the same values, in whatever order and files."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tertiary.tables import columns, ibis_schema


def run_table(staged: Any, name: str) -> Any:
    """The columns of run table `name` that the stages give, with its types."""
    kinds = ibis_schema(name)
    return staged.select(
        **{c.name: staged[c.name].cast(kinds[c.name]) for c in columns(name) if c.name in staged.columns}
    )


def differences(left: pa.Table, right: pa.Table, key: list[str]) -> str:
    """What differs between two tables, with the columns of a few rows of the same `key`; blank when nothing does."""
    import duckdb

    if left.column_names != right.column_names or left.schema.types != right.schema.types:
        return f"other columns or types:\n{left.schema}\n{right.schema}"
    order = ", ".join(f'"{c}"' for c in key)
    sides: list[dict[tuple[Any, ...], dict[str, Any]]] = []
    with duckdb.connect() as connection:
        connection.register("mine", left)
        connection.register("theirs", right)
        for a, b in (("mine", "theirs"), ("theirs", "mine")):
            only = f"SELECT * FROM {a} EXCEPT ALL SELECT * FROM {b}"
            rows = connection.sql(f"SELECT * FROM ({only}) ORDER BY {order} LIMIT 50").to_arrow_table().to_pylist()
            sides.append({tuple(row[c] for c in key): row for row in rows})
    mine, theirs = sides
    told = [f"only on one side: {k}" for k in list(mine.keys() ^ theirs.keys())[:5]]
    told += [
        f"{k} {c}: {mine[k][c]!r} and {theirs[k][c]!r}"
        for k in list(mine.keys() & theirs.keys())[:10]
        for c in mine[k]
        if mine[k][c] != theirs[k][c]
    ]
    return "\n".join(told)
