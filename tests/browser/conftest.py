"""One small world, a server a worker, and visits that hear what the browser complains of."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import small_world
from measuring import drawn
from serving import serving

from chromium import context_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
    from small_world import World

Visit = Callable[..., "Page"]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> World:
    """Made once, by whichever worker asks first; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "small-world"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            small_world.make(folder)
            (folder / "whole").touch()
    return small_world.World(folder)


@pytest.fixture(scope="session")
def address(world: World) -> Iterator[str]:
    """Of a server of its own."""
    with serving(world.options()) as found:
        yield found


@pytest.fixture(scope="module")
def context(browser: Browser, address: str) -> Callable[..., BrowserContext]:
    """The context of an account, signed on once; `script=False` for one without JavaScript."""
    made: dict[tuple[str, bool], BrowserContext] = {}

    def of(account: str, script: bool = True) -> BrowserContext:
        if (account, script) not in made:
            made[account, script] = context_of(browser, address, account, script)
        return made[account, script]

    return of


@pytest.fixture(scope="session")
def filled(world: World) -> Callable[[str], str]:
    """An address of places.csv with the codes of this world in it."""
    known = {"challenge": world.challenge()}
    return lambda place: place.format_map(known)


@pytest.fixture
def visit(context: Callable[..., BrowserContext], address: str, filled: Callable[[str], str]) -> Iterator[Visit]:
    """`visit(place, account)` opens an address in a page of its own, its charts drawn. What the browser complained of,
    on any page of the test, fails it: requests to elsewhere, errors of scripts, what the policy of the page forbids."""
    opened: list[Page] = []
    wrong: list[str] = []

    def hear(page: Page) -> None:
        page.on("request", lambda r: None if _is_here(r.url, address) else wrong.append(f"asked elsewhere: {r.url}"))
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("console", lambda said: wrong.append(said.text) if _is_wrong(said, page.url) else None)

    def go(place: str, account: str = "", script: bool = True, status: int = 200) -> Page:
        page = context(account, script).new_page()
        opened.append(page)
        hear(page)
        answer = page.goto(filled(place))
        assert answer is not None and answer.status == status, f"{place} as {account}: {answer and answer.status}"
        if script:
            drawn(page)
        return page

    yield go
    for page in opened:
        page.close()
    assert not wrong, "\n".join(wrong)


def _is_here(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:", "blob:"))


def _is_wrong(said: ConsoleMessage, page: str) -> bool:
    """Errors and warnings, but for the status of a page that is meant to fail."""
    asked, here = (url.partition("?")[0] for url in (said.location["url"], page))
    of_the_page = said.text.startswith("Failed to load resource") and asked == here
    return said.type in ("error", "warning") and not of_the_page
