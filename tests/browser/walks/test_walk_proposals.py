"""A clinical reference group proposes a specification, and the national team approves it."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_proposed_approved_and_read_by_all(walk: Any) -> None:
    walk.start("renal")
    walk.menu("Proposals")
    walk.follow("Propose a specification or pathway")
    walk.press("Propose it")
    walk.says("There is a problem")
    walk.look()
    walk.fill(Title="Peritoneal dialysis", What_changes__and_what_for="More at home.")
    walk.main().get_by_label("Holds from").fill("2026-10-01")
    walk.fill(Why_it_is_proposed="meeting 5")
    walk.press("Propose it")
    walk.says("waits for the national team")
    walk.look()
    address = walk.page.url.partition("?")[0]
    walk.start("national")
    walk.menu("Proposals")
    first = walk.rows()[0]
    assert first["Title"] == "Peritoneal dialysis"
    walk.follow(first["Number"])
    approve = walk.main().locator("form").filter(has=walk.page.get_by_role("button", name="Approve"))
    approve.get_by_label("Why").fill("programme board")
    walk.press("Approve")
    walk.says("approved")
    walk.look()
    walk.start("ncl", address)
    walk.says("programme board")
