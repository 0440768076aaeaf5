"""How unsteady cost is by chance alone, and how many people it takes to steady it.

With a Poisson number of cases the coefficient of variation is sqrt(phi (1 + cv_cost^2) / n): n expected cases, cv_cost
the coefficient of variation of the cost of a case, phi by how much the variance of a year's cost exceeds chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from tertiary.errors import PoolError


def variation(cases: float, cv_cost: float = 0.0, phi: float = 1.0) -> float:
    """Coefficient of variation of a year's cost with `cases` expected cases. PoolError unless cases are above 0."""
    if cases <= 0 or cv_cost < 0 or phi <= 0:
        raise PoolError(f"Expected cases and phi must be above 0, cv_cost 0 or more; got {cases}, {phi}, {cv_cost}.")
    return sqrt(phi * (1 + cv_cost**2) / cases)


def pooled_variation(cases: Sequence[float], cv_cost: float = 0.0, phi: float = 1.0) -> float:
    """The same for independent partners together."""
    return variation(sum(cases), cv_cost, phi)


def least_population(target: float, rate: float, cv_cost: float = 0.0, phi: float = 1.0) -> float:
    """People needed for a coefficient of variation of at most `target`, at `rate` cases a person and year."""
    if target <= 0 or rate <= 0:
        raise PoolError(f"Target and rate must be above 0; got {target} and {rate}.")
    return phi * (1 + cv_cost**2) / (target**2 * rate)


@dataclass(frozen=True)
class Cases:
    """A partner's patients of a year: how many, what they cost together, and how far costs of patients differ."""

    number: float
    cost: float
    cv_cost: float


@dataclass(frozen=True)
class HighCost:
    """A partner's patients of a year as rule R6 parts them, with the `threshold` in pounds a patient, if there is one.

    `below`: patients up to the threshold, by their whole cost. `beyond`: those above it, by what lies above. `listed`:
    patients of listed services, by their cost there, which is in neither of the others.
    """

    threshold: float
    below: Cases
    beyond: Cases
    listed: Cases

    @property
    def cost(self) -> float:
        """What they cost together."""
        return self.below.cost + self.beyond.number * self.threshold + self.beyond.cost + self.listed.cost


def simulated(partners: Mapping[str, Cases], years: int, seed: int) -> list[dict[str, Decimal]]:
    """Costs by partner of `years` years that differ by chance alone, in pounds; equal seeds give equal years.

    Each year has a Poisson number of patients around the partner's number; each costs a gamma amount with the partner's
    mean and coefficient of variation. PoolError when there is no year, or a number, cost or variation is not above 0.
    """
    if years < 1 or any(p.number <= 0 or p.cost <= 0 or p.cv_cost <= 0 for p in partners.values()):
        raise PoolError("A simulation needs a year or more, and partners with patients and costs above 0.")
    draw = _Chance(years, seed)
    made = {code: draw.costs(partners[code]) for code in sorted(partners)}
    return [{code: _penny(made[code][year]) for code in partners} for year in range(years)]


def simulated_high_cost(
    partners: Mapping[str, HighCost], years: int, seed: int
) -> tuple[list[dict[str, Decimal]], list[dict[str, Decimal]]]:
    """Costs by partner of years that differ by chance alone, and what of them rule R6 pools, in pounds.

    A Poisson number of patients falls apart into independent Poisson numbers of those below and above the threshold, so
    each part is drawn by itself, as in `simulated`: mean and variance of what is pooled and of what is not are those of
    the run's patients. Where somebody uses listed services and others too, that tie is not drawn. Equal seeds give
    equal years. PoolError when there is no year, or a partner has no patients.
    """
    if years < 1 or any(p.below.number + p.beyond.number + p.listed.number <= 0 for p in partners.values()):
        raise PoolError("A simulation needs a year or more, and partners with patients.")
    draw = _Chance(years, seed)
    whole: dict[str, list[Decimal]] = {}
    pooled: dict[str, list[Decimal]] = {}
    for code in sorted(partners):
        own = partners[code]
        counts = draw.counts(own.beyond)
        above = draw.costs(own.beyond, counts)
        listed, below = draw.costs(own.listed), draw.costs(own.below)
        pooled[code] = [_penny(dear + told) for dear, told in zip(above, listed, strict=True)]
        kept = [cost + own.threshold * count for cost, count in zip(below, counts, strict=True)]
        whole[code] = [_penny(cost) + part for cost, part in zip(kept, pooled[code], strict=True)]
    years_of = [[{code: made[code][year] for code in partners} for year in range(years)] for made in (whole, pooled)]
    return years_of[0], years_of[1]


class _Chance:
    """Draws of years that are Poisson in the number of patients and gamma in what each costs."""

    def __init__(self, years: int, seed: int) -> None:
        import numpy as np

        self._years = years
        self._chance = np.random.default_rng(seed)

    def counts(self, cases: Cases) -> list[int]:
        """Numbers of patients by year."""
        return [int(n) for n in self._chance.poisson(cases.number, self._years)]

    def costs(self, cases: Cases, counts: Sequence[int] | None = None) -> list[float]:
        """Their cost by year: the sum of k gamma amounts of one shape is gamma with k times the shape."""
        numbers = self.counts(cases) if counts is None else counts
        if not cases.number:
            return [0.0] * self._years
        mean = cases.cost / cases.number
        if not cases.cv_cost:
            return [n * mean for n in numbers]
        shape = 1 / cases.cv_cost**2
        return [float(self._chance.gamma(n * shape, mean / shape)) if n else 0.0 for n in numbers]


def _penny(amount: float) -> Decimal:
    return Decimal(f"{amount:.2f}")
