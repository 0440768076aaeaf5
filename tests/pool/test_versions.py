"""Statements over versions of an agreement: each stretch by its own terms, added up, to the penny."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_cases import agreements, codes, exact, terms

from tertiary.errors import PoolError
from tertiary.pool import Settled, Stretch, over_versions, phased, settle, statements, to_the_penny
from tertiary.pool.settle import AMOUNTS

D, F = Decimal, Fraction


@st.composite
def versions(draw: Any) -> list[Stretch]:
    """One to three stretches, of which later ones may have other partners and other terms."""
    made = []
    for _ in range(draw(st.integers(1, 3))):
        agreement, contributed, actual, more = draw(agreements())
        made.append(Stretch(agreement, contributed, actual, more["need"], more["pooled"]))
    return made


def whole(stretch: Stretch) -> Any:
    """The slow way: months to the penny, added, settled once."""
    sums = {}
    for name in ("contributed", "actual", "pooled"):
        months = [to_the_penny(month) for month in getattr(stretch, name) or []]
        sums[name] = {code: sum((m[code] for m in months), D(0)) for code in stretch.agreement.partners}
    return settle(
        stretch.agreement, sums["contributed"], sums["actual"], need=stretch.need, pooled=sums["pooled"]
    )  # fmt: skip


@settings(max_examples=80)
@given(versions())
def test_the_year_is_the_sum_of_its_stretches(stretches: list[Stretch]) -> None:
    expected: dict[str, dict[str, Decimal]] = {}
    external = D(0)
    for stretch in stretches:
        own = whole(stretch)
        external += own.external
        for line in own.lines:
            held = expected.setdefault(line.partner, dict.fromkeys(AMOUNTS, D(0)))
            for name in AMOUNTS:
                held[name] += getattr(line, name)
    stated: dict[str, Decimal] = {}
    made = list(over_versions(stretches))
    assert len(made) == sum(len(stretch.actual) for stretch in stretches)
    for month, (settlement, lines) in enumerate(made, start=1):
        assert settlement.total("payment") + settlement.external == settlement.total("actual")
        assert settlement.total("transfer") == -settlement.external
        assert {line.financial_month for line in lines} == {month}
        for line in lines:
            stated[line.partner] = stated.get(line.partner, D(0)) + line.movement
            assert stated[line.partner] == line.to_date.payment
    last = made[-1][0]
    assert {line.partner: {n: getattr(line, n) for n in AMOUNTS} for line in last.lines} == expected
    assert last.external == external


@settings(max_examples=80)
@given(agreements(), st.integers(1, 2), st.data())
def test_a_version_that_changes_nothing_changes_no_linear_rule(made: Any, cut: int, data: Any) -> None:
    """Where variance is shared in one proportion throughout, stretches add up to the whole but for rounding."""
    agreement, contributed, actual, more = made
    rule = data.draw(st.sampled_from(["R0", "R1", "R2", "R3", "R6", "R7"]))
    agreement = replace(
        agreement, risk=rule, risk_parameters={"share": F(3, 10)}, contingency=F(0), floor=None, ceiling=None
    )  # fmt: skip
    contributed = [to_the_penny(contributed[0])] * 3
    actual, pooled = ((months * 3)[:3] for months in (actual, more["pooled"]))
    parts = [
        Stretch(agreement, contributed[a:b], actual[a:b], more["need"], pooled[a:b]) for a, b in ((0, cut), (cut, 3))
    ]
    one = list(statements(agreement, contributed, actual, need=more["need"], pooled=pooled))[-1][0]
    two = list(over_versions(parts))[-1][0]
    for left, right in zip(one.lines, two.lines, strict=True):
        assert (left.contribution, left.actual) == (right.contribution, right.actual)
        assert abs(left.payment - right.payment) <= D("0.02")


@settings(max_examples=60)
@given(versions(), st.randoms(use_true_random=False))
def test_the_order_of_partners_changes_no_statement(stretches: list[Stretch], order: Any) -> None:
    def turned(stretch: Stretch) -> Stretch:
        partners = list(stretch.agreement.partners)
        order.shuffle(partners)

        def months(given: Any) -> Any:
            return [{code: month[code] for code in partners} for month in given]

        return Stretch(
            replace(stretch.agreement, partners=tuple(partners)), months(stretch.contributed), months(stretch.actual),
            {code: (stretch.need or {})[code] for code in partners}, months(stretch.pooled),
        )  # fmt: skip

    assert list(over_versions([turned(one) for one in stretches])) == list(over_versions(stretches))


def test_each_stretch_has_its_own_corridor_and_contingency() -> None:
    """By hand: 18 over and 18 under cancel within one corridor and not within two."""
    put_in = [{"QHL": 100, "QUA": 60, "QGH": 40}] * 2
    cost = [{"QHL": 118, "QUA": 60, "QGH": 40}, {"QHL": 82, "QUA": 60, "QGH": 40}]
    corridor = terms(risk="R4", risk_parameters={"corridor": "0.05"})
    one = list(statements(corridor, put_in, cost))[-1][0]
    assert {line.partner: line.transfer for line in one.lines} == {"QGH": 0, "QHL": 0, "QUA": 0}
    cut = [Stretch(terms(), put_in[:1], cost[:1]), Stretch(corridor, put_in[1:], cost[1:])]
    two = list(over_versions(cut))[-1][0]
    # month 1 by R1: 9, 5.40, 3.60 of the 18; month 2 by R4: of 13 below the corridor 6.50, 3.90, 2.60
    assert {line.partner: line.transfer for line in two.lines} == {
        "QGH": D("1.00"),
        "QHL": D("-2.50"),
        "QUA": D("1.50"),
    }
    assert two.total("payment") == 400
    capped = terms(contingency="0.05", risk="R8", risk_parameters={"reserve": "0", "cap": "0"}, guarantor="NHSE")
    saved = Stretch(terms(contingency="0.05", unused="reserve"), put_in[1:], cost[1:])
    found = list(over_versions([saved, Stretch(capped, put_in[:1], cost[:1])]))[-1][0]
    assert (found.total("reserve"), found.contingency_used, found.external) == (10, 10, 8)


def test_who_joins_and_who_leaves_have_lines_of_their_own() -> None:
    first = Stretch(terms(partners=["QHL", "QUA"]), [{"QHL": 60, "QUA": 40}], [{"QHL": 70, "QUA": 40}])
    second = Stretch(terms(partners=["QHL", "QGH"]), [{"QHL": 60, "QGH": 40}], [{"QHL": 60, "QGH": 30}])
    settlement, lines = list(over_versions([first, second]))[-1]
    assert {s.partner: (s.to_date.payment, s.movement) for s in lines} == {
        "QGH": (36, 36), "QHL": (66 + 54, 54), "QUA": (44, 0),
    }  # fmt: skip
    assert settlement.total("payment") == 200


@settings(max_examples=60)
@given(agreements(), st.data())
def test_a_successor_goes_on_where_its_predecessors_stood(made: Any, data: Any) -> None:
    agreement, contributed, actual, more = made
    first = Stretch(agreement, contributed, actual, more["need"], more["pooled"])
    old = agreement.partners
    heirs = {old[0]: "AB", old[1]: "AB"}
    partners = ["AB", "QZZ", *old[2:]]
    after = replace(agreement, partners=tuple(partners), succeeds=heirs)
    put_in = {code: data.draw(exact) + 1 for code in partners}
    cost = {code: data.draw(exact) for code in partners}
    need = dict.fromkeys(partners, 1)
    second = Stretch(after, [put_in], [cost], need, [dict.fromkeys(partners, 0)])
    before, _ = list(over_versions([first]))[-1]
    settlement, lines = list(over_versions([first, second]))[-1]
    assert not set(old[:2]) & {line.partner for line in lines}
    own = list(second.to_date())[-1]
    for name in AMOUNTS:
        then = {line.partner: getattr(line, name) for line in before.lines}
        now = {line.partner: getattr(line, name) for line in own.lines}
        found = {line.partner: getattr(line, name) for line in settlement.lines}
        assert found["AB"] == then[old[0]] + then[old[1]] + now["AB"]
        assert sum(found.values()) == sum(then.values()) + sum(now.values())
    assert {s.partner: s.movement for s in lines} == {
        code: next(line.payment for line in own.lines if line.partner == code) for code in partners
    }


@given(st.dictionaries(st.text("ABC", min_size=1, max_size=2), exact, min_size=1),
       st.lists(st.integers(0, 99), min_size=12, max_size=12))  # fmt: skip
def test_a_year_is_phased_by_any_weights(year: dict[str, Fraction], weights: list[int]) -> None:
    if not sum(weights):
        with pytest.raises(PoolError, match="not all 0"):
            phased(year, weights)
        return
    parts = phased(year, weights)
    exactly = to_the_penny(year)
    assert {code: sum((month[code] for month in parts), D(0)) for code in year} == exactly
    for weight, month in zip(weights, parts, strict=True):
        for code in year:
            assert abs(F(month[code]) - F(exactly[code]) * weight / sum(weights)) <= F(2, 100)
    assert phased(year, weights) == phased(year, [F(weight, 7) for weight in weights])


@given(codes)
def test_a_gain_is_owned_by_contribution(partners: list[str]) -> None:
    agreement = terms(partners=partners, risk="R8", risk_parameters={"reserve": "1", "cap": "0"}, guarantor="NHSE")
    put_in = {code: n + 1 for n, code in enumerate(partners)}
    found = settle(agreement, put_in, dict.fromkeys(partners, 0))
    assert found.external == -sum(put_in.values()) and found.gains() == {c: D(v) for c, v in put_in.items()}
    assert all(isinstance(line, Settled) and line.payment == line.contribution for line in found.lines)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"succeeds": ["QMF"]}, "succeeds is"),
        ({"succeeds": {"QMF": "QZZ"}}, "succeeds is QZZ"),
        ({"succeeds": {"QHL": "QUA"}}, "succeeds is QHL"),
        ({"profile": ""}, "profile is ''"),
    ],
)
def test_terms_of_successors_and_phasing(changes: Any, message: str) -> None:
    with pytest.raises(PoolError, match=message):
        terms(**changes)
