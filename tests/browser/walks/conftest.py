"""Somebody who goes through the pages by what they read on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from measuring import axe

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


@dataclass
class Walk:
    """One way through the pages. `page` is where it stands."""

    visit: Callable[..., Page]
    folder: Path
    page: Page = None  # type: ignore[assignment]

    def start(self, account: str = "") -> Page:
        """Come to the overview as somebody of the demonstration."""
        self.page = self.visit("/", account)
        return self.page

    def menu(self, name: str) -> None:
        """Choose a page of the menu."""
        self.page.get_by_role("navigation", name="Menu").get_by_role("link", name=name, exact=True).click()

    def main(self) -> Locator:
        """The page's own part."""
        return self.page.get_by_role("main")

    def fill(self, **fields: str) -> None:
        """Fields by the words of their labels, with _ for a blank; a list takes the words of its choice."""
        for words, value in fields.items():
            field = self.main().get_by_label(words.replace("_", " "), exact=True)
            if field.evaluate("el => el.localName") == "select":
                field.select_option(label=value)
            else:
                field.fill(value)

    def press(self, words: str) -> None:
        """A button of the page."""
        self.main().get_by_role("button", name=words, exact=True).click()

    def rows(self) -> list[list[str]]:
        """The cells of the page's first table."""
        rows = self.main().get_by_role("table").first.locator("tbody tr").all()
        return [row.locator("th, td").all_inner_texts() for row in rows]

    def saved(self, words: str) -> bytes:
        """The file behind a link."""
        with self.page.expect_download() as coming:
            self.main().get_by_role("link", name=words).first.click()
        path = self.folder / coming.value.suggested_filename
        coming.value.save_as(path)
        return path.read_bytes()

    def look(self) -> None:
        """What axe-core says of the page as it stands: nothing."""
        wrong, _ = axe(self.page)
        assert not wrong, "\n".join(wrong)


@pytest.fixture
def walk(visit: Callable[..., Page], tmp_path: Path) -> Walk:
    return Walk(visit, tmp_path)
