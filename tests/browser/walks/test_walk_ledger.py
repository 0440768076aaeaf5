"""An analyst slices the ledger by provider, goes down to a month of one and takes the figures away."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

import tertiary

pytestmark = pytest.mark.slow


def test_from_all_of_a_provider_to_a_month_and_away(walk: Any, world: Any) -> None:
    page = walk.start("national")
    walk.menu("Ledger")
    walk.fill(Total_by="Provider")
    walk.press("Show")
    first = walk.rows()[0]
    provider, records = first["Provider"], first["Records"]
    code = provider.rpartition("(")[2].rstrip(")")
    walk.look()
    walk.follow(provider)
    walk.says(f"Provider {code}")
    walk.fill(Total_by="Month")
    walk.press("Show")
    months = walk.rows()
    assert {row["Month"] for row in months} == {"1", "2"}
    assert sum(int(row["Records"].replace(",", "")) for row in months) == int(records.replace(",", ""))
    saved = list(csv.DictReader(io.StringIO(walk.saved("exact ledger as CSV").decode())))
    assert all(row["label"].startswith("SYNTHETIC DATA") for row in saved)
    # the same, asked of the run itself
    ledger = tertiary.open(world.run).table("ledger").to_arrow().to_pylist()
    own = [r for r in ledger if r["provider_code"] == code and r["measure"] == "actual" and r["counted"]]
    for row in saved:
        of_month = [r["price_submitted"] or 0 for r in own if str(r["financial_month"]) == row["financial_month"]]
        assert Decimal(row["price_submitted"]) == sum(of_month)
    # the address can be kept: another day it says the same
    walk.start("national", page.url)
    assert walk.rows() == months


def test_each_workbook_opens(walk: Any) -> None:
    walk.start("national")
    walk.menu("Ledger")
    assert walk.saved("ledger as Excel")[:4] == b"PK\x03\x04"
