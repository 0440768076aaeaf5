"""axe-core finds nothing wrong for others than who sees most, wherever their page is made otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from measuring import axe, layout, made_of
from places import Place, places

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("place", [p for p in places() if len(p.accounts) > 1], ids=lambda p: p.address)
def test_a_page_holds_for_others(
    visit: Callable[..., Any], context: Callable[..., Any], filled: Callable[[str], str], place: Place
) -> None:
    """Pages that hold nothing but what was looked at already (see made_of) are not looked at again."""
    known: set[str] = set()
    for account in place.accounts:
        answer = context(account).request.get(filled(place.address), max_retries=2)
        assert answer.status == place.status, f"{place.address} as {account}: {answer.status}"
        parts = made_of(answer.text())
        # test_each_page has been there as the first
        if parts - known and account != place.accounts[0]:
            page = visit(place.address, account, status=place.status)
            page.set_viewport_size({"width": 320, "height": 640})
            faults = layout(page) + axe(page)[0]
            assert not faults, f"{account}:\n" + "\n".join(faults)
        known |= parts
