"""Chromium, where this machine has one, and people who sign on in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

# as tools/set_up_browser.sh looks for them
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE = {"width": 1200, "height": 900}
# nothing is asked of another host, by the browser itself neither
QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--no-default-browser-check", "--disable-default-apps", "--disable-dev-shm-usage",
)  # fmt: skip


class NoBrowserError(Exception):
    """There is no Chromium here."""


@contextmanager
def browsing() -> Iterator[Browser]:
    """A headless Chromium. NoBrowserError where there is none, and what to do."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = _launched(playwright)
        try:
            yield browser
        finally:
            browser.close()


def _launched(playwright: Playwright) -> Browser:
    from playwright.sync_api import Error

    # its sandbox cannot be had by root
    arguments = [*QUIET, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
    named = os.environ.get("TERTIARY_BROWSER", "")
    found = next(filter(None, map(shutil.which, (named, *NAMES))), None)
    try:
        return playwright.chromium.launch(executable_path=found, args=arguments)
    except Error as error:
        why = str(error).strip().splitlines()[0]
        raise NoBrowserError(f"NO BROWSER HERE, no page was looked at ({why}). Run tools/set_up_browser.sh") from error


def context_of(browser: Browser, address: str, account: str, script: bool = True) -> BrowserContext:
    """A context in which somebody of the demonstration has signed on, by the page for it; nobody for a blank."""
    made = browser.new_context(base_url=address, viewport=WIDE, java_script_enabled=script, locale="en-GB")
    made.set_default_timeout(15_000)
    if account:
        page = made.new_page()
        page.goto("/sign-in")
        page.check(f"input[name=account][value={account}]")
        page.locator("main form button[type=submit]").click()
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        page.close()
    return made
