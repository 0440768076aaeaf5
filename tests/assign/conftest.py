"""Helpers of the assignment tests: rows in, decided rows out, with or without a small postcode directory."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from assign_helpers import Assigned, identified

from tertiary.assign import AssignSettings, assign
from tertiary.register import Register

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def with_postcodes(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """The shipped register and a dozen postcodes."""
    folder = tmp_path_factory.mktemp("postcodes")
    shutil.copy(HERE / "postcodes.csv", folder / "postcodes.csv")
    return Register.load(overlays=[folder])


@pytest.fixture
def decide(engine: Any, with_postcodes: Register) -> Assigned:
    """Assign rows; by default with the small directory."""

    def run(
        rows: Iterable[Mapping[str, Any]], settings: AssignSettings | None = None, register: Register | None = None
    ) -> list[dict[str, Any]]:
        loaded = engine.load("identified", identified(rows))
        out = assign(engine, loaded, register or with_postcodes, settings or AssignSettings())
        return sorted(engine.fetch(out).to_pylist(), key=lambda r: int(r["row_key"]))

    return run
