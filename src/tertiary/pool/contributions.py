"""What each partner puts into the pool: rules C1 to C5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tertiary.errors import PoolError
from tertiary.pennies import Amount
from tertiary.pool.terms import rule_parameters


@dataclass(frozen=True)
class Partner:
    """One partner ICB and what contributions may be measured by.

    historic: opening spend, pounds. need: share or weighted population (any unit). population: people. use: past use of
    the services by year, oldest first (any unit that is the same for all partners).
    """

    code: str
    historic: Amount | None = None
    need: Amount | None = None
    population: Amount | None = None
    use: tuple[Amount, ...] = ()


def contributions(
    rule: str, pool: Amount, partners: Sequence[Partner], parameters: Mapping[str, Amount] | None = None
) -> dict[str, Fraction]:
    """Contribution of each partner in pounds, exact: they add up to `pool`.

    PoolError when the rule is none of C1 to C5, a partner lacks what the rule measures by, or nothing can be measured.
    """
    measured = {
        "C1": lambda: _shares("historic", {p.code: p.historic for p in partners}),
        "C2": lambda: _shares("need", {p.code: p.need for p in partners}),
        "C3": lambda: _shares("population", {p.code: p.population for p in partners}),
        "C4": lambda: _mean_use(partners),
        "C5": lambda: _blend(partners, rule_parameters("C5", parameters or {})["weight"]),
    }
    if rule not in measured:
        raise PoolError(f"{rule!r} is no contribution rule. It must be one of {', '.join(measured)}.")
    return {code: Fraction(pool) * share for code, share in measured[rule]().items()}


def _shares(name: str, values: Mapping[str, Amount | None]) -> dict[str, Fraction]:
    for code, value in values.items():
        if value is None or value < 0:
            raise PoolError(f"Partner {code}: {name} is {value}; a number from 0 is needed. Give it with the partner.")
    total = sum((Fraction(v) for v in values.values() if v is not None), Fraction(0))
    if not total:
        raise PoolError(f"The partners' {name} is 0 together, so nobody's share of it is known.")
    return {code: Fraction(value) / total for code, value in values.items() if value is not None}


def _mean_use(partners: Sequence[Partner]) -> dict[str, Fraction]:
    """The mean over years of a partner's share of the year's use; a year counts as much as any other."""
    years = {len(p.use) for p in partners}
    if len(years) != 1 or years == {0}:
        said = ", ".join(f"{p.code} has {len(p.use)}" for p in partners)
        raise PoolError(f"Use is needed for the same years of every partner, at least one; {said}.")
    count = years.pop()
    shares = [_shares(f"use of year {n + 1}", {p.code: p.use[n] for p in partners}) for n in range(count)]
    return {p.code: sum((year[p.code] for year in shares), Fraction(0)) / count for p in partners}


def _blend(partners: Sequence[Partner], weight: Fraction) -> dict[str, Fraction]:
    need = _shares("need", {p.code: p.need for p in partners})
    historic = _shares("historic", {p.code: p.historic for p in partners})
    return {p.code: weight * need[p.code] + (1 - weight) * historic[p.code] for p in partners}
