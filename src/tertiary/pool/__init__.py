"""How partners share money and risk: contributions, risk share of the variance, statements to the penny."""

from __future__ import annotations

from tertiary.pennies import to_the_penny
from tertiary.pool.compare import Compared, compare
from tertiary.pool.contributions import Partner, contributions
from tertiary.pool.leaving import Exit, Item, Staying, earliest, leave, tapered, terms_without, without
from tertiary.pool.merging import merged, merged_lines, merged_terms, successors
from tertiary.pool.risk import Outcome, share_risk
from tertiary.pool.settle import Settled, Settlement, settle
from tertiary.pool.statements import Recharge, Statement, Stretch, over_versions, phased, recharges, statements
from tertiary.pool.terms import Agreement, Rule, rules
from tertiary.pool.volatility import (
    Cases,
    HighCost,
    least_population,
    pooled_variation,
    simulated,
    simulated_high_cost,
    variation,
)

__all__ = [
    "Agreement",
    "Cases",
    "Compared",
    "Exit",
    "HighCost",
    "Item",
    "Outcome",
    "Partner",
    "Recharge",
    "Rule",
    "Settled",
    "Settlement",
    "Statement",
    "Staying",
    "Stretch",
    "compare",
    "contributions",
    "earliest",
    "least_population",
    "leave",
    "merged",
    "merged_lines",
    "merged_terms",
    "over_versions",
    "phased",
    "pooled_variation",
    "recharges",
    "rules",
    "settle",
    "share_risk",
    "simulated",
    "simulated_high_cost",
    "statements",
    "successors",
    "tapered",
    "terms_without",
    "to_the_penny",
    "variation",
    "without",
]
