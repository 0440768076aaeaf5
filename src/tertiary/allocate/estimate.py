"""Estimates of a design: coefficients by statsmodels, and their covariance by leaving out a cluster at a time."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tertiary.allocate.design import Design
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    import numpy as np

    from tertiary.allocate.design import Floats

FORMS = ("linear", "log")
SURE = 0.95


@dataclass(frozen=True)
class Estimate:
    """Coefficients (k), their covariance (k by k, noughts where a coefficient is fixed) and what they fit.

    `fitted` pounds and `weight` of each of n areas; `free` columns that were estimated; `deletions`: clusters by k, how
    each coefficient moves when the cluster is left out. `degrees` of freedom of t: clusters less one.
    """

    coefficients: Floats
    covariance: Floats
    fitted: Floats
    weight: Floats
    free: np.ndarray[Any, np.dtype[np.bool_]]
    deletions: Floats
    degrees: int


def estimate(made: Design, form: str) -> Estimate:
    """Coefficients of a design with the jackknife over clusters. AllocationError when statsmodels is missing."""
    import numpy as np

    fixed = np.array([math.nan if c.of is None or c.of.coefficient is None else c.of.coefficient for c in made.columns])
    free = np.isnan(fixed)
    given = made.x[:, ~free] @ fixed[~free]
    unit = made.spend.mean()
    coefficients = np.where(free, 0.0, fixed)
    coefficients[free] = solved(made.x[:, free], made.spend / unit, made.base / unit, given, form)
    fitted = pounds(made.base, made.x @ coefficients, form)
    weight = made.base if form == "linear" else fitted
    number = len(made.clusters)
    moved = np.zeros((number, len(coefficients)))
    moved[:, free] = deletions(made.x[:, free], made.spend - fitted, weight, made.cluster, number)
    covariance = (number - 1) / number * moved.T @ moved
    return Estimate(coefficients, covariance, fitted, weight, free, moved, number - 1)


def solved(x: Floats, spend: Floats, base: Floats, given: Floats, form: str) -> Floats:
    """Coefficients of the columns of `x`, beside `given` effects. AllocationError when they cannot be found."""
    import numpy as np

    try:
        import statsmodels.api as sm
        from statsmodels.tools.sm_exceptions import SingularMatrixWarning
    except ImportError as error:
        raise AllocationError("Need models are fitted by statsmodels: pip install 'tertiary[models]'.") from error
    if form == "linear":
        with warnings.catch_warnings():
            # a category that no area seen has: any of its effects fits, and what is foretold does not depend on it
            warnings.simplefilter("ignore", SingularMatrixWarning)
            return np.asarray(sm.WLS(spend / base - given, x, weights=base).fit().params)
    if (spend < 0).any():
        raise AllocationError(
            f"{int((spend < 0).sum())} areas have spend below nought (credits), which form log cannot take. Use linear."
        )
    result = sm.GLM(spend, x, family=sm.families.Poisson(), offset=np.log(base) + given).fit(maxiter=100)
    if not result.converged:
        raise AllocationError("Form log did not settle in 100 rounds. Use linear, or fewer categories.")
    return np.asarray(result.params)


def deletions(x: Floats, residual: Floats, weight: Floats, cluster: Any, number: int) -> Floats:
    """How coefficients move when a cluster is left out: exact for the linear form, one Newton step for the other."""
    import numpy as np

    # columns of one size, so that a category nobody else has is seen as empty and not as a huge effect
    size = np.sqrt(weight @ x**2)
    scaled = x / size
    order = np.argsort(cluster, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(cluster, minlength=number))[:-1])
    cross = np.array([(scaled[p] * weight[p, None]).T @ scaled[p] for p in parts])
    score = np.array([scaled[p].T @ residual[p] for p in parts])
    rest = cross.sum(axis=0) - cross
    return (
        np.array([-np.linalg.pinv(r, rcond=1e-10, hermitian=True) @ s for r, s in zip(rest, score, strict=True)]) / size
    )


def pounds(base: Floats, effect: Floats, form: str) -> Floats:
    """What an effect makes of expected spend."""
    import numpy as np

    return base * effect if form == "linear" else np.asarray(base * np.exp(effect))


def quantile(degrees: int) -> float:
    """The two-sided quantile of t at the confidence of all intervals."""
    from scipy.stats import t

    return float(t.ppf((1 + SURE) / 2, degrees))
