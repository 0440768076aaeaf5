"""Do the flows of a month tell the same story: the aggregate, the patient level flows, hospital data, plan and invoice.

    gap       aggregate (ACM) less patient level (PLCM, DrPLCM, DePLCM), which must be nothing
    coverage  patient level over aggregate; far from 1, figures per patient mislead and are blocked
    plan_gap  activity plan (IAP) less the plan beside the aggregate
    invoice   aggregate less what was invoiced, which must be nothing

Source: Data Dictionary overviews of the contract monitoring standards. What is patient level, and the limits
of coverage, are those of figures per patient: `tertiary.allocate.coverage`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.allocate.coverage import AGGREGATE, LIMITS, is_patient_level
from tertiary.allocate.variation import limits
from tertiary.errors import ContractError
from tertiary.sheets import lines

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.runs import Run

GRAIN = ("provider_code", "financial_month", "payer_code", "service_line_final", "component")
DIMENSIONS = (*GRAIN, "population_icb", "npoc_code", "pss_line", "payer_kind", "delegation_status")
PLAN = "iap"
HOSPITAL = ("apc_spell", "op", "ec", "cc_adult", "cc_paediatric", "cc_neonatal")
MONEY = "decimal(18, 2)"


@dataclass(frozen=True)
class Invoice:
    """What a provider invoiced for a month, in pounds. A blank payer: the invoice is for all payers together."""

    provider_code: str
    payer_code: str
    financial_year: str
    financial_month: int
    amount: Decimal
    reference: str


def read_invoices(file: Path) -> tuple[Invoice, ...]:
    """Invoices of a CSV file: provider_code, payer_code, financial_year, financial_month, amount, reference."""
    needed = ("provider_code", "financial_year", "financial_month", "amount")
    return tuple(
        Invoice(
            line.text("provider_code"), line.text("payer_code", ""), line.year("financial_year"),
            line.whole("financial_month", 1, 13), line.pounds("amount"), line.text("reference", ""),
        )
        for line in lines(file, ContractError, needed)
    )  # fmt: skip


def reconcile(run: Run, financial_year: str, last_month: int, by: Sequence[str] = GRAIN) -> pa.Table:
    """Aggregate against patient level, hospital data and plan, by `by`, months 1 to `last_month`.

    Columns: `by`; acm, patient_level, gap (pounds as submitted), coverage (ratio; null without an aggregate), iap,
    acm_plan, plan_gap (pounds), acm_activity and hospital_activity (quantity; for activity only), state: `agrees`,
    `small gap`, `short`, `over`, `only acm`, `only patient level` or, of a plan alone, `nothing sent`. Largest gap
    first. ContractError when `by` is not among DIMENSIONS.
    """
    return run.ledger.derive(lambda table: compared(table, financial_year, last_month, by)).to_arrow()


def coverage(run: Run, financial_year: str, last_month: int, by: Sequence[str]) -> pa.Table:
    """Coverage by `by` with what follows from it: `reconcile` with `usable` and `reason` for figures per patient."""
    import ibis

    low, high = _limits()

    def step(table: ir.Table) -> ir.Table:
        found = compared(table, financial_year, last_month, by)
        reason = ibis.cases(
            (found.coverage.isnull(), "no aggregate to compare with"),
            (found.coverage < low, f"patient level holds less than {low} of the aggregate"),
            (found.coverage > high, f"patient level holds more than {high} of the aggregate"),
            else_="",
        )
        return found.mutate(usable=reason == "", reason=reason)

    return run.ledger.derive(step).to_arrow()


def hospital_gaps(run: Run, financial_year: str, last_month: int) -> pa.Table:
    """Activity of the aggregate less that of hospital data by provider, month, point of delivery and HRG.

    Columns: the key, acm_activity, hospital_activity, gap; rows that differ only, largest gap first. Points of delivery
    that no hospital data of the run have, such as dialysis sessions, are left out: they are not found there by design.
    """
    by = ("provider_code", "financial_month", "point_of_delivery", "hrg")

    def step(table: ir.Table) -> ir.Table:
        import ibis

        rows = table.filter(
            table.fate == "accepted", table.financial_year == financial_year,
            table.financial_month.between(1, last_month), table.component == "activity", table.hrg != "",
        )  # fmt: skip
        there = rows.filter(rows.flow.isin(HOSPITAL)).select("point_of_delivery").distinct()
        rows = rows.filter(rows.flow.isin([AGGREGATE, *HOSPITAL])).semi_join(there, ["point_of_delivery"])
        found = rows.group_by(*by).aggregate(
            acm_activity=_part(rows, rows.flow == AGGREGATE, "quantity", "decimal(38, 3)"),
            hospital_activity=_part(rows, rows.flow != AGGREGATE, "quantity", "decimal(38, 3)"),
        )
        found = found.mutate(gap=found.acm_activity - found.hospital_activity)
        return found.filter(found.gap != 0).order_by(ibis.desc(found.gap.abs()), *by)

    return run.records.derive(step).to_arrow()


def invoice_gaps(
    run: Run,
    invoices: Sequence[Invoice],
    financial_year: str,
    last_month: int,
    hosts: Mapping[tuple[str, str], str] | None = None,
) -> list[dict[str, Any]]:
    """Aggregate less invoices: rows by provider, month and payer (blank: all) with acm, invoiced, gap and references.

    `hosts` says by provider and payer who is invoiced for it, where that is somebody else. Providers that sent an
    aggregate but no invoice, and the other way round, are there too.
    """
    billed = hosts or {}
    wanted = [i for i in invoices if i.financial_year == financial_year and i.financial_month <= last_month]
    whole = {(i.provider_code, i.financial_month) for i in wanted if not i.payer_code}
    rows: dict[tuple[str, int, str], dict[str, Any]] = {}

    def row(provider: str, month: int, payer: str) -> dict[str, Any]:
        payer = "" if (provider, month) in whole else billed.get((provider, payer)) or payer
        key = {"provider_code": provider, "financial_month": month, "payer_code": payer}
        blank = {"acm": Decimal(0), "invoiced": Decimal(0), "reference": ""}
        return rows.setdefault((provider, month, payer), {**key, **blank})

    def step(table: ir.Table) -> ir.Table:
        kept = table.filter(
            table.flow == AGGREGATE, table.measure == "actual", table.financial_year == financial_year,
            table.financial_month.between(1, last_month),
        )  # fmt: skip
        by = ("provider_code", "financial_month", "payer_code")
        return kept.group_by(*by).aggregate(acm=kept.price_submitted.sum().cast(MONEY)).order_by(*by)

    for sent in run.ledger.derive(step).to_arrow().to_pylist():
        row(sent["provider_code"], sent["financial_month"], sent["payer_code"])["acm"] += sent["acm"]
    for one in wanted:
        found = row(one.provider_code, one.financial_month, one.payer_code)
        found["invoiced"] += one.amount
        found["reference"] = " ".join(filter(None, (found["reference"], one.reference)))
    made = [{**r, "gap": r["acm"] - r["invoiced"]} for r in rows.values()]
    return sorted(made, key=lambda r: (-abs(r["gap"]), r["provider_code"], r["financial_month"], r["payer_code"]))


def compared(table: ir.Table, financial_year: str, last_month: int, by: Sequence[str]) -> ir.Table:
    """`reconcile` as an expression over rows of the ledger, all of a run or a part of it."""
    if wrong := [name for name in by if name not in DIMENSIONS]:
        raise ContractError(f"Flows cannot be reconciled by {', '.join(wrong)}. Choose from {', '.join(DIMENSIONS)}.")
    rows = table.filter(table.financial_year == financial_year, table.financial_month.between(1, last_month))
    return _judged(_side_by_side(rows, by), by)


def _side_by_side(rows: ir.Table, by: Sequence[str]) -> ir.Table:
    actual, plan = rows.measure == "actual", rows.measure == "plan"
    own = (rows.component == "activity") & actual
    return rows.group_by(*by).aggregate(
        acm=_part(rows, actual & (rows.flow == AGGREGATE)),
        patient_level=_part(rows, actual & is_patient_level(rows)),
        iap=_part(rows, plan & (rows.flow == PLAN)),
        acm_plan=_part(rows, plan & (rows.flow == AGGREGATE)),
        acm_activity=_part(rows, own & (rows.flow == AGGREGATE), "quantity", "decimal(38, 3)"),
        hospital_activity=_part(rows, own & rows.flow.isin(HOSPITAL), "quantity", "decimal(38, 3)"),
    )


def _judged(sides: ir.Table, by: Sequence[str]) -> ir.Table:
    import ibis

    rows = sides.filter((sides.acm != 0) | (sides.patient_level != 0) | (sides.iap != 0) | (sides.acm_plan != 0))
    gap = rows.acm - rows.patient_level
    low, high = _limits()
    ratio = rows.patient_level.cast("float64") / rows.acm.nullif(0).cast("float64")
    state = ibis.cases(
        ((rows.acm == 0) & (rows.patient_level == 0), "nothing sent"),
        (gap == 0, "agrees"),
        (rows.patient_level == 0, "only acm"),
        (rows.acm == 0, "only patient level"),
        (ratio < low, "short"),
        (ratio > high, "over"),
        else_="small gap",
    )
    names = ("iap", "acm_plan")
    found = rows.select(
        *by, rows.acm, rows.patient_level, gap=gap, coverage=ratio, **{n: rows[n] for n in names},
        plan_gap=rows.iap - rows.acm_plan, acm_activity=rows.acm_activity, hospital_activity=rows.hospital_activity,
        state=state,
    )  # fmt: skip
    return found.order_by(ibis.desc(found.gap.abs()), *by)


def _limits() -> tuple[float, float]:
    """Coverage below and above which figures per patient are blocked."""
    known = limits()
    low, high = (known[name].value for name in LIMITS)
    return low, high


def _part(rows: ir.Table, chosen: ir.BooleanValue, column: str = "price_submitted", kind: str = MONEY) -> ir.Value:
    import ibis

    nothing = ibis.literal(0).cast("decimal(38, 8)")
    return ibis.ifelse(chosen, rows[column].cast("decimal(38, 8)"), nothing).sum().cast(kind)
