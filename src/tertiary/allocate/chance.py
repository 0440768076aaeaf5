"""What chance alone may do to counts: Poisson and binomial limits, funnel limits, and control of false discoveries.

Written here in plain Python, so that nothing but the standard library is needed. Sources: limits of a Poisson count by
Byar's approximation and exactly (Breslow and Day 1987; the method set of OHID's fingertips); exact binomial limits
(Clopper and Pearson 1934); Student's distribution through the beta distribution (Abramowitz and Stegun 26.7.1); false
discovery rate (Benjamini and Hochberg 1995). Special functions by their series and continued fractions (Abramowitz and
Stegun 6.5.29, 6.5.31, 26.5.8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, inf, lgamma, log, log1p, sqrt
from statistics import NormalDist

# below this count limits are exact, from it on Byar's: the convention of OHID's method set
EXACT_BELOW = 10
_TINY = 1e-300
_CLOSE = 1e-15


def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(probability)


def student_quantile(probability: float, freedom: float) -> float:
    """Quantile, above the median, of Student's distribution with so many degrees of freedom."""
    x = beta_quantile(2 * (1 - probability), freedom / 2, 0.5)
    return sqrt(freedom * (1 - x) / x)


def two_sided(t: float, freedom: float) -> float:
    """Two-sided p-value of a deviate of Student's distribution."""
    return beta_share(freedom / 2, 0.5, freedom / (freedom + t * t))


def poisson_limits(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Limits of the mean of a Poisson count: exact below 10, Byar's approximation from 10 on."""
    tail = (1 - confidence) / 2
    if count < EXACT_BELOW:
        low = gamma_quantile(tail, count) if count else 0.0
        return low, gamma_quantile(1 - tail, count + 1)
    z = normal_quantile(1 - tail)
    return _byar(count, -z), _byar(count + 1, z)


def funnel_limits(expected: float, confidence: float = 0.95) -> tuple[float, float]:
    """Limits of observed over expected within which chance alone would keep an area of this size.

    The exact limits of a Poisson count, taken at the expected one (Spiegelhalter 2005).
    """
    if expected <= 0:
        return 0.0, inf
    tail = (1 - confidence) / 2
    return gamma_quantile(tail, expected) / expected, gamma_quantile(1 - tail, expected + 1) / expected


def binomial_limits(count: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact limits of a proportion (Clopper and Pearson)."""
    tail = (1 - confidence) / 2
    low = beta_quantile(tail, count, total - count + 1) if count else 0.0
    high = beta_quantile(1 - tail, count + 1, total - count) if count < total else 1.0
    return low, high


def binomial_p(count: int, total: int, proportion: float) -> float:
    """Two-sided exact p-value of a proportion: twice the smaller tail, 1 at most."""
    at_least = beta_share(count, total - count + 1, proportion) if count else 1.0
    at_most = 1 - beta_share(count + 1, total - count, proportion) if count < total else 1.0
    return min(1.0, 2 * min(at_least, at_most))


def discoveries(p_values: Sequence[float | None], rate: float) -> list[bool]:
    """Which of a family of tests stand out when at most `rate` of those that do may be chance. None is no test."""
    tested = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    last = max((rank for rank, (p, _) in enumerate(tested, 1) if p <= rank * rate / len(tested)), default=0)
    found = {place for _, place in tested[:last]}
    return [place in found for place in range(len(p_values))]


def gamma_share(shape: float, x: float) -> float:
    """Regularised lower incomplete gamma function: the share of a gamma distribution below `x`."""
    if x <= 0:
        return 0.0
    front = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        step = shape
        while term > total * _CLOSE:
            step += 1
            term *= x / step
            total += term
        return front * total

    def part(n: int) -> tuple[float, float]:
        return -n * (n - shape), x + 1 - shape + 2 * n

    return 1 - front / _fraction(x + 1 - shape, part)


def beta_share(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function: the share of a beta distribution below `x`."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, 1 - x)

    def part(n: int) -> tuple[float, float]:
        m = n // 2
        if n % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1.0

    return exp(_log_beta(a, b, x)) / a / _fraction(1.0, part)


def gamma_quantile(probability: float, shape: float) -> float:
    """Where the share `probability` of a gamma distribution of scale 1 lies below."""
    reach = 8 * sqrt(shape)
    low, high = max(0.0, shape - reach), shape + reach
    if gamma_share(shape, low) > probability:
        low = 0.0
    while gamma_share(shape, high) < probability:
        high *= 2
    return _solve(lambda x: gamma_share(shape, x) - probability, low, high)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Where the share `probability` of a beta distribution lies below."""
    mean = a / (a + b)
    reach = 8 * sqrt(mean * (1 - mean) / (a + b + 1))
    low, high = max(0.0, mean - reach), min(1.0, mean + reach)
    if beta_share(a, b, low) > probability:
        low = 0.0
    if beta_share(a, b, high) < probability:
        high = 1.0
    return _solve(lambda x: beta_share(a, b, x) - probability, low, high)


def _byar(count: float, z: float) -> float:
    return count * (1 - 1 / (9 * count) + z / (3 * sqrt(count))) ** 3


def _log_beta(a: float, b: float, x: float) -> float:
    return lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)


def _fraction(first: float, part: Callable[[int], tuple[float, float]]) -> float:
    """A continued fraction by the method of Lentz: `part(n)` gives its n-th numerator and denominator."""
    value = first or _TINY
    ahead, behind = value, 0.0
    for n in range(1, 1_000_000):
        over, under = part(n)
        behind = 1 / ((under + over * behind) or _TINY)
        ahead = (under + over / ahead) or _TINY
        change = ahead * behind
        value *= change
        if abs(change - 1) < _CLOSE:
            break
    return value


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    """The root of a rising function between two points (false position, Illinois variant)."""
    below, above = rising(low), rising(high)
    side = 0
    for _ in range(200):
        middle = (low * above - high * below) / (above - below) if above > below else (low + high) / 2
        if not low < middle < high:
            middle = (low + high) / 2
        found = rising(middle)
        if found == 0 or high - low <= 1e-12 * high:
            return middle
        if found < 0:
            low, below = middle, found
            above = above / 2 if side < 0 else above
            side = -1
        else:
            high, above = middle, found
            below = below / 2 if side > 0 else below
            side = 1
        if abs(found) < 1e-14:
            return middle
    return (low + high) / 2
