"""What is measured on a page: rules of accessibility, layout at a width or a size of text, the way of the Tab key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations", "incomplete"],
    # of WCAG 2.2, and off unless asked for
    "rules": {"target-size": {"enabled": True}},
}  # fmt: skip
# elements that hold nothing and are not closed
VOID = ("input", "meta", "link", "img", "br", "hr")
# Tab can be pressed this often before the browser is said to be caught
MOST_TABS = 1500


def drawn(page: Page) -> None:
    """Wait until all charts of a page are drawn."""
    from playwright.sync_api import expect

    expect(page.locator("[data-chart]:not(:has(svg))")).to_have_count(0, timeout=15_000)


def axe(page: Page) -> tuple[list[str], list[str]]:
    """What axe-core finds wrong on a page as it is now, a line an element, and what it cannot decide, a line a reason.

    Of the rows of a table that are made alike three are kept on the page.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(f"{_measures()}.thin()")
    found = Axe().run(page, options=OPTIONS).response
    wrong = [f"{rule}: {where} {html[:120]!r}: {why}" for rule, where, html, why in _nodes(found["violations"])]
    undecided = Counter((rule, html.partition(">")[0], why) for rule, _, html, why in _nodes(found["incomplete"]))
    return wrong, [f"{rule} of {n} {html[:60]}>: {why}" for (rule, html, why), n in sorted(undecided.items())]


def layout(page: Page) -> list[str]:
    """Text that is cut off, leaves the page or lies over something else, as the page is laid out now.

    Text of a chart is left out (a table stands beside it), as is what a box shows only after scrolling.
    """
    return list(page.evaluate(f"{_measures()}.layout()"))


def enlarge_text(page: Page, percent: int) -> None:
    """Letters of another size in the same window, as readers set it in their browser."""
    page.evaluate("size => { document.documentElement.style.fontSize = size }", f"{percent}%")


def tabbed(page: Page) -> tuple[list[str], list[dict[str, Any]]]:
    """Names of all controls of a page, and where Tab went from its top until it left the page."""
    names = list(page.evaluate(f"{_measures()}.prepare()"))
    way: list[dict[str, Any]] = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        now = page.evaluate(f"{_measures()}.focus()")
        if now is None or (len(way) > 1 and now["name"] == way[0]["name"] and now["top"] == way[0]["top"]):
            return names, way
        way.append(now)
    raise AssertionError(f"Tab was pressed {MOST_TABS} times and never left the page; now at {way[-1]['name']}")


def backwards(way: list[dict[str, Any]]) -> list[str]:
    """Where focus went against the order of reading: up without going to a next column, or left in the same line."""
    faults = []
    # the first is the skip link, which shows over the top of the page
    for a, b in pairwise(way[1:]):
        up = b["bottom"] <= a["top"] + 1 and b["left"] < a["right"] - 1
        shared = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
        left = shared > min(a["bottom"] - a["top"], b["bottom"] - b["top"]) / 2 and b["right"] <= a["left"] + 1
        if up or left:
            faults.append(f"{a['name']} -> {b['name']}")
    return faults


def made_of(html: str) -> set[str]:
    """The kinds of element that a page holds, each within its kind of parent, and the order of its headings: pages that
    differ in neither differ in their words only."""
    made = _Kinds()
    made.feed(html)
    return made.found | {" ".join(made.headings)}


class _Kinds(HTMLParser):
    """Rows of a table and links are one kind, whatever they say."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.headings: list[str] = []
        self.parents = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = dict(attrs)
        kind = f"{tag}.{marks.get('class')}.{marks.get('type')}.{marks.get('role')}"
        self.found.add(f"{self.parents[-1]} > {kind} {sorted(marks)}")
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(tag)
        if tag not in VOID:
            self.parents.append(kind)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and len(self.parents) > 1:
            self.parents.pop()


@cache
def _measures() -> str:
    return (Path(__file__).parent / "measures.js").read_text(encoding="utf-8").strip().rstrip(";")


def _nodes(rules: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    for rule in rules:
        for node in rule["nodes"]:
            messages = (one["message"] for kind in ("any", "all", "none") for one in node[kind])
            yield rule["id"], str(node["target"][0]), node["html"], "; ".join(messages)
