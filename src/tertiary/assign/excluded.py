"""Payers of drugs and devices, which the method does not cover: the most specific row of a dated table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from tertiary.assign.data import rows
from tertiary.assign.periods import Period

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine

KEY = ("component", "commissioned_service_category", "supply_route", "ln_specialised", "period")
NOTHING = {"payer_kind": "none", "payer_rule": "", "note": "no_row_in_tariff_excluded_payers"}


def excluded_payers(engine: Engine, facts: ir.Table, used: Sequence[Period]) -> ir.Table:
    """Key KEY, the combinations that occur: ex_payer_kind and ex_note."""
    import pyarrow as pa

    days = {p.number: p.first_day for p in used}
    met = facts.filter(facts.component != "activity").select(*KEY).distinct()
    seen = engine.fetch(met)
    found = [chosen(row, days[row["period"]]) for row in seen.to_pylist()]
    return engine.load(
        "assign_excluded",
        seen.append_column("ex_payer_kind", pa.array([r["payer_kind"] for r in found], pa.string())).append_column(
            "ex_note", pa.array([r["note"] for r in found], pa.string())
        ),
    )


def chosen(item: Mapping[str, Any], day: date) -> Mapping[str, str]:
    """The row of tariff_excluded_payers.csv for an item on a day; the one with fewest wildcards wins."""
    line = "specialised" if item["ln_specialised"] else "not_specialised"
    wanted = {
        "component": item["component"],
        "commissioned_service_category": item["commissioned_service_category"],
        "supply_route": item["supply_route"],
        "line": line,
    }
    fits = [
        row
        for row in rows("tariff_excluded_payers")
        if _in_force(row, day) and all(row[name] in ("*", value) for name, value in wanted.items())
    ]
    return min(fits, key=lambda row: sum(row[name] == "*" for name in wanted), default=NOTHING)


def _in_force(row: Mapping[str, str], day: date) -> bool:
    return date.fromisoformat(row["valid_from"]) <= day and (
        not row["valid_to"] or day < date.fromisoformat(row["valid_to"])
    )
