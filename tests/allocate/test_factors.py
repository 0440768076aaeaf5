"""Need, people, care and price: whatever the figures, the steps add up to the difference."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import isclose, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertiary.allocate.comparators import compared_with, kinds
from tertiary.allocate.decompose import Tally, decompose
from tertiary.allocate.factors import factors, meanings, steps
from tertiary.allocate.variation import Varied, limits
from tertiary.errors import AllocationError
from tertiary.register import Register

pounds = st.decimals(1, 10**7, places=2)
people = st.integers(1, 5000)


def cell(own: Tally, other: Tally, need: float | None) -> Varied:
    split = decompose(own, other, included=False)
    return Varied("QMJ", (), own, other, None, None, split, split.access, None, {}, "", "", need)


def tally(spend: Decimal, patients: int, population: int) -> Tally:
    return Tally(spend, spend, patients, float(spend) ** 2, float(population))


@given(pounds, pounds, pounds, pounds, people, people, st.integers(5000, 10**6), st.none() | st.floats(0.5, 2))
def test_steps_add_up_to_the_last_digit(
    spend: Decimal, other: Decimal, standard: Decimal, beside: Decimal, n: int, m: int, heads: int, need: float | None
) -> None:
    one = cell(tally(spend, n, heads), tally(other, m, heads * 2), need)
    found = factors(one, standard, beside)
    assert [f.factor for f in found] == [name for name in meanings() if need or name != "need"]
    assert one.split is not None
    assert isclose(sum(f.log for f in found), one.split.spend.log, abs_tol=1e-9)
    assert isclose(
        sum(f.pounds for f in found), one.split.spend.pounds, abs_tol=1e-6 * (1 + abs(one.split.spend.pounds))
    )
    shown = steps(one, found)
    assert shown[0][1] + sum(amount for _, amount in shown[1:-1]) == shown[-1][1]
    # what rounding leaves is no more than half a unit of each figure
    assert abs(float(shown[-2][1]) - found[-1].pounds) <= 0.00005 * (len(found) + 2) + 1e-9


def test_a_dearer_price_is_price_and_nothing_else() -> None:
    """The same people and care at a price a fifth above: by hand, all of the difference."""
    one = cell(tally(Decimal(1200), 10, 1000), tally(Decimal(2000), 20, 2000), None)
    found = {f.factor: f for f in factors(one, Decimal(1000), Decimal(2000))}
    assert found["price"].ratio == pytest.approx(1.2) and found["price"].pounds == pytest.approx(0.2)
    assert found["access"].log == pytest.approx(0) and found["care"].log == pytest.approx(0)


def test_nothing_is_taken_apart_that_is_withheld_or_has_no_expected_price() -> None:
    one = cell(tally(Decimal(1200), 10, 1000), tally(Decimal(2000), 20, 2000), 1.1)
    assert factors(replace(one, split=None), Decimal(1), Decimal(1)) == [] == factors(one, Decimal(0), Decimal(1))
    assert steps(one, []) == []
    assert {f.factor: f.log for f in factors(one, Decimal(9), Decimal(9))}["need"] == pytest.approx(log(1.1))


def test_the_nearest_in_need_by_hand(register: Register) -> None:
    people_of: dict[str, Decimal] = {}
    weighted: dict[str, Decimal] = {}
    for row in register["practice_need"].to_pylist():
        code = row["icb_code_2024"]
        people_of[code] = people_of.get(code, Decimal(0)) + row["registered_population"]
        weighted[code] = weighted.get(code, Decimal(0)) + row["wp_core"]
    need = {code: weighted[code] / people_of[code] for code in people_of}
    whole = dict.fromkeys(need, 1.0) | {"QHM": 0.01}
    order = sorted((abs(need[c] - need["QMJ"]), c) for c in need if c not in ("QMJ", "QHM"))
    found = compared_with(register, "QMJ", whole, limits(), "nearest", "202526")
    assert found.icbs == tuple(sorted(c for _, c in order[: kinds()["nearest"].number])) and len(found.icbs) == 5
    with pytest.raises(AllocationError, match="nobody is nearest"):
        compared_with(register, "QMJ", {"QMJ": 1.0}, limits(), "nearest", "202526")
    with pytest.raises(AllocationError, match="none of all, region, nearest"):
        compared_with(register, "QMJ", whole, limits(), "moon", "202526")
