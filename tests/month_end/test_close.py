"""A closed month stays as it was; the next says what moved; books balance; nothing half-written is seen."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from month_helpers import LEDGER, cell

from builders import run_folder
from tertiary.errors import ContractError
from tertiary.month_end import Contract, Entry, close, every, journal, movements, open_close, position
from tertiary.runs import Run

ON = date(2025, 7, 25)


def closed(run: Run, contracts: tuple[Contract, ...], month: int, closes: Path, reason: str = ""):
    return close(run, position(run, contracts, "202526", month), contracts, closes, on=ON, reason=reason)


def test_a_close_is_kept_and_read_again(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    done, moved, _ = closed(run, contracts, 1, tmp_path / "closes")
    assert done.path == tmp_path / "closes" / "202526-01.1"
    again = open_close(done.path)
    assert (again.entries, again.name) == (done.entries, "202526-01.1")
    assert {m.what for m in moved} == {"this month"}
    assert sum(m.moved for m in moved) == Decimal(again.manifest["totals"]["payment"])
    assert again.manifest["run"]["synthetic"] is True
    assert (done.path / "contracts.csv").read_text().startswith("contract,version,provider_code")


def test_what_moved_in_a_month_that_was_closed(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    closes = tmp_path / "closes"
    first, _, _ = closed(run, contracts, 1, closes)
    late = run_folder(tmp_path / "late", ledger=[*LEDGER, cell("RRV", "QMJ", 1, "EL", "25")])
    second, moved, posted = closed(late, contracts, 2, closes)
    prior = [m for m in moved if m.what == "prior month"]
    assert [(m.element, m.financial_month, m.moved) for m in prior] == [("Elective", 1, Decimal("25.00"))]
    difference = Decimal(second.manifest["totals"]["payment"]) - Decimal(first.manifest["totals"]["payment"])
    assert sum(m.moved for m in moved) == difference
    assert sum(p.debit - p.credit for p in posted if p.account.startswith("Expenditure")) == difference
    assert second.manifest["former"] == first.name


def test_a_closed_month_is_closed(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    closes = tmp_path / "closes"
    closed(run, contracts, 2, closes)
    for month in (1, 2):
        with pytest.raises(ContractError, match=r"cannot be closed: 202526-02\.1 is closed already"):
            closed(run, contracts, month, closes)
    again, moved, posted = closed(run, contracts, 2, closes, reason="late file of RRV")
    assert (again.name, again.manifest["reason"], moved, posted) == ("202526-02.2", "late file of RRV", [], [])
    assert [c.name for c in every(closes, "202526")] == ["202526-02.1", "202526-02.2"]


@pytest.mark.parametrize("name", ["position.parquet", "journal.csv", "contracts.csv"])
def test_a_close_that_was_altered_is_found(
    run: Run, contracts: tuple[Contract, ...], tmp_path: Path, name: str
) -> None:
    done, _, _ = closed(run, contracts, 1, tmp_path / "closes")
    with (done.path / name).open("ab") as handle:
        handle.write(b" ")
    with pytest.raises(ContractError, match=f"{name} was changed after the close"):
        closed(run, contracts, 2, tmp_path / "closes")


def test_a_manifest_that_was_written_anew_is_found(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    closes = tmp_path / "closes"
    done, _, _ = closed(run, contracts, 1, closes)
    closed(run, contracts, 2, closes)
    manifest = done.path / "close.json"
    manifest.write_text(manifest.read_text().replace('"reason": ""', '"reason": "x"'))
    with pytest.raises(ContractError, match=r"is not the close that 202526-02\.1 was made after"):
        every(closes, "202526")


@pytest.mark.parametrize("fault", ["rename", "fsync"])
def test_a_close_that_fails_leaves_nothing(
    run: Run, contracts: tuple[Contract, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    closes = tmp_path / "closes"
    before, _, _ = closed(run, contracts, 1, closes)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, fault, refuse)
        with pytest.raises(ContractError, match="No space left on device"):
            closed(run, contracts, 2, closes)
    assert [p.name for p in closes.iterdir()] == [before.name]
    assert closed(run, contracts, 2, closes)[0].name == "202526-02.1"


MONEY = st.decimals(-1000, 100_000, places=2)


def entries(rows: list[tuple]) -> list[Entry]:
    zero = Decimal(0)
    made = {}
    for contract, host, payer, kind, month, payment, basis in rows:
        made[contract, host, payer, kind, month] = Entry(
            contract, 1, "RRV", host, payer, kind, kind, month, zero, zero, zero, zero, zero, payment, basis
        )
    return list(made.values())


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "C1", "C2"]), st.sampled_from(["", "QMJ"]), st.sampled_from(["QMJ", "QMF"]),
        st.sampled_from(["fixed", "variable", "pass_through"]), st.integers(1, 3), MONEY,
        st.sampled_from(["arrived", "plan", "plan x ratio to date"]),
    ), max_size=12,
)  # fmt: skip


@given(ROWS, ROWS)
def test_books_balance_and_movements_add_up(now: list[tuple], before: list[tuple]) -> None:
    one, two = entries(now), entries(before)
    posted = journal(one, two, "close")
    balance: dict[str, Decimal] = defaultdict(Decimal)
    charged: dict[str, Decimal] = defaultdict(Decimal)
    for p in posted:
        assert min(p.debit, p.credit) == 0 < max(p.debit, p.credit)
        balance[p.entity] += p.debit - p.credit
        if p.account.startswith("Expenditure"):
            charged[p.entity] += p.debit - p.credit
    assert not any(balance.values()), "each body's lines balance"
    moved = movements(one, two, 3)
    for payer in ("QMJ", "QMF"):
        own = sum(e.payment for e in one if e.payer_code == payer) - sum(
            e.payment for e in two if e.payer_code == payer
        )
        assert charged[payer] == own, "a payer is charged its own patients' care and nobody else's"
        assert sum(m.moved for m in moved if m.payer_code == payer) == own
    between = sum(p.debit - p.credit for p in posted if p.account.startswith("Due"))
    assert between == 0, "what payers owe the host is what the host is owed"
