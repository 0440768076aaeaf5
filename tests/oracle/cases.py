"""Small tables and records for trying the oracle on worked cases."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from tertiary.tables import arrow_schema

Row = dict[str, Any]

START: Row = {
    "flow": "op",
    "fate": "accepted",
    "component": "activity",
    "age": 40,
    "sex": "1",
    "provider_code": "RRV",
    "activity_date": date(2025, 6, 10),
    "financial_year": "202526",
    "financial_month": 3,
    "quantity": Decimal(1),
}


def record(number: int = 0, **values: Any) -> Row:
    """One canonical activity row from the few values a case is about."""
    blank = {f.name: "" if pa.types.is_string(f.type) else None for f in arrow_schema("activity")}
    given = {**blank, "record_id": f"r{number:08d}", "row_key": number, "row_number": number + 1, **START, **values}
    unknown = set(given) - set(blank)
    assert not unknown, unknown
    return given


def activity(records: Iterable[Row]) -> pa.Table:
    """The same as a canonical activity table."""
    return pa.Table.from_pylist(list(records), schema=arrow_schema("activity"))


def with_rows(
    tables: Mapping[str, pa.Table], add: bool = False, **replaced: Iterable[Mapping[str, Any]]
) -> dict[str, pa.Table]:
    """The tables with some replaced (or extended) by rows; columns left out are blank or null."""
    made = {name: tables[name] for name in tables}
    for name, rows in replaced.items():
        schema = made[name].schema
        blank = {f.name: "" if pa.types.is_string(f.type) else None for f in schema}
        table = pa.Table.from_pylist([{**blank, **row} for row in rows], schema=schema)
        made[name] = pa.concat_tables([made[name], table]) if add else table
    return made


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV, as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
