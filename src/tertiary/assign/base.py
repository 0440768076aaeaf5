"""What the method reads first of a record: its scope, its assignment date and the period that date lies in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from tertiary.assign.data import codes, flows, rows
from tertiary.joins import Lookup, attach_all

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine
    from tertiary.register import Register

LOCAL_FLAGS = (
    "referred_via_ras", "section_7a_service", "other_public_health", "armed_forces_fertility_approved",
    "osv_international_agreement", "appendix_c_service",
)  # fmt: skip
DATED_BY = (
    "flow", "cds_type", "financial_year", "financial_month", "activity_date", "start_date", "end_date",
    "discharge_date",
)  # fmt: skip


def dated(engine: Engine, rows_in: ir.Table, register: Register, days: Sequence[date]) -> ir.Table:
    """Rows (with the columns of DATED_BY) and cds_type, monitoring, assignment_date and period."""
    months = engine.load(
        "assign_months",
        register["year_months"].select(["financial_year", "financial_month", "effective_date"]),
    )
    found = rows_in.mutate(
        month_13_as_12=rows_in.financial_month.clip(upper=12).cast("int16"),
        cds=_cds_type(rows_in),
        monitoring=rows_in.flow.isin(flows("contract_monitoring")),
    )
    found = attach_all(
        found, [Lookup(months, {"financial_year": "financial_year", "month_13_as_12": "financial_month"})]
    )
    found = found.mutate(assignment_date=_assignment_date(found, found.monitoring), cds_type=found.cds)
    found = found.drop("month_13_as_12", "cds", "effective_date")
    return found.mutate(period=_period(found.assignment_date, days))


def base(engine: Engine, identified: ir.Table, register: Register, days: Sequence[date]) -> ir.Table:
    """Rows with cds_type, scope, monitoring, record_only, assignment_date, period and infertility."""
    found = dated(engine, identified, register, days)
    return found.mutate(
        scope=found.cds_type.cases(*[(row["cds_type"], row["scope"]) for row in rows("assignment_dates")], else_=""),
        record_only=found.flow.isin(flows("record_only")),
        infertility=_infertility(found),
    )


def _cds_type(rows_in: ir.Table) -> ir.Value:
    """The CDS type; where a hospital flow leaves it blank or unknown, the flow's own."""
    defaults = [(row["flow"], row["cds_type_default"]) for row in rows("flow_methods")]
    known = rows_in.cds_type.isin([row["cds_type"] for row in rows("assignment_dates")])
    default = rows_in.flow.cases(*defaults, else_="")
    hospital = rows_in.flow.isin(flows("hospital"))
    return (hospital & known).ifelse(rows_in.cds_type, default)


def _assignment_date(rows_in: ir.Table, monitoring: ir.Value) -> ir.Value:
    """Guidance p6 by CDS type; for contract monitoring the first day of the financial month."""
    import ibis

    def first_of(order: str) -> ir.Value:
        return ibis.coalesce(*[rows_in[name] for name in order.split("|")])

    orders: dict[str, list[str]] = {}
    for row in rows("assignment_dates"):
        orders.setdefault(row["date_order"], []).append(row["cds_type"])
    return ibis.cases(
        (monitoring, ibis.coalesce(rows_in.effective_date, rows_in.activity_date)),
        *[(rows_in.cds.isin(types), first_of(order)) for order, types in orders.items()],
        else_=rows_in.activity_date,
    )


def _period(day: ir.Value, days: Sequence[date]) -> ir.Value:
    """Number of the period a day lies in; the earliest when no date is known."""
    import ibis

    passed = [(day >= ibis.literal(d)).ifelse(1, 0) for d in days[1:]]
    total = passed[0]
    for one in passed[1:]:
        total = total + one
    return ibis.coalesce(total, 0).cast("int32")


def _infertility(rows_in: ir.Table) -> ir.Value:
    """Any diagnosis or procedure of box I, in any position."""
    diagnosis = "(^|,)(" + "|".join(codes("infertility_diagnosis_prefix")) + ")"
    procedure = "(^|,)(" + "|".join(codes("infertility_procedure")) + ")"
    found = rows_in.diagnosis_all.re_search(diagnosis) | rows_in.procedure_all.re_search(procedure)
    return found.fill_null(False)
