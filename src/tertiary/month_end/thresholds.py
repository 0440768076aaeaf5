"""The thresholds of month end, as data."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from tertiary.errors import ContractError
from tertiary.sheets import shipped


@cache
def thresholds() -> Mapping[str, Decimal]:
    """Value by name (thresholds.csv, each with its meaning and source)."""
    rows = shipped("tertiary.month_end", "thresholds.csv", ContractError)
    return {line.text("name"): line.number_of("value") for line in rows}
