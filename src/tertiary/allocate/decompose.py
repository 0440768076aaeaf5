"""Spend per head taken apart: how many people are treated, and what is spent on each of them.

    spend / population = patients / population  x  spend / patients
                         (access)                  (intensity)

Beside a comparator the logarithms of the two ratios add up to that of the ratio of spend per head, and their pounds add
up to the difference. Method: NHS England's variations tool for the identity; the split into pounds by the logarithmic
mean (LMDI, Ang 2005), which leaves no remainder; variances from the number of patients, their spend and its squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import exp, inf, log, sqrt

from tertiary.allocate.chance import binomial_limits, binomial_p, student_quantile, two_sided
from tertiary.errors import AllocationError

# below SMALL the logarithmic mean is the mean of the two to all digits; below NO_DIFFERENCE only rounding is left
SMALL, NO_DIFFERENCE = 1e-9, 1e-12


@dataclass(frozen=True)
class Tally:
    """What is known of one cell. `spend` and `known` (spend with a patient) in pounds; `squares` sums, over patients,
    the square of the spend on each; `patients` are counted distinct; `population` are people, None when not known."""

    spend: Decimal
    known: Decimal
    patients: int
    squares: float
    population: float | None

    @property
    def spend_per_head(self) -> float | None:
        """Pounds a head of the population; None without one."""
        return float(self.spend) / self.population if self.population else None

    @property
    def spend_per_patient(self) -> float | None:
        """Pounds a patient; None without patients."""
        return float(self.spend) / self.patients if self.patients else None

    @property
    def patients_per_head(self) -> float | None:
        """Patients a head of the population; None without one."""
        return self.patients / self.population if self.population else None


@dataclass(frozen=True)
class Part:
    """A ratio to the comparator: its limits, its logarithm, its pounds a head and its two-sided p-value."""

    ratio: float
    low: float
    high: float
    log: float
    pounds: float
    p: float


@dataclass(frozen=True)
class Split:
    """Spend per head beside a comparator: `access.log + intensity.log == spend.log`, and likewise their pounds."""

    spend: Part
    access: Part
    intensity: Part


def decompose(own: Tally, other: Tally, *, included: bool, confidence: float = 0.95) -> Split:
    """How far `own` differs from `other`, and how much of that is access and how much intensity.

    `included` says whether the comparator's people include the cell's own; then chance that both share cancels.
    Limits of access are exact given how many patients there are in all (Clopper and Pearson); those of intensity and
    of spend are log-normal (delta method), spend as a Poisson number of patients of unequal cost, with Student's
    distribution for what few patients know of their own variance (Welch 1947). Spend without a patient is taken as
    fixed. AllocationError unless spend, patients and population of both are above 0.
    """
    for tally in (own, other):
        if tally.spend <= 0 or tally.patients <= 0 or not tally.population or tally.population <= 0:
            raise AllocationError(
                f"Spend {tally.spend}, patients {tally.patients} and population {tally.population} must be above 0 to "
                "be taken apart."
            )
    assert own.population and other.population
    heads = float(own.spend) / own.population, float(other.spend) / other.population
    access = log(own.patients / own.population) - log(other.patients / other.population)
    intensity = log(float(own.spend) / own.patients) - log(float(other.spend) / other.patients)
    whole = access + intensity
    mean = (heads[0] - heads[1]) / whole if abs(whole) > SMALL else sum(heads) / 2
    share = float(own.spend) / float(other.spend) if included else 0.0
    low, high = _access_limits(own, other, included, confidence)
    rest = other.patients - own.patients if included else other.patients
    spread, mean_spread = (
        _spread(of(own), of(other), share, own.patients - 1, rest - 1) for of in (_of_spend, _of_mean)
    )
    return Split(
        spend=_part(whole, heads[0] - heads[1], spread, confidence),
        access=Part(exp(access), low, high, access, access * mean, _access_p(own, other, included)),
        intensity=_part(intensity, intensity * mean, mean_spread, confidence),
    )


def _part(logarithm: float, pounds: float, spread: tuple[float, float], confidence: float) -> Part:
    error, freedom = spread
    if error == inf:
        return Part(exp(logarithm), 0.0, inf, logarithm, pounds, 1.0)
    reach = student_quantile(1 - (1 - confidence) / 2, freedom) * error if error else 0.0
    p = two_sided(logarithm / error, freedom) if error else float(abs(logarithm) < NO_DIFFERENCE)
    return Part(exp(logarithm), exp(logarithm - reach), exp(logarithm + reach), logarithm, pounds, p)


def _of_spend(tally: Tally) -> float:
    """Variance of the logarithm of spend: a compound Poisson sum has the sum of squares as its variance."""
    return tally.squares / float(tally.spend) ** 2


def _of_mean(tally: Tally) -> float:
    """Variance of the logarithm of spend per patient, given the number of patients; infinite when there is but one."""
    if tally.patients < 2:
        return inf
    around = tally.squares - float(tally.known) ** 2 / tally.patients
    return max(0.0, around) * tally.patients / (tally.patients - 1) / float(tally.spend) ** 2


def _spread(own: float, other: float, share: float, known: int, known_of_rest: int) -> tuple[float, float]:
    """Standard error of the logarithm of a ratio, and its degrees of freedom (Welch and Satterthwaite).

    `own` and `other` are variances of logarithms; `share` of the comparator's spend is the cell's own; `known` degrees
    of freedom are behind the cell's own variance, and `known_of_rest` behind that of the comparator's other patients.
    """
    if own == inf or other == inf:
        return inf, 1.0
    variance = max(0.0, own + other - 2 * share * own)
    mine = min((1 - share) ** 2 * own, variance)
    parts = [(part, freedom) for part, freedom in ((mine, known), (variance - mine, known_of_rest)) if part]
    if any(freedom < 1 for _, freedom in parts):  # one patient says nothing of how costs differ
        return inf, 1.0
    squares = sum(part**2 / freedom for part, freedom in parts)
    return sqrt(variance), variance**2 / squares if squares else 1.0


def _access_limits(own: Tally, other: Tally, included: bool, confidence: float) -> tuple[float, float]:
    assert own.population and other.population
    scale = other.population / own.population
    if included:
        low, high = binomial_limits(own.patients, max(own.patients, other.patients), confidence)
        return low * scale, high * scale
    low, high = binomial_limits(own.patients, own.patients + other.patients, confidence)
    return low / (1 - low) * scale, (high / (1 - high) * scale if high < 1 else inf)


def _access_p(own: Tally, other: Tally, included: bool) -> float:
    assert own.population and other.population
    if included:
        if other.population <= own.population:
            return 1.0
        return binomial_p(own.patients, max(own.patients, other.patients), own.population / other.population)
    return binomial_p(own.patients, own.patients + other.patients, own.population / (own.population + other.population))


def untreated(own: Tally, other: Tally, *, included: bool, confidence: float = 0.95) -> Part:
    """Access where the cell has no patient at all: a ratio of 0 with its upper limit; it has no logarithm or pounds."""
    low, high = _access_limits(own, other, included, confidence)
    return Part(0.0, low, high, -inf, -inf, _access_p(own, other, included))
