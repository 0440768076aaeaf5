"""How partners share money and risk: contributions, risk share of the variance, statements to the penny."""

from __future__ import annotations

from tertiary.pennies import to_the_penny
from tertiary.pool.compare import Compared, compare
from tertiary.pool.contributions import Partner, contributions
from tertiary.pool.leaving import merged, on_exit, without
from tertiary.pool.risk import Outcome, share_risk
from tertiary.pool.settle import Settled, Settlement, settle
from tertiary.pool.statements import Recharge, Statement, phased, recharges, statements
from tertiary.pool.terms import Agreement, Rule, rules
from tertiary.pool.volatility import Cases, least_population, pooled_variation, simulated, variation

__all__ = [
    "Agreement",
    "Cases",
    "Compared",
    "Outcome",
    "Partner",
    "Recharge",
    "Rule",
    "Settled",
    "Settlement",
    "Statement",
    "compare",
    "contributions",
    "least_population",
    "merged",
    "on_exit",
    "phased",
    "pooled_variation",
    "recharges",
    "rules",
    "settle",
    "share_risk",
    "simulated",
    "statements",
    "to_the_penny",
    "variation",
    "without",
]
