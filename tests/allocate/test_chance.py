"""Limits and tests of counts, against published values and against sums made term by term."""

from __future__ import annotations

from math import comb, exp, factorial, inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertiary.allocate.chance import (
    beta_share,
    binomial_limits,
    binomial_p,
    discoveries,
    funnel_limits,
    gamma_share,
    poisson_limits,
    student_quantile,
    two_sided,
)

# counts and limits per 100,000: PHEindicatormethods 2.1.0 (OHID), phe_rate; exact below 10, Byar's from 10 on
CRUDE = [
    (0, 1000, 0, 368.887945411, 0, 690.775527898),
    (4, 2000, 54.4932686813, 512.07943377, 21.4276206814, 739.707461127),
    (9, 3000, 137.179103246, 569.493448381, 81.7474801455, 755.245776969),
    (10, 4000, 119.686247849, 459.786465144, 72.9079593674, 604.843123197),
]
# expected counts and funnel limits: FunnelPlotR 0.6.0, case dev_sr_cqc
FUNNEL = [
    (290.2, 0.888244363196, 1.12192562753, 0.828368946242, 1.19502021092),
    (49.38, 0.740730878681, 1.32064124034, 0.617143837929, 1.52262942059),
    (18.49, 0.597355363799, 1.5710004777, 0.43137966132, 1.94774667199),
]


@pytest.mark.parametrize(("count", "people", "low", "high", "outer_low", "outer_high"), CRUDE)
def test_poisson_limits_are_the_published_ones(
    count: int, people: int, low: float, high: float, outer_low: float, outer_high: float
) -> None:
    found = [end / people * 100_000 for level in (0.95, 0.998) for end in poisson_limits(count, level)]
    assert found == pytest.approx([low, high, outer_low, outer_high], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("expected", "low", "high", "outer_low", "outer_high"), FUNNEL)
def test_funnel_limits_are_the_published_ones(
    expected: float, low: float, high: float, outer_low: float, outer_high: float
) -> None:
    assert funnel_limits(expected) == pytest.approx((low, high), rel=1e-6)
    assert funnel_limits(expected, 0.998) == pytest.approx((outer_low, outer_high), rel=1e-6)


def test_nothing_expected_has_no_upper_limit() -> None:
    assert funnel_limits(0) == (0.0, inf)


# Clopper-Pearson limits as printed in tables of exact binomial limits
@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        (0, 20, 0, 0.1684),
        (4, 20, 0.0573, 0.4366),
        (10, 20, 0.2720, 0.7280),
        (20, 20, 0.8316, 1),
        (1, 10, 0.0025, 0.4450),
    ],
)
def test_binomial_limits_are_the_published_ones(count: int, total: int, low: float, high: float) -> None:
    assert binomial_limits(count, total) == pytest.approx((low, high), abs=5e-5)


def binomial_tail(count: int, total: int, p: float) -> float:
    """P(X >= count), term by term."""
    return sum(comb(total, k) * p**k * (1 - p) ** (total - k) for k in range(count, total + 1))


@settings(deadline=None)
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.99))
def test_binomial_limits_and_tests_obey_their_definition(case: tuple[int, int], p: float) -> None:
    count, total = case
    low, high = binomial_limits(count, total)
    if count:
        assert binomial_tail(count, total, low) == pytest.approx(0.025, abs=1e-9)
    if count < total:
        assert 1 - binomial_tail(count + 1, total, high) == pytest.approx(0.025, abs=1e-9)
    tails = binomial_tail(count, total, p), 1 - binomial_tail(count + 1, total, p)
    assert binomial_p(count, total, p) == pytest.approx(min(1, 2 * min(tails)), abs=1e-9)


@settings(deadline=None)
@given(st.integers(1, 40), st.floats(0.01, 80))
def test_shares_of_gamma_and_beta_are_sums(shape: int, x: float) -> None:
    poisson = sum(exp(-x) * x**k / factorial(k) for k in range(shape))
    assert gamma_share(shape, x) == pytest.approx(1 - poisson, abs=1e-11)
    p = min(x / 80, 0.999)
    assert beta_share(shape, 3, p) == pytest.approx(binomial_tail(shape, shape + 2, p), abs=1e-11)


def test_false_discoveries_are_held_as_in_the_first_paper() -> None:
    """The example of Benjamini and Hochberg (1995, section 3.2): fifteen tests, four stand at 5%."""
    p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
        0.7590, 1.0,
    ]  # fmt: skip
    assert discoveries(p, 0.05) == [True] * 4 + [False] * 11
    assert discoveries([None, *reversed(p)], 0.05) == [False] * 12 + [True] * 4


def test_a_family_of_none_or_one() -> None:
    assert discoveries([], 0.05) == []
    assert discoveries([None], 0.05) == [False]
    assert discoveries([0.049], 0.05) == [True]


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.706), (2, 4.303), (7, 2.365), (10, 2.228), (30, 2.042), (120, 1.980)]
)
def test_student_quantiles_are_those_of_every_textbook(freedom: int, quantile: float) -> None:
    found = student_quantile(0.975, freedom)
    assert found == pytest.approx(quantile, abs=6e-4)
    assert two_sided(-found, freedom) == pytest.approx(0.05) and two_sided(0.0, freedom) == 1
