"""Forms that ask are sent by a click without JavaScript, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from places import Place, places

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]
# what was asked changes the rows of a page, seldom its forms: one address of each page that does not fail
FORMS = list({p.path: p for p in reversed(places()) if p.status == 200}.values())


@pytest.mark.parametrize("place", FORMS, ids=lambda p: p.path)
def test_each_is_sent(visit: Visit, place: Place) -> None:
    """By a click without script; with it, Tab to the first field and Enter, then Tab to the button and Enter."""
    page = visit(place.address, place.accounts[0], script=False)
    here, forms = page.url, page.locator("main form[method=get]")
    for at in range(forms.count()):
        action = forms.nth(at).get_attribute("action") or place.path
        with page.expect_navigation() as moved:
            forms.nth(at).locator("button[type=submit], button:not([type])").first.click()
        assert moved.value.status < 500 and action in moved.value.url
        page.goto(here)
    page = visit(place.address, place.accounts[0])
    forms = page.locator("main form[method=get]")
    for at in range(forms.count()):
        for part in ("input:not([type=hidden]), select", "button"):
            wanted = forms.nth(at).locator(part).first
            # a list opens with Enter, it does not send
            if not wanted.count() or wanted.evaluate("el => el.localName === 'select'"):
                continue
            _tab_to(page, wanted)
            with page.expect_response(_is_an_answer) as got:
                page.keyboard.press("Enter")
            assert got.value.status < 500
            page.goto(here)


def _is_an_answer(response: Any) -> bool:
    return response.request.resource_type in ("document", "fetch", "xhr")


def _tab_to(page: Any, wanted: Any) -> None:
    for _ in range(400):
        page.keyboard.press("Tab")
        if wanted.evaluate("el => el === document.activeElement"):
            return
    raise AssertionError("Tab does not come there.")
