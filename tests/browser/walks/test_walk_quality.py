"""An analyst finds the rule that is broken most, the provider that breaks it, and when."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def _count(row: dict[str, str]) -> int:
    return int(row["Findings"].replace(",", ""))


def test_from_the_worst_rule_to_provider_and_month(walk: Any) -> None:
    walk.start("ncl")
    walk.menu("Data quality")
    worst = max(walk.rows("Findings, most first"), key=_count)
    assert worst == walk.rows("Findings, most first")[0]
    walk.follow(worst["Rule"])
    providers = walk.rows()
    # one rule may stand in several severities, and this is one of them
    assert sum(map(_count, providers)) == _count(worst)
    walk.follow(providers[0]["Provider"])
    months = walk.rows()
    assert sum(map(_count, months)) == _count(providers[0]) and {row["Month"] for row in months} <= {"1", "2"}
    walk.look()


def test_what_did_not_arrive(walk: Any) -> None:
    walk.start("uclh")
    walk.menu("Data quality")
    walk.follow("What arrived, and what did not")
    assert {row["Provider"] for row in walk.rows("Months that arrived")} == {"RRV"}
    walk.look()
