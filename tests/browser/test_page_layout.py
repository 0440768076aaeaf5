"""Pages hold in a narrow window, at twice the size, with larger text, on paper and without script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from measuring import enlarge_text, layout
from places import Place, places

pytestmark = pytest.mark.slow
Visit = Callable[..., object]
EACH = pytest.mark.parametrize("place", places(), ids=lambda p: p.address)
# an A4 page within its margins, and how far a browser shrinks what is wider
PAPER, SHRINKS = 718, 2
NOT_ON_PAPER = "nav, main form, .nhsuk-skip-link, .app-no-print, main button"


@EACH
def test_nothing_is_cut_off_or_overlaps_at_twice_the_size(visit: Visit, place: Place) -> None:
    """Zoom of 200 % halves the window; then only the text is made twice as large, in a wide and in a narrow window."""
    page = visit(place.address, place.accounts[0], status=place.status)
    assert layout(page) == []
    page.set_viewport_size({"width": 600, "height": 450})
    assert layout(page) == []
    enlarge_text(page, 200)
    assert layout(page) == []
    page.set_viewport_size({"width": 1200, "height": 900})
    assert layout(page) == []


def test_the_measure_finds_what_is_wrong(visit: Visit) -> None:
    page = visit("/method", "public")
    page.evaluate("""() => {
        const add = (text, style) => {
            const made = document.createElement('p');
            made.textContent = text;
            Object.assign(made.style, style);
            document.querySelector('main').append(made);
        };
        add('low ceiling', {height: '8px', overflow: 'hidden', margin: '40px'});
        add('narrow '.repeat(9), {width: '90px', overflow: 'hidden', whiteSpace: 'nowrap', margin: '40px'});
        add('underneath', {margin: '0'});
        add('on top of it', {marginTop: '-26px', marginBottom: '40px'});
        add('far out', {marginLeft: '2000px'});
    }""")
    found = " ".join(layout(page))
    for words in (
        "cut off: low ceiling",
        "cut off: narrow",
        "underneath / on top",
        "off the page: far out",
        "wide in a",
    ):
        assert words in found


@EACH
def test_paper_holds_the_page_without_what_is_pressed(visit: Visit, place: Place) -> None:
    page = visit(place.address, place.accounts[0], status=place.status)
    words = _words(page.locator("main table").all_inner_texts())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER * SHRINKS, "height": 1000})
    assert page.locator(NOT_ON_PAPER).filter(visible=True).all_inner_texts() == []
    assert "SYNTHETIC DATA" in page.locator(".app-label").inner_text() and page.locator(".app-label").is_visible()
    assert page.locator("h1").is_visible()
    assert layout(page) == []
    # whole tables: nothing waits behind a scroll bar
    assert _words(page.locator("main table").all_inner_texts()) == words
    scrolls = "b => getComputedStyle(b).overflowX !== 'visible' && b.scrollWidth > b.clientWidth"
    assert page.locator("main *").evaluate_all(f"boxes => boxes.filter({scrolls}).length") == 0
    page.set_viewport_size({"width": PAPER, "height": 1000})
    pdf = page.pdf(format="A4", tagged=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", pdf))
    tall = page.evaluate("document.scrollingElement.scrollHeight")
    # as many sheets as the text is long, not one and not a blank one a table
    assert pdf.startswith(b"%PDF") and tall / 3000 <= sheets <= tall / 700 + 2, f"{sheets} sheets for {tall} pixels"


@EACH
def test_without_script_nothing_is_missing(visit: Visit, place: Place) -> None:
    with_script = visit(place.address, place.accounts[0], status=place.status)
    without = visit(place.address, place.accounts[0], script=False, status=place.status)
    missing = _words([with_script.locator("main").inner_text()]) - _words([without.locator("main").inner_text()])
    charts = _words(with_script.locator("main svg").all_inner_texts())
    assert not missing - charts
    forms = without.locator("main form[method=get]")
    for at in range(forms.count()):
        form = forms.nth(at)
        action = form.get_attribute("action") or place.path
        with without.expect_navigation() as moved:
            form.locator("button[type=submit], button:not([type])").first.click()
        assert moved.value.status < 500 and action in moved.value.url
        without.goto(place.address)


def _words(texts: list[str]) -> set[str]:
    return set(re.findall(r"\S+", " ".join(texts)))
