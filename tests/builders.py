"""Small tables for tests: canonical activity rows from the few values a case is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

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
