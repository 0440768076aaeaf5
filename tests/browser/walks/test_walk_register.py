"""Somebody looks up what the register said on a day."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def _codes(walk: Any) -> set[str]:
    return {next(iter(row.values())) for row in walk.rows()}


def test_an_icb_as_it_was_before_a_merger(walk: Any) -> None:
    walk.start()
    walk.menu("Register")
    found = {}
    for day in ("2025-06-30", "2026-06-30"):
        walk.fill(Table="icbs", As_it_holds_on=day)
        walk.press("Show")
        assert walk.main().get_by_label("As it holds on").input_value() == day
        found[day] = _codes(walk)
    # 42 boards until some merged in April 2026
    assert len(found["2025-06-30"]) == 42 > len(found["2026-06-30"]) and "QMJ" in found["2025-06-30"]
    walk.look()


def test_a_text_is_found_in_any_column(walk: Any) -> None:
    walk.start()
    walk.menu("Register")
    walk.fill(Table="providers", Holds_the_text="university college london")
    walk.press("Show")
    assert "RRV" in _codes(walk)
