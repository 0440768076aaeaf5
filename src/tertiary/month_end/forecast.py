"""How the year may end for an element, by three simple methods side by side, so that nobody takes one for the truth.

    plan    what is left of the year goes by plan
    trend   it goes by plan, times what has arrived against its plan
    recent  the same with the last three months that arrived

Each gives an activity value of the year, which the element turns into a payment. `low` and `high` are the least and the
most of the three: a range of methods, not a statistical interval. Method: project (derived).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tertiary.month_end.cells import NO_CONTRACT, Covered
from tertiary.month_end.contracts import Contract
from tertiary.month_end.payment import Owed, cash_effect, planned, valued
from tertiary.month_end.profiles import MONTHS, Weights
from tertiary.pool.pennies import pounds

RECENT = 3


@dataclass(frozen=True)
class Outturn:
    """The year of one element. Key: contract, version, provider, payer and element; pounds to the penny.

    `plan_year` is the agreed value of the months this version holds for; payments include those to date.
    """

    contract: str
    version: int
    provider_code: str
    payer_code: str
    element: str
    kind: str
    plan_year: Decimal
    payment_to_date: Decimal
    by_plan: Decimal
    by_trend: Decimal
    by_recent: Decimal
    low: Decimal
    high: Decimal


def outturn(
    covered: Covered, contracts: Sequence[Contract], months: Mapping[int, Owed], own: Weights | None = None
) -> Outturn:
    """The outturn of an element whose months to date are `months`."""
    contract, element = covered.contract, covered.element
    year = contract.financial_year
    held = MONTHS if contract.contract == NO_CONTRACT else contract.months(contracts)
    plans = {m: planned(element, year, m, own) for m in {*held, *covered.months}}
    values, _ = valued(covered, {m: plans[m] for m in covered.months})
    value, plan = sum(values.values(), Fraction(0)), sum(plans.values(), Fraction(0))
    rest = [m for m in held if m not in covered.months]
    came = sorted(m for m in covered.months if m in covered.arrived and m <= MONTHS[-1])
    if plan:
        left = sum((plans[m] for m in rest), Fraction(0))
        ahead = (left, left * _ratio(came, values, plans), left * _ratio(came[-RECENT:], values, plans))
    else:  # nothing was agreed to go by: nothing more comes, or the mean month goes on
        past = [m for m in covered.months if m <= MONTHS[-1]]
        ahead = (Fraction(0), _mean(past, values) * len(rest), _mean(past[-RECENT:], values) * len(rest))
    payments = [pounds(plan + cash_effect(element, plan, value + more)) for more in ahead]
    by_plan, by_trend, by_recent = payments
    return Outturn(
        contract.contract, contract.version, contract.provider_code, element.payer_code, element.element, element.kind,
        pounds(plan), sum((o.payment for o in months.values()), Decimal(0)), by_plan, by_trend, by_recent,
        min(payments), max(payments),
    )  # fmt: skip


def _ratio(came: Sequence[int], values: Mapping[int, Fraction], plans: Mapping[int, Fraction]) -> Fraction:
    """What arrived of some months against their plan; 1 where there is nothing to compare."""
    due = sum((plans[m] for m in came), Fraction(0))
    return sum((values[m] for m in came), Fraction(0)) / due if due else Fraction(1)


def _mean(months: Sequence[int], values: Mapping[int, Fraction]) -> Fraction:
    return sum((values[m] for m in months), Fraction(0)) / len(months) if months else Fraction(0)
