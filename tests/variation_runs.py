"""Run folders out of a few records: the ledger and the patients' cells are made by the product's own ledger stage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tertiary.engine import DuckDBEngine
from tertiary.ledger.ledger import ledger, patient_cells
from tertiary.runs import Run
from tertiary.tables import arrow_schema

DEFAULTS: dict[str, Any] = {
    "fate": "accepted", "flow": "plcm", "counted": True, "financial_year": "202526", "financial_month": 1,
    "component": "activity", "provider_code": "RRV", "service_line_final": "NCBPS11B", "point_of_delivery": "EL",
    "delegation_status": "delegated", "payer_kind": "icb", "quantity": Decimal(1), "npoc_code": "A",
}  # fmt: skip


def record(**values: Any) -> dict[str, Any]:
    """A record of a run, blank but for DEFAULTS and `values`; the payer is the ICB of the population unless told."""
    blank = {f.name: "" if pa.types.is_string(f.type) else None for f in arrow_schema("records")}
    row = {**blank, **DEFAULTS, **values}
    row["payer_code"] = values.get("payer_code", row["population_icb"])
    row["price_expected"] = row["price_expected"] or row["price_submitted"]
    return row


def run_of(folder: Path, records: Iterable[Mapping[str, Any]], submissions: Iterable[Mapping[str, Any]] = ()) -> Run:
    """A committed run that holds `records`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{**row, "record_id": f"r{place}"} for place, row in enumerate(records)]
    tables = {"records": pa.Table.from_pylist(rows, schema=arrow_schema("records"))}
    with DuckDBEngine() as engine:
        loaded = engine.load("records", tables["records"])
        for name, made in (("ledger", ledger(loaded)), ("patient_cells", patient_cells(loaded))):
            order = [field.name for field in arrow_schema(name)]
            tables[name] = engine.fetch(made).select(order).cast(arrow_schema(name))
    sent = [{f.name: row.get(f.name) for f in arrow_schema("submissions")} for row in submissions]
    tables["submissions"] = pa.Table.from_pylist(sent, schema=arrow_schema("submissions"))
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    manifest = {
        "tables": {name: [f"{name}.parquet"] for name in tables}, "synthetic": True,
        "register": {"version": "2026.11", "as_known": "2026-11-24", "overlays": []},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Run(folder, manifest)
