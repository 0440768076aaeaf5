"""Leaving a pool: the account adds up, and what the leaver gets and what stays is all there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_cases import TERMS, agreements, terms

from tertiary.errors import PoolError
from tertiary.pool import Stretch, earliest, leave, phased, tapered, terms_without, without

D, F = Decimal, Fraction
SEPTEMBER = date(2026, 9, 30)


@settings(max_examples=100)
@given(agreements(), st.integers(0, 10**6), st.integers(1, 5), st.data())
def test_nothing_is_lost_when_a_partner_leaves(made: Any, stranded: int, years: int, data: Any) -> None:
    """Cash in less cash out is what the pool holds for those who stay."""
    agreement, contributed, actual, more = made
    stretch = Stretch(replace(agreement, taper_years=years), contributed, actual, more["need"], more["pooled"])
    leaver = data.draw(st.sampled_from(agreement.partners))
    reserves = {code: data.draw(st.integers(0, 99999).map(lambda p: D(p) / 100)) for code in agreement.partners}
    yearly = {code: amount * 12 for code, amount in contributed[0].items()}
    found = leave([stretch], leaver, SEPTEMBER, yearly, stranded=D(stranded) / 100, reserves=reserves)
    settlement = found.settlement
    fixed = {item.item: item.pounds for item in found.items if item.item.startswith("stranded")}
    assert sum(fixed.values()) == sum(one.stranded for one in found.staying)
    assert abs(F(sum(fixed.values(), D(0))) - F(stranded, 100) * (years + 1) / 2) <= F(1, 200)
    assert [one.partner for one in found.staying] == sorted(set(agreement.partners) - {leaver})
    assert sum(one.share_after for one in found.staying) == 1
    assert all(abs(F(one.contribution) - yearly[one.partner]) < F(1, 100) for one in found.staying)
    cash = settlement.total("contribution") + settlement.total("contingency") + sum(reserves.values())
    cash += found.total - sum(fixed.values()) + sum(one.to_date.balance for one in found.staying)
    cash += max(settlement.external, D(0)) - settlement.total("actual")
    assert cash == sum(one.reserve for one in found.staying)


@given(st.integers(1, 10**9), st.integers(1, 12), st.integers(0, 10**6), st.integers(1, 5))
def test_a_year_paid_ahead_is_the_formula_of_exit(contribution: int, months: int, stranded: int, years: int) -> None:
    """exit = contribution x remaining months / 12 - stranded cost (pooled budgets, claw-back and exit)."""
    agreement = terms(taper_years=years)
    year = {"QHL": F(contribution, 100), "QUA": F(60), "QGH": F(40)}
    put_in = phased(year)[:months]
    stretch = Stretch(agreement, put_in, put_in)  # cost as contributed: nothing to settle
    ends = date(2026 + (months > 9), (months + 2) % 12 + 1, 28)
    last_day = (ends + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    found = leave([stretch], "QHL", last_day, year, paid=D(contribution) / 100, stranded=F(stranded, 100))
    first = [i.pounds for i in found.items if i.item == "stranded cost, year 1"]
    back = F(contribution, 100) * (12 - months) / 12
    ahead = next(item.pounds for item in found.items if "paid ahead" in item.item)
    assert abs(F(-ahead) - back) <= F(1, 100)
    assert abs(F(sum(first, D(0))) - F(stranded, 100)) < F(1, 100)
    assert found.items[0].pounds == 0


def test_an_account_by_hand() -> None:
    """The worked example, R1, half a year of 200, 120, 80; contingency 2 per cent kept; QHL leaves.

    220 spent of 200 and 4 of contingency: nothing is kept. Stranded 3.00 over 2 years is 3.00 and 1.50, of which QUA
    has 60 of every 100, QGH 40.
    """
    agreement = terms(contingency="0.02", unused="reserve", taper_years=2)
    put_in, cost = {"QHL": 100, "QUA": 60, "QGH": 40}, {"QHL": 118, "QUA": 57, "QGH": 45}
    yearly = {code: 2 * amount for code, amount in put_in.items()}
    found = leave([Stretch(agreement, [put_in], [cost])], "QHL", SEPTEMBER, yearly, paid=120, stranded=3,
                  reserves={"QHL": D(7), "QUA": D(2)})  # fmt: skip
    assert [(i.item, str(i.begins), str(i.ends), i.pounds) for i in found.items] == [
        ("settlement", "2026-04-01", "2026-09-30", D(8)),  # 110 borne, 102 paid in
        ("asked and not paid yet, or paid ahead (below 0)", "2026-04-01", "2026-09-30", D(-18)),
        ("share of reserve and kept contingency", "2026-04-01", "2026-09-30", D(-7)),
        ("stranded cost, year 1", "2026-10-01", "2027-09-30", D(3)),
        ("stranded cost, year 2", "2027-10-01", "2028-09-30", D("1.50")),
    ]
    assert found.total == D("-12.50")
    names = ("contribution", "share_before", "share_after", "stranded", "reserve")
    assert {s.partner: tuple(getattr(s, name) for name in names) for s in found.staying} == {
        "QGH": (80, F(1, 5), F(2, 5), D("1.80"), 0), "QUA": (120, F(3, 10), F(3, 5), D("2.70"), 2),
    }  # fmt: skip


def test_kept_contingency_and_gains_go_with_the_leaver() -> None:
    """190 of 200 spent: 4 of contingency kept, and half of the gain of 10; QHL has half of all."""
    agreement = terms(contingency="0.02", unused="reserve", risk="R8",
                      risk_parameters={"reserve": "0.5", "cap": "0"}, guarantor="NHSE")  # fmt: skip
    put_in, cost = {"QHL": 100, "QUA": 60, "QGH": 40}, {"QHL": 90, "QUA": 60, "QGH": 40}
    found = leave([Stretch(agreement, [put_in], [cost])], "QHL", SEPTEMBER, put_in)
    assert [item.pounds for item in found.items] == [D("97.50") + 2 - 102, D("-4.50")]
    assert {s.partner: s.reserve for s in found.staying} == {"QGH": D("1.80"), "QUA": D("2.70")}


def test_taper_and_shares() -> None:
    assert tapered(300, 3) == [300, 200, 100] and tapered(F(5), 1) == [5]
    assert without({"A": F(1, 2), "B": F(1, 4), "C": F(1, 4)}, "A") == {"B": F(1, 2), "C": F(1, 2)}
    for call in (
        lambda: tapered(-1, 1), lambda: tapered(1, 0), lambda: without({"A": 1}, "A"),
        lambda: without({"A": 1, "B": 1}, "C"),
    ):  # fmt: skip
        with pytest.raises(PoolError):
            call()


@pytest.mark.parametrize(
    ("notice", "months", "day"),
    [
        ((2025, 4, 10), 6, (2025, 10, 31)),
        ((2025, 3, 31), 6, (2025, 9, 30)),
        ((2025, 8, 31), 6, (2026, 2, 28)),
        ((2025, 12, 1), 12, (2026, 12, 31)),
        ((2025, 11, 5), 1, (2025, 12, 31)),
    ],
)
def test_notice_runs_to_the_end_of_a_month(notice: Any, months: int, day: Any) -> None:
    assert earliest(terms(notice_months=months), date(*notice)) == date(*day)


def test_the_terms_of_those_who_stay() -> None:
    october = date(2026, 10, 1)
    made = terms_without({**TERMS, "contingency": "0.01"}, "QUA", october)
    assert made == {**TERMS, "contingency": "0.01", "partners": ["QHL", "QGH"], "valid_from": "2026-10-01"}
    with pytest.raises(PoolError, match="QHL is the host"):
        terms_without(TERMS, "QHL", october)
    assert (terms_without(TERMS, "QHL", october, "QUA") or {})["host"] == "QUA"
    assert terms_without({**TERMS, "partners": ["QHL", "QUA"]}, "QUA", october) is None
    assert terms_without({**TERMS, "valid_to": "2026-10-01"}, "QUA", october) is None
    heirs = terms_without({**TERMS, "succeeds": {"QMF": "QUA", "QMJ": "QGH"}}, "QUA", october) or {}
    assert heirs["succeeds"] == {"QMJ": "QGH"}
