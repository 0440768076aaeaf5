"""A month of the small world, to be written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from builders import run_folder
from month_helpers import LEDGER, register
from tertiary.month_end import close, dates, position, read_contracts
from tertiary.publish import Month


@pytest.fixture
def month(tmp_path: Path) -> Month:
    run = run_folder(tmp_path / "run", ledger=LEDGER, records=[])
    file = tmp_path / "contracts.csv"
    file.write_text(register())
    contracts = read_contracts(file)
    first = position(run, contracts, "202526", 1)
    close(run, first, contracts, tmp_path / "closes", on=date(2025, 5, 25))
    found = position(run, contracts, "202526", 2)
    on = date(2025, 6, 25)
    done, moved, posted = close(run, found, contracts, tmp_path / "closes", on=on)
    return Month(run, found, contracts, dates("202526", 2), on, done.name, moved, posted)
