"""A position in parts: accruals by component and parts by owner add up to the whole."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import run_folder
from month_helpers import cell, register
from tertiary.month_end import Contract, accruals, position, read_contracts
from tertiary.runs import Run


def test_accruals_of_the_small_world(run: Run, contracts: tuple[Contract, ...]) -> None:
    found = accruals(position(run, contracts, "202526", 2))
    assert {(a.payer_code, a.element, a.component, a.financial_month, str(a.accrued)) for a in found} == {
        ("QMJ", "Drugs", "drug", 2, "75.25"), ("QKK", "Block", "activity", 2, "80.00"),
    }  # fmt: skip


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["RRV", "RJ1", "RP4"]), st.sampled_from(["QMJ", "QMF", "QKK", ""]), st.integers(1, 5),
            st.sampled_from(["EL", "NEL", "BLOCK"]), st.decimals(-100, 100_000, places=3),
            st.sampled_from(["activity", "drug", "device"]),
        ), min_size=1, max_size=20,
    )
)  # fmt: skip
def test_parts_and_accruals_add_up(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    folder: Path = tmp_path_factory.mktemp("parts")
    ledger = [cell(p, payer, m, pod, str(price), component=part) for p, payer, m, pod, price, part in rows]
    (folder / "c.csv").write_text(register())
    found = position(
        run_folder(folder / "run", ledger=[*ledger, cell("RRV", "QMJ", 1, "EL", "1")]),
        read_contracts(folder / "c.csv"), "202526", 5,
    )  # fmt: skip
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for one in accruals(found):
        sums[one.contract, one.payer_code, one.element, str(one.financial_month)] += one.accrued
    entries: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for entry in found.entries:
        entries[entry.contract, entry.payer_code, entry.element, str(entry.financial_month)] += entry.accrued
    assert {k: v for k, v in sums.items() if v} == {k: v for k, v in entries.items() if v}
    payers = {e.payer_code for e in found.entries}
    parts = [found.part(lambda provider, host, own, payer=payer: own == payer) for payer in payers]
    assert sorted(map(str, (e for part in parts for e in part.entries))) == sorted(map(str, found.entries))
    assert sum(part.cells.services.num_rows for part in parts) == found.cells.services.num_rows
    assert found.part(lambda *_: False).entries == () == found.part(lambda *_: False).outturns


def test_a_contract_in_part_is_signed_for_that_part(run: Run, contracts: tuple[Contract, ...]) -> None:
    """12,000 of another payer are no business of the one that agreed 4,200."""
    found = position(run, contracts, "202526", 2).of_payer("QMJ")
    signed = {c.contract.contract: (c.contract.signed_value, len(c.contract.elements)) for c in found.cells.covered}
    assert signed == {"C1": (Decimal(4200), 3)}
