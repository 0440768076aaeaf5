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

from tertiary.month_end.cells import Covered
from tertiary.month_end.payment import Owed, cash_effect, planned, valued
from tertiary.pennies import pounds
from tertiary.phasing import MONTHS, Weights

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


def outturn(parts: Sequence[Covered], months: Mapping[int, Owed], own: Weights | None = None) -> Outturn:
    """The outturn of an element (its `strands`) whose months to date are `months`; named after its last version."""
    last = parts[-1]
    plans = {m: planned(part, m, own) for part in parts for m in {*part.held, *part.months}}
    held = {m for part in parts for m in part.held}
    values = {m: worth.value for m, worth in valued(parts, {m: plans[m] for m in months}).items()}
    value, plan = sum(values.values(), Fraction(0)), sum(plans.values(), Fraction(0))
    rest = [m for m in held if m not in months]
    came = sorted({m for part in parts for _, m in part.arrived if m <= MONTHS[-1]})
    if plan:
        left = sum((plans[m] for m in rest), Fraction(0))
        ahead = (left, left * _ratio(came, values, plans), left * _ratio(came[-RECENT:], values, plans))
    else:  # nothing was agreed to go by: nothing more comes, or the mean month since the first one goes on
        began = min((m for m in came if values[m]), default=0)
        past = [m for m in came if m >= began]
        ahead = (Fraction(0), _mean(past, values) * len(rest), _mean(past[-RECENT:], values) * len(rest))
    by_plan, by_trend, by_recent = (pounds(plan + cash_effect(last.element, plan, value + more)) for more in ahead)
    paid = sum((o.payment for o in months.values()), Decimal(0))
    return Outturn(
        last.contract.contract, last.contract.version, last.contract.provider_code, last.element.payer_code,
        last.element.element, last.element.kind, pounds(plan), paid, by_plan, by_trend, by_recent,
        min(by_plan, by_trend, by_recent), max(by_plan, by_trend, by_recent),
    )  # fmt: skip


def three(outturns: Sequence[Outturn]) -> tuple[Decimal, Decimal, Decimal]:
    """The year of several elements together by plan, by trend and by recent months; their range is least to most."""
    by_plan, by_trend, by_recent = (
        sum((getattr(o, name) for o in outturns), Decimal(0)) for name in ("by_plan", "by_trend", "by_recent")
    )
    return by_plan, by_trend, by_recent


def _ratio(came: Sequence[int], values: Mapping[int, Fraction], plans: Mapping[int, Fraction]) -> Fraction:
    """What arrived of some months against their plan; 1 where there is nothing to compare."""
    due = sum((plans[m] for m in came), Fraction(0))
    return sum((values[m] for m in came), Fraction(0)) / due if due else Fraction(1)


def _mean(months: Sequence[int], values: Mapping[int, Fraction]) -> Fraction:
    return sum((values[m] for m in months), Fraction(0)) / len(months) if months else Fraction(0)
