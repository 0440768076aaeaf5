"""The report for a board: what it says is what the position says, its tables add up, nothing comes from outside."""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tertiary.cli import app
from tertiary.errors import ContractError, PublishError
from tertiary.publish import Month, board_report, charts
from tertiary.publish.risks import risks


class Tables(HTMLParser):
    """Cells of each table by its caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self._open, self._rows, self._text = "", [], ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])
        if tag in ("caption", "th", "td"):
            self._text = ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self._open = self._text
            self.tables[self._open] = self._rows
        if tag in ("th", "td"):
            self._rows[-1].append(self._text)


def pounds(text: str) -> Decimal:
    return Decimal(text.replace("£", "").replace(",", "").replace("−", "-"))


def test_it_says_what_the_position_says(month: Month, tmp_path: Path) -> None:
    text = board_report(month, tmp_path / "r.html", body="<An ICB> & others").read_text()
    assert "SYNTHETIC DATA" in text and "&lt;An ICB&gt; &amp; others" in text
    assert "as closed (202526-02.1)" in text
    tables = Tables(text).tables
    kinds = tables["By kind of element, to date"]
    assert kinds[0][-1] == "Payment to date" and kinds[-1][0] == "Total"
    assert pounds(kinds[-1][-1]) == round(month.position.total("payment"))
    for rows in (kinds, tables["By payer, to date"]):
        for column in range(1, len(rows[0])):
            parts = [pounds(r[column]) for r in rows[1:-1]]
            assert abs(sum(parts) - pounds(rows[-1][column])) <= len(parts) / Decimal(2), "rounded to the pound"
    assert "Method and sources" in text and "How each figure came about" in tables


def test_nothing_comes_from_outside_and_nothing_runs(month: Month, tmp_path: Path) -> None:
    text = board_report(month, tmp_path / "r.html").read_text()
    assert "<script" not in text
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', text)
    assert set(re.findall(r"https?://[^\"' <)]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert text.count("<figure>") == text.count('role="img" aria-label=') == 2


def test_without_the_extra_for_charts_the_tables_stay(
    month: Month, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise PublishError("not installed")

    monkeypatch.setattr(charts, "_converter", none)
    text = board_report(month, tmp_path / "r.html").read_text()
    assert "<figure>" not in text and "From plan to payment" in text


def test_one_payer_is_that_payer_alone(month: Month, tmp_path: Path) -> None:
    own = month.of_payer("QMF")
    assert {e.payer_code for e in own.position.entries} == {"QMF"}
    # dialysis within the tolerance, and what stands outside the elements
    assert own.position.total("payment") == Decimal("2133.00")
    assert sum(o.payment_to_date for o in own.position.outturns) == Decimal("2133.00")
    assert {m.payer_code for m in own.movements} == {"QMF"}
    total = sum(month.of_payer(p).position.total("payment") for p in ("QMJ", "QMF", "QKK", "QWE"))
    assert total == month.position.total("payment")
    with pytest.raises(ContractError, match=r"No payer 'QZZ' is in the position\. It has: QKK, QMF"):
        month.of_payer("QZZ")


def test_risks_are_found_in_the_position(month: Month) -> None:
    found = {r.name: r for r in risks(month.position, Decimal("-12"), Decimal(5))}
    assert found["Care without a contract"].pounds == Decimal("810.77")
    assert found["Closed months that moved"].pounds == 12
    assert found["Charges in question"].pounds == 5
    # everything else 60 and drugs 100 off; the block has no plan loaded
    assert found["Plans that do not tie to contracts"].pounds == Decimal("160.00") + Decimal("2000.00") + 0
    assert "Contracts that nobody signed" not in found
    assert [r.pounds for r in risks(month.position)] == sorted((r.pounds for r in risks(month.position)), reverse=True)


def test_a_folder_that_is_not_there_is_told(month: Month, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="cannot be written"):
        board_report(month, tmp_path / "no" / "r.html")


def test_both_from_the_command_line(month: Month, tmp_path: Path) -> None:
    for verb, name in (("statement", "s.xlsx"), ("report", "r.html")):
        words = [verb, str(month.run.path), "--contracts", str(tmp_path / "contracts.csv"), "--month", "2",
                 "--closes", str(tmp_path / "closes"), "--no-challenges", "--out", str(tmp_path / name),
                 "--store", f"sqlite:///{tmp_path / 'none.sqlite'}"]  # fmt: skip
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (done.output, done.exception)
        assert (tmp_path / name).stat().st_size > 5000
    assert "as closed (202526-02.1)" in (tmp_path / "r.html").read_text()
    closing = ["month", "close", str(month.run.path), "--contracts", str(tmp_path / "contracts.csv"), "--month", "3"]
    nowhere = ["--closes", str(tmp_path / "closes"), "--out", str(tmp_path / "no" / "s.xlsx")]
    lost = CliRunner().invoke(app, [*closing, *nowhere])
    assert "Nothing was closed" in str(lost.exception)
    seen = CliRunner().invoke(app, ["month", "verify", str(tmp_path / "closes"), "202526"])
    assert "202526-02.1  closed on 2025-06-25" in seen.output and "202526-03" not in seen.output
