"""Auditors bring their own folders: what is found, run, listed, and with which exit code."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tertiary.conform import run
from tertiary.errors import TertiaryError

VECTORS = Path(__file__).parents[1] / "vectors" / "cam"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(VECTORS, tmp_path / "deep" / "cam")
    return tmp_path


def change(folder: Path, case: str, name: str, value: str) -> None:
    file = folder / "deep" / "cam" / "cases.csv"
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    for row in rows:
        if row["case_id"] == case:
            row[name] = value
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_the_whole_assignment_suite_agrees() -> None:
    report = run(VECTORS)
    (suite,) = report.suites
    assert (suite.name, suite.compared, suite.agreed, report.exit_code) == ("cam", 157, 157, 0), report.to_text(50)


def test_a_disagreement_is_listed_and_fails(folder: Path) -> None:
    change(folder, "D001", "expected_commissioner", "13R")
    report = run(folder)
    assert report.exit_code == 1
    assert "D001 expected_commissioner: expected '13R', found 'VPP00'" in report.to_text(5)
    assert "more" in report.to_text(0)
    assert json.loads(report.to_json())["suites"][0]["agreed"] == 156


def test_suites_not_built_are_said(folder: Path) -> None:
    (folder / "deep" / "no_such").mkdir()
    (folder / "deep" / "standards").mkdir()
    (folder / "deep" / "standards" / "future_suite.csv").write_text("a\n")
    report = run(folder)
    assert report.exit_code in (0, 2)
    assert [s.was_run for s in report.suites if s.name == "cam"] == [True]


def test_options_of_a_case_are_settings(folder: Path) -> None:
    change(folder, "D016", "options", "penal_source_of_admission=40")
    found = {(d.case, d.field) for s in run(folder).suites for d in s.disagreements}
    assert ("D016", "expected_commissioner") in found


@pytest.mark.parametrize(
    ("case", "name", "value", "said"),
    [("D002", "event_date", "10/06/2025", r"row 3, event_date: '10/06/2025' is not a date"),
     ("D002", "options", "sorcery=1", "row 3, options: 'sorcery=1' is not a setting"),
     ("DT001", "financial_month", "x", "financial_month: 'x' is not a number"),
     ("D002", "case_id", "D001", "D001 appears more than once")],
)  # fmt: skip
def test_mistakes_in_a_vector_are_named(folder: Path, case: str, name: str, value: str, said: str) -> None:
    change(folder, case, name, value)
    with pytest.raises(TertiaryError, match=said):
        run(folder)


def test_a_missing_fixture_and_an_empty_folder_are_named(folder: Path, tmp_path: Path) -> None:
    (folder / "deep" / "cam" / "fixture_providers.csv").unlink()
    with pytest.raises(TertiaryError, match=r"fixture_providers.csv: not found"):
        run(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TertiaryError, match="no test vectors"):
        run(tmp_path / "empty")
    with pytest.raises(TertiaryError, match="not a folder"):
        run(tmp_path / "nowhere")
