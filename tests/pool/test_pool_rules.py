"""The rules of contribution and risk share: the worked example, the identities, and what must follow from what."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertiary.errors import PoolError
from tertiary.pool import Partner, compare, contributions, rules, share_risk
from tertiary.pool.risk import clamped

F = Fraction
PUT_IN = {"A": 100, "B": 60, "C": 40}
ACTUAL = {"A": 118, "B": 57, "C": 45}
Amounts = Mapping[str, Fraction]

pounds = st.integers(0, 10**9).map(lambda pennies: F(pennies, 100))


@st.composite
def cases(draw: Any) -> dict[str, Any]:
    """A pool of two to eight partners with costs, needs, pooled costs and parameters for every rule."""
    codes = draw(st.lists(st.text("ABCDEFG0123", min_size=1, max_size=3), min_size=2, max_size=8, unique=True))
    put_in = {code: draw(pounds) for code in codes}
    put_in[codes[0]] += 1
    actual = {code: draw(pounds) for code in codes}
    share = st.integers(0, 100).map(lambda n: F(n, 100))
    return {
        "contributed": put_in,
        "actual": actual,
        "need": {code: draw(st.integers(1, 10**6)) for code in codes},
        "pooled": {code: amount * draw(share) for code, amount in actual.items()},
        "parameters": {name: draw(share) for name in
                       ("share", "corridor", "limit", "reserve", "cap", "floor", "ceiling")},
    }  # fmt: skip


def total(amounts: Mapping[str, Any]) -> Fraction:
    return sum((F(a) for a in amounts.values()), F(0))


@pytest.mark.parametrize(
    ("rule", "parameters", "expected"),
    [
        ("R0", {}, (118, 57, 45)),
        ("R1", {}, (110, 66, 44)),
        ("R3", {"share": F(1, 2)}, (114, F(123, 2), F(89, 2))),
        ("R4", {"corridor": F(5, 100)}, (113, F(618, 10), F(452, 10))),
    ],
)
def test_the_worked_example(rule: str, parameters: Amounts, expected: tuple[Any, ...]) -> None:
    """Source: worked toy example of the pooled budgets page (synthetic)."""
    found = share_risk(rule, PUT_IN, ACTUAL, parameters=parameters)
    assert tuple(found.pay.values()) == expected
    assert found.external == 0


RISKS = [code for code, rule in rules().items() if rule.kind == "risk"]


@pytest.mark.parametrize("rule", RISKS)
@settings(max_examples=1000, deadline=None)
@given(case=cases())
def test_payments_and_what_comes_from_outside_are_the_actual_cost(rule: str, case: dict[str, Any]) -> None:
    found = share_risk(rule, **case)
    assert total(found.pay) + found.external == total(case["actual"])
    if rule not in ("R8", "R9"):
        assert found.external == 0


@pytest.mark.parametrize("rule", RISKS)
@given(case=cases(), order=st.randoms(use_true_random=False))
def test_the_order_of_partners_is_of_no_account(rule: str, case: dict[str, Any], order: Any) -> None:
    codes = list(case["contributed"])
    order.shuffle(codes)
    turned = {
        name: {code: value[code] for code in codes} if name != "parameters" else value for name, value in case.items()
    }
    assert share_risk(rule, **turned) == share_risk(rule, **case)


@given(case=cases())
def test_rules_meet_at_their_ends(case: dict[str, Any]) -> None:
    def pay(rule: str, **parameters: Any) -> dict[str, Fraction]:
        return share_risk(rule, **{**case, "parameters": parameters}).pay

    own, full = pay("R0"), pay("R1")
    assert pay("R3", share=1) == full and pay("R3", share=0) == own
    assert pay("R4", corridor=0) == full
    if all(case["contributed"].values()):
        assert pay("R4", corridor=10**12) == own
    assert pay("R7", share=1) == full and pay("R7", share=0) == own
    everything = share_risk("R6", **{**case, "pooled": case["actual"]}).pay
    weight = total(case["need"])
    assert everything == {code: total(case["actual"]) * F(need) / weight for code, need in sorted(case["need"].items())}
    assert share_risk("R6", **{**case, "pooled": dict.fromkeys(case["actual"], 0)}).pay == own
    assert pay("R2") == {
        code: F(case["contributed"][code]) + (total(case["actual"]) - total(case["contributed"])) * F(need) / weight
        for code, need in case["need"].items()
    }


@given(case=cases())
def test_a_stop_loss_is_the_corridor_with_one_side(case: dict[str, Any]) -> None:
    """Where nobody underspends by more than the limit the two are one rule."""
    actual = {code: max(F(case["actual"][code]), put_in) for code, put_in in case["contributed"].items()}
    width = case["parameters"]["limit"]
    both = {**case, "actual": actual}
    stop = share_risk("R5", **{**both, "parameters": {"limit": width}})
    assert stop == share_risk("R4", **{**both, "parameters": {"corridor": width}})


@given(case=cases())
def test_gain_and_loss(case: dict[str, Any]) -> None:
    found = share_risk("R8", **case)
    over = total(case["actual"]) - total(case["contributed"])
    cap = case["parameters"]["cap"] * total(case["contributed"])
    if over <= 0:
        assert found.external == over * case["parameters"]["reserve"]
    else:
        assert found.external == max(F(0), over - cap)
        assert total(found.pay) <= total(case["contributed"]) + cap


@settings(max_examples=500, deadline=None)
@given(case=cases())
def test_no_payment_leaves_its_bounds(case: dict[str, Any]) -> None:
    floor, ceiling = case["parameters"]["floor"], case["parameters"]["ceiling"]
    found = share_risk("R9", **case)
    for code, put_in in case["contributed"].items():
        assert put_in * (1 - floor) <= found.pay[code] <= put_in * (1 + ceiling)
    low, high = (total(case["contributed"]) * (1 + side) for side in (-floor, ceiling))
    assert found.external == max(F(0), total(case["actual"]) - high) + min(F(0), total(case["actual"]) - low)


def test_one_who_is_just_within_takes_part() -> None:
    """B stands at its lowest, C has room: what A is cut by is shared by both, as if B stood a penny higher."""
    put_in = {code: F(100) for code in "ABC"}
    for own in (F(90), F(9001, 100)):
        found = clamped({"A": F(120), "B": own, "C": F(100)}, put_in, F(1, 10), F(1, 10))
        assert found.pay == {"A": 110, "B": own + 5, "C": 105}


def test_what_is_cut_off_is_shared_by_contribution_among_the_others() -> None:
    """A is cut by 3, which B and C would take as 1.80 and 1.20; C reaches its ceiling and B takes the rest."""
    found = clamped({c: F(a) for c, a in ACTUAL.items()}, {c: F(p) for c, p in PUT_IN.items()}, F(1, 5), F(15, 100))
    assert found.pay == {"A": 115, "B": 59, "C": 46}
    assert found.external == 0


@given(
    st.lists(st.tuples(pounds, st.integers(1, 10**6), st.integers(1, 10**6), st.lists(st.integers(1, 99), min_size=3,
                                                                                    max_size=3)),
             min_size=1, max_size=8),
    pounds, st.integers(0, 100),
)  # fmt: skip
def test_contributions_add_up_to_the_pool(partners: list[Any], pool: Fraction, weight: int) -> None:
    told = [
        Partner(f"P{n}", hist + 1, need, people, tuple(use)) for n, (hist, need, people, use) in enumerate(partners)
    ]
    for rule in ("C1", "C2", "C3", "C4", "C5"):
        assert total(contributions(rule, pool, told, {"weight": F(weight, 100)})) == pool
    assert contributions("C5", pool, told, {"weight": 1}) == contributions("C2", pool, told)
    assert contributions("C5", pool, told, {"weight": 0}) == contributions("C1", pool, told)


def test_usage_is_the_mean_of_shares_and_not_the_share_of_sums() -> None:
    partners = [Partner("A", use=(1, 90)), Partner("B", use=(3, 10))]
    assert contributions("C4", 100, partners)["A"] == 100 * (F(1, 4) + F(9, 10)) / 2


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: share_risk("R10", PUT_IN, ACTUAL), "R10"),
        (lambda: share_risk("R3", PUT_IN, ACTUAL), "share is None; expected a number from 0 to 1"),
        (lambda: share_risk("R4", PUT_IN, ACTUAL, parameters={"corridor": -1}), "corridor is -1"),
        (lambda: contributions("C5", 1, [Partner("A")], {"weight": 2}), "weight is 2"),
        (lambda: compare([("R6", {})], [PUT_IN], [ACTUAL], need=PUT_IN), "R6 shares single patients"),
        (lambda: share_risk("R1", PUT_IN, {"A": 1}), "B, C"),
        (lambda: share_risk("R1", {"A": -1, "B": 2}, {"A": 1, "B": 1}), "-1.00"),
        (lambda: share_risk("R1", {"A": 0}, {"A": 1}), "not all 0"),
        (lambda: share_risk("R2", PUT_IN, ACTUAL), "give the need"),
        (lambda: share_risk("R6", PUT_IN, ACTUAL, need=PUT_IN), "threshold"),
        (lambda: share_risk("R2", PUT_IN, ACTUAL, need=dict.fromkeys(PUT_IN, 0)), "not 0 for all"),
        (lambda: contributions("C9", 1, [Partner("A")]), "C9"),
        (lambda: contributions("C2", 1, [Partner("A")]), "Partner A: need is None"),
        (lambda: contributions("C3", 1, [Partner("A", population=0)]), "0 together"),
        (lambda: contributions("C4", 1, [Partner("A", use=(1,)), Partner("B")]), "B has 0"),
    ],
)
def test_what_cannot_be_shared_is_refused(call: Any, said: str) -> None:
    with pytest.raises(PoolError, match=said):
        call()
