"""Payment = plan + cash effect: worked cases, identities, and months that did not arrive."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertiary.month_end.cells import Covered, strands
from tertiary.month_end.contracts import Contract, Element
from tertiary.month_end.forecast import outturn, three
from tertiary.month_end.payment import Owed, cash_effect, owed
from tertiary.phasing import first_day

SHARES = st.fractions(min_value=0, max_value=1, max_denominator=20)
POUNDS = st.decimals(min_value=-10_000, max_value=10_000_000, places=3)


def element(annual: str = "1200.00", kind: str = "variable", **terms: Fraction) -> Element:
    rates = {
        "tolerance": Fraction(0),
        "rate": Fraction(1),
        "rate_above": Fraction(1),
        "rate_below": Fraction(1),
        **terms,
    }
    return Element("QMJ", "Elective", kind, Decimal(annual), "twelfths", (), (), (), **rates)


def covered(own: Element, actual: dict[int, str], last: int, arrived: set[int] | None = None) -> Covered:
    contract = Contract(
        "C", 1, "RRV", "QMJ", "202526", first_day("202526", 1), None, None, own.annual_value, (own,)
    )  # fmt: skip
    found = {("activity", m): Decimal(v) for m, v in actual.items()}
    came = {("activity", m) for m in (set(actual) if arrived is None else arrived)}
    held, months = tuple(range(1, 13)), tuple(range(1, last + 1))
    return Covered(contract, own, held, months, actual=found, sends={"activity"}, arrived=came)


def months_of(*parts: Covered) -> dict[int, Owed]:
    """What is owed of versions that are paid alike."""
    (strand,) = strands(parts)
    return owed(strand)


@pytest.mark.parametrize(
    ("value", "cash"),
    [
        # plan 1,000, tolerance 5 %, inside in full, beyond it half above and a quarter below
        (1000, 0), (1040, 40), (1050, 50), (1150, 100), (960, -40), (950, -50), (550, -150), (0, -50 - 950 / 4),
    ],
)  # fmt: skip
def test_tolerance_and_marginal_rates(value: int, cash: float) -> None:
    terms = {"tolerance": Fraction(1, 20), "rate_above": Fraction(1, 2), "rate_below": Fraction(1, 4)}
    own = element(**terms)
    assert cash_effect(own, Fraction(1000), Fraction(value)) == Fraction(cash)


@given(tolerance=SHARES, rates=st.tuples(SHARES, SHARES, SHARES), plan=POUNDS, value=POUNDS, more=POUNDS)
def test_cash_follows_activity_and_never_runs_ahead(
    tolerance: Fraction, rates: tuple[Fraction, Fraction, Fraction], plan: Decimal, value: Decimal, more: Decimal
) -> None:
    own = element(tolerance=tolerance, rate=rates[0], rate_above=rates[1], rate_below=rates[2])
    one = cash_effect(own, Fraction(plan), Fraction(value))
    two = cash_effect(own, Fraction(plan), Fraction(value + more))
    assert cash_effect(own, Fraction(plan), Fraction(plan)) == 0
    assert 0 <= (two - one) * (1 if more >= 0 else -1) <= abs(Fraction(more))


@settings(deadline=None)
@given(
    annual=st.decimals(min_value=0, max_value=10_000_000, places=2),
    values=st.lists(POUNDS, min_size=1, max_size=12),
    rate=SHARES,
)
def test_months_add_up_to_what_is_owed_to_date(annual: Decimal, values: list[Decimal], rate: Fraction) -> None:
    own = element(str(annual), rate=rate, rate_above=rate, rate_below=rate)
    months = months_of(covered(own, {m: str(v) for m, v in enumerate(values, 1)}, len(values)))
    plan = Fraction(annual) * len(values) / 12
    exact = plan + (Fraction(sum(values)) - plan) * rate
    paid = sum(m.payment for m in months.values())
    assert abs(Fraction(paid) - exact) <= Fraction(1, 200)
    for month in months.values():
        assert month.payment == month.plan + month.cash
        assert month.value - month.plan == month.variance
        assert all(amount == round(amount, 2) for amount in (month.plan, month.value, month.cash, month.payment))
    assert sum(m.value for m in months.values()) == round(Fraction(sum(values)) * 100) * Decimal("0.01")


def test_a_fixed_element_is_paid_by_phase_whatever_is_done() -> None:
    own = element(kind="fixed", rate=Fraction(0), rate_above=Fraction(0), rate_below=Fraction(0))
    months = months_of(covered(own, {1: "500", 2: "0.01"}, 2))
    assert [(m.payment, m.cash, m.variance) for m in months.values()] == [
        (Decimal("100.00"), 0, Decimal("400.00")), (Decimal("100.00"), 0, Decimal("-99.99"))
    ]  # fmt: skip


def test_a_month_that_did_not_arrive_is_valued_by_what_arrived() -> None:
    months = months_of(covered(element(), {1: "120", 3: "130"}, 3))
    # 250 arrived of 200 planned: 100 x 1.25
    assert (months[2].value, months[2].accrued, months[2].basis) == (
        Decimal("125.00"),
        Decimal("125.00"),
        "plan x ratio to date",
    )
    assert (months[3].accrued, months[3].basis) == (0, "arrived")
    nothing = months_of(covered(element(), {}, 2))
    assert [(m.value, m.accrued, m.basis) for m in nothing.values()] == [(Decimal(100), Decimal(100), "plan")] * 2


def test_a_month_that_arrived_without_this_care_is_nothing_not_a_gap() -> None:
    months = months_of(covered(element(), {1: "120"}, 2, arrived={1, 2}))
    assert (months[2].value, months[2].accrued, months[2].payment) == (0, 0, Decimal("0.00"))


def test_month_13_adjusts_the_year_and_has_no_plan() -> None:
    own = element()
    months = months_of(covered(own, {**dict.fromkeys(range(1, 13), "100"), 13: "-30"}, 13))
    assert (months[13].plan, months[13].payment) == (0, Decimal("-30.00"))
    assert sum(m.payment for m in months.values()) == Decimal("1170.00")
    silent = months_of(covered(own, dict.fromkeys(range(1, 13), "100"), 13))
    assert (silent[13].value, silent[13].basis) == (0, "not due")


def test_the_outturn_by_three_methods() -> None:
    got = covered(element(), {1: "100", 2: "100", 3: "100", 4: "160", 5: "160", 6: "160"}, 6)
    year = outturn((got,), owed((got,)))
    # 780 to date of 600 planned; six months of plan, 1.3 times, 1.6 times
    assert (year.by_plan, year.by_trend, year.by_recent) == (Decimal("1380.00"), Decimal("1560.00"), Decimal("1740.00"))
    assert (year.low, year.high, year.plan_year) == (year.by_plan, year.by_recent, Decimal("1200.00"))
    terms = {"tolerance": Fraction(1, 10), "rate_above": Fraction(0)}
    capped = covered(element(**terms), {m: str(v) for (_, m), v in got.actual.items()}, 6)
    # beyond 10 % of the whole year's plan nothing more is paid
    assert outturn((capped,), owed((capped,))).by_trend == Decimal("1320.00")


def versions(second: Element, values: list[str], split: int) -> tuple[Covered, Covered]:
    """One element in two versions, the second from the month after `split` on."""
    first = element(tolerance=Fraction(1, 10), rate_above=Fraction(1, 2), rate_below=Fraction(1, 2))
    whole = covered(first, dict(enumerate(values, 1)), len(values))
    later = replace(whole.contract, version=2, elements=(second,))
    held = tuple(range(1, 13))
    old = replace(whole, held=held[:split], months=tuple(m for m in whole.months if m <= split))
    new = replace(
        whole, contract=later, element=second, held=held[split:], months=tuple(m for m in whole.months if m > split)
    )
    return tuple(
        replace(
            part,
            actual={("activity", m): Decimal(values[m - 1]) for m in part.months},
            arrived={("activity", m) for m in part.months},
        )
        for part in (old, new)
    )  # type: ignore[return-value]


def test_a_version_with_the_same_terms_goes_on_with_the_year() -> None:
    """130 for three months, then 90: to date 660 of 600 planned, which one version pays in full, and so must two."""
    same = element(tolerance=Fraction(1, 10), rate_above=Fraction(1, 2), rate_below=Fraction(1, 2))
    old, new = versions(same, ["130", "130", "130", "90", "90", "90"], 3)
    assert sum(m.payment for m in months_of(old, new).values()) == Decimal("660.00")
    # a tolerance of its own for each half would have paid 315 + 285
    assert len(strands([new, old])) == 1
    other = replace(same, rate_above=Fraction(1, 4))
    assert len(strands(versions(other, ["130"] * 6, 3))) == 2, "a version with other rates begins anew"


def test_a_missing_month_of_a_new_version_is_valued_by_the_year_to_date() -> None:
    same = element(tolerance=Fraction(1, 10), rate_above=Fraction(1, 2), rate_below=Fraction(1, 2))
    old, new = versions(same, ["150", "150", "150", "0"], 3)
    new = replace(new, arrived=set(), actual={})
    months = months_of(old, new)
    assert (months[4].accrued, months[4].basis) == (Decimal("150.00"), "plan x ratio to date")
    assert outturn(strands([old, new])[0], months).by_trend == Decimal("1560.00")


def test_month_13_says_nothing_about_the_months_before() -> None:
    values = {m: "100" for m in range(1, 13) if m != 5} | {13: "110"}
    months = months_of(covered(element(), values, 13, arrived=set(values)))
    assert months[5].accrued == Decimal("100.00")


def test_what_nothing_was_agreed_for_goes_on_as_since_it_began() -> None:
    own = element("0.00", kind="uncontracted")
    got = covered(own, {7: "100", 8: "100"}, 8, arrived=set(range(1, 9)))
    year = outturn((got,), owed((got,)))
    assert (year.by_plan, year.by_trend) == (Decimal("200.00"), Decimal("600.00"))


def test_the_range_of_a_year_is_that_of_whole_methods() -> None:
    up = covered(element(), {1: "100", 2: "100", 3: "100", 4: "200", 5: "200", 6: "200"}, 6)
    down = covered(element(), {1: "200", 2: "200", 3: "200", 4: "100", 5: "100", 6: "100"}, 6)
    both = [outturn((one,), owed((one,))) for one in (up, down)]
    # up: 1,500 / 1,800 / 2,100; down: 1,500 / 1,800 / 1,500
    assert three(both) == (Decimal("3000.00"), Decimal("3600.00"), Decimal("3600.00"))
