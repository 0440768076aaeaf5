"""The watch on ring-fences and providers' dependence as tables for people, pounds to the penny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tertiary.allocate.dependence import Dependence
from tertiary.allocate.rows import arrow, names
from tertiary.allocate.watch import Watched, explanations, former_year

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register import Register


def watch_rows(found: Sequence[Watched], register: Register) -> pa.Table:
    """Grain and key: ICB and year. What of the gap falls to each explanation, and what is left."""
    labels = names(register, "icb")
    kinds = [row["explanation"] for row in explanations() if row["explains"] == "Y"]
    rows = [
        {"icb": w.icb, "icb_name": labels.get(w.icb, ""), "financial_year": w.financial_year, "to_month": w.last_month,
         "yardstick": w.yardstick, "due": w.due, "spend": w.spend, "gap": w.gap,
         "gap_share": w.gap / w.due if w.due else None, "months_below": w.months_below,
         **{e.explanation: e.counted for e in w.explanations if e.explains}, "unexplained": w.unexplained,
         "status": w.status}
        for w in found
    ]  # fmt: skip
    columns = [
        ("icb", "text"), ("icb_name", "text"), ("financial_year", "text"), ("to_month", "count"), ("yardstick", "text"),
        ("due", "money"), ("spend", "money"), ("gap", "money"), ("gap_share", "share"), ("months_below", "count"),
        *[(kind, "money") for kind in kinds], ("unexplained", "money"), ("status", "text"),
    ]  # fmt: skip
    return arrow(rows, columns)


def explained_rows(found: Sequence[Watched]) -> pa.Table:
    """Grain and key: ICB, year and explanation; an empty estimate was not tested."""
    rows = [
        {"icb": w.icb, "financial_year": w.financial_year, "explanation": e.explanation,
         "explains": "yes" if e.explains else "evidence only", "estimate": e.estimate, "counted": e.counted,
         "evidence": e.evidence, "confidence": e.confidence}
        for w in found for e in w.explanations
    ]  # fmt: skip
    text = ("icb", "financial_year", "explanation", "explains")
    columns = [(n, "text") for n in text] + [("estimate", "money"), ("counted", "money")]
    return arrow(rows, [*columns, ("evidence", "text"), ("confidence", "text")])


def month_rows(found: Sequence[Watched]) -> pa.Table:
    """Grain and key: ICB, year and month (13: adjustments after the year's end)."""
    rows = []
    for w in found:
        total = Decimal(0)
        for month in sorted({*w.due_by_month, *w.spend_by_month}):
            due, spend = w.due_by_month.get(month, Decimal(0)), w.spend_by_month.get(month, Decimal(0))
            total += due - spend
            rows.append({"icb": w.icb, "financial_year": w.financial_year, "month": month, "yardstick": w.yardstick,
                         "due": due, "spend": spend, "gap": due - spend, "gap_to_date": total})  # fmt: skip
    columns = [("icb", "text"), ("financial_year", "text"), ("month", "count"), ("yardstick", "text")]
    return arrow(rows, [*columns, *[(n, "money") for n in ("due", "spend", "gap", "gap_to_date")]])


def contract_rows(
    signed: Mapping[tuple[str, ...], Decimal], allocations: Mapping[tuple[str, ...], Decimal], tolerance: float
) -> pa.Table:
    """Contract values of an ICB's year beside its allocation and those of the year before. Key: ICB, year, provider.

    `signed` by (icb, provider, financial year), `allocations` by (icb, financial year). The row of provider "all" is
    the sum; `of_allocation` is a share of the allocation, and `flag` says when the sum lies below it by more than the
    tolerance.
    """
    rows = []
    for icb, year in sorted({(key[0], key[2]) for key in signed}):
        own = {key[1]: value for key, value in signed.items() if (key[0], key[2]) == (icb, year)}
        before = {key[1]: value for key, value in signed.items() if (key[0], key[2]) == (icb, former_year(year))}
        due = allocations.get((icb, year))
        total, was_total = sum(own.values(), Decimal(0)), sum(before.values(), Decimal(0)) if before else None
        low = due is not None and total < due * (1 - Decimal(str(tolerance)))
        both = [
            ("all", total, was_total),
            *((p, own.get(p, Decimal(0)), before.get(p)) for p in sorted({*own, *before})),
        ]
        for provider, value, was in both:
            rows.append(
                {
                    "icb": icb,
                    "financial_year": year,
                    "provider": provider,
                    "contract": value,
                    "former": was,
                    "change": None if was is None else value - was,
                    "allocation": due,
                    "of_allocation": value / due if due else None,
                    "flag": "below the allocation" if low and provider == "all" else "",
                }
            )
    columns = [(n, "text") for n in ("icb", "financial_year", "provider")]
    columns += [(n, "money") for n in ("contract", "former", "change", "allocation")]
    return arrow(rows, [*columns, ("of_allocation", "share"), ("flag", "text")])


def dependence_rows(found: Sequence[Dependence], register: Register) -> pa.Table:
    labels = names(register, "provider_code")
    rows = [
        {"provider": d.provider, "name": labels.get(d.provider, ""), "run_specialised": d.spend,
         "run_delegated": d.delegated, "given_total": d.total,
         "run_share_of_total": None if d.share is None else Decimal(f"{d.share:.4f}"), "accounts_year": d.accounts_year,
         "accounts_nhs_england_share": None if d.nhs_england_share is None else Decimal(f"{d.nhs_england_share:.4f}"),
         "published": d.stated}
        for d in found
    ]  # fmt: skip
    columns = [
        ("provider", "text"), ("name", "text"), ("run_specialised", "money"), ("run_delegated", "money"),
        ("given_total", "money"), ("run_share_of_total", "share"), ("accounts_year", "text"),
        ("accounts_nhs_england_share", "share"), ("published", "text"),
    ]  # fmt: skip
    return arrow(rows, columns)
