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


def simulated(partners: Mapping[str, Cases], years: int, seed: int) -> list[dict[str, Decimal]]:
    """Costs by partner of `years` years that differ by chance alone, in pounds; equal seeds give equal years.

    Each year has a Poisson number of patients around the partner's number; each costs a gamma amount with the partner's
    mean and coefficient of variation. PoolError when there is no year, or a number, cost or variation is not above 0.
    """
    import numpy as np

    if years < 1 or any(p.number <= 0 or p.cost <= 0 or p.cv_cost <= 0 for p in partners.values()):
        raise PoolError("A simulation needs a year or more, and partners with patients and costs above 0.")
    chance = np.random.default_rng(seed)
    made: dict[str, list[float]] = {}
    for code in sorted(partners):
        own = partners[code]
        counts = chance.poisson(own.number, years)
        shape = 1 / own.cv_cost**2  # the sum of k gamma amounts of one shape is gamma with k times the shape
        scale = own.cost / own.number / shape
        made[code] = [float(chance.gamma(n * shape, scale)) if n else 0.0 for n in counts]
    return [{code: Decimal(f"{made[code][year]:.2f}") for code in partners} for year in range(years)]
