"""Logical equality of tables: the same rows with the same values, in whatever order and files."""

from __future__ import annotations

from collections import Counter
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
    """What differs between two tables whose `key` is unique, readable; blank when nothing does."""
    if left.column_names != right.column_names or left.schema.types != right.schema.types:
        return f"other columns or types:\n{left.schema}\n{right.schema}"
    mine, theirs = _by_key(left, key), _by_key(right, key)
    told = [f"{len(mine)} and {len(theirs)} rows"] if len(mine) != len(theirs) else []
    told += [f"only on one side: {k}" for k in list(mine.keys() ^ theirs.keys())[:5]]
    found = [(k, c) for k in mine.keys() & theirs.keys() for c in mine[k] if mine[k][c] != theirs[k][c]]
    told += [f"{dict(Counter(c for _, c in found))}"] if found else []
    told += [f"{k} {c}: {mine[k][c]!r} and {theirs[k][c]!r}" for k, c in found[:10]]
    return "\n".join(told)


def _by_key(table: pa.Table, key: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = table.to_pylist()
    keyed = {tuple(row[c] for c in key): row for row in rows}
    assert len(keyed) == len(rows), f"{key} is no key"
    return keyed
