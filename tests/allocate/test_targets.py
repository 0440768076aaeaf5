"""Targets, distance, its range, market forces, pots that fit, boards that merge and split."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertiary.allocate import (
    Basis,
    Need,
    Part,
    Place,
    Position,
    Pot,
    distance,
    distance_range,
    merge,
    need_share,
    split,
    succeed,
    targets,
    targets_by_pot,
    total_targets,
)  # fmt: skip
from tertiary.allocate.basis import COMPONENTS, components_of
from tertiary.errors import AllocationError
from tertiary.register import Register

ALL = Basis("specialised", COMPONENTS)
MONEY = st.decimals(min_value="0.01", max_value="90000000000", places=2)
PEOPLE = st.decimals(min_value="1", max_value="3000000", places=1)
BOARDS = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(PEOPLE, PEOPLE, MONEY, MONEY), min_size=1)


def need(people: dict[str, tuple[Any, Any]], basis: Basis = ALL, errors: float | None = None) -> Need:
    places = tuple(
        Place(c, Fraction(p), Fraction(w), {}, None if errors is None else float(w) * errors)
        for c, (p, w) in people.items()
    )
    return Need("own", "202526", "spot", basis, places, "test", "synthetic")


def pot(amount: Any, components: str = "all", service: str = "specialised", **more: Any) -> Pot:
    return Pot("202526", service, components_of(components, "test"), Decimal(amount), **more)


THREE = {"a": (100, 120), "b": (100, 90), "c": (200, 190)}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"financial_year": "202627"}, "of 202526 and 202627"),
        ({}, "of specialised (all, delegated) of 202526 and of specialised (all, delegated) of 202526"),
        ({"amount": Decimal(5), "source": "another paper"}, "hold the same money"),
        ({"components": frozenset({"drugs"})}, "hold the same money"),
        ({"delegation_status": ""}, "hold the same money"),
    ],
)
def test_the_same_money_is_not_added_up_twice(other: dict[str, Any], message: str) -> None:
    first = pot(100, delegation_status="delegated")
    shares = need_share(need(THREE))
    made = [targets(one, shares, wider=True) for one in (first, replace(first, **other))]
    with pytest.raises(AllocationError) as caught:
        total_targets(made)
    assert message in str(caught.value)
    apart = [first, replace(first, delegation_status="retained"), replace(first, service="another")]
    made = [targets(p, need_share(need(THREE, Basis(p.service, COMPONENTS)))) for p in apart]
    assert sum(total_targets(made).values()) == 300


@given(BOARDS, MONEY, st.booleans(), st.randoms(use_true_random=False))
def test_targets_add_up_to_the_pot(boards: dict[str, Any], amount: Decimal, forces: bool, rng: random.Random) -> None:
    mff = {c: Decimal(rng.randrange(900, 1200)).scaleb(-3) for c in boards} if forces else None
    shares = need_share(need({c: (b[0], b[1]) for c, b in boards.items()}))
    made = targets(pot(amount), shares, mff)
    assert sum(made.amounts().values()) == amount
    assert sum(r.share for r in made.rows.values()) == 1
    for code, row in made.rows.items():
        assert abs(Fraction(row.amount) - row.share * Fraction(amount)) < Fraction(1, 100)
        assert row.per_head == round(Fraction(row.amount) / row.population * 100) * Decimal("0.01")
        if mff:
            other = min(made.rows)
            factor = Fraction(mff[code]) / Fraction(mff[other])
            assert row.share / made.rows[other].share == factor * shares.rows[code].share / shares.rows[other].share


def test_market_forces_are_not_counted_twice() -> None:
    shares = need_share(need(THREE, Basis("specialised", COMPONENTS, includes_market_forces=True)))
    with pytest.raises(AllocationError, match="would count them twice"):
        targets(pot(100), shares, {"a": 1, "b": 1, "c": 1})
    plain = need_share(need(THREE))
    with pytest.raises(AllocationError, match="index lacks c"):
        targets(pot(100), plain, {"a": 1, "b": 1})
    with pytest.raises(AllocationError, match="index of b is not above 0"):
        targets(pot(100), plain, {"a": 1, "b": 0, "c": 1})


@pytest.mark.parametrize(
    ("index", "money", "service", "message"),
    [
        ("all", "all", "core", "a need share is never applied to another service"),
        ("activity", "all", "specialised", "does not cover devices, drugs"),
        ("drugs", "activity", "specialised", "does not cover activity"),
        ("all", "activity", "specialised", "wider than the pot"),
    ],
)
def test_a_need_share_is_never_applied_to_another_pot(index: str, money: str, service: str, message: str) -> None:
    shares = need_share(need(THREE, Basis("specialised", components_of(index, "test"))))
    with pytest.raises(AllocationError) as caught:
        targets(pot(100, money, service), shares)
    assert message in str(caught.value)
    if message == "wider than the pot":
        made = targets(pot(100, money, service), shares, wider=True)
        assert made.wider and sum(made.amounts().values()) == 100
    else:
        with pytest.raises(AllocationError):
            targets(pot(100, money, service), shares, wider=True)


def test_shares_of_england_do_not_go_to_a_pot_of_a_region(core: Need) -> None:
    south_east = pot(100, service="core", area="Y59")
    with pytest.raises(AllocationError, match="The shares are of E92000001, the pot of core"):
        targets(south_east, need_share(core, "icb_2024"))
    inside = targets(south_east, need_share(core, "icb_2024", within=("region", "Y59")))
    assert sum(inside.amounts().values()) == 100 and len(inside.rows) == 6
    assert targets(pot(100, service="core"), need_share(core, "icb_2024")).rows


def test_each_pot_takes_the_index_of_its_own_components() -> None:
    by_part = {
        "activity": {"a": (100, 120), "b": (100, 80)}, "drugs": {"a": (100, 50), "b": (100, 150)},
        "devices": {"a": (100, 100), "b": (100, 100)},
    }  # fmt: skip
    shares = [need_share(need(p, Basis("specialised", frozenset({c})))) for c, p in by_part.items()]
    pots = [pot(1000, "activity", delegation_status="delegated"), pot(400, "drugs"), pot(200, "devices")]
    made = targets_by_pot(pots, shares)
    assert [t.amounts() for t in made] == [{"a": 600, "b": 400}, {"a": 100, "b": 300}, {"a": 100, "b": 100}]
    assert total_targets(made) == {"a": 800, "b": 800}
    with pytest.raises(AllocationError, match="0 fit of: specialised \\(activity\\)"):
        targets_by_pot([pot(5, "all")], shares[:1])
    with pytest.raises(AllocationError, match=r"2 fit of: .*\. Choose one of the streams own, own\."):
        targets_by_pot(pots[:1], [*shares, shares[0]])


@pytest.mark.parametrize(
    ("row", "components"),
    [
        ({"financial_year": "202425", "service": "specialised", "delegation_status": "delegated"}, {"activity"}),
        ({"financial_year": "202627", "service": "specialised", "delegation_status": "retained"}, COMPONENTS),
        ({"financial_year": "202526", "service": "core", "components": "ALL"}, COMPONENTS),
        ({"financial_year": "202526", "service": "x", "components": "drugs; devices"}, {"drugs", "devices"}),
    ],
)
def test_what_a_pot_pays_for_follows_from_delegation_and_year(row: dict[str, str], components: set[str]) -> None:
    assert Pot.of({**row, "amount": "£1,000"}).components == components


def test_a_pot_says_how_sure_its_components_are() -> None:
    row = {"service": "specialised", "delegation_status": "delegated", "amount": "1", "source": "paper"}
    told = {year: Pot.of({**row, "financial_year": year}).source for year in ("202425", "202526", "202627")}
    assert told["202425"] == "paper; components by pot_components.csv (official)"
    assert told["202526"] == told["202627"] == "paper; components by pot_components.csv (derived)"
    assert Pot.of({**row, "financial_year": "202526", "components": "drugs"}).source == "paper"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"service": "specialised", "financial_year": "202324", "delegation_status": "delegated"},
            "nothing says which",
        ),
        ({"service": "specialised", "financial_year": "202526"}, "(no delegation status) pays for in 202526"),
        ({"service": "", "financial_year": "202526"}, "service ''; expected six digits"),
        ({"service": "core", "financial_year": "2025/26"}, "financial_year '2025/26'"),
        ({"service": "core", "financial_year": "202526", "components": "all", "amount": "lots"}, "amount 'lots'"),
        ({"service": "core", "financial_year": "202528"}, "financial_year '202528'"),
        *(
            ({"service": "core", "financial_year": "202526", "components": "all", "amount": a}, f"amount '{a}'")
            for a in ("-1", "14,5", "100.005", "nan", "")
        ),
    ],
)
def test_a_pot_that_says_too_little(row: dict[str, str], message: str) -> None:
    with pytest.raises(AllocationError) as caught:
        Pot.of({"amount": "1", **row}, "pots.csv line 2")
    assert message in str(caught.value) and "pots.csv line 2" in str(caught.value)


def test_the_published_pots_can_be_read(register: Register) -> None:
    rows = {(r["financial_year"], r["area"]): r for r in register["pots"].to_pylist()}
    found = Pot.of(rows["202526", "E92000001"])
    assert (found.amount, found.components) == (Decimal(14_000_000_000), {"activity"})
    assert rows["202425", "Y60;Y61;Y62"]["components"] == "activity"
    with pytest.raises(AllocationError, match="nothing says which components"):
        Pot.of(rows["202324", "E92000001"])


def test_distance_and_its_range() -> None:
    found = distance({"a": 110, "b": 95, "c": Decimal("100.50")}, {"a": 100, "b": 100, "c": 100})
    assert [d.distance for d in found.values()] == [Fraction(1, 10), Fraction(-1, 20), Fraction(1, 200)]
    assert [d.gap for d in found.values()] == [10, -5, Decimal("0.50")]
    ends = distance_range(found)
    assert (ends.points, ends.lowest, ends.highest) == (15, "b", "a")
    equal = distance_range(distance({"b": 1, "a": 1}, {"b": 1, "a": 1}))
    assert (equal.points, equal.lowest, equal.highest) == (0, "a", "a")
    for opening, target, message in (
        ({"a": 1}, {"a": 1, "b": 1}, "b: an opening position or a target is missing"),
        ({"a": 1}, {"a": 0}, "a has a target of 0 pounds"),
    ):
        with pytest.raises(AllocationError, match=message):
            distance(opening, target)
    with pytest.raises(AllocationError, match="no distance to take a range of"):
        distance_range({})


def test_targets_and_distances_carry_the_interval_of_the_need() -> None:
    shares = need_share(need(THREE, errors=0.05))
    made = targets(pot(400_000_000), shares)
    mild = targets(pot(400_000_000), shares, {"a": Decimal("1.1"), "b": 1, "c": 1})
    for code, row in made.rows.items():
        low, high = row.interval or (0, 0)
        assert low < row.amount < high
        half = Decimal(1.959963984540054 * (shares.rows[code].standard_error or 0) * 4e8)
        assert abs(high - row.amount - half) < Decimal("0.02")
        assert mild.rows[code].standard_error
    found = distance(dict.fromkeys(THREE, 130_000_000), made)["a"]
    low, high = made.rows["a"].interval or (0, 0)
    assert found.low == Fraction(130_000_000) / Fraction(high) - 1
    assert found.high == Fraction(130_000_000) / Fraction(low) - 1
    assert found.low < found.distance < found.high
    assert (found.opening_per_head, found.target_per_head) == (1_300_000, 1_200_000)
    bare = distance(dict.fromkeys(THREE, 1), targets(pot(400), need_share(need(THREE))))["a"]
    assert bare.low is None and bare.high is None


def positions(boards: dict[str, Any]) -> list[Position]:
    return [Position(c, Fraction(p), Fraction(w), opening, target) for c, (p, w, opening, target) in boards.items()]


@given(BOARDS, st.randoms(use_true_random=False), MONEY)
def test_merging_then_computing_is_summing(boards: dict[str, Any], rng: random.Random, amount: Decimal) -> None:
    into = {c: rng.choice("xyz") for c in boards}
    held = positions(boards)
    merged = merge(held, into)
    for code, one in merged.items():
        old = [b for c, b in boards.items() if into[c] == code]
        assert one.opening == sum(b[2] for b in old) and one.target == sum(b[3] for b in old)
        assert one.distance == Fraction(sum(b[2] for b in old)) / Fraction(sum(b[3] for b in old)) - 1
    rng.shuffle(held)
    assert merge(held, into) == merged
    people = need({c: (b[0], b[1]) for c, b in boards.items()})
    apart_, together = (targets(pot(amount), need_share(people, groups=g)) for g in (None, into))
    for code, row in together.rows.items():
        parts = [apart_.rows[c].amount for c in boards if into[c] == code]
        assert abs(row.amount - sum(parts)) <= Decimal("0.01") * len(boards)
    assert sum(apart_.amounts().values()) == sum(together.amounts().values()) == amount


@given(MONEY, MONEY, st.dictionaries(st.sampled_from("xyz"), st.tuples(PEOPLE, PEOPLE), min_size=1))
def test_splitting_keeps_every_penny_and_the_distance(opening: Decimal, target: Decimal, parts: dict[str, Any]) -> None:
    whole = Position("a", Fraction(1000), Fraction(900), opening, target)
    made = split(whole, {c: Part(Fraction(p), Fraction(w)) for c, (p, w) in parts.items()})
    assert sum(p.opening for p in made.values()) == opening and sum(p.target for p in made.values()) == target
    assert sum(p.population for p in made.values()) == 1000
    assert sum(p.weighted_population for p in made.values()) == 900
    weighted = sum(Fraction(w) for _, w in parts.values())
    for code, one in made.items():
        assert abs(Fraction(one.target) - Fraction(target) * Fraction(parts[code][1]) / weighted) < Fraction(1, 100)
    again = merge(made.values(), dict.fromkeys(made, "a"))["a"]
    assert again == whole


def test_merge_and_split_say_what_is_missing() -> None:
    one = Position("a", Fraction(1), Fraction(1), Decimal(1), Decimal(0))
    with pytest.raises(AllocationError, match="b is to be merged but has no position"):
        merge([one], {"b": "x"})
    with pytest.raises(AllocationError, match="a stands twice among the positions"):
        merge([one, one], {})
    with pytest.raises(AllocationError, match="its parts hold nobody"):
        split(one, {"x": Part(Fraction(0), Fraction(0))})
    with pytest.raises(AllocationError, match="a has no target"):
        _ = one.distance


def test_boards_of_2024_become_those_of_2026(core: Need, register: Register) -> None:
    rng = random.Random(5)
    shares = need_share(core, "icb_2024")
    made = targets(pot("100000000000", service="core"), shares)
    held = [
        Position(
            c,
            r.population,
            r.weighted_population,
            made.rows[c].amount + rng.randrange(-(10**8), 10**8),
            made.rows[c].amount,
        )
        for c, r in shares.rows.items()
    ]
    after, rough = succeed(held, register, core), succeed(held, register)
    new = targets(pot("100000000000", service="core"), need_share(core, "icb_2026"))
    assert set(after) == set(rough) == set(new.rows) and len(after) == 36
    for moved in (after, rough):
        assert sum(p.opening for p in moved.values()) == sum(p.opening for p in held)
        assert sum(p.target for p in moved.values()) == Decimal("100000000000")
    for code, row in new.rows.items():
        assert abs(after[code].target - row.amount) <= Decimal("0.05"), "split by weighted people is the target itself"
    by_code = {p.code: p for p in held}
    london = after["Z9B2Z"]
    assert london.opening == by_code["QMJ"].opening + by_code["QRV"].opening
    assert london.distance == Fraction(london.opening) / Fraction(london.target) - 1
    assert after["QYG"] == by_code["QYG"]
    bare = Need.from_index(
        register["need_indices"].to_pylist(), register, stream="core", financial_year="202526", level="icb_2024"
    )
    with pytest.raises(AllocationError, match="does not say what of board Q"):
        succeed(held, register, bare)
    with pytest.raises(AllocationError, match="stands twice"):
        succeed([held[0], held[0]], register)
    whole = [p for p in held if p.code in ("QMJ", "QYG")]
    assert set(succeed(whole, register, bare)) == {"Z9B2Z", "QYG"}, "boards that are not divided need no parts"


def test_a_synthetic_england_year_adds_up_at_every_level(core: Need, register: Register) -> None:
    """Need made up for three components at three levels, spend made up for every board: all levels meet the pots."""
    rng = random.Random(2526)
    areas = register["lsoas"].select(["lsoa21_code", "residents_2021"]).to_pylist()
    people = {
        "lsoa": {a["lsoa21_code"]: Decimal(a["residents_2021"]) for a in areas},
        "practice": {p.code: Decimal(p.population.numerator) / p.population.denominator for p in core.places},
        "icb_2024": {c: round(float(r.population)) for c, r in need_share(core, "icb_2024").rows.items()},
    }
    money = {
        ("activity", "lsoa"): Decimal("14000000000.01"), ("drugs", "practice"): Decimal("6999999999.99"),
        ("devices", "icb_2024"): Decimal("812345678.90"),
    }  # fmt: skip
    opening: dict[str, Decimal] = {}
    made = []
    for (component, finest), amount in money.items():
        rows = [
            {"code": code, "registered_population": number, "components": component, "service": "specialised",
             "need_index": Decimal(rng.randrange(400, 1700)).scaleb(-3)}
            for code, number in people[finest].items()
        ]  # fmt: skip
        made_up = Need.from_index(rows, register, stream=component, financial_year="202526", level=finest)
        for level in {finest, *(made_up.places[0].within), "england"} - (
            {"icb_2026"} if finest == "icb_2024" else set()
        ):
            shares = need_share(made_up, level)
            assert sum(shares.exact().values()) == 1
            of_level = targets(pot(amount, component), shares)
            assert sum(of_level.amounts().values()) == amount
            if level == "icb_2024":
                made.append(of_level)
                for code, target in of_level.amounts().items():
                    spent = round(target * Decimal(rng.randrange(85, 115)).scaleb(-2), 2)
                    opening[code] = opening.get(code, Decimal(0)) + spent
    total = total_targets(made)
    assert sum(total.values()) == sum(money.values()) and len(total) == 42
    found = distance(opening, total)
    assert sum(d.gap for d in found.values()) == sum(opening.values()) - sum(money.values())
    assert 0 < distance_range(found).points < 40
