"""A small world to close months in: three contracts, a ledger by hand, and what it must come to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from builders import row

# contract, version, provider, host, payer, from, to, element, kind, annual value, profile, components, pods, services,
# tolerance, above, below
LINES = (
    ("C1", 1, "RRV", "QMJ", "QMJ", "2025-04-01", "", "Elective", "variable", "1200.00", "twelfths", "activity", "EL DC",
     "", "", "", ""),
    ("C1", 1, "RRV", "QMJ", "QMJ", "2025-04-01", "", "Everything else", "fixed", "2400.00", "twelfths", "activity", "",
     "", "", "", ""),
    ("C1", 1, "RRV", "QMJ", "QMJ", "2025-04-01", "", "Drugs", "pass_through", "600.00", "twelfths", "drug", "", "", "",
     "", ""),
    ("C1", 1, "RRV", "QMJ", "QMF", "2025-04-01", "", "Dialysis", "variable", "12000.00", "twelfths", "activity", "",
     "NCBPS11B", "0.05", "0.5", "0.25"),
    ("C2", 1, "RJ1", "QKK", "QKK", "2025-04-01", "", "Block", "block", "1000.00", "twelfths", "activity", "BLOCK", "",
     "", "", ""),
)  # fmt: skip
FIELDS = (
    "contract", "version", "provider_code", "host_code", "payer_code", "valid_from", "valid_to", "element", "kind",
    "annual_value", "profile", "components", "points_of_delivery", "services", "tolerance", "rate_above", "rate_below",
)  # fmt: skip


def register(lines: tuple[tuple[Any, ...], ...] = LINES, **changes: str) -> str:
    """The contracts as CSV; signed values add up unless `changes` says others by contract and version (C1_1)."""
    made = [dict(zip(FIELDS, map(str, line), strict=True)) for line in lines]
    sums: dict[tuple[str, str], Decimal] = {}
    for one in made:
        key = (one["contract"], one["version"])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(one["annual_value"])
    names = [*FIELDS, "financial_year", "signed_value", "signed_on"]
    rows = [",".join(names)]
    for one in made:
        key = (one["contract"], one["version"])
        full: Mapping[str, str] = {
            **one, "financial_year": "202526", "signed_on": "2025-03-28",
            "signed_value": changes.get("_".join(key), str(sums[key])),
        }  # fmt: skip
        rows.append(",".join(full[name] for name in names))
    return "\n".join(rows) + "\n"


def cell(provider: str, payer: str, month: int, pod: str, price: str, **more: Any) -> dict[str, Any]:
    """One ledger row of what counts."""
    known = {
        "flow": "plcm", "measure": "actual", "counted": True, "financial_year": "202526", "payer_kind": "icb",
        "component": "activity", "records": 1, "quantity": Decimal(1), "price_expected": Decimal(0),
    }  # fmt: skip
    about = {
        "provider_code": provider, "payer_code": payer, "financial_month": month, "point_of_delivery": pod,
        "price_submitted": Decimal(price),
    }  # fmt: skip
    return row("ledger", **{**known, **about, **more})


def plan(provider: str, payer: str, month: int, pod: str, price: str, **more: Any) -> dict[str, Any]:
    """One ledger row of the loaded activity plan."""
    return cell(provider, payer, month, pod, price, flow="iap", measure="plan", counted=False, **more)


LEDGER = (
    cell("RRV", "QMJ", 1, "EL", "90.005"), cell("RRV", "QMJ", 1, "DC", "40"), cell("RRV", "QMJ", 1, "NEL", "500"),
    cell("RRV", "QMJ", 2, "EL", "110"), cell("RRV", "QMJ", 2, "NEL", "100.5"),
    cell("RRV", "QMJ", 1, "DRUG", "75.25", component="drug", flow="drplcm"),
    cell("RRV", "QMF", 1, "ARD", "1200", service_line_final="NCBPS11B"),
    cell("RRV", "QMF", 2, "ARD", "900", service_line_final="NCBPS11B"),
    cell("RRV", "QMF", 2, "OPFUPSPCL", "33", service_line_final="NCBPS13E"),
    cell("RJ1", "QKK", 1, "BLOCK", "80", quantity=Decimal(0)),
    cell("RP4", "QWE", 2, "EL", "777.77"), cell("RP4", "", 2, "EL", "50", payer_kind="private"),
    cell("RRV", "QMJ", 1, "EL", "99999", counted=False, flow="acm"), cell("RRV", "QMJ", 3, "EL", "5"),
    plan("RRV", "QMJ", 1, "EL", "100"), plan("RRV", "QMJ", 2, "DC", "100"), plan("RRV", "QMJ", 1, "NEL", "200"),
    plan("RRV", "QMJ", 2, "NEL", "260"),
)  # fmt: skip
