"""Charges of a run for tests: a sound one unless a case says otherwise."""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tertiary.register import Register
from tertiary.runs import Run
from tertiary.tables import arrow_schema

Given = Mapping[str, Any]
TABLES = ("records", "activity", "reasons")
SOUND: Given = {
    "fate": "accepted", "flow": "plcm", "counted": True, "submission_id": "sub", "component": "activity",
    "provider_code": "RRV", "patient_id": "p", "hrg": "AA22C", "point_of_delivery": "EL",
    "treatment_function_code": "150", "activity_date": date(2025, 4, 10), "financial_year": "202526",
    "financial_month": 1, "service_line_submitted": "NCBPS08S", "service_line_final": "NCBPS08S",
    "service_basis": "derived", "commissioner_submitted": "93C", "commissioner_code": "93C", "payer_code": "QMJ",
    "payer_kind": "icb", "contracting_host": "QMJ", "assignment_box": "C-6", "quantity": Decimal(1),
    "unit_price_submitted": Decimal(1000), "price_submitted": Decimal(1000), "price_expected": Decimal(1000),
    "price_basis": "national",
}  # fmt: skip


def written(folder: Path, charges: Iterable[Given], findings: Iterable[Given] = ()) -> Run:
    """A run folder with sound charges but for what each says; records are r0, r1 … of patients p0, p1 …"""
    full = [
        {
            **SOUND,
            "record_id": f"r{i}",
            "source_id": f"s{i}",
            "patient_id": f"p{i}",
            "row_number": i + 1,
            "row_key": i,
            **c,
        }
        for i, c in enumerate(charges)
    ]
    folder.mkdir(parents=True)
    for name in TABLES:
        pq.write_table(_table(name, full), folder / f"{name}.parquet")
    told = [{"finding_id": f"f{i}", **f} for i, f in enumerate(findings)]
    pq.write_table(_table("findings", told), folder / "findings.parquet")
    manifest = {
        "tables": {name: [f"{name}.parquet"] for name in (*TABLES, "findings")}, "synthetic": True,
        "register": {"version": "2026.11", "as_known": "2026-11-24", "overlays": []},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Run(folder, manifest)


def _table(name: str, rows: Iterable[Given]) -> pa.Table:
    schema = arrow_schema(name)
    blank = {f.name: "" if pa.types.is_string(f.type) else None for f in schema}
    return pa.Table.from_pylist([{n: row.get(n, blank[n]) for n in blank} for row in rows], schema=schema)


def with_lists(register: Register, **lists: list[Given]) -> Mapping[str, Any]:
    """The register with other rows in some tables."""
    made = {
        name: pa.Table.from_pylist([{f.name: row.get(f.name) for f in register[name].schema} for row in rows],
                                   schema=register[name].schema)
        for name, rows in lists.items()
    }  # fmt: skip
    return ChainMap(made, register)  # type: ignore[arg-type]
