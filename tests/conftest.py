"""Shared fixtures: one engine a test, one register a session."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tertiary.engine import DuckDBEngine
from tertiary.register import Register

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as made:
        yield made


@pytest.fixture(scope="session")
def register() -> Register:
    return Register.load()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while it is open no other is, and nothing else may run an asyncio loop in its process."""
    from chromium import NoBrowserError, browsing

    try:
        with browsing() as found:
            yield found
    except NoBrowserError as error:
        pytest.skip(str(error))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, so that a plain mistake shows within seconds."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share what is dear to make go to one worker: all of Spark, which is the longest part and comes first,
    and each module of those in a browser."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class TogetherWhatShares(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return "spark" if "/spark/" in module else module if "/browser/" in module else nodeid

    return TogetherWhatShares(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests have to tell (the property `told`), and loudly which part was not tested here."""
    reports = [r for found in terminalreporter.stats.values() for r in found if getattr(r, "when", "") == "teardown"]
    told = [str(text) for r in reports for name, text in r.user_properties if name == "told"]
    skipped = [str(r.longrepr[2]) for r in terminalreporter.stats.get("skipped", []) if isinstance(r.longrepr, tuple)]
    missing = sorted({text.removeprefix("Skipped: ") for text in skipped if text.startswith("Skipped: NO ")})
    if told or missing:
        terminalreporter.section("told by tests")
        for text in dict.fromkeys(told):
            terminalreporter.write_line(text)
        for text in missing:
            terminalreporter.write_line(f"NOT TESTED: {text}", red=True, bold=True)
