"""Who pays for the difference between what was put in and what care cost: rules R0 to R9.

All arithmetic is exact. For every rule: actual cost = payments of the partners + what comes from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from tertiary.errors import PoolError
from tertiary.pennies import Amount
from tertiary.pool.terms import rule_parameters

Pounds = Mapping[str, Fraction]
ZERO = Fraction(0)


@dataclass(frozen=True)
class Outcome:
    """What each partner pays, and `external`: pounds from outside; below 0 they go to the reserve of the pool."""

    pay: dict[str, Fraction]
    external: Fraction = ZERO


@dataclass(frozen=True)
class _Case:
    """One question to a rule. `by` and `need` are shares of contribution and of need, each adding up to 1."""

    contributed: Pounds
    actual: Pounds
    by: Pounds
    need: Pounds
    pooled: Pounds
    given: Mapping[str, Fraction]

    @property
    def variance(self) -> Fraction:
        return _sum(self.actual) - _sum(self.contributed)

    def own(self, code: str) -> Fraction:
        return self.actual[code] - self.contributed[code]


def share_risk(
    rule: str,
    contributed: Mapping[str, Amount],
    actual: Mapping[str, Amount],
    *,
    parameters: Mapping[str, Amount] | None = None,
    need: Mapping[str, Amount] | None = None,
    pooled: Mapping[str, Amount] | None = None,
) -> Outcome:
    """What each partner pays by `rule`, all amounts in pounds by partner.

    `need` (any unit) is asked for by R2 and R6; `pooled` by R6: of each partner's cost, what lies above the threshold
    per patient or belongs to listed services. Parameters as in rules.csv. PoolError when the rule is none of R0 to R9,
    partners differ between the amounts, a contribution is below 0, or all contributions are 0.
    """
    if rule not in _RULES:
        raise PoolError(f"{rule!r} is no risk share rule. It must be one of {', '.join(_RULES)}.")
    put_in, cost = _exact("contribution", contributed, contributed), _exact("actual cost", actual, contributed)
    if min(put_in.values(), default=ZERO) < 0 or not _sum(put_in):
        raise PoolError(f"Contributions must be 0 or more and not all 0; found {_said(put_in)}.")
    if rule in ("R2", "R6") and need is None:
        raise PoolError(f"Rule {rule} shares by need: give the need of each partner.")
    if rule == "R6" and pooled is None:
        raise PoolError("Rule R6 needs, for each partner, the cost above the threshold or of listed services.")
    weights = _exact("need", need if need is not None else contributed, contributed)
    if min(weights.values()) < 0 or not _sum(weights):
        raise PoolError(f"Need must be 0 or more and not 0 for all; found {_said(weights)}.")
    case = _Case(
        contributed=put_in,
        actual=cost,
        by=_portions(put_in),
        need=_portions(weights),
        pooled=_exact("pooled cost", pooled or dict.fromkeys(contributed, 0), contributed),
        given=rule_parameters(rule, parameters or {}),
    )
    return _RULES[rule](case)


def clamped(pay: Pounds, contributed: Pounds, floor: Fraction, ceiling: Fraction) -> Outcome:
    """Payments kept between contribution x (1 - floor) and contribution x (1 + ceiling).

    What is cut off is shared by contribution among those within their bounds, again and again until nothing is cut off;
    then among those whose bound leaves room; what no bound leaves room for comes from outside.
    """
    low = {code: c * (1 - floor) for code, c in contributed.items()}
    high = {code: c * (1 + ceiling) for code, c in contributed.items()}
    held = {code: min(max(amount, low[code]), high[code]) for code, amount in pay.items()}
    free = {code for code, amount in pay.items() if held[code] == amount}
    rest = _sum(pay) - _sum(held)
    while rest:
        bound = high if rest > 0 else low
        open_to = {c for c in held if contributed[c] and held[c] != bound[c]}
        takers = free & open_to or open_to
        if not takers:
            break
        weight = sum((contributed[c] for c in takers), ZERO)
        for code in takers:
            wanted = held[code] + rest * contributed[code] / weight
            held[code] = min(max(wanted, low[code]), high[code])
            if held[code] != wanted:
                free.discard(code)
        rest = _sum(pay) - _sum(held)
    return Outcome(held, rest)


def _own_risk(case: _Case) -> Outcome:
    return Outcome(dict(case.actual))


def _by_contribution(case: _Case) -> Outcome:
    return Outcome({code: put_in + case.variance * case.by[code] for code, put_in in case.contributed.items()})


def _by_need(case: _Case) -> Outcome:
    return Outcome({code: put_in + case.variance * case.need[code] for code, put_in in case.contributed.items()})


def _partial(case: _Case) -> Outcome:
    share = case.given["share"]
    return Outcome(
        {
            code: put_in + share * case.variance * case.by[code] + (1 - share) * case.own(code)
            for code, put_in in case.contributed.items()
        }
    )


def _beyond(case: _Case, excess: Pounds) -> Outcome:
    """Own variance but for the excess, which is pooled by contribution."""
    pooled = _sum(excess)
    return Outcome({code: case.actual[code] - excess[code] + pooled * case.by[code] for code in case.actual})


def _corridor(case: _Case) -> Outcome:
    width = case.given["corridor"]
    excess = {}
    for code, put_in in case.contributed.items():
        own = case.own(code)
        beyond = max(ZERO, abs(own) - width * put_in)
        excess[code] = beyond if own > 0 else -beyond
    return _beyond(case, excess)


def _stop_loss(case: _Case) -> Outcome:
    limit = case.given["limit"]
    return _beyond(case, {code: max(ZERO, case.own(code) - limit * c) for code, c in case.contributed.items()})


def _high_cost(case: _Case) -> Outcome:
    pooled = _sum(case.pooled)
    return Outcome({code: case.actual[code] - case.pooled[code] + pooled * case.need[code] for code in case.actual})


def _quota(case: _Case) -> Outcome:
    share = case.given["share"]
    pooled = share * _sum(case.actual)
    return Outcome({code: (1 - share) * cost + pooled * case.by[code] for code, cost in case.actual.items()})


def _gain_and_loss(case: _Case) -> Outcome:
    kept, cap = case.given["reserve"], case.given["cap"] * _sum(case.contributed)
    borne = min(case.variance, cap) if case.variance > 0 else case.variance * (1 - kept)
    pay = {code: put_in + borne * case.by[code] for code, put_in in case.contributed.items()}
    return Outcome(pay, case.variance - borne)


def _floor_and_ceiling(case: _Case) -> Outcome:
    return clamped(case.actual, case.contributed, case.given["floor"], case.given["ceiling"])


_RULES: dict[str, Callable[[_Case], Outcome]] = {
    "R0": _own_risk,
    "R1": _by_contribution,
    "R2": _by_need,
    "R3": _partial,
    "R4": _corridor,
    "R5": _stop_loss,
    "R6": _high_cost,
    "R7": _quota,
    "R8": _gain_and_loss,
    "R9": _floor_and_ceiling,
}


def _exact(name: str, amounts: Mapping[str, Amount], partners: Mapping[str, Amount]) -> dict[str, Fraction]:
    if set(amounts) != set(partners):
        odd = ", ".join(sorted(set(amounts) ^ set(partners)))
        raise PoolError(f"The partners of {name} are not those of the contributions: {odd} is in one of them only.")
    return {code: Fraction(amounts[code]) for code in sorted(partners)}


def _portions(amounts: Pounds) -> dict[str, Fraction]:
    total = _sum(amounts)
    return {code: amount / total for code, amount in amounts.items()}


def _sum(amounts: Pounds) -> Fraction:
    return sum(amounts.values(), ZERO)


def _said(amounts: Pounds) -> str:
    return ", ".join(f"{code} {float(amount):,.2f}" for code, amount in amounts.items())
