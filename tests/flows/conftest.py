"""Fixtures of the flows tests: a folder to fill and one call to take it in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tertiary.engine import DuckDBEngine
from tertiary.flows import Intake, IntakeSettings, intake
from tertiary.register import Register


@dataclass
class Taken:
    """Tables of an intake as lists of dictionaries."""

    result: Intake
    engine: DuckDBEngine

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.engine.fetch(getattr(self.result, name)).to_pylist()
        return found

    @property
    def counts(self) -> dict[str, int]:
        return self.result.counts

    def rules(self) -> list[str]:
        return sorted(f["rule_id"] for f in self.rows("findings"))


@pytest.fixture
def take(engine: DuckDBEngine, register: Register, tmp_path: Path) -> Callable[..., Taken]:
    """Take in a folder (default: the test's own)."""

    def run(folder: Path | None = None, *, key: str | None = None, as_known: date | None = None) -> Taken:
        settings = IntakeSettings(pseudonym_key=key)
        day = as_known or date(2026, 11, 24)
        return Taken(intake(engine, [folder or tmp_path], register, as_known=day, settings=settings), engine)

    return run
