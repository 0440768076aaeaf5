"""The frozen schemas of every table a run writes, read from `tables.csv`.

Grain, key and meaning of each table stand in that file; a change to it is a change of the public interface.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """One column of a run table: `type` is the logical type, the same in Arrow, Ibis and SQL."""

    table: str
    name: str
    type: str
    is_key: bool
    description: str


@cache
def columns(table: str) -> tuple[Column, ...]:
    """Columns of `table` in order. KeyError when no such table exists."""
    return _all()[table]


def names() -> tuple[str, ...]:
    """Names of the tables a run writes."""
    return tuple(_all())


@cache
def _all() -> dict[str, tuple[Column, ...]]:
    text = resources.files("tertiary").joinpath("tables.csv").read_text(encoding="utf-8")
    tables: dict[str, list[Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        column = Column(row["table"], row["column"], row["type"], row["key"] == "Y", row["description"])
        tables.setdefault(column.table, []).append(column)
    return {name: tuple(cols) for name, cols in tables.items()}


def arrow_type(type_name: str) -> pa.DataType:
    """Arrow type of a logical type name such as `string`, `int16` or `decimal(26,8)`."""
    import pyarrow as pa

    if type_name.startswith("decimal"):
        precision, scale = type_name[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    simple = {
        "string": pa.string(),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
    }
    return simple[type_name]


@cache
def arrow_schema(table: str) -> pa.Schema:
    """Arrow schema of a run table."""
    import pyarrow as pa

    return pa.schema([(c.name, arrow_type(c.type)) for c in columns(table)])


@cache
def ibis_schema(table: str) -> ibis.Schema:
    """Ibis schema of a run table."""
    import ibis

    return ibis.schema({c.name: "timestamp(6)" if c.type == "timestamp" else c.type for c in columns(table)})
