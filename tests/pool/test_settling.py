"""Agreements settled month by month: every statement adds up to the penny, whatever was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from statistics import fmean, stdev
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_cases import agreements, exact, terms

from tertiary.errors import PoolError
from tertiary.pool import (
    Agreement,
    Cases,
    compare,
    least_population,
    phased,
    pooled_variation,
    recharges,
    rules,
    settle,
    simulated,
    statements,
    to_the_penny,
    variation,
)

D, F = Decimal, Fraction
PENNY = D("0.01")


@settings(max_examples=1000, deadline=None)
@given(agreements())
def test_a_thousand_agreements_keep_every_identity(made: Any) -> None:
    agreement, contributed, actual, more = made
    stated: dict[str, Decimal] = {}
    months = 0
    for settlement, lines in statements(agreement, contributed, actual, **more):
        months += 1
        amount = settlement.total
        assert amount("payment") + settlement.external == amount("actual")
        if settlement.external > 0:
            assert settlement.contingency_used == amount("contingency"), "nobody outside pays while contingency is left"
        assert D(0) <= settlement.contingency_used <= amount("contingency")
        assert amount("reserve") in (D(0), amount("contingency") - settlement.contingency_used)
        for line in lines:
            stated[line.partner] = stated.get(line.partner, D(0)) + line.movement
            assert stated[line.partner] == line.to_date.payment, "the months' movements are the year to date"
            for name in ("contribution", "contingency", "actual", "payment", "reserve"):
                assert getattr(line.to_date, name) % PENNY == 0
        assert [line.partner for line in lines] == sorted(agreement.partners)
        for line in lines:
            put_in = [to_the_penny(month)[line.partner] for month in contributed[:months]]
            assert line.to_date.contribution == sum(put_in, D(0))
    assert months == len(actual)


def test_contingency_then_risk_share_then_guarantor() -> None:
    """200 in the pool, 4 of contingency, 220 spent: 4 from it, 10 more within the cap of 5 per cent, 6 from outside."""
    agreement = terms(
        contingency="0.02", risk="R8", risk_parameters={"reserve": "0.5", "cap": "0.05"}, guarantor="NHS England"
    )
    found = settle(agreement, {"QHL": 100, "QUA": 60, "QGH": 40}, {"QHL": 118, "QUA": 57, "QGH": 45})
    assert (found.contingency_used, found.external) == (D(4), D(6))
    assert {line.partner: line.payment for line in found.lines} == {"QGH": D("42.80"), "QHL": D(107), "QUA": D("64.20")}
    assert {line.partner: line.balance for line in found.lines} == {"QGH": D(2), "QHL": D(5), "QUA": D(3)}


def test_limits_bound_what_contingency_does_not_meet() -> None:
    """210 spent against 200: the contingency of 10 meets it all, and no ceiling hands it back to be paid outside."""
    agreement = terms(contingency="0.05", floor="0.03", ceiling="0.03")
    found = settle(agreement, {"QHL": 100, "QUA": 60, "QGH": 40}, {"QHL": 105, "QUA": 63, "QGH": 42})
    assert (found.total("payment"), found.external, found.contingency_used, found.total("balance")) == (210, 0, 10, 0)


def test_unused_contingency_is_returned_or_kept() -> None:
    put_in, cost = {"QHL": 100, "QUA": 60, "QGH": 40}, {"QHL": 90, "QUA": 57, "QGH": 43}
    back = settle(terms(contingency="0.02"), put_in, cost)
    assert {line.partner: line.balance for line in back.lines} == {"QGH": D("-2.8"), "QHL": D(-7), "QUA": D("-4.2")}
    kept = settle(terms(contingency="0.02", unused="reserve"), put_in, cost)
    assert kept.total("reserve") == D(4) and kept.total("balance") == D(-10)


@settings(max_examples=500)
@given(st.dictionaries(st.text("ABC123", min_size=1, max_size=3), st.fractions(-(10**9), 10**9), min_size=1))
def test_pennies_add_up_and_stay_near(amounts: dict[str, Fraction]) -> None:
    found = to_the_penny(amounts)
    assert F(sum(found.values(), D(0))) == F(round(sum(amounts.values(), F(0)) * 100), 100)
    assert all(abs(F(found[code]) - amount) < F(1, 100) for code, amount in amounts.items())
    assert to_the_penny(dict(reversed(amounts.items()))) == found


def test_of_equal_remainders_the_first_code_gets_the_penny() -> None:
    assert to_the_penny({"B": F(1, 3), "A": F(1, 3), "C": F(1, 3)}) == {"B": D("0.33"), "A": D("0.34"), "C": D("0.33")}


@given(st.dictionaries(st.text("ABC", min_size=1, max_size=2), exact, min_size=1), st.integers(1, 13))
def test_a_year_is_phased_to_the_penny(year: dict[str, Fraction], months: int) -> None:
    parts = phased(year, [1] * months)
    whole = to_the_penny(year)
    assert {code: sum((month[code] for month in parts), D(0)) for code in year} == whole
    assert all(abs(F(month[code]) - F(whole[code]) / months) <= F(2, 100) for month in parts for code in year)


def test_recharges_without_a_pool() -> None:
    spend = [
        {"payer": "QHL", "financial_month": 1, "amount": "99.99", "service_line": "NCBPS11B"},
        {"payer": "QUA", "financial_month": 1, "amount": "10.004", "service_line": "NCBPS11B"},
        {"payer": "QUA", "financial_month": 1, "amount": "5.003", "service_line": "NCBPS13E"},
        {"payer": "QUA", "financial_month": 3, "amount": "1.00", "service_line": "NCBPS13E"},
    ]
    found = recharges("QHL", spend, {("QUA", 2): D(10)}, {"QUA": D("0.50"), "QGH": D("-3.00")}, 3)
    assert [(r.payer, r.financial_month, r.opening, r.charged, r.paid, r.closing) for r in found] == [
        ("QGH", 1, D(-3), D(0), D(0), D(-3)),
        ("QGH", 2, D(-3), D(0), D(0), D(-3)),
        ("QGH", 3, D(-3), D(0), D(0), D(-3)),
        ("QUA", 1, D("0.50"), D("15.01"), D(0), D("15.51")),
        ("QUA", 2, D("15.51"), D(0), D(10), D("5.51")),
        ("QUA", 3, D("5.51"), D(1), D(0), D("6.51")),
    ]
    with pytest.raises(PoolError, match="spend or payments lie in month 9"):
        recharges("QHL", spend, {("QUA", 9): D(10)}, last_month=3)
    assert len(recharges("QHL", [], {}, {"QUA": D(5)}, 2)) == 2
    assert [row["amount"] for row in found[3].backing] == [D("10.01"), D("5.00")]
    assert sum(D(str(row["amount"])) for r in found for row in r.backing) == sum(r.charged for r in found)


def test_comparing_rules() -> None:
    years_in = [{"A": 100, "B": 60, "C": 40}] * 3
    years_cost = [{"A": 118, "B": 57, "C": 45}, {"A": 90, "B": 66, "C": 44}, {"A": 104, "B": 54, "C": 42}]
    found = {
        c.rule: c for c in compare([("R0", {}), ("R1", {}), ("R3", {"share": F(1, 4)}), ("R7", {"share": F(1, 2)})],
                                   years_in, years_cost)
    }  # fmt: skip
    assert (found["R0"].transfer, found["R0"].volatility_removed, found["R0"].incentive_kept) == (0, 0, 1)
    # payments 110, 66, 44 of 118, 57, 45; 100, 60, 40 of 90, 66, 44; and again of 104, 54, 42
    assert found["R1"].transfer == pytest.approx((9 + 10 + 6) / 3)
    assert found["R1"].incentive_kept == pytest.approx(0.5**2 + 0.3**2 + 0.2**2)
    assert 0 < found["R3"].volatility_removed < found["R1"].volatility_removed < 1
    assert found["R3"].incentive_kept == pytest.approx(0.75 + 0.25 * 0.38)
    assert found["R1"].external == 0


def test_chance_falls_with_the_number_of_cases() -> None:
    assert variation(100) == pytest.approx(0.1)
    assert variation(100, cv_cost=1) == pytest.approx(0.1 * 2**0.5)
    assert pooled_variation([25, 75]) == variation(100)
    people = least_population(0.1, 1e-4, cv_cost=1.5, phi=2)
    assert variation(people * 1e-4, cv_cost=1.5, phi=2) == pytest.approx(0.1)
    for call in (lambda: variation(0), lambda: least_population(0, 1)):
        with pytest.raises(PoolError, match="above 0"):
            call()


def test_simulated_years_have_the_spread_that_chance_gives() -> None:
    own = {"B": Cases(100, 50_000, 1.0), "A": Cases(400, 80_000, 0.5)}
    years = simulated(own, 20_000, seed=3)
    for code, partner in own.items():
        costs = [float(year[code]) for year in years]
        assert fmean(costs) == pytest.approx(partner.cost, rel=0.01)
        assert stdev(costs) / fmean(costs) == pytest.approx(variation(partner.number, partner.cv_cost), rel=0.03)
    assert simulated(own, 5, seed=3) == simulated(dict(reversed(own.items())), 5, seed=3)
    with pytest.raises(PoolError, match="above 0"):
        simulated({"A": Cases(0, 1, 1)}, 5, seed=1)


def test_terms_as_a_record() -> None:
    agreement = terms(risk="R4", risk_parameters={"corridor": "0.05"}, valid_to="2027-04-01", services=["NCBPS11B"])
    assert agreement.risk_parameters == {"corridor": F(1, 20)}
    assert (agreement.valid_from, agreement.valid_to) == (date(2026, 4, 1), date(2027, 4, 1))
    assert (agreement.measure, agreement.unused, agreement.notice_months) == ("price_submitted", "returned", 12)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "name is ''"),
        ({"partners": ["QHL"]}, "at least 2 codes"),
        ({"partners": ["QHL", "QHL"]}, "none twice"),
        ({"risk": "R11"}, "one of R0, R1"),
        ({"contribution": "R1"}, "one of C1, C2"),
        ({"risk": "R4"}, "parameters of rule R4: corridor"),
        ({"risk": "R3", "risk_parameters": {"share": "1.5"}}, "a number from 0 to 1"),
        ({"risk": "R3", "risk_parameters": {"share": 0.5}}, "written as text"),
        ({"risk": "R3", "risk_parameters": {"share": "NaN"}}, "a number from 0"),
        ({"risk": "R6"}, "pounds per patient"),
        ({"risk": "R8", "risk_parameters": {"reserve": "0", "cap": "0"}}, "guarantor"),
        ({"floor": "0.1"}, "both or neither"),
        ({"valid_to": "2026-04-01"}, "a day after 2026-04-01"),
        ({"risk": ["R1"]}, "one of R0, R1"),
        ({"measure": ["price_expected"]}, "one of price_submitted"),
        ({"valid_from": "1 April"}, "a day such as"),
        ({"contingency": "-0.1"}, "contingency is '-0.1'"),
        ({"measure": "cost"}, "price_submitted, price_expected"),
        ({"taper_years": 0}, "whole number from 1"),
        ({"risk_shares": "R1"}, "risk_shares is no such term"),
    ],
)
def test_terms_that_say_too_little_or_too_much(changes: Mapping[str, Any], said: str) -> None:
    with pytest.raises(PoolError, match=said) as told:
        terms(**changes)
    assert "Correct the terms" in str(told.value)


def test_an_open_end_may_be_blank() -> None:
    assert terms(valid_to="").valid_to is None and terms(valid_to=None).valid_to is None
    with pytest.raises(PoolError, match="a JSON object"):
        Agreement.of(["R1"])  # type: ignore[arg-type]


def test_months_must_be_as_many() -> None:
    with pytest.raises(PoolError, match="2 months of contributions and 1 of costs"):
        list(statements(terms(), [{"QHL": 1}, {"QHL": 1}], [{"QHL": 1}]))


def test_every_rule_has_its_arithmetic() -> None:
    from tertiary.pool import risk

    assert {code for code, rule in rules().items() if rule.kind == "risk"} == set(risk._RULES)
    assert all(rule.source and rule.confidence in ("official", "derived", "illustrative") for rule in rules().values())
