"""A contract register drafted from the plan that was loaded, for people to correct and sign.

For each provider and payer with a plan, the usual elements (usual_elements.csv); the loaded months are taken to the
year by the element's profile. A draft is unsigned and says so: it is where to begin, not what was agreed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from tertiary.errors import ContractError
from tertiary.month_end.cells import PLAN_FLOW
from tertiary.month_end.contracts import FIELDS, Contract, Element, kinds
from tertiary.pennies import pounds
from tertiary.phasing import MONTHS, first_day, weight
from tertiary.sheets import shipped

if TYPE_CHECKING:
    from tertiary.runs import Run


@dataclass(frozen=True)
class Usual:
    """A row of usual_elements.csv, in the order in which they are tried."""

    element: str
    kind: str
    components: tuple[str, ...]
    points_of_delivery: tuple[str, ...]
    profile: str
    source: str
    confidence: str


@cache
def usual() -> Sequence[Usual]:
    """The usual elements of a contract."""
    return [
        Usual(
            line.text("element"), line.choice("kind", tuple(kinds())), line.codes("components"),
            line.codes("points_of_delivery"), line.text("profile"), line.text("source"), line.text("confidence"),
        )
        for line in shipped("tertiary.month_end", "usual_elements.csv", ContractError)
    ]  # fmt: skip


def draft_contracts(run: Run, financial_year: str, hosts: Mapping[str, str] | None = None) -> tuple[Contract, ...]:
    """A draft contract for each provider and payer of the loaded plan of a year.

    Elements that move cash are there even where nothing is planned, so that care of their kind does not fall under a
    fixed one. The plan of month 13 is left out. `hosts`: contracting host by provider; the payer itself unless named.
    ContractError when no plan of the year is loaded.
    """
    planned = _planned(run, financial_year)
    months: dict[str, set[int]] = {}
    for row in planned:
        months.setdefault(row["provider_code"], set()).add(row["financial_month"])
    if not months:
        raise ContractError(f"{run.path} holds no activity plan (flow {PLAN_FLOW}) of {financial_year} to draft from.")
    sums: dict[tuple[str, str], dict[int, Fraction]] = {}
    for row in planned:
        pair = sums.setdefault((row["provider_code"], row["payer_code"]), {})
        place = _place(row["component"], row["point_of_delivery"])
        pair[place] = pair.get(place, Fraction(0)) + Fraction(row["plan"])
    made = []
    for (provider, payer), elements in sorted(sums.items()):
        wanted = [n for n, one in enumerate(usual()) if n in elements or kinds()[one.kind].rate]
        loaded = sorted(months[provider])
        kept = [_element(usual()[n], payer, elements.get(n, Fraction(0)), financial_year, loaded) for n in wanted]
        total = sum((e.annual_value for e in kept), Decimal(0))
        start, end = first_day(financial_year, 1), date(int(financial_year[:4]) + 1, 4, 1)
        host = (hosts or {}).get(provider, payer)
        name = f"{provider}-{payer}-{financial_year}"
        made.append(Contract(name, 1, provider, host, financial_year, start, end, None, total, tuple(kept)))
    return tuple(made)


def as_csv(contracts: Sequence[Contract]) -> str:
    """The register as the CSV that `read_contracts` reads."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    for contract in contracts:
        for element in contract.elements:
            row = {**_cells(contract), **_cells(element)}
            writer.writerow({name: row[name] for name in FIELDS})
    return out.getvalue()


def _planned(run: Run, financial_year: str) -> list[dict[str, Any]]:
    by = ("provider_code", "payer_code", "component", "point_of_delivery", "financial_month")

    def step(table: Any) -> Any:
        rows = table.filter(
            table.flow == PLAN_FLOW, table.measure == "plan", table.financial_year == financial_year,
            table.payer_code != "", table.financial_month.isin(MONTHS),
        )  # fmt: skip
        return rows.group_by(*by).aggregate(plan=rows.price_submitted.sum()).order_by(*by)

    return list(run.ledger.derive(step).to_arrow().to_pylist())


def _place(component: str, point_of_delivery: str) -> int:
    for place, one in enumerate(usual()):
        fits = not one.points_of_delivery or point_of_delivery in one.points_of_delivery
        if component in one.components and fits:
            return place
    raise ContractError(f"usual_elements.csv covers no {component} of point of delivery {point_of_delivery!r}. Add it.")


def _element(one: Usual, payer: str, loaded: Fraction, financial_year: str, months: Sequence[int]) -> Element:
    part = sum((weight(one.profile, financial_year, m) for m in months), Fraction(0))
    kind = kinds()[one.kind]
    return Element(
        payer, one.element, one.kind, pounds(loaded / part), one.profile, one.components, one.points_of_delivery, (),
        Fraction(0), kind.rate, kind.rate_above, kind.rate_below, f"drafted from the plan of {len(months)} months",
    )  # fmt: skip


def _cells(row: Contract | Element) -> dict[str, str]:
    def cell(value: Any) -> str:
        if isinstance(value, tuple):
            return " ".join(value)
        if isinstance(value, Fraction):
            return str(Decimal(value.numerator) / Decimal(value.denominator))
        return "" if value is None else str(value)

    return {name: cell(value) for name, value in vars(row).items() if name != "elements"}
