"""Fixtures of the flows tests: a folder to fill and one call to take it in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from builder_of_intakes import Taken

from tertiary.engine import DuckDBEngine
from tertiary.flows import IntakeSettings, intake
from tertiary.register import Register


@pytest.fixture
def take(engine: DuckDBEngine, register: Register, tmp_path: Path) -> Callable[..., Taken]:
    """Take in a folder (default: the test's own)."""

    def run(folder: Path | None = None, *, key: str | None = None, as_known: date | None = None) -> Taken:
        settings = IntakeSettings(pseudonym_key=key)
        day = as_known or date(2026, 11, 24)
        return Taken(intake(engine, [folder or tmp_path], register, as_known=day, settings=settings), engine)

    return run
