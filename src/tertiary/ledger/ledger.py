"""The ledger: records rolled up by everything finance asks for, actual and plan side by side.

Amounts are summed in exact decimals, so that ledger and records agree to the penny per flow and in what counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.tables import columns

if TYPE_CHECKING:
    import ibis.expr.types as ir

DIMENSIONS = tuple(c.name for c in columns("ledger") if c.is_key and c.name != "measure")
CELLS = tuple(c.name for c in columns("patient_cells") if c.name != "patient_id")


def ledger(records: ir.Table) -> ir.Table:
    """One row for each flow, measure, month, population, payer, line, provider and so on (key: see tables.csv)."""
    import ibis

    accepted = records.filter(records.fate == "accepted")
    actual = accepted.filter(accepted.flow != "iap")
    plan_rows = accepted.filter(accepted.price_plan.notnull() | accepted.quantity_plan.notnull())
    zero = ibis.literal(0)
    spent = actual.group_by(*DIMENSIONS).aggregate(
        records=actual.count(),
        quantity=_total(actual.quantity, "decimal(38, 3)"),
        price_submitted=_total(actual.price_submitted, "decimal(38, 8)"),
        price_expected=_total(actual.price_expected, "decimal(38, 2)"),
    )
    planned = plan_rows.group_by(*DIMENSIONS).aggregate(
        records=plan_rows.count(),
        quantity=_total(plan_rows.quantity_plan, "decimal(38, 3)"),
        price_submitted=_total(plan_rows.price_plan, "decimal(38, 8)"),
        price_expected=zero.cast("decimal(38, 2)"),
    )
    order = [c.name for c in columns("ledger")]
    both = spent.mutate(measure=ibis.literal("actual")).select(order)
    return both.union(planned.mutate(measure=ibis.literal("plan")).select(order))


def patient_cells(records: ir.Table) -> ir.Table:
    """Distinct patients of each ledger cell: recount from these, never sum. Null, zero and withheld are no patients."""
    known = records.filter((records.fate == "accepted") & (records.patient_id != "") & (records.flow != "iap"))
    return known.select(*CELLS, "patient_id").distinct()


def _total(column: ir.Column, kind: str) -> ir.Value:
    import ibis

    return ibis.coalesce(column.sum().cast(kind), ibis.literal(0).cast(kind))
