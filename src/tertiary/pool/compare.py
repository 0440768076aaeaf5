"""What if another rule had been agreed: transfers, steadiness and incentive, side by side."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import resources
from math import sqrt

from tertiary.errors import PoolError
from tertiary.pennies import Amount
from tertiary.pool.risk import Outcome, share_risk


def choices() -> list[tuple[str, dict[str, Fraction]]]:
    """Rules with usual parameters to look at first: rows of choices.csv, all illustrative."""
    text = resources.files("tertiary.pool").joinpath("choices.csv").read_text(encoding="utf-8")
    return [
        (
            row["rule"],
            {n: Fraction(v) for n, _, v in (p.partition("=") for p in filter(None, row["parameters"].split(";")))},
        )
        for row in csv.DictReader(text.splitlines())
    ]


@dataclass(frozen=True)
class Compared:
    """One rule over some years. Key: rule and parameters.

    transfer: pounds a year that change hands between partners, sum |payment - actual| / 2, mean of the years.
    volatility_removed: 1 - (spread of payment / contribution) / (spread of actual / contribution), spread being the
    standard deviation over years, partners weighted by contribution; None when there is nothing to remove.
    incentive_kept: of a pound that a partner saves, what it keeps itself; mean, weighted by contribution.
    external: pounds a year from outside, mean of the years.
    """

    rule: str
    parameters: Mapping[str, Fraction]
    transfer: float
    volatility_removed: float | None
    incentive_kept: float
    external: float


def compare(
    choices: Sequence[tuple[str, Mapping[str, Amount]]],
    contributed: Sequence[Mapping[str, Amount]],
    actual: Sequence[Mapping[str, Amount]],
    *,
    need: Mapping[str, Amount] | None = None,
    pooled: Sequence[Mapping[str, Amount]] | None = None,
) -> list[Compared]:
    """Every choice of rule and parameters over the same years, past or simulated, each one mapping of pounds by partner

    Rule R6 needs `pooled`, what of each partner's cost lies above the threshold or belongs to listed services, a
    mapping a year. A pound saved under it is spread over pooled and other cost as the partner's cost is.
    PoolError when the years of the amounts are not as many, R6 has no `pooled`, or as in `share_risk`.
    """
    if len(contributed) != len(actual) or not actual or (pooled is not None and len(pooled) != len(actual)):
        raise PoolError(
            f"{len(contributed)} years of contributions and {len(actual)} of costs; give as many, at least 1."
        )
    made = []
    for rule, given in choices:
        if rule == "R6" and pooled is None:
            raise PoolError("Rule R6 shares single patients' cost, of which years of totals say nothing: leave it out.")
        years = [
            _Year(rule, given, put_in, cost, need, pooled[n] if rule == "R6" and pooled else None)
            for n, (put_in, cost) in enumerate(zip(contributed, actual, strict=True))
        ]
        outcomes = [year.outcome() for year in years]
        moved = [
            sum((abs(paid - Fraction(year.cost[code])) for code, paid in outcome.pay.items()), Fraction(0)) / 2
            for outcome, year in zip(outcomes, years, strict=True)
        ]
        kept = [year.incentive() for year in years]
        made.append(
            Compared(
                rule,
                {name: Fraction(value) for name, value in given.items()},
                float(_mean(moved)),
                _removed(contributed, actual, [o.pay for o in outcomes]),
                float(_mean(kept)),
                float(_mean([o.external for o in outcomes])),
            )
        )
    return made


@dataclass(frozen=True)
class _Year:
    """One year under one rule."""

    rule: str
    given: Mapping[str, Amount]
    put_in: Mapping[str, Amount]
    cost: Mapping[str, Amount]
    need: Mapping[str, Amount] | None
    pooled: Mapping[str, Amount] | None

    def outcome(self) -> Outcome:
        """Who pays what."""
        return share_risk(self.rule, self.put_in, self.cost, parameters=self.given, need=self.need, pooled=self.pooled)

    def incentive(self) -> Fraction:
        """What a partner's own payment falls by for each pound less of its own cost, weighted by contribution."""
        before = self.outcome()
        total = sum((Fraction(v) for v in self.put_in.values()), Fraction(0))
        kept = Fraction(0)
        for code in self.cost:
            after = self._saved(code).outcome()
            kept += (before.pay[code] - after.pay[code]) * Fraction(self.put_in[code]) / total
        return kept

    def _saved(self, code: str) -> _Year:
        own = Fraction(self.cost[code])
        pooled = self.pooled
        if pooled is not None and own:
            pooled = {**pooled, code: Fraction(pooled[code]) * (1 - 1 / own)}
        return replace(self, cost={**self.cost, code: own - 1}, pooled=pooled)


def _removed(
    contributed: Sequence[Mapping[str, Amount]],
    actual: Sequence[Mapping[str, Amount]],
    paid: Sequence[Mapping[str, Amount]],
) -> float | None:
    own, shared = _spread(contributed, actual), _spread(contributed, paid)
    return None if own == 0 else 1 - shared / own


def _spread(contributed: Sequence[Mapping[str, Amount]], amounts: Sequence[Mapping[str, Amount]]) -> float:
    """Root of the mean variance over years of amount / contribution, partners weighted by their contributions."""
    weight = {c: sum((Fraction(year[c]) for year in contributed), Fraction(0)) for c in contributed[0]}
    total = sum(weight.values(), Fraction(0))
    spread = Fraction(0)
    for code, own in weight.items():
        if not own:
            continue
        ratios = [
            Fraction(amount[code]) / Fraction(year[code])
            for year, amount in zip(contributed, amounts, strict=True)
            if year[code]
        ]
        middle = _mean(ratios)
        spread += own / total * _mean([(r - middle) ** 2 for r in ratios])
    return sqrt(spread)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)
