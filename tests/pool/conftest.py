"""Exact arithmetic on odd fractions has no deadline; a run of two boards."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import settings

from builders import row, run_folder
from tertiary.runs import Run

settings.register_profile("pool", deadline=None)
settings.load_profile("pool")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run folder with a ledger and records of two populations, three months and a service outside the scope."""
    cells, records = [], []
    spend = [
        ("QMJ", 1, "NCBPS11B", "p1", "1000.005"),
        ("QMJ", 1, "NCBPS13E", "p1", "500"),
        ("QMF", 1, "NCBPS11B", "p2", "200"),
        ("QMJ", 2, "NCBPS11B", "p1", "900"),
        ("QMF", 2, "NCBPS11B", "", "5000"),
        ("QMF", 3, "NCBPS13E", "p2", "2000"),
        ("QMJ", 1, "NCBPS99Z", "p1", "77777"),
        ("QWO", 1, "NCBPS11B", "p3", "88888"),
        ("QMJ", 1, "NCBPS99Z", "p6", "10"),
        ("QMF", 1, "NCBPS99Z", "p5", "777"),
    ]
    for icb, month, line, patient, price in spend:
        about = {
            "population_icb": icb, "financial_month": month, "service_line_final": line, "financial_year": "202526",
            "price_submitted": Decimal(price), "measure": "actual", "patient_id": patient, "component": "activity",
            "payer_code": icb, "payer_kind": "icb", "contracting_host": "QMJ", "provider_code": "RRV",
        }  # fmt: skip
        cells.append(row("ledger", **about))
        records.append(row("records", **about))
    cells.append({**cells[0], "measure": "plan", "price_submitted": Decimal(66666)})
    cells.append({**cells[0], "counted": False, "price_submitted": Decimal(55555)})
    return run_folder(tmp_path / "run", ledger=cells, records=records)
