"""Variation and ring-fence as a person at the command line asks for them."""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tertiary.cli import app
from tertiary.errors import TertiaryError
from tertiary.register import Register
from variation_runs import record, run_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three London boards: QMJ treats more people for one service, and pays more for each in another."""
    made: list[dict[str, Any]] = []
    for icb, size in (("QMJ", 90), ("QMF", 125), ("QKK", 107)):
        for line, npoc, extra, cost in (("NCBPS11B", "A", 2, 1), ("NCBPS13E", "B", 1, 3), ("NCBPS01C", "B", 1, 1)):
            number = size * (extra if icb == "QMJ" else 1)
            for n in range(number):
                price = Decimal(100 * (cost if icb == "QMJ" else 1) + n % 7)
                about = {
                    "population_icb": icb,
                    "service_line_final": line,
                    "npoc_code": npoc,
                    "financial_month": n % 4 + 1,
                }
                made.append(record(**about, patient_id=f"{icb}{line}{n}", price_submitted=price))
                made.append(record(**about, flow="acm", counted=False, price_submitted=price))
    return run_of(tmp_path_factory.mktemp("runs") / "run", made).path


def said(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    if code == 0 and done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    if code:
        assert isinstance(done.exception, TertiaryError) and done.exception.exit_code == code
        return str(done.exception)
    assert done.exit_code == 0, done.output
    return done.output


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_table_on_the_screen(folder: Path) -> None:
    told = said("variation", str(folder), "--icb", "QMJ")
    assert told.startswith("SYNTHETIC DATA: no real patient")
    assert "Beside every ICB that the run holds whole: QKK, QMF, QMJ." in told
    lines = {line.split()[0]: line for line in told.splitlines() if line.startswith("NCBPS")}
    complete = ["1.00", "1.00"]  # coverage beside what rests on patients
    assert lines["NCBPS11B"].split()[-5:] == ["higher", "higher", "like", *complete]
    assert lines["NCBPS13E"].split()[-5:] == ["higher", "like", "higher", *complete]
    assert lines["NCBPS01C"].split()[-5:] == ["like", "like", "like", *complete]


def test_peers_from_a_file_a_region_and_people_of_ones_own(folder: Path, tmp_path: Path) -> None:
    peers, people = tmp_path / "peers.csv", tmp_path / "people.csv"
    peers.write_text("icb\nQMF\n")
    people.write_text('icb,population,source\nQMJ,"1,000",Mine\nQMF,2000,Mine\n')
    asked = ["variation", str(folder), "--icb", "QMJ", "--peers", str(peers), "--population", str(people)]
    told = said(*asked, "--by", "npoc_code", "--format", "csv")
    assert "Beside chosen peers: QMF." in told and ",1000," in told and ",2000," in told
    assert "Beside ICBs of region Y56" in said("variation", str(folder), "--icb", "QMJ", "--region")
    assert "Give one of --peers, --region" in said(
        "variation", str(folder), "--icb", "QMJ", "--region", "--england", code=19
    )
    peers.write_text("code\nQMF\n")
    assert "peers.csv lacks the column icb" in said(
        "variation", str(folder), "--icb", "QMJ", "--peers", str(peers), code=19
    )
    people.write_text("icb,population\nQMJ,none\n")
    told = said("variation", str(folder), "--icb", "QMJ", "--population", str(people), code=19)
    assert "people.csv line 2: population is 'none'; expected a number" in told
    people.write_text("icb,population\nQMJ,1\nQMJ,2\n")
    told = said("variation", str(folder), "--icb", "QMJ", "--population", str(people), code=19)
    assert "people.csv line 3: icb is 'QMJ'; expected each ICB once" in told


def test_mistakes_say_what_to_do(folder: Path) -> None:
    assert "It holds: QKK, QMF, QMJ" in said("variation", str(folder), "--icb", "QZZ", code=19)
    assert "Choose from: service_line_final" in said("variation", str(folder), "--icb", "QMJ", "--by", "hrg", code=19)
    twice = said("variation", str(folder), "--icb", "QMJ", "--by", "component,component")
    assert twice.count("component ") == 1
    assert "is not NAME=VALUE" in said("variation", str(folder), "--icb", "QMJ", "--only", "component", code=19)
    assert "expected a number" in said("variation", str(folder), "--icb", "QMJ", "--limit", "confidence=much", code=19)
    assert "Choose from: watch, explanations" in said("ringfence", str(folder), "--show", "all", code=19)
    for wrong in ("months", "tolerance=nan"):
        assert "with a number" in said("ringfence", str(folder), "--limit", wrong, code=19)
    assert "expected a share between 0 and 1" in said(
        "variation", str(folder), "--icb", "QMJ", "--limit", "confidence=95", code=19
    )
    assert "Check --only" in said("variation", str(folder), "--icb", "QMJ", "--only", "component=drugs", code=19)
    assert "give --contracts FILE" in said("ringfence", str(folder), "--show", "contracts", code=19)


def test_the_folder_holds_every_page_of_the_tool(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    need, out = tmp_path / "need.csv", tmp_path / "out"
    need.write_text("icb,need_index,source\nQMJ,1.1,A need model\nQMF,1.0,\nQKK,0.9,\n")
    told = said("variation", str(folder), "--icb", "QMJ", "--need", str(need), "--out", str(out))
    assert "read notes.md first" in told
    tables = {"summary", "by_icb", "variation", "programmes", "coverage", "coverage_by_icb", "need"}
    names = {p.name for p in out.iterdir()}
    assert {f"{name}.csv" for name in tables} | {"notes.md"} <= names
    charts = {p.stem for p in out.iterdir() if p.suffix == ".png"}
    assert len(charts) == 9 and charts == {p.stem for p in out.iterdir() if p.suffix == ".svg"}
    assert {f"{name}.csv" for name in charts} <= names
    notes = (out / "notes.md").read_text(encoding="utf-8")
    for text in (
        "SYNTHETIC DATA",
        "this is not England unless",
        "A need model",
        "HES analysis guide",
        "more than the comparator",
    ):
        assert text in notes
    assert "SYNTHETIC DATA" in (out / "4_spending_and_access.svg").read_text(encoding="utf-8")
    variation = {r["service_line_final"]: r for r in rows(out / "variation.csv")}
    for row in variation.values():
        assert Decimal(row["access_pounds"]) + Decimal(row["intensity_pounds"]) == Decimal(row["difference"])
    assert (variation["NCBPS11B"]["patients"], variation["NCBPS11B"]["access_flag"]) == ("180", "higher")
    (mine,) = [r for r in rows(out / "need.csv") if r["icb"] == "QMJ"]
    head, expected = float(mine["spend_per_head"]), float(mine["expected_per_head"])
    assert float(mine["distance"]) == pytest.approx(head / expected - 1, abs=2e-4 / expected)
    svg = (out / "7_access.svg").read_text(encoding="utf-8")
    assert "Coverage of what is shown (patient level over aggregate): 100% to 100%" in svg
    assert {r["to_aggregate"] for r in rows(out / "8_intensity.csv")} == {"1.0000"}
    bars = rows(out / "1_spend_per_head.csv")
    assert [r["own"] for r in bars].count("yes") == 1 and len(bars) == 3


def test_need_of_the_core_allocation_and_a_summary_without_patients(folder: Path, tmp_path: Path) -> None:
    """Core need by hand from the practices; when patients are not proven, spend per head still is."""
    pytest.importorskip("vl_convert")
    asked = ["variation", str(folder), "--icb", "QMJ", "--need", "core", "--limit", "least_to_aggregate=1.5"]
    said(*asked, "--limit", "most_to_aggregate=9", "--out", str(tmp_path))
    found = {r["icb"]: r for r in rows(tmp_path / "need.csv")}
    people: dict[str, list[Decimal]] = {}
    for practice in Register.load()["practice_need"].to_pylist():
        if practice["financial_year"] == "202526":
            both = people.setdefault(practice["icb_code_2024"], [Decimal(0), Decimal(0)])
            both[0] += practice["wp_core"]
            both[1] += practice["registered_population"]
    assert len(found) == 3
    for icb, row in found.items():
        assert float(row["need_index"]) == pytest.approx(float(people[icb][0] / people[icb][1]), abs=1e-4)
        assert "not need of specialised care" in row["need_source"] and row["distance"]
    notes = (tmp_path / "notes.md").read_text(encoding="utf-8")
    assert "than the comparator. Whether that is access, intensity or chance is not shown: 100% of the agg" in notes


def test_few_patients_leave_no_figure_in_any_file(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    out = tmp_path / "out"
    # a folder in which an earlier question left its charts and its need table, beside a file of one's own
    need = tmp_path / "need.csv"
    need.write_text("icb,need_index\nQMJ,1\nQMF,1\nQKK,1\n")
    said("variation", str(folder), "--icb", "QMJ", "--need", str(need), "--out", str(out))
    assert len(list(out.glob("*.png"))) == 9
    (out / "mine.csv").write_text("a\n")
    (out / "1_of_mine.csv").write_text("a\n")
    said("variation", str(folder), "--icb", "QMJ", "--limit", "least_patients=1000000", "--out", str(out))
    said("variation", str(folder), "--icb", "QMJ", "--limit", "least_patients=1000000", "--out", str(tmp_path))
    assert need.is_file()  # given, not ours
    assert not list(out.glob("*.png")) and not (out / "need.csv").is_file() and (out / "mine.csv").is_file()
    assert [p.name for p in out.glob("[1-9]_*")] == ["1_of_mine.csv"]
    notes = (out / "notes.md").read_text(encoding="utf-8")
    assert (
        "Not shown: fewer than 1e+06 patients" in notes and "5_difference_by_service: no figure may be shown" in notes
    )
    for name in ("variation", "summary", "by_icb", "programmes"):
        for row in rows(out / f"{name}.csv"):
            assert (
                not row["spend"] and not row["patients"] and not row["comparator_patients"] and row["blocked_because"]
            )


def test_without_the_extra_the_tables_still_come_on_the_screen(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert "extra charts" in said("variation", str(folder), "--icb", "QMJ", "--out", str(tmp_path / "out"), code=21)
    assert len(rows(tmp_path / "out" / "variation.csv")) == 3
    assert "extra charts" in (tmp_path / "out" / "notes.md").read_text(encoding="utf-8")
    assert "NCBPS11B" in said("variation", str(folder), "--icb", "QMJ")


def test_ringfence_from_allocation_to_folder(folder: Path, tmp_path: Path) -> None:
    due, signed, income = tmp_path / "due.csv", tmp_path / "contracts.csv", tmp_path / "income.csv"
    due.write_text("icb,financial_year,amount,source\nQMJ,202526,300000,Board paper\n")
    signed.write_text("icb,provider,financial_year,amount\nQMJ,RRV,202526,240000\n")
    income.write_text("provider,total\nRRV,1000000\n")
    told = said("ringfence", str(folder), "--allocations", str(due), "--icb", "QMJ", "--format", "csv")
    (line,) = [row for row in told.splitlines() if row.startswith('"QMJ"')]
    assert line.startswith('"QMJ","North Central London","202526",4,"allocation",100000.00,') and line.endswith(
        '"drift"'
    )
    out = tmp_path / "out"
    said(
        "ringfence",
        str(folder),
        "--allocations",
        str(due),
        "--contracts",
        str(signed),
        "--income",
        str(income),
        "--limit",
        "months=2",
        "--out",
        str(out),
    )
    assert {p.name for p in out.iterdir()} == {
        "watch.csv", "explanations.csv", "months.csv", "contracts.csv", "providers.csv", "notes.md",
    }  # fmt: skip
    assert "| months | 2 |" in (out / "notes.md").read_text(encoding="utf-8")
    assert [r["of_allocation"] for r in rows(out / "contracts.csv")] == ["0.8000", "0.8000"]
    (provider,) = rows(out / "providers.csv")
    assert provider["run_share_of_total"] == f"{float(provider['run_specialised']) / 1_000_000:.4f}"
    assert "£349.4m specialised income" in provider["published"] and not provider["accounts_year"]
    due.write_text("icb,financial_year,amount\nQMJ,202526,1\nQMJ,202526,2\n")
    assert "due.csv line 3: financial_year is '202526'; expected each icb, financial_year once" in said(
        "ringfence", str(folder), "--allocations", str(due), code=19
    )
    assert "cannot be read" in said("ringfence", str(folder), "--allocations", str(tmp_path / "no.csv"), code=19)


def test_contract_values_of_a_register_of_contracts(tmp_path: Path) -> None:
    """Versions share the year by months; what NHS England pays is no ICB's; of the rest the delegated part counts."""
    plans = [("RRV", "202526", 30, "delegated"), ("RRV", "202526", 10, "none"), ("R1H", "202526", 5, "delegated"),
             ("RRV", "202425", 5, "delegated")]  # fmt: skip
    planned = [
        record(population_icb="QMJ", provider_code=p, financial_year=year, delegation_status=status, flow="iap",
               counted=False, price_plan=Decimal(pounds))
        for p, year, pounds, status in plans
    ]  # fmt: skip
    folder = run_of(tmp_path / "run", [*planned, record(population_icb="QMJ", price_submitted=Decimal(1))]).path
    file, due = tmp_path / "register.csv", tmp_path / "due.csv"
    due.write_text("icb,financial_year,amount\nQMJ,202526,10000\nQMF,202526,1\n")
    head = (
        "contract,version,provider_code,host_code,financial_year,valid_from,valid_to,signed_on,signed_value,"
        "payer_code,element,kind,annual_value,profile\n"
    )
    first = "C1,1,RRV,QMJ,202526,2025-04-01,,,{0},QMJ,Care,variable,{1},twelfths\n"
    file.write_text(
        head
        + first.format(5900, 1200) + first.format(5900, 4700).replace("QMJ,Care", "13R,Care")
        + first.format(2400, 2400).replace("C1,1", "C1,2").replace("2025-04-01", "2025-10-01")
        + first.format(1000.01, 1000.01).replace("C1", "C2").replace("RRV", "R1H")
        + first.format(60, 60).replace("C1", "C3").replace("RRV", "R1H").replace("QMJ", "QMF")
        + first.format(600, 600).replace("C1", "C4").replace("202526", "202425").replace("2025-04", "2024-04")
    )  # fmt: skip
    asked = ["ringfence", str(folder), "--show", "contracts", "--contracts", str(file), "--allocations", str(due)]
    told = said(*asked, "--icb", "QMJ", "--year", "202526", "--format", "csv")
    found = {row["provider"]: row for row in csv.DictReader(told[told.index('"icb"') :].splitlines())}
    # three quarters of half of 1,200 and half of 2,400 of RRV
    assert {p: r["contract"] for p, r in found.items()} == {"all": "2350.01", "R1H": "1000.01", "RRV": "1350.00"}
    assert (found["all"]["former"], found["all"]["of_allocation"]) == ("600.00", "0.2350")
    assert "delegated: 1 contract values of £60.00 in all, the first QMF R1H 202526." in told
    assert found["all"]["flag"] == "below the allocation" and {r["icb"] for r in found.values()} == {"QMJ"}


def test_the_year_asked_for_is_that_of_every_view(folder: Path) -> None:
    assert "not 202425 to month any" in said(
        "ringfence", str(folder), "--show", "providers", "--year", "202425", code=19
    )
