"""Care on the map: what boards that merged have, where people are treated, and what everybody may read."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_boards_of_2026_on_the_map_and_in_its_table(walk: Any) -> None:
    walk.start()
    walk.menu("Map")
    assert len(walk.rows()) == 42
    walk.fill(On="36 ICBs of April 2026")
    walk.press("Show")
    assert len(walk.rows()) == 36
    assert walk.main().locator("[data-chart] svg").count() == 1
    walk.look()


def test_flows_of_one_region_by_records(walk: Any) -> None:
    walk.start("national")
    walk.menu("Flows")
    walk.fill(Show="Records", People_of="London")
    walk.press("Show")
    flows = walk.rows("Flows")
    counts = [int(row["Records"].replace(",", "")) for row in flows]
    assert counts == sorted(counts, reverse=True) and {"QMJ", "QWE"} <= {row["ICB"] for row in flows}
    walk.look()


def test_what_was_released(walk: Any) -> None:
    walk.start()
    walk.menu("Published figures")
    walk.says("Board paper 7")
    tables = walk.main().get_by_role("table")
    assert tables.count() == 2 and "hidden" in tables.first.inner_text()
    assert b"hidden" in walk.saved("as CSV")
    walk.look()
