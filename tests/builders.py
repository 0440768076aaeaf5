"""Small tables for tests: canonical activity rows from the few values a case is about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tertiary.runs import Run
from tertiary.tables import arrow_schema

DEFAULTS: dict[str, Any] = {
    "submission_id": "sub",
    "flow": "op",
    "fate": "accepted",
    "component": "activity",
    "age": 40,
    "sex": "1",
    "provider_code": "RRV",
    "activity_date": date(2025, 5, 3),
    "financial_year": "202526",
    "financial_month": 2,
    "quantity": Decimal(1),
}


def activity(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Canonical activity; record ids are r0, r1 … unless given."""
    schema = arrow_schema("activity")
    blank = {f.name: "" if pa.types.is_string(f.type) else None for f in schema}
    full = [
        {**blank, **DEFAULTS, "record_id": f"r{i}", "row_key": i, "row_number": i + 1, **row}
        for i, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(full, schema=schema)


def row(table: str, **values: Any) -> dict[str, Any]:
    """A row of a run table, blank but for `values`."""
    blank = {pa.string(): "", pa.bool_(): True}
    return {f.name: values.get(f.name, blank.get(f.type)) for f in arrow_schema(table)}


def run_folder(folder: Path, **tables: Iterable[Mapping[str, Any]]) -> Run:
    """A run of tables given as rows, without the walk."""
    folder.mkdir()
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(list(rows), schema=arrow_schema(name)), folder / f"{name}.parquet")
    manifest = {
        "tables": {name: [f"{name}.parquet"] for name in tables}, "synthetic": True, "counts": {},
        "register": {"version": "2026.11", "as_known": "2026-11-24", "overlays": []},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Run(folder, manifest)
