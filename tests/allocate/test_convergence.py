"""Convergence: every year meets its pot, bounds hold, and a slow reading in plain numbers gives the same path."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertiary.allocate import Basis, Need, Place, Policy, Pot, converge, grown, need_share, policies, years_to_target
from tertiary.allocate.basis import COMPONENTS
from tertiary.allocate.filling import Bounded, UnreachableError, filled
from tertiary.errors import AllocationError

PENNY = Decimal("0.01")
MONEY = st.decimals(min_value="1000", max_value="5000000000", places=2)
SHARES = st.integers(1, 10_000)
PLACES = st.dictionaries(st.sampled_from("abcdefghij"), st.tuples(MONEY, SHARES), min_size=1)
RATE = st.integers(-80, 250).map(lambda n: Fraction(n, 1000))
BANDS = ((Fraction(0), Fraction(1, 1000)), (Fraction(2, 100), Fraction(3, 1000)), (Fraction(1, 10), Fraction(1, 100)))


@st.composite
def set_policies(draw: st.DrawFn) -> Policy:
    floor = draw(st.one_of(st.none(), st.integers(-50, 30).map(lambda n: Fraction(n, 1000))))
    cap = draw(st.one_of(st.none(), st.integers(31, 150).map(lambda n: Fraction(n, 1000))))
    return Policy(
        draw(st.sampled_from(["uniform", "growth_pivot", "convergence_adjustment"])),
        growth=draw(st.one_of(st.none(), RATE)),
        k=Fraction(draw(st.integers(0, 2000)), 1000),
        floor=floor,
        cap=cap,
        cash_floor=draw(st.booleans()),
        bands=BANDS,
        population=draw(st.sampled_from(["none", "before", "after"])),
    )


@given(PLACES, set_policies(), st.lists(RATE, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_every_year_meets_its_pot_within_the_bounds(
    places: dict[str, Any], policy: Policy, growth: list[Fraction], rng: random.Random
) -> None:
    opening = {c: o for c, (o, _) in places.items()}
    shares = {c: Fraction(s) for c, (_, s) in places.items()}
    born = {c: Fraction(rng.randrange(-20, 30), 1000) for c in places}
    total, pots = sum(opening.values()), []
    for g in growth:
        total = round(total * (1 + Decimal(g.numerator) / g.denominator), 2)
        pots.append(total)
    try:
        steps = converge(policy, opening, shares, pots, population_growth=born)
    except AllocationError as error:
        assert "pot of" in str(error) and ("floors" in str(error) or "caps" in str(error))
        return
    for number, amount in enumerate(pots, 1):
        year = [s for s in steps if s.number == number]
        assert sum(s.allocation for s in year) == amount
        assert sum(s.target for s in year) == amount
        for s in year:
            base = Fraction(s.opening) * (1 + born[s.code] if policy.population == "before" else 1)
            low = Fraction(0) if policy.floor is None else base * (1 + policy.floor)
            low = max(low, Fraction(s.opening)) if policy.cash_floor else low
            assert s.allocation >= low
            if policy.cap is not None:
                assert s.allocation <= max(base * (1 + policy.cap), low + Fraction(PENNY))
            if not s.bound:
                assert policy.cap is None or s.allocation < base * (1 + policy.cap)
    turned = list(places)
    rng.shuffle(turned)
    assert (
        converge(policy, {c: opening[c] for c in turned}, {c: shares[c] for c in turned}, pots, population_growth=born)
        == steps
    )


BOUNDED = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 600), st.one_of(st.none(), st.integers(0, 900))),
    min_size=1,
    max_size=8,
)


@given(BOUNDED, st.integers(0, 6000))
def test_scaling_with_bounds_is_the_only_common_factor(wishes: list[tuple[int, int, int | None]], total: int) -> None:
    """Against bisection: the sum rises with the factor, so halving a bracket of floats arrives at the same amounts."""
    amounts = {
        str(i): Bounded(Fraction(w), Fraction(low), None if more is None else Fraction(low + more))
        for i, (w, low, more) in enumerate(wishes)
    }

    def at(factor: float) -> dict[str, float]:
        return {
            c: min(max(float(a.wish) * factor, float(a.low)), float("inf") if a.high is None else float(a.high))
            for c, a in amounts.items()
        }

    least, most = sum(at(0.0).values()), sum(at(1e7).values())
    try:
        found = filled(amounts, Fraction(total))
    except UnreachableError as error:
        assert total < least or total > most
        assert error.nearest == pytest.approx(least if total < least else most)
        return
    assert least <= total <= most + 1
    assert sum(found.values()) == total
    low, high = 0.0, 1e7
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(at(middle).values()) < total else (low, middle)
    for code, value in at(high).items():
        assert float(found[code]) == pytest.approx(value, abs=1e-6)


def slowly(
    policy: Policy, opening: dict[str, float], share: dict[str, float], pots: list[float]
) -> list[dict[str, float]]:
    """The three policies as the text has them, in floats, without bounds on the scaled amount."""
    path, held = [], dict(opening)
    for pot in pots:
        total = sum(held.values())
        g = pot / total - 1
        away = {c: held[c] / (share[c] * total) - 1 for c in held}
        growth = {}
        given, short = {}, {}
        for c in held:
            cut = 0.0
            for above, reduction in policy.bands:
                if away[c] > above and away[c] > 0:
                    cut = float(reduction)
            given[c], short[c] = cut * held[c], max(0.0, share[c] * total - held[c])
        for c in held:
            growth[c] = g
            if policy.kind == "growth_pivot":
                growth[c] = g + float(policy.k) * -away[c]
            if policy.kind == "convergence_adjustment":
                gained = sum(given.values()) * short[c] / sum(short.values()) if sum(short.values()) else 0.0
                growth[c] = g - given[c] / held[c] + gained / held[c]
            growth[c] = min(max(growth[c], float(policy.floor or -1)), float(policy.cap or 9))
        scale = pot / sum(held[c] * (1 + growth[c]) for c in held)
        held = {c: held[c] * (1 + growth[c]) * scale for c in held}
        path.append(dict(held))
    return path


@pytest.mark.parametrize("kind", ["uniform", "growth_pivot", "convergence_adjustment"])
def test_the_path_is_that_of_the_formula(kind: str) -> None:
    rng = random.Random(8)
    codes = [f"b{i:02d}" for i in range(42)]
    share = {c: rng.uniform(0.5, 2) for c in codes}
    share = {c: s / sum(share.values()) for c, s in share.items()}
    opening = {c: Decimal(f"{share[c] * 2e10 * rng.uniform(0.9, 1.12):.2f}") for c in codes}
    policy = Policy(kind, k=Fraction(1, 5), bands=BANDS)
    pots = grown(sum(opening.values()), Fraction(44, 1000), 6)
    steps = converge(policy, opening, {c: Fraction(s) for c, s in share.items()}, pots)
    expected = slowly(policy, {c: float(v) for c, v in opening.items()}, share, [float(p) for p in pots])
    for step in steps:
        assert float(step.allocation) == pytest.approx(expected[step.number - 1][step.code], abs=0.1)
        assert float(step.distance) == pytest.approx(
            expected[step.number - 1][step.code] / (share[step.code] * float(pots[step.number - 1])) - 1, abs=1e-9
        )


def test_the_worked_example_by_hand() -> None:
    """Two places of equal need, 110 and 90 pounds; pot 210: g is 5 %, distances +10 % and -10 %, k is 0.5.

    Growth 0 % and 10 %: 110 and 99, which sum to 209, so the factor is 210/209.
    """
    opening, share = {"a": 110, "b": 90}, {"a": Fraction(1, 2), "b": Fraction(1, 2)}
    a, b = converge(Policy("growth_pivot", k=Fraction(1, 2)), opening, share, [210])
    assert (a.allocation, b.allocation) == (Decimal("110.53"), Decimal("99.47"))
    assert (a.target, b.target) == (105, 105)
    assert (a.opening_distance, b.opening_distance) == (Fraction(1, 10), Fraction(-1, 10))
    assert a.distance == Fraction(11053, 10500) - 1 and a.growth == Fraction(11053, 11000) - 1
    capped = converge(Policy("growth_pivot", k=Fraction(1, 2), cap=Fraction(8, 100)), opening, share, [210])
    assert [(s.allocation, s.bound) for s in capped] == [(Decimal("112.80"), ""), (Decimal("97.20"), "cap")]
    safe = converge(Policy("growth_pivot", k=Fraction(2), cash_floor=True), opening, share, [210])
    assert [(s.allocation, s.bound) for s in safe] == [(110, "cash floor"), (100, "")]


def test_a_convergence_adjustment_releases_what_it_takes() -> None:
    """130 and 70 of equal need, pot 200: a is 30 % over, gives up 1 % of 130 and b receives it all."""
    a, b = converge(Policy("convergence_adjustment", bands=BANDS), {"a": 130, "b": 70}, {"a": 1, "b": 1}, [200])
    assert (a.allocation, b.allocation) == (Decimal("128.70"), Decimal("71.30"))
    at_target = converge(Policy("convergence_adjustment", bands=BANDS), {"a": 5, "b": 5}, {"a": 1, "b": 1}, [12])
    assert [s.allocation for s in at_target] == [6, 6]


def test_transfers_shift_the_opening_position_and_are_no_growth() -> None:
    assert grown(200, Fraction(5, 100), 2) == [210, Decimal("220.50")]
    assert grown(200, Fraction(10, 100), 2, [20, -22]) == [242, 242]
    steps = converge(
        Policy("uniform"),
        {"a": 100, "b": 100},
        {"a": 1, "b": 1},
        [231, 231],
        transfers=[{"a": 20}, {"b": Decimal("-21")}],
    )
    first, second = steps[:2], steps[2:]
    assert [(s.opening, s.transfer) for s in first] == [(120, 20), (100, 0)]
    assert first[0].growth == first[1].growth == Fraction(5, 100)
    assert [s.opening for s in second] == [126, 84] and first[0].opening_distance == Fraction(120, 110) - 1
    assert second[0].growth == second[1].growth == Fraction(10, 100)


def test_population_growth_before_or_after() -> None:
    """a gains 10 % people. Before: openings count as 110 and 100; after: 10 % is added to its growth, cap and all."""
    opening, share, born = {"a": 100, "b": 100}, {"a": 1, "b": 1}, {"a": Fraction(1, 10), "b": Fraction(0)}

    def allocations(population: str, **more: Any) -> list[Decimal]:
        policy = Policy("uniform", population=population, **more)
        return [s.allocation for s in converge(policy, opening, share, [231], population_growth=born)]

    assert allocations("none") == [Decimal("115.50"), Decimal("115.50")]
    assert allocations("before") == [121, 110]
    # growth 15.5 % and 25.5 %: 125.5 : 115.5 of 231
    assert allocations("after") == [Decimal("120.29"), Decimal("110.71")]
    # 25.5 % is capped at 16 %: 116 : 115.5 of 231
    assert allocations("after", cap=Fraction(16, 100)) == [Decimal("115.75"), Decimal("115.25")]
    assert allocations("before", cap=Fraction(10, 100)) == [121, 110]
    # a loses 10 % people, so its position is 90; a floor of 0 on that is 90 pounds, the cash floor 100
    fewer = {"a": Fraction(-1, 10), "b": Fraction(0)}
    for cash_floor, expected in ((False, Decimal("94.74")), (True, Decimal("100.00"))):
        policy = Policy("uniform", floor=Fraction(0), cash_floor=cash_floor, population="before")
        assert converge(policy, opening, share, [200], population_growth=fewer)[0].allocation == expected
    steps = converge(Policy("uniform"), opening, share, [231, 231], population_growth=born, people={"a": 10, "b": 10})
    assert [s.people for s in steps] == [11, 10, Fraction(121, 10), 10]
    assert steps[0].per_head == Decimal("10.50")


def test_years_to_target() -> None:
    steps = converge(
        Policy("growth_pivot", k=Fraction(1, 2)), {"a": 110, "b": 80, "c": 60}, {"a": 2, "b": 2, "c": 1},
        grown(250, Fraction(0), 12),
    )  # fmt: skip
    reached = years_to_target(steps, Fraction(1, 100))
    by_hand: dict[str, int | None] = dict.fromkeys("abc")
    for code in "abc":
        own = [s for s in steps if s.code == code]
        within = [s.number for s in own if abs(s.distance) < Fraction(1, 100)]
        by_hand[code] = 0 if abs(own[0].opening_distance) < Fraction(1, 100) else within[0] if within else None
    assert reached == by_hand and None not in reached.values()
    assert years_to_target(steps, Fraction(0))["a"] is None
    assert years_to_target(steps, Fraction(1, 2))["a"] == 0


def test_a_pull_of_one_arrives_at_once_and_of_nothing_never() -> None:
    opening, share = {"a": 110, "b": 90}, {"a": 1, "b": 1}
    never = converge(Policy("uniform"), opening, share, [200] * 5)
    assert [s.allocation for s in never] == [110, 90] * 5
    strong = converge(Policy("growth_pivot", k=Fraction(1)), opening, share, [200])
    assert all(abs(s.distance) < Fraction(1, 50) for s in strong)


@pytest.mark.parametrize(
    ("policy", "pots", "message"),
    [
        (Policy("uniform", floor=Fraction(2, 100)), [203],
         "Year 1: the floors (set at 2.00%) need at least 204.00 pounds, 1.00 more than the pot of 203.00"),
        (Policy("uniform", cash_floor=True), [220, 219], "Year 2: the floors need at least 220.00 pounds, 1.00 more"),
        (Policy("uniform", cap=Fraction(2, 100)), [210],
         "Year 1: the caps (set at 2.00%) allow at most 204.00 pounds, 6.00 less than the pot of 210.00. Raise"),
        (Policy("uniform"), [0], "Year 1: the pot is 0.00 pounds"),
    ],
)  # fmt: skip
def test_bounds_that_leave_no_way_to_the_pot(policy: Policy, pots: list[int], message: str) -> None:
    with pytest.raises(AllocationError) as caught:
        converge(policy, {"a": 100, "b": 100}, {"a": 1, "b": 2}, pots)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"opening": {}}, "no opening position"),
        ({"opening": {"a": -1, "b": 2}}, "the opening position of a is -1.00 pounds after transfers"),
        ({"opening": {"a": 0, "b": 0}}, "all opening positions are nothing"),
        ({"shares": {"a": 1}}, "The shares of year 1 and the opening positions differ in b"),
        ({"shares": {"a": 1, "b": 0}}, "The need share of b is not above 0"),
        ({"shares": [{"a": 1, "b": 1}]}, "There are 1 years of shares or growth, and more pots"),
        ({"transfers": [{"c": 1}]}, "A transfer of year 1 names c"),
        ({"transfers": [{}, {}, {"a": 1}]}, "There are transfers of 3 years and pots of 2"),
        ({"population_growth": {"a": -1, "b": 0}}, "The population growth of a is -1 or less"),
        ({"people": {"a": 1}}, "The people and the opening positions differ in b"),
    ],
)
def test_positions_that_do_not_fit(arguments: dict[str, Any], message: str) -> None:
    given_: dict[str, Any] = {"opening": {"a": 1, "b": 1}, "shares": {"a": 1, "b": 1}, "pots": [2, 2], **arguments}
    with pytest.raises(AllocationError) as caught:
        converge(Policy("uniform"), **given_)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"kind": "fast"}, "kind is 'fast'; expected one of uniform, growth_pivot"),
        ({"population": "during"}, "population is 'during'"),
        ({"k": Fraction(-1)}, "k is -1; expected 0 or more"),
        ({"floor": Fraction(-2)}, "floor is -2"),
        ({"floor": Fraction(1), "cap": Fraction(0)}, "cap 0 is below floor 1"),
        ({"tolerance": Fraction(-1)}, "tolerance is -1"),
        ({"bands": ((Fraction(-1), Fraction(0)),)}, "a band has a negative"),
    ],
)
def test_a_policy_that_cannot_be_meant(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(AllocationError) as caught:
        Policy(**{"kind": "uniform", **setting})
    assert message in str(caught.value)


def test_shipped_policies_are_illustrative_and_bands_rise() -> None:
    assert {p.kind for p in policies().values()} == {"uniform", "growth_pivot", "convergence_adjustment"}
    assert {p.confidence for p in policies().values()} == {"illustrative"}
    bands = policies()["convergence_adjustment"]
    reductions = [bands.reduction(Fraction(d, 1000)) for d in (-50, 0, 1, 20, 21, 60, 200)]
    assert bands.reduction(Fraction(2, 100)) == Fraction(1, 1000), "a band begins above its distance"
    assert reductions == sorted(reductions) and reductions[:2] == [0, 0] and len(set(reductions)) > 3


NEAR = st.dictionaries(st.sampled_from("abcdefghij"), st.tuples(SHARES, st.integers(700, 1300)), min_size=2)


@given(NEAR, st.integers(0, 1000))
def test_the_range_of_distances_shrinks_under_a_pivot(places: dict[str, Any], k: int) -> None:
    opening = {c: Decimal(share * near) for c, (share, near) in places.items()}
    share = {c: Fraction(share) for c, (share, _) in places.items()}
    steps = converge(Policy("growth_pivot", k=Fraction(k, 1000)), opening, share, [sum(opening.values())])
    before = max(s.opening_distance for s in steps) - min(s.opening_distance for s in steps)
    after = max(s.distance for s in steps) - min(s.distance for s in steps)
    pennies = sum(Fraction(1, 100) / Fraction(s.target) for s in steps if s.target)
    assert after <= before + pennies


def test_need_goes_only_to_pots_that_say_what_they_are_for() -> None:
    basis = Basis("specialised", frozenset({"activity"}))
    places = tuple(Place(c, Fraction(1), Fraction(1), {}) for c in "ab")
    shares = need_share(Need("own", "202526", "spot", basis, places, "test", "synthetic"))
    pot = Pot("202627", "specialised", frozenset({"activity"}), Decimal(210))
    steps = converge(Policy("uniform"), {"a": 100, "b": 100}, shares, [pot])
    assert [s.allocation for s in steps] == [105, 105]
    with pytest.raises(AllocationError, match="say not what they are for"):
        converge(Policy("uniform"), {"a": 100, "b": 100}, shares, [210])
    with pytest.raises(AllocationError, match="does not cover devices, drugs"):
        converge(Policy("uniform"), {"a": 1, "b": 1}, shares, [Pot("202627", "specialised", COMPONENTS, Decimal(2))])
