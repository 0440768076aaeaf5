"""Why a record is what it is: one that nobody has, changed until its answer changes; and a real one, by its owner."""

from __future__ import annotations

from typing import Any

import pytest

import tertiary

pytestmark = pytest.mark.slow


def _short(walk: Any) -> str:
    return str(walk.main().locator("dl").first.inner_text())


def test_dialysis_with_another_hrg(walk: Any) -> None:
    walk.start()
    walk.menu("Explain")
    walk.follow("Dialysis")
    before = _short(walk)
    assert "11B" in before
    walk.fill(HRG="AA26C")
    walk.press("Explain")
    # a line that no rule finds stands as it was sent, and so does its price
    assert "identification" in before and "no rule held" in _short(walk) and "basis submitted" in _short(walk)
    walk.look()
    walk.fill(Day_of_the_care="", Quantity="many")
    walk.press("Explain")
    walk.says("There is a problem")
    walk.look()


def test_a_real_record_of_its_owner_and_the_note_of_it(walk: Any, world: Any) -> None:
    records = tertiary.open(world.run).table("records").to_arrow().to_pylist()
    mine = next(r["record_id"] for r in records if r["provider_code"] == "RRV" and r["fate"] == "accepted")
    theirs = next(r["record_id"] for r in records if r["provider_code"] not in ("RRV", ""))
    walk.start("uclh")
    walk.menu("Explain")
    walk.follow("Explain a real record of the run instead")
    walk.fill(Id_of_the_record=mine, Why_you_look_at_it="")
    walk.press("Write it down and explain")
    walk.says("Say why you look")
    walk.look()
    why = "challenge of April, line 4"
    walk.fill(Id_of_the_record=theirs, Why_you_look_at_it="to look at another's")
    walk.press("Write it down and explain")
    walk.says("There is no record of that id among yours")
    walk.fill(Id_of_the_record=mine, Why_you_look_at_it=why)
    walk.press("Write it down and explain")
    walk.says("What arrived")
    walk.look()
    walk.menu("Who saw what")
    noted = walk.rows()
    assert [row["Why"] for row in noted] == [why] and mine in noted[0].values()
    walk.look()
