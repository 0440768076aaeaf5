"""Shared fixtures: one engine a test, one register a session."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tertiary.engine import DuckDBEngine
from tertiary.register import Register


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as made:
        yield made


@pytest.fixture(scope="session")
def register() -> Register:
    return Register.load()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, so that a plain mistake shows within seconds."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """All tests of Spark go to one worker, so that one session is started; it is the longest part and comes first."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class OneWorkerForSpark(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "spark" if "/spark/" in nodeid.partition("::")[0] else nodeid

    return OneWorkerForSpark(config, log)
