"""What is owed under one element: plan by phase, plus what activity off plan moves in cash.

    payment to date = plan to date + cash(activity value to date - plan to date)

The activity value says what the care done is worth; the cash effect says what of its difference from plan is paid.
Under a fixed element these differ on purpose. Both are worked out to date, as exact fractions, and rounded once to the
penny; a month is what to date moved. Source: NHS Payment Scheme 2025/26, payment = fixed + variable + excluded drugs
and devices + best practice + quality + local; tolerances and marginal rates as in public repricing scripts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tertiary.month_end.cells import Covered
from tertiary.month_end.contracts import Element
from tertiary.pennies import pounds
from tertiary.phasing import MONTHS, Weights, weight

ARRIVED, BY_PLAN, BY_RATIO, NOT_DUE = "arrived", "plan", "plan x ratio to date", "not due"


@dataclass(frozen=True)
class Owed:
    """One element in one financial month, or to date: pounds to the penny.

    `value` is the activity value, with what was `accrued` for months that did not arrive; `cash` what its difference
    from `plan` moves; `payment` = plan + cash. `basis` says where the value is from.
    """

    plan: Decimal
    value: Decimal
    accrued: Decimal
    cash: Decimal
    payment: Decimal
    basis: str

    @property
    def variance(self) -> Decimal:
        """Activity value above plan (negative: below)."""
        return self.value - self.plan


@dataclass(frozen=True)
class Worth:
    """The activity value of a month in pounds, what of it is an estimate by component, and where it is from.

    Of a month before anything arrived the estimate has no component (blank).
    """

    value: Fraction
    estimates: Mapping[str, Fraction]
    basis: str


def cash_effect(element: Element, plan: Fraction, value: Fraction) -> Fraction:
    """What the difference of activity value from plan moves in cash, in pounds.

    Within ± tolerance of plan by `rate`; what lies above by `rate_above`, below by `rate_below`.
    """
    variance, band = value - plan, abs(plan) * element.tolerance
    inside = max(-band, min(band, variance))
    beyond = variance - inside
    return inside * element.rate + beyond * (element.rate_above if beyond > 0 else element.rate_below)


def owed(parts: Sequence[Covered], own: Weights | None = None) -> dict[int, Owed]:
    """The months of an element whose versions are paid alike (`strands`), in order.

    What did not arrive of a month is valued by plan, times what arrived against its plan. Month 13 has no plan of its
    own: what it brings adjusts the year.
    """
    plans = {m: planned(part, m, own) for part in parts for m in part.months}
    worth = valued(parts, plans)
    element, made = parts[-1].element, {}
    plan = value = accrued = Fraction(0)
    nothing = Decimal(0)
    before = Owed(nothing, nothing, nothing, nothing, nothing, "")
    for month in sorted(plans):
        plan, value = plan + plans[month], value + worth[month].value
        accrued += sum(worth[month].estimates.values(), Fraction(0))
        to_date = _rounded(plan, value, accrued, cash_effect(element, plan, value), worth[month].basis)
        made[month] = less(to_date, before)
        before = to_date
    return made


def planned(part: Covered, month: int, own: Weights | None = None) -> Fraction:
    """The part of the agreed year that falls in a month; nothing in month 13."""
    if month > MONTHS[-1]:
        return Fraction(0)
    return Fraction(part.element.annual_value) * weight(part.element.profile, part.contract.financial_year, month, own)


def valued(parts: Sequence[Covered], plans: Mapping[int, Fraction]) -> dict[int, Worth]:
    """The activity value of each month: what arrived, and for a component that did not an estimate by plan."""
    actual: dict[tuple[str, int], Fraction] = {}
    for part in parts:
        for (component, month), amount in part.actual.items():
            actual[component, month] = actual.get((component, month), Fraction(0)) + Fraction(amount)
    came = {one for part in parts for one in part.arrived}
    ratios = {c: _ratio(c, came, actual, plans) for c in sorted({c for part in parts for c in part.sends})}
    made = {}
    for month, plan in plans.items():
        there = sum((amount for (_, m), amount in actual.items() if m == month), Fraction(0))
        missing = [c for c in ratios if (c, month) not in came]
        if month > MONTHS[-1]:
            made[month] = Worth(there, {}, ARRIVED if any(m == month for _, m in came) else NOT_DUE)
        elif not any(m <= MONTHS[-1] for _, m in came):
            made[month] = Worth(plan, {"": plan}, BY_PLAN)
        else:
            guessed = {c: plan * ratios[c] for c in missing}
            value = there + sum(guessed.values(), Fraction(0))
            made[month] = Worth(value, guessed, BY_RATIO if missing else ARRIVED)
    return made


def _ratio(
    component: str, came: Collection[tuple[str, int]], actual: Mapping[tuple[str, int], Fraction],
    plans: Mapping[int, Fraction],
) -> Fraction:  # fmt: skip
    """What arrived of a component against the plan of the months in which it did."""
    months = [m for c, m in came if c == component and m <= MONTHS[-1]]
    due = sum((plans[m] for m in months), Fraction(0))
    return sum((actual.get((component, m), Fraction(0)) for m in months), Fraction(0)) / due if due else Fraction(0)


def less(one: Owed, other: Owed) -> Owed:
    """What moved from `other` to `one`."""
    return Owed(
        one.plan - other.plan, one.value - other.value, one.accrued - other.accrued, one.cash - other.cash,
        one.payment - other.payment, one.basis,
    )  # fmt: skip


def _rounded(plan: Fraction, value: Fraction, accrued: Fraction, cash: Fraction, basis: str) -> Owed:
    """To the penny, so that plan + cash is the payment."""
    agreed, payment = pounds(plan), pounds(plan + cash)
    return Owed(agreed, pounds(value), pounds(accrued), payment - agreed, payment, basis)
