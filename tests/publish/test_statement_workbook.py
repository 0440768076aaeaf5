"""The statement workbook: each formula gives the value beside it, sheets tie, nothing is half written."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from tertiary.errors import PublishError
from tertiary.publish import Month, statement, workbook
from tertiary.publish.statement import _floor, steps
from tertiary.publish.workbook import Column, Workbook

SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
Sheet = dict[str, tuple[str, Any]]


def sheets(file: Path) -> dict[str, Sheet]:
    """Formula and value of each cell, by sheet and address, read from the file itself."""
    with zipfile.ZipFile(file) as packed:
        shared = [
            "".join(t.text or "" for t in one.iter(f"{{{SPACE['m']}}}t"))
            for one in ElementTree.fromstring(packed.read("xl/sharedStrings.xml"))
        ]
        names = [
            s.get("name") for s in ElementTree.fromstring(packed.read("xl/workbook.xml")).iterfind(".//m:sheet", SPACE)
        ]
        found: dict[str, Sheet] = {}
        for number, name in enumerate(names, 1):
            cells: Sheet = {}
            for cell in ElementTree.fromstring(packed.read(f"xl/worksheets/sheet{number}.xml")).iterfind(
                ".//m:c", SPACE
            ):
                value, formula = cell.find("m:v", SPACE), cell.find("m:f", SPACE)
                text = value.text if value is not None else None
                if text is not None:
                    held: Any = shared[int(text)] if cell.get("t") == "s" else float(text)
                    cells[str(cell.get("r"))] = (formula.text or "" if formula is not None else "", held)
            found[str(name)] = cells
    return found


def area(book: dict[str, Sheet], here: str, text: str) -> list[Any]:
    """Values of cells such as A1:A9, of this sheet or one that is named."""
    sheet, _, cells = text.replace("$", "").rpartition("!")
    first, _, last = cells.partition(":")
    (left, top), (right, bottom) = (re.fullmatch(r"([A-Z]+)(\d+)", c).groups() for c in (first, last or first))  # type: ignore[union-attr]
    letters = [chr(n) for n in range(ord(left), ord(right) + 1)] if left != right else [left]
    held = book[sheet or here]
    return [held.get(f"{letter}{row}", ("", None))[1] for row in range(int(top), int(bottom) + 1) for letter in letters]


def worked_out(book: dict[str, Sheet], here: str, formula: str) -> float:
    """What a formula of the workbook comes to, by an evaluator of our own for the few kinds there are."""
    formula = formula.lstrip("=")
    if told := re.fullmatch(r"SUBTOTAL\(109,(.+)\)|SUM\((.+)\)", formula):
        return sum(v for v in area(book, here, told[1] or told[2]) if isinstance(v, float))
    if told := re.fullmatch(r"SUMIF\((.+),(.+),(.+)\)", formula):
        (wanted,) = area(book, here, told[2])
        assert wanted is not None, "a criterion that is blank finds nothing"
        pairs = zip(area(book, here, told[1]), area(book, here, told[3]), strict=True)
        return sum(v for k, v in pairs if k == wanted and isinstance(v, float))
    told = re.fullmatch(r"([A-Z]+\d+)([+-])([A-Z]+\d+)", formula)
    assert told, f"{formula} of {here} is of no kind this test knows"
    (one,), (two,) = area(book, here, told[1]), area(book, here, told[3])
    return (one or 0) + (two or 0) * (1 if told[2] == "+" else -1)


def test_every_formula_gives_the_value_beside_it(month: Month, tmp_path: Path) -> None:
    book = sheets(statement(month, tmp_path / "s.xlsx"))
    seen = 0
    for name, cells in book.items():
        for address, (formula, value) in cells.items():
            if formula:
                seen += 1
                assert worked_out(book, name, formula) == pytest.approx(value, abs=0.005), (name, address, formula)
    assert seen > 100


def test_the_sheets_say_what_the_position_says(month: Month, tmp_path: Path) -> None:
    read = CalamineWorkbook.from_path(statement(month, tmp_path / "s.xlsx"))
    assert read.sheet_names == [
        "Summary", "Statement", "Waterfall", "Months", "Services", "Forecast", "Movements", "Plan and contract",
        "Flows", "Hospital data", "Invoices", "Challenges", "Not covered", "Journal", "Method and sources",
    ]  # fmt: skip
    for name in read.sheet_names:
        assert read.get_sheet_by_name(name).to_python()[0][0].startswith("SYNTHETIC DATA"), name
    summary = read.get_sheet_by_name("Summary").to_python()
    assert summary[4][:2] == ["Closed as", "202526-02.1"]
    totals = [r for r in summary if r[0] == "Total"]
    assert len(totals) == 2
    for row in totals:
        assert Decimal(str(row[6])).quantize(Decimal("0.01")) == month.position.total("payment")
    rows = read.get_sheet_by_name("Statement").to_python()
    paid = sum(Decimal(str(r[12])) for r in rows[5:] if r[0] not in ("Total", ""))
    assert paid.quantize(Decimal("0.01")) == month.position.total("payment")


def test_the_waterfall_goes_from_plan_to_payment(month: Month) -> None:
    shown = steps(month.position)
    assert (shown[0][0], shown[-1][0]) == ("Plan to date", "Payment to date")
    assert shown[0][1] + sum(amount for _, amount in shown[1:-1]) == shown[-1][1]


def test_data_are_never_formulas(month: Month, tmp_path: Path) -> None:
    bad = replace(month, close='=HYPERLINK("http://x","y")')
    book = sheets(statement(bad, tmp_path / "s.xlsx"))
    assert book["Summary"]["B5"] == ("", '=HYPERLINK("http://x","y")')


def test_what_fails_leaves_the_old_file(month: Month, tmp_path: Path) -> None:
    out = tmp_path / "s.xlsx"
    out.write_bytes(b"the old one")
    with pytest.raises(ZeroDivisionError), Workbook(out, "label") as book:
        book.sheet("One", "One", [Column("a", "A")], [{"a": 1 / 0}])
    assert out.read_bytes() == b"the old one"
    assert [p.name for p in tmp_path.iterdir() if "partial" in p.name] == []
    with pytest.raises(PublishError, match="cannot be written"):
        statement(month, tmp_path / "no" / "such" / "s.xlsx")


def test_names_of_sheets_are_checked(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="cannot be the name of a sheet"), Workbook(tmp_path / "a.xlsx", "") as book:
        book.page("a/b", "title")


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 12)
    with (
        pytest.raises(PublishError, match="more rows than a workbook holds"),
        Workbook(tmp_path / "a.xlsx", "") as book,
    ):
        book.sheet("One", "One", [Column("a", "A")], [{"a": n} for n in range(10)])


@pytest.mark.parametrize("amount", ["1234567", "-1234567", "0", "1000000", "-0.5"])
def test_the_floor_of_an_axis_lies_below(amount: str) -> None:
    assert _floor(Decimal(amount)) <= Decimal(amount)
