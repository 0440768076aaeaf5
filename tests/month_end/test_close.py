"""A closed month stays as it was; the next says what moved; books balance; nothing half-written is seen."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import run_folder
from month_helpers import LEDGER, cell
from tertiary import folders
from tertiary.errors import ContractError, RunError
from tertiary.month_end import Adjustment, Contract, Entry, close, every, journal, movements, open_close, position
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
    with pytest.raises(ContractError, match=r"cannot be closed: 202526-02\.1 is closed already"):
        closed(run, contracts, 2, closes)
    with pytest.raises(ContractError, match="an earlier month is a movement of the next close"):
        closed(run, contracts, 1, closes, reason="a reason opens no earlier month")
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
    assert [p.name for p in closes.iterdir() if p.name != ".lock"] == [before.name]
    assert closed(run, contracts, 2, closes)[0].name == "202526-02.1"


MONEY = st.decimals(-1000, 100_000, places=2)


def entries(rows: list[tuple]) -> list[Entry]:
    zero = Decimal(0)
    return [
        Entry(contract, 1, "RRV", host, payer, kind, kind, month, zero, zero, zero, zero, zero, payment,
              payment if guessed else zero, "arrived")
        for contract, host, payer, kind, month, payment, guessed in rows
    ]  # fmt: skip


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "C1", "C2"]), st.sampled_from(["", "QMJ"]), st.sampled_from(["QMJ", "QMF"]),
        st.sampled_from(["fixed", "variable", "pass_through"]), st.integers(1, 3), MONEY,
        st.booleans(),
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
    accrued = sum(p.credit - p.debit for p in posted if p.account.startswith("Accruals"))
    assert accrued == sum(e.estimated for e in one) - sum(e.estimated for e in two)
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


def test_two_closes_at_once(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    closes = tmp_path / "closes"
    with folders.locked(closes), pytest.raises(RunError):
        closed(run, contracts, 1, closes)
    assert closed(run, contracts, 1, closes)[0].name == "202526-01.1"


def test_a_close_that_was_lost_or_renamed_is_found(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    closes = tmp_path / "closes"
    first, _, _ = closed(run, contracts, 1, closes)
    second, _, _ = closed(run, contracts, 2, closes)
    head = second.head
    shutil.move(first.path, tmp_path / "aside")
    with pytest.raises(ContractError, match="One was removed or renamed"):
        closed(run, contracts, 2, closes, reason="x")
    shutil.move(tmp_path / "aside", first.path)
    second.path.rename(closes / "202526-07.9")
    with pytest.raises(ContractError, match="One was removed or renamed"):
        every(closes, "202526")
    shutil.rmtree(closes / "202526-07.9")
    assert [c.name for c in every(closes, "202526")] == [first.name], (
        "by itself nothing shows that the last one is gone"
    )
    with pytest.raises(ContractError, match=f"No close of 202526 in .* is {second.name}"):
        every(closes, "202526", head)


def test_adjustments_for_one_reason_are_one_movement(run: Run, contracts: tuple[Contract, ...], tmp_path: Path) -> None:
    given_ = [Adjustment("C1", "QMJ", 1, Decimal(-n), "challenge settled", f"CH-{n}") for n in (1000, 500)]
    found = position(run, contracts, "202526", 1, adjustments=given_)
    _, moved, posted = close(run, found, contracts, tmp_path / "closes", on=ON)
    assert sum(m.moved for m in moved) == found.total("payment")
    assert sum(p.debit - p.credit for p in posted if p.account.startswith("Expenditure")) == found.total("payment")


def test_a_disk_that_fails_after_the_close_says_that_it_stands(
    run: Run, contracts: tuple[Contract, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, closes = folders.settle, tmp_path / "closes"

    def fails(paths: object) -> None:
        if paths == [closes]:
            raise OSError(5, "Input/output error")
        settle(paths)  # type: ignore[arg-type]

    monkeypatch.setattr(folders, "settle", fails)
    with pytest.raises(ContractError, match=r"202526-01\.1 is closed, but the disk did not confirm it"):
        closed(run, contracts, 1, closes)
    assert [c.name for c in every(closes, "202526")] == ["202526-01.1"]
