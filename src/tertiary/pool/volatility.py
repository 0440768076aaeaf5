"""How unsteady cost is by chance alone, and how many people it takes to steady it.

With a Poisson number of cases the coefficient of variation is sqrt(phi (1 + cv_cost^2) / n): n expected cases, cv_cost
the coefficient of variation of the cost of a case, phi the overdispersion of the number (1 when chance is all).
"""

from __future__ import annotations

from collections.abc import Sequence
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
