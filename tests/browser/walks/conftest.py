"""Somebody who goes through the pages by what they read on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from measuring import axe, drawn, layout

from chromium import WIDE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


@dataclass
class Walk:
    """One way through the pages. `page` is where it stands."""

    visit: Callable[..., Page]
    folder: Path
    page: Page = None  # type: ignore[assignment]

    def start(self, account: str = "", place: str = "/") -> Page:
        """Come to the overview, or to an address that was sent, as somebody of the demonstration."""
        self.page = self.visit(place, account)
        return self.page

    def menu(self, name: str) -> None:
        """Choose a page of the menu, or of those below each page."""
        self.go(self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True))

    def follow(self, words: str | re.Pattern[str]) -> None:
        """The first link of the page that says so."""
        said = {"name": words, **({"exact": True} if isinstance(words, str) else {})}
        self.go(self.main().get_by_role("link", **said).first)

    def go(self, pressed: Locator) -> None:
        """Press something that leads to another page, or to another main part of this one, and wait for it."""
        self.page.evaluate("document.querySelector('main').dataset.left = 'yes'")
        pressed.click(no_wait_after=True)
        self.page.locator("main:not([data-left])").wait_for(timeout=60_000)
        self.page.wait_for_load_state()
        drawn(self.page)

    def main(self) -> Locator:
        """The page's own part."""
        return self.page.get_by_role("main")

    def fill(self, **fields: str) -> None:
        """Fields by the words of their labels, _ for a blank, __ for a comma; a list takes words of its choice."""
        for words, value in fields.items():
            field = self.main().get_by_label(words.replace("__", ", ").replace("_", " "), exact=True)
            if field.evaluate("el => el.localName") == "select":
                field.select_option(label=value)
            else:
                field.fill(value)

    def press(self, words: str) -> None:
        """A button of the page."""
        self.go(self.main().get_by_role("button", name=words, exact=True))

    def rows(self, name: str | re.Pattern[str] = "") -> list[dict[str, str]]:
        """The cells of a table by the heads of their columns: the one whose caption holds `name`, else the first."""
        table = self.main().get_by_role("table", name=name).first if name else self.main().get_by_role("table").first
        heads = table.locator("thead th").all_inner_texts()
        rows = table.locator("tbody tr").evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.innerText))")
        return [dict(zip(heads, row, strict=len(row) > 1)) for row in rows]

    def says(self, words: str) -> None:
        """The main part holds some words."""
        assert words in self.main().inner_text(), f"{words!r} is not on {self.page.url}"

    def saved(self, words: str) -> bytes:
        """The file behind a link."""
        with self.page.expect_download() as coming:
            self.main().get_by_role("link", name=words).first.click()
        path = self.folder / coming.value.suggested_filename
        coming.value.save_as(path)
        return path.read_bytes()

    def look(self) -> None:
        """Nothing is wrong with the page, by axe-core and in a narrow window. Takes rows out of its tables."""
        self.page.set_viewport_size({"width": 320, "height": 640})
        wrong = layout(self.page)
        self.page.set_viewport_size(WIDE)
        wrong += axe(self.page)[0]
        assert not wrong, f"{self.page.url}:\n" + "\n".join(wrong)


@pytest.fixture
def walk(visit: Callable[..., Page], tmp_path: Path) -> Walk:
    return Walk(visit, tmp_path)
