"""What counts as a call on a pool: the partners' spend within its scope, month by month, from a run.

Only sums by partner leave the engine; cost by patient is used within it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING, Any

from tertiary.errors import PoolError
from tertiary.period import YEAR_END
from tertiary.pool.terms import Agreement
from tertiary.pool.volatility import Cases, HighCost

if TYPE_CHECKING:
    from tertiary.runs import Run, Table

Months = list[dict[str, Decimal]]
# fewer dear patients than this say nothing of how far their costs differ, and their sums would be somebody's
FEW = 5


def calls(run: Run, agreement: Agreement, financial_year: str, last_month: int) -> Months:
    """Spend of each partner's population in pounds, one mapping a month from month 1 to `last_month`.

    What counts (`counted`) of actual spend within the agreement's services, providers and components, by the agreed
    measure. PoolError when the run holds nothing of the year within the scope.
    """
    ledger = run.ledger.derive(lambda t: t.filter(t.measure == "actual"))
    found = ledger.derive(lambda t: _by_partner(_scoped(t, agreement, financial_year, last_month), agreement.measure))
    rows = found.to_arrow().to_pylist()
    if not rows:
        raise PoolError(
            f"{run.path} holds no spend of {financial_year} to month {last_month} within the scope of agreement "
            f"{agreement.name}. Check its services, providers and partners, and the months of the run."
        )
    return _months(rows, agreement, last_month)


def pooled_calls(run: Run, agreement: Agreement, financial_year: str, last_month: int) -> Months:
    """For rule R6: of each partner's spend, what is pooled, one mapping a month.

    That is the cost of listed services, and of each patient's other cost in the year to date what lies above the
    threshold. A record without a pseudonym belongs to no patient and stays with its partner.
    """
    records = run.records
    if agreement.threshold is None:
        return _months(_listed(records, agreement, financial_year, last_month), agreement, last_month)
    made: Months = []
    before = dict.fromkeys(agreement.partners, Decimal(0))
    for month in range(1, last_month + 1):
        rows = _above(records, agreement, financial_year, month, agreement.threshold)
        listed = _listed(records, agreement, financial_year, month)
        upto = dict.fromkeys(agreement.partners, Decimal(0))
        for row in [*rows, *listed]:
            upto[row["population_icb"]] += row["amount"]
        made.append({code: upto[code] - before[code] for code in upto})
        before = upto
    return made


def _scoped(table: Any, agreement: Agreement, financial_year: str, last_month: int) -> Any:
    rows = table.filter(
        table.counted, table.financial_year == financial_year, _within(table, last_month),
        table.population_icb.isin(list(agreement.populations)),
    )  # fmt: skip
    if agreement.succeeds:
        rows = rows.mutate(population_icb=rows.population_icb.substitute(dict(agreement.succeeds)))
    for column, codes in (
        ("service_line_final", agreement.services),
        ("provider_code", agreement.providers),
        ("component", agreement.components),
    ):
        if codes:
            rows = rows.filter(rows[column].isin(codes))
    return rows


def _within(table: Any, last_month: int) -> Any:
    return table.financial_month.between(1, last_month if last_month < YEAR_END else YEAR_END + 1)


def _by_partner(rows: Any, measure: str) -> Any:
    return rows.group_by("population_icb", "financial_month").aggregate(amount=rows[measure].sum())


def _listed(records: Table, agreement: Agreement, financial_year: str, last_month: int) -> list[dict[str, Any]]:
    if not agreement.listed:
        return []

    def step(table: Any) -> Any:
        rows = _scoped(table, agreement, financial_year, last_month)
        return _by_partner(rows.filter(rows.service_line_final.isin(agreement.listed)), agreement.measure)

    return [r for r in records.derive(step).to_arrow().to_pylist() if r["amount"] is not None]


def _above(
    records: Table, agreement: Agreement, financial_year: str, last_month: int, threshold: Decimal
) -> list[dict[str, Any]]:
    def step(table: Any) -> Any:
        rows = _scoped(table, agreement, financial_year, last_month)
        rows = rows.filter(rows.patient_id != "")
        if agreement.listed:
            rows = rows.filter(rows.service_line_final.notin(agreement.listed))
        people = rows.group_by("population_icb", "patient_id").aggregate(cost=rows[agreement.measure].sum())
        dear = people.filter(people.cost > threshold)
        return dear.group_by("population_icb").aggregate(amount=(dear.cost - threshold).sum())

    return list(records.derive(step).to_arrow().to_pylist())


def _months(rows: list[dict[str, Any]], agreement: Agreement, last_month: int) -> Months:
    made: Months = [dict.fromkeys(agreement.partners, Decimal(0)) for _ in range(last_month)]
    for row in rows:
        made[min(row["financial_month"], YEAR_END) - 1][row["population_icb"]] += row["amount"] or Decimal(0)
    return made


def cases(run: Run, agreement: Agreement, financial_year: str, last_month: int) -> dict[str, Cases]:
    """Each partner's patients within the scope: number, cost in pounds and coefficient of variation of cost a patient.

    Patients without a pseudonym, and those who cost nothing, are left out. PoolError when a partner has fewer than two.
    """

    def step(table: Any) -> Any:
        rows = _scoped(table, agreement, financial_year, last_month)
        rows = rows.filter(rows.patient_id != "")
        people = rows.group_by("population_icb", "patient_id").aggregate(cost=rows[agreement.measure].sum())
        people = people.filter(people.cost > 0)
        return people.group_by("population_icb").aggregate(
            number=people.count(), cost=people.cost.sum(), spread=people.cost.cast("float64").std(how="sample")
        )

    rows = {r["population_icb"]: r for r in run.records.derive(step).to_arrow().to_pylist()}
    if few := [code for code in agreement.partners if code not in rows or not rows[code]["spread"]]:
        raise PoolError(
            f"{', '.join(few)}: too few patients with different costs within the scope of agreement {agreement.name} "
            "to say how far costs differ. Take a longer part of the year or a wider scope."
        )
    return {
        code: Cases(row["number"], float(row["cost"]), row["spread"] * row["number"] / float(row["cost"]))
        for code, row in rows.items()
    }


def high_cost_cases(run: Run, agreement: Agreement, financial_year: str, last_month: int) -> dict[str, HighCost] | None:
    """Each partner's patients as rule R6 parts them: numbers, costs in pounds and coefficients of variation only.

    Patients without a pseudonym, and those who cost nothing, are left out as in `cases`. How far costs above the
    threshold and of listed services differ is measured over all partners together, because one partner has few such
    patients; None when there are fewer than FEW of them in all, or nothing is above the threshold or listed.
    """
    threshold = agreement.threshold

    def step(table: Any) -> Any:
        import ibis

        rows = _scoped(table, agreement, financial_year, last_month)
        rows = rows.filter(rows.patient_id != "")
        listed = rows.service_line_final.isin(agreement.listed) if agreement.listed else ibis.literal(False)
        people = rows.mutate(listed=listed).group_by("population_icb", "patient_id", "listed")
        people = people.aggregate(cost=rows[agreement.measure].sum())
        people = people.filter(people.cost > 0)
        beyond = ibis.literal(False) if threshold is None else ~people.listed & (people.cost > threshold)
        part = ibis.cases((people.listed, "listed"), (beyond, "beyond"), else_="below")
        cost = people.cost - ibis.cases((beyond, threshold or Decimal(0)), else_=Decimal(0))
        parts = people.mutate(part=part, part_cost=cost)
        size = parts.part_cost.cast("float64")
        return parts.group_by("population_icb", "part").aggregate(
            number=parts.count(), cost=parts.part_cost.sum(), squares=(size * size).sum()
        )

    held = {(r["population_icb"], r["part"]): r for r in run.records.derive(step).to_arrow().to_pylist()}

    def moments(keys: list[tuple[str, str]]) -> Cases:
        rows = [held[key] for key in keys if key in held]
        number, cost = sum(r["number"] for r in rows), float(sum(r["cost"] for r in rows))
        spread = max(0.0, number * sum(r["squares"] for r in rows) / cost**2 - 1) if rows else 0.0
        return Cases(number, cost, sqrt(spread))

    everyone = {part: moments([(code, part) for code in agreement.partners]) for part in ("beyond", "listed")}
    if everyone["beyond"].number + everyone["listed"].number < FEW:
        return None
    found = {}
    for code in agreement.partners:
        dear, listed = (
            replace(moments([(code, part)]), cv_cost=everyone[part].cv_cost) for part in ("beyond", "listed")
        )
        found[code] = HighCost(float(threshold or 0), moments([(code, "below")]), dear, listed)
    return found


def hosted(run: Run, host: str, financial_year: str, last_month: int) -> list[dict[str, Any]]:
    """What a host pays providers for others: rows by payer, month, service line, provider and point of delivery.

    `amount` in pounds as submitted; what counts of actual spend whose contracting host is `host`.
    """
    found = run.records.derive(lambda t: _hosted(t.filter(t.contracting_host == host), financial_year, last_month))
    return [{n: v for n, v in row.items() if n != "host"} for row in found.to_arrow().to_pylist()]


def hosted_by_all(run: Run, financial_year: str, last_month: int) -> list[dict[str, Any]]:
    """As `hosted`, of every host: rows have `host` too."""
    return list(run.records.derive(lambda t: _hosted(t, financial_year, last_month)).to_arrow().to_pylist())


def _hosted(table: Any, financial_year: str, last_month: int) -> Any:
    import ibis

    rows = table.filter(
        table.counted, table.financial_year == financial_year, _within(table, last_month),
        table.contracting_host != "", table.payer_kind == "icb", table.price_submitted.notnull(),
    )  # fmt: skip
    month = ibis.least(rows.financial_month, ibis.literal(YEAR_END, "int16"))
    rows = rows.mutate(host=rows.contracting_host, payer=rows.payer_code, financial_month=month)
    by = ("host", "payer", "financial_month", "service_line_final", "provider_code", "point_of_delivery")
    return rows.group_by(*by).aggregate(amount=rows.price_submitted.sum()).order_by(*by)
