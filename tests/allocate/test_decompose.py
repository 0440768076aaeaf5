"""Access times intensity is spend, exactly; its limits hold what they promise."""

from __future__ import annotations

from decimal import Decimal
from math import inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertiary.allocate.decompose import Tally, decompose, untreated
from tertiary.errors import AllocationError


def tally(costs: list[float], people: float) -> Tally:
    spend = sum((Decimal(f"{c:.2f}") for c in costs), Decimal(0))
    return Tally(spend, spend, len(costs), sum(float(f"{c:.2f}") ** 2 for c in costs), people)


groups = st.builds(
    tally, st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30), st.floats(1, 5e6, allow_subnormal=False)
)


@settings(deadline=None, max_examples=300)
@given(groups, groups)
def test_parts_add_up_in_logarithms_and_in_pounds(own: Tally, other: Tally) -> None:
    found = decompose(own, other, included=False)
    assert own.spend_per_head and other.spend_per_head
    assert found.access.log + found.intensity.log == pytest.approx(found.spend.log, abs=1e-12)
    assert found.spend.log == pytest.approx(log(own.spend_per_head / other.spend_per_head), abs=1e-12)
    gap = own.spend_per_head - other.spend_per_head
    size = max(own.spend_per_head, other.spend_per_head)
    assert found.spend.pounds == pytest.approx(gap, abs=1e-12 * size)
    assert found.access.pounds + found.intensity.pounds == pytest.approx(gap, abs=1e-8 * size)
    for part in (found.spend, found.access, found.intensity):
        assert part.low <= part.ratio * (1 + 1e-9) and part.ratio <= part.high * (1 + 1e-9)
        assert 0 <= part.p <= 1


@settings(deadline=None)
@given(groups, groups)
def test_the_other_way_round_everything_turns(own: Tally, other: Tally) -> None:
    there, back = decompose(own, other, included=False), decompose(other, own, included=False)
    for part in ("spend", "access", "intensity"):
        one, two = getattr(there, part), getattr(back, part)
        assert one.log == pytest.approx(-two.log, abs=1e-12)
        assert one.pounds == pytest.approx(-two.pounds, rel=1e-9, abs=1e-9)
        assert one.p == pytest.approx(two.p, abs=1e-9)
        if one.low > 0:
            assert one.low * two.high == pytest.approx(1, rel=1e-6)


@settings(deadline=None)
@given(groups)
def test_beside_itself_nothing_differs_and_nothing_is_uncertain(own: Tally) -> None:
    found = decompose(own, own, included=True)
    assert (found.spend.ratio, found.access.ratio, found.intensity.ratio) == (1, 1, 1)
    assert found.spend.low == pytest.approx(1, abs=1e-6)
    assert found.spend.pounds == found.access.pounds == found.intensity.pounds == 0


def test_a_worked_example() -> None:
    """Twice the patients at three quarters of the cost: one and a half times the spend."""
    own, other = tally([75.0] * 40, 1000), tally([100.0] * 20, 1000)
    found = decompose(own, other, included=False)
    assert (found.access.ratio, found.intensity.ratio, found.spend.ratio) == pytest.approx((2, 0.75, 1.5))
    mean = (3 - 2) / log(1.5)  # logarithmic mean of £3 and £2 a head
    assert found.access.pounds == pytest.approx(mean * log(2))
    assert found.intensity.pounds == pytest.approx(mean * log(0.75))


def test_one_patient_says_nothing_of_how_costs_differ_and_a_fixed_price_says_all() -> None:
    one, many = tally([75.0], 1000), tally([100.0] * 20, 1000)
    alone = decompose(one, many, included=False).intensity
    assert (alone.low, alone.high, alone.p) == (0, inf, 1)
    fixed = decompose(tally([75.0] * 20, 1000), many, included=False).intensity
    assert fixed.p == 0 and fixed.low == pytest.approx(0.75) == fixed.high


@pytest.mark.parametrize("included", [True, False])
def test_limits_hold_the_truth_as_often_as_they_say(included: bool) -> None:
    """Areas that differ by chance alone: about 95 in 100 limits hold 1, for each of the three parts."""
    chance = np.random.default_rng(20260401)
    held = {"spend": 0, "access": 0, "intensity": 0}
    rounds = 600
    for _ in range(rounds):
        areas = [chance.gamma(0.8, 1500.0, chance.poisson(rate)) + 1 for rate in (120, 360)]
        own = tally([float(c) for c in areas[0]], 100_000)
        pool = np.concatenate(areas) if included else areas[1]
        other = tally([float(c) for c in pool], 400_000 if included else 300_000)
        found = decompose(own, other, included=included)
        for part in held:
            held[part] += getattr(found, part).low <= 1 <= getattr(found, part).high
    for part, count in held.items():
        assert 0.93 <= count / rounds <= 0.98, part


def test_nobody_treated_is_a_ratio_of_nothing_with_an_upper_limit() -> None:
    nobody, other = Tally(Decimal(0), Decimal(0), 0, 0.0, 50_000), tally([10.0] * 100, 100_000)
    found = untreated(nobody, other, included=False)
    assert found.ratio == found.low == 0
    # nobody of 100 in a group half as large: 1 - 0.025 ** (1 / 100) of all patients at most
    most = 1 - 0.025 ** (1 / 100)
    assert found.high == pytest.approx(most / (1 - most) * 2, rel=1e-9)
    assert found.p == pytest.approx(2 * (2 / 3) ** 100, rel=1e-9)
    with pytest.raises(AllocationError, match="must be above 0 to be taken apart"):
        decompose(nobody, other, included=False)


def test_limits_of_few_patients_allow_for_what_few_can_tell() -> None:
    """Ten patients of unequal cost: limits of spend hold the truth; normal limits would hold it in 91 of 100."""
    chance = np.random.default_rng(20260402)
    held = {"spend": 0, "intensity": 0}
    rounds = 800
    for _ in range(rounds):
        few, many = (chance.lognormal(0, 1.0, max(2, chance.poisson(rate))) * 100 for rate in (10, 40))
        found = decompose(tally([float(c) for c in few], 1000), tally([float(c) for c in many], 4000), included=False)
        for part in held:
            held[part] += getattr(found, part).low <= 1 <= getattr(found, part).high
    assert 0.93 <= held["spend"] / rounds <= 0.97
    assert held["intensity"] / rounds >= 0.885  # a long tail that ten did not show is not in any variance of theirs
