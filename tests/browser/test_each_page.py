"""Each page, visited once as the person who sees most of it: without script, by keyboard,
at every size, on paper, and by axe-core."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from measuring import axe, backwards, enlarge_text, layout, tabbed
from places import Place, places

from chromium import WIDE

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]
# an A4 page within its margins, and how far a browser shrinks what is wider
PAPER, SHRINKS = 718, 2
NOT_ON_PAPER = "nav, main form, .nhsuk-skip-link, .app-no-print, main button"
# what scrolls or hides on paper
SCROLLS = "b => getComputedStyle(b).overflowX !== 'visible' && b.scrollWidth > b.clientWidth"
PAST = "!document.activeElement.closest('header') && !document.activeElement.matches('.nhsuk-skip-link')"
HALF, NARROW = {"width": 600, "height": 450}, {"width": 320, "height": 640}


@pytest.mark.parametrize("place", places(), ids=lambda p: p.address)
def test_a_page_holds(visit: Visit, record_property: Callable[[str, object], None], place: Place) -> None:
    page = visit(place.address, place.accounts[0], status=place.status)
    without = visit(place.address, place.accounts[0], script=False, status=place.status)
    faults = [*_missing(page, without), *_sizes(page), *_keyboard(page), *_paper(page)]
    # last, since it takes rows out; colours of what has focus are others
    page.evaluate("document.activeElement.blur()")
    wrong, undecided = axe(page)
    faults += [f"axe: {line}" for line in wrong]
    # what no program can decide is listed for people to look at
    for line in undecided:
        record_property("told", f"axe cannot decide {place.path}: {line}")
    assert not faults, "\n".join(faults)


def _missing(page: Any, without: Any) -> list[str]:
    """Without script no word is missing but for those of charts."""
    missing = _words([page.locator("main").inner_text()]) - _words([without.locator("main").inner_text()])
    if lost := missing - _words(page.locator("main svg text").all_text_contents()):
        return [f"not there without script: {lost}"]
    return []


def _sizes(page: Any) -> list[str]:
    """Nothing is cut off, leaves the page or lies over other text: in a narrow window, at a zoom of 200 % (which halves
    the window), and with letters twice as large in a wide and in a halved window."""
    faults = []
    for window, text in ((WIDE, 100), (NARROW, 100), (HALF, 100), (HALF, 200), (WIDE, 200)):
        page.set_viewport_size(window)
        enlarge_text(page, text)
        faults += [f"{window['width']} px, text {text} %: {one}" for one in layout(page)]
    enlarge_text(page, 100)
    return faults


def _keyboard(page: Any) -> list[str]:
    """Tab reaches all in order and shows where it is; the menu can be skipped."""
    names, way = tabbed(page)
    faults = [f"Tab does not reach {name}" for name in set(names) ^ {one["name"] for one in way}]
    faults += [f"Tab goes backwards: {one}" for one in backwards(way)]
    faults += [f"focus does not show on {one['name']}" for one in way if not one["marked"]]
    faults += [f"{one['covered']} covers {one['name']}" for one in way if one["hidden"] or not one["inView"]]
    if not way[0]["name"].startswith("a Skip to main content"):
        return [*faults, f"Tab comes to {way[0]['name']} first"]
    page.locator(".nhsuk-skip-link").focus()
    if page.locator(":focus").bounding_box()["height"] <= 20:
        faults.append("the way past the menu does not show")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    return faults if page.evaluate(PAST) else [*faults, "the menu cannot be skipped"]


def _paper(page: Any) -> list[str]:
    """Paper holds the page whole, without what is pressed."""
    words = _words(page.locator("main table").all_inner_texts())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER * SHRINKS, "height": 1000})
    faults = [f"on paper: {one}" for one in layout(page)]
    faults += [f"on paper is {text!r}" for text in page.locator(NOT_ON_PAPER).filter(visible=True).all_inner_texts()]
    label = page.locator(".app-label")
    if not (label.is_visible() and "SYNTHETIC DATA" in label.inner_text() and page.locator("h1").is_visible()):
        faults.append("paper does not say what it shows, and that the data are synthetic")
    # nothing waits behind a scroll bar
    if lost := words - _words(page.locator("main table").all_inner_texts()):
        faults.append(f"not on paper: {lost}")
    if boxes := page.locator("main *").evaluate_all(f"boxes => boxes.filter({SCROLLS}).length"):
        faults.append(f"{boxes} boxes scroll on paper")
    page.set_viewport_size({"width": PAPER, "height": 1000})
    pdf = page.pdf(format="A4", tagged=True)
    sheets, tall = len(re.findall(rb"/Type\s*/Page\b", pdf)), page.evaluate("document.scrollingElement.scrollHeight")
    # as many sheets as the text is long, not one and not a blank one a table
    if not (pdf.startswith(b"%PDF") and tall / 3000 <= sheets <= tall / 700 + 2):
        faults.append(f"{sheets} sheets for {tall} pixels")
    page.emulate_media(media="screen")
    page.set_viewport_size(WIDE)
    return faults


def _words(texts: list[str]) -> set[str]:
    return set(re.findall(r"\S+", " ".join(texts)))
