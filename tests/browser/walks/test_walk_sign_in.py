"""Somebody becomes somebody else and sees that person's part only."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chromium import context_of

pytestmark = pytest.mark.slow


def test_being_somebody_else_shows_their_own_part(browser: Any, address: str) -> None:
    context = context_of(browser, address, "")
    page = context.new_page()
    page.goto("/")
    assert "only after disclosure control" in page.get_by_role("main").inner_text()
    seen = {}
    for who in ("A national analyst", "A contract manager of a trust", "Anybody"):
        page.get_by_role("link", name="Be somebody else").click()
        page.get_by_role("radio", name=re.compile(f"^{who} ")).check()
        with page.expect_navigation(url=f"{address}/"):
            page.get_by_role("button", name="Go on").click()
        assert f"You are: {who}" in page.locator("body").inner_text()
        answer = page.goto("/ledger?by=provider_code")
        assert answer is not None
        rows = page.get_by_role("table").locator("tbody th")
        seen[who] = (answer.status, set(rows.all_inner_texts()))
        page.goto("/")
    assert seen["A contract manager of a trust"] == (200, {"RRV"})
    assert len(seen["A national analyst"][1]) > 1 and seen["Anybody"] == (403, set())
    context.close()


def test_by_keyboard_alone(browser: Any, address: str) -> None:
    context = context_of(browser, address, "")
    page = context.new_page()
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.type") != "radio":
        page.keyboard.press("Tab")
    # Tab comes to the one that is chosen, arrows choose another
    assert page.evaluate("document.activeElement.value") == "public"
    while page.evaluate("document.activeElement.value") != "national":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    with page.expect_navigation(url=f"{address}/"):
        page.keyboard.press("Enter")
    assert "You are: A national analyst (" in page.locator("body").inner_text()
    context.close()
