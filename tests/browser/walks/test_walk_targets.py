"""What places should have, how they come to it, and why spend differs from theirs."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_distance_and_the_way_to_target(walk: Any) -> None:
    walk.start()
    walk.menu("Targets")
    walk.fill(Places="regions")
    walk.press("Show")
    assert len(walk.rows("Distance from target")) == 7
    walk.follow("Follow the way to target")
    assert "level=region" in walk.page.url
    walk.look()


def test_why_spend_differs_from_another_group(walk: Any) -> None:
    walk.start("ncl")
    walk.menu("Money")
    walk.follow("Variation")
    told = {}
    for beside in ("every ICB that the run holds whole", "ICBs whose need is nearest"):
        walk.fill(Beside=beside)
        walk.press("Compare")
        told[beside] = walk.rows("pounds a person")
        assert [row["Step"] for row in told[beside]][:1] == ["The comparator"]
    walk.look()
