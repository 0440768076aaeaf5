"""The small world of month_helpers as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import run_folder
from month_helpers import LEDGER, register
from tertiary.month_end import Contract, read_contracts
from tertiary.runs import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return run_folder(tmp_path / "run", ledger=LEDGER, records=[])


@pytest.fixture
def contracts(tmp_path: Path) -> tuple[Contract, ...]:
    file = tmp_path / "contracts.csv"
    file.write_text(register())
    return read_contracts(file)
