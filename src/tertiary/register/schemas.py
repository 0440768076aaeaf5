"""The schema of every register table, read from `tables.csv`: columns, types, keys, references."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

from tertiary.errors import RegisterError


@dataclass(frozen=True)
class RegisterColumn:
    """One column. `references` is `table.column` of the table it must be found in, or blank."""

    table: str
    name: str
    type: str
    is_key: bool
    nullable: bool
    references: str
    description: str


@dataclass(frozen=True)
class TableNote:
    """What a table holds, in words, and what is not known about it."""

    table: str
    about: str
    not_known: str


def _read(name: str) -> list[dict[str, str]]:
    text = resources.files("tertiary.register").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _all() -> dict[str, tuple[RegisterColumn, ...]]:
    tables: dict[str, list[RegisterColumn]] = {}
    for row in _read("tables.csv"):
        column = RegisterColumn(
            row["table"],
            row["column"],
            row["type"],
            row["key"] == "Y",
            row["nullable"] == "Y",
            row["references"],
            row["description"],
        )
        tables.setdefault(column.table, []).append(column)
    return {name: tuple(found) for name, found in tables.items()}


@cache
def notes() -> dict[str, TableNote]:
    """Note of every table."""
    return {row["table"]: TableNote(**row) for row in _read("descriptions.csv")}


def names() -> tuple[str, ...]:
    """Names of all register tables, in the order of `tables.csv`."""
    return tuple(_all())


def columns(table: str) -> tuple[RegisterColumn, ...]:
    """Columns of a table in order. RegisterError when there is no such table."""
    try:
        return _all()[table]
    except KeyError:
        raise RegisterError(f"The register has no table {table!r}. Tables: {', '.join(names())}.") from None


def key(table: str) -> tuple[str, ...]:
    """Key columns of a table."""
    return tuple(c.name for c in columns(table) if c.is_key)


def arrow_type(type_name: str) -> pa.DataType:
    """Arrow type of a type name such as `string`, `int16` or `decimal(9,6)`."""
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
    }
    return simple[type_name]


def arrow_schema(table: str) -> pa.Schema:
    """Arrow schema of a table."""
    import pyarrow as pa

    return pa.schema([(c.name, arrow_type(c.type)) for c in columns(table)])
