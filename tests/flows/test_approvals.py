"""Supplies of drugs that need prior approval, and which approval extract of a provider stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import layouts
import pytest
from builder_of_intakes import Taken

from tertiary.engine import DuckDBEngine
from tertiary.flows import IntakeSettings, intake
from tertiary.register import Register

Take = Callable[..., Taken]
DRUG = "HIGH COST TARIFF EXCLUDED DRUG CODE (SNOMED CT DM+D)"
PROVIDER = "ORGANISATION IDENTIFIER (CODE OF PROVIDER)"
DAY, CREATED = "PRIOR APPROVAL DATE", "DATE AND TIME DATA SET CREATED"
LISTED = layouts.row("drplcm")[DRUG]


def _approval(number: int = 1, **changes: str) -> dict[str, str]:
    return {**layouts.row("prior_approval", number), "Der_Pseudo_NHS_Number": f"P{number}", **changes}


@pytest.fixture
def asked(engine: DuckDBEngine, tmp_path: Path) -> Take:
    """Take in a folder where the register's list names the drug of the sound row."""
    overlay = tmp_path.parent / f"{tmp_path.name}_overlay"
    overlay.mkdir()
    (overlay / "prior_approval_drugs.csv").write_text(f"drug_code,valid_from\n{LISTED},2025-04-01\n")
    known = Register.load([overlay])

    def run() -> Taken:
        settings = IntakeSettings()
        return Taken(intake(engine, [tmp_path], known, as_known=date(2026, 11, 24), settings=settings), engine)

    return run


def _told(taken: Taken) -> list[tuple[int, str]]:
    return [(f["row_number"], f["value"]) for f in taken.rows("findings") if f["rule_id"] == "C10"]


def test_a_supply_with_its_approval_is_quiet(asked: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "drplcm.csv", [layouts.row("drplcm", n) for n in (1, 2)])
    layouts.write(tmp_path / "approvals.csv", [_approval(1), _approval(2, **{DAY: "2024-05-03"})])
    assert _told(asked()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"Der_Pseudo_NHS_Number": "P9"},
        {DRUG: "39113611000001999"},
        {DAY: "2025-05-04"},
        {DAY: "2024-05-02"},
    ],
    ids=["another patient", "another drug", "after the supply", "more than a year before"],
)
def test_a_supply_without_its_approval_is_told(asked: Take, tmp_path: Path, changes: Mapping[str, str]) -> None:
    layouts.write(tmp_path / "drplcm.csv", [layouts.row("drplcm", 2), layouts.row("drplcm", 1)])
    layouts.write(tmp_path / "approvals.csv", [_approval(2), _approval(1, **changes)])
    taken = asked()
    assert _told(taken) == [(2, LISTED)]
    finding = next(f for f in taken.rows("findings") if f["rule_id"] == "C10")
    assert finding["record_id"] and finding["field"] == DRUG and finding["advice"]


def test_providers_that_sent_no_extract_and_drugs_off_the_list_are_not_asked(asked: Take, tmp_path: Path) -> None:
    other = layouts.changed("drplcm", 1, {PROVIDER: "RAL"})
    unlisted = layouts.changed("drplcm", 2, {DRUG: "39113611000001999"})
    layouts.write(tmp_path / "drplcm.csv", [other, unlisted])
    layouts.write(tmp_path / "approvals.csv", [_approval(7)])
    assert _told(asked()) == []


def test_without_the_list_nothing_is_asked(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "drplcm.csv", [layouts.row("drplcm")])
    layouts.write(tmp_path / "approvals.csv", [_approval(7)])
    assert _told(take()) == []


def _status(taken: Taken) -> dict[tuple[str, int], str]:
    return {(s["file"], s["financial_month"]): s["status"] for s in taken.rows("submissions")}


def test_an_extract_without_a_month_is_a_snapshot_that_the_next_one_replaces_whole(take: Take, tmp_path: Path) -> None:
    """Approvals of two months stand together in a snapshot, and go together when a later one arrives."""
    old = [
        _approval(n, **{DAY: day, CREATED: "2025-06-20T09:30:00"}) for n, day in ((1, "2025-04-03"), (2, "2025-05-03"))
    ]
    layouts.write(tmp_path / "june.csv", old)
    assert _status(take()) == {("june.csv", 0): "current"}
    layouts.write(tmp_path / "july.csv", [_approval(1, **{DAY: "2025-04-03", CREATED: "2025-07-20T09:30:00"})])
    taken = take()
    assert _status(taken) == {("june.csv", 0): "superseded", ("july.csv", 0): "current"}
    assert taken.counts == {"received": 3, "accepted": 1, "quarantined": 0, "superseded": 2}


def test_extracts_that_state_their_month_stand_side_by_side(take: Take, tmp_path: Path) -> None:
    """The stated month counts, not the day of the approval: two lists of months are no resubmission of each other."""
    for month, name in (("1", "april"), ("2", "may")):
        stated = {"FINANCIAL YEAR": "202526", "FINANCIAL MONTH": month, DAY: "2025-04-03"}
        layouts.write(tmp_path / f"{name}.csv", [_approval(int(month), **stated)])
    assert _status(take()) == {("april.csv", 1): "current", ("may.csv", 2): "current"}
