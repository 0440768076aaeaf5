"""Disclosure control cases: those of the rule agree, those that are wrong are listed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tertiary.conform import run
from tertiary.errors import TertiaryError

VECTORS = Path(__file__).parents[1] / "vectors" / "sdc"
PERCENTAGES = "numerator,denominator,released_numerator,released_denominator,released_percent\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(VECTORS, tmp_path / "sdc")
    return tmp_path / "sdc"


def test_the_cases_of_the_rule_agree() -> None:
    report = run(VECTORS)
    (suite,) = report.suites
    assert (suite.name, suite.compared, suite.agreed, report.exit_code) == ("sdc", 23, 23, 0), report.to_text(50)


def test_percentages_are_of_released_counts(folder: Path) -> None:
    # by hand: 13 -> 15 of 22 -> 20 is 75; 12 -> 10 of 31 -> 30 is a third; 3 hidden; 0 of 0 no value; 0 of 9 is 0
    rows = "13,22,15,20,75\n12,31,10,30,33.3333333\n3,40,*,40,\n0,0,0,0,\n0,9,0,10,0\n2,5,*,*,*\n"
    (folder / "hes2018_percentages.csv").write_text(PERCENTAGES + rows)
    report = run(folder)
    assert (report.suites[0].compared, report.suites[0].agreed) == (23 + 18, 23 + 18), report.to_text()
    assert 0 < report.suites[0].worst < 1e-6


def test_disagreements_of_counts_and_numbers_are_listed(folder: Path) -> None:
    (folder / "hes2018_percentages.csv").write_text(PERCENTAGES + "13,22,15,20,59.1\n13,22,15,20,\n")
    counts = folder / "hes2018_counts.csv"
    counts.write_text(counts.read_text().replace("7,7,*", "7,7,5"))
    report = run(folder)
    told = report.to_text()
    assert report.exit_code == 1
    assert "sdc count 7 sub_national: expected '5', found '*'" in told
    assert "sdc 13 of 22 released_percent: expected '59.1', found '75'" in told
    assert "expected 'no value', found '75'" in told
    assert report.suites[0].worst == pytest.approx((75 - 59.1) / 59.1)


def test_some_rows_of_a_table_or_none_will_do(folder: Path) -> None:
    (folder / "hes2018_tables.csv").write_text("table,row,col,true_count,released\nd1,r1,total,11,10\n")
    (folder / "hes2018_counts.csv").write_text("count,national_level,sub_national\n")
    assert (run(folder).suites[0].compared, run(folder).exit_code) == (1, 0)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("hes2018_counts.csv", "count,national_level,sub_national\nx,0,0\n", "row 2, count: 'x' is not a count"),
     ("hes2018_percentages.csv", PERCENTAGES + "9,9,10,10,all\n", "row 2, released_percent: 'all' is not a number"),
     ("hes2018_more.csv", "a\n1\n", "Files are called hes2018_counts.csv"),
     ("hes2018_tables.csv", "table\nd\n", r"column\(s\) row, col, true_count, released missing")],
)  # fmt: skip
def test_mistakes_are_named(folder: Path, name: str, text: str, said: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(TertiaryError, match=said):
        run(folder)
