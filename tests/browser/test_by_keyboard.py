"""Everything is reached, seen and sent by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from measuring import backwards, tabbed
from places import Place, places

pytestmark = pytest.mark.slow
Visit = Callable[..., object]
EACH = pytest.mark.parametrize("place", places(), ids=lambda p: p.address)


@EACH
def test_tab_reaches_all_in_order_and_shows_where_it_is(visit: Visit, place: Place) -> None:
    page = visit(place.address, place.accounts[0], status=place.status)
    names, way = tabbed(page)
    assert set(names) == {one["name"] for one in way}
    assert backwards(way) == []
    assert [one["name"] for one in way if not one["marked"]] == [], "focus does not show"
    assert [(one["name"], one["covered"]) for one in way if one["hidden"] or not one["inView"]] == [], "focus is hidden"


@EACH
def test_the_menu_can_be_skipped(visit: Visit, place: Place) -> None:
    page = visit(place.address, place.accounts[0], status=place.status)
    page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert first.inner_text() == "Skip to main content"
    assert first.bounding_box()["height"] > 20
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    past = "!document.activeElement.closest('header, nav') && !document.activeElement.matches('.nhsuk-skip-link')"
    assert page.evaluate(past)


@EACH
def test_forms_that_ask_are_sent_by_keyboard(visit: Visit, place: Place) -> None:
    """Tab to the first field and Enter, then Tab to the button and Enter; both send the form."""
    page = visit(place.address, place.accounts[0], status=place.status)
    forms = page.locator("main form[method=get]").count()
    for at in range(forms):
        form = page.locator("main form[method=get]").nth(at)
        for part in ("input:not([type=hidden]), select", "button"):
            if not form.locator(part).count():
                continue
            wanted = form.locator(part).first
            _tab_to(page, wanted)
            # a list opens with Enter, it does not send
            if wanted.evaluate("el => el.localName === 'select'"):
                continue
            with page.expect_navigation() as moved:
                page.keyboard.press("Enter")
            assert moved.value.status < 500
            page.goto(place.address)


def test_focus_that_does_not_show_or_goes_astray_would_be_found(visit: Visit) -> None:
    page = visit("/services", "public")
    page.evaluate("""() => {
        const made = document.createElement('button');
        made.textContent = 'unmarked';
        Object.assign(made.style, {outline: 'none', border: '0', background: '#fff', position: 'absolute', top: '0'});
        made.tabIndex = 0;
        document.querySelector('footer').append(made);
        const shade = document.createElement('div');
        Object.assign(shade.style, {position: 'fixed', top: '0', left: '0', width: '60px', height: '60px'});
        document.body.append(shade);
    }""")
    _, way = tabbed(page)
    last = next(one for one in way if "unmarked" in one["name"])
    assert not last["marked"] and any("unmarked" in step for step in backwards(way)) and last["hidden"]


def _tab_to(page: object, wanted: object) -> None:
    for _ in range(400):
        page.keyboard.press("Tab")
        if wanted.evaluate("el => el === document.activeElement"):
            return
    raise AssertionError("Tab does not come there.")
