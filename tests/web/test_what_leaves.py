"""What leaves the house: every table that counts people is treated in files, and the order of rows tells no figure.

exact_tables.csv names the columns that look like counts of people and are given exactly, each with why.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from test_every_route import found

from builders import row, run_folder
from month_helpers import LEDGER
from tertiary.decisions import Store
from tertiary.errors import TertiaryError
from tertiary.publish.disclosure import HIDDEN
from tertiary.publish.workbook import Column
from tertiary.register import Register
from tertiary.runs import Run
from tertiary.web import pages, render
from tertiary.web.downloads import released
from tertiary.web.render import INSIDE
from tertiary.web.settings import Papers
from tertiary.web.views import Grid, View
from web_money import become, closed, serving

# columns that count people, or what was done for them, wherever they stand
COUNT_NAMES = {
    "records", "patients", "people_treated", "quantity", "activity", "acm_activity", "hospital_activity", "received",
    "accepted", "quarantined", "superseded", "findings", "compared", "agreed", "differing", "admissions",
    "attendances", "cases", "persons", "rows",
}  # fmt: skip
# pages whose tables change with what is asked of them
BESIDES = (
    "/map?show=spend", "/map?show=records", "/map?show=records_a_head", "/map?show=distance", "/map?show=outside",
    "/map?show=records&footprint=2026", "/flows?show=records", "/flows?show=records&footprint=2026",
    "/quality?by=population_icb", "/quality?by=provider_code", "/money/variation?icb=QMJ&without=",
)  # fmt: skip


def listed() -> list[dict[str, str]]:
    text = Path(__file__).with_name("exact_tables.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def world(folder: Path) -> Run:
    """The small world of the money pages, with populations, what was sent, and what was found in it."""
    ledger = [{**one, "population_icb": one["payer_code"]} for one in LEDGER]
    sent = [row("submissions", submission_id="s1", flow="plcm", provider_code="RRV", financial_year="202526",
                financial_month=1, status="current", received=9, accepted=8, quarantined=1, superseded=0)]  # fmt: skip
    record = row("records", record_id="r1", fate="accepted", submission_id="s1", flow="plcm", provider_code="RRV",
                 counted=True, financial_year="202526", financial_month=1, population_icb="QMJ", payer_code="QMJ",
                 payer_kind="icb", component="activity", patient_id="p1", price_submitted=Decimal(5))  # fmt: skip
    finding = row("findings", finding_id="f1", submission_id="s1", record_id="r1", rule_id="X04", severity="error")
    run = run_folder(folder, ledger=ledger, records=[record], submissions=sent, findings=[finding], activity=[],
                     reasons=[])  # fmt: skip
    run.manifest["counts"].update(received=9, accepted=8, quarantined=1, superseded=0)  # type: ignore[attr-defined]
    return run


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, register: Register) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("leaves")
    run = world(folder / "run")
    contracts, closes = closed(run, folder)
    store = f"sqlite:///{folder / 'decisions.sqlite'}"
    with Store.open(store):
        pass
    with serving(run, register, Papers(contracts, closes, store)) as client:
        yield client


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[View]]:
    """The views that pages answer with, whatever they call `answer`."""
    views: list[View] = []
    before = View.__init__

    def init(self: View, *given: Any, **named: Any) -> None:
        before(self, *given, **named)
        views.append(self)

    with monkeypatch.context() as patch:
        patch.setattr(View, "__init__", init)
        yield views


def test_every_table_that_counts_people_says_so(served: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    become(served, "national")
    seen: set[str] = set()
    routes = sorted(p for m, p in found(served) if m == "GET" and "{" not in p and not p.startswith(("/api", "/sign")))
    for address in (*routes, *BESIDES):
        exact = {(x["table"], x["column"]) for x in listed() if address.partition("?")[0] == x["address"]}
        with watched(monkeypatch) as views:
            answer = served.get(address)
        assert answer.status_code != 500, address
        for view in views:
            for grid in view.grids:
                seen.add(grid.name)
                counts = {c.name for c in grid.columns if c.name in COUNT_NAMES}
                told = set(grid.counts) | set(grid.beside) | set(grid.ratios)
                left = set() if grid.inside else counts - told - {c for t, c in exact if t == grid.name}
                assert not left, f"{address}: {grid.name} counts by {left}: give Grid counts, or say why not"
                columns = {c.name for c in grid.columns}
                assert {*grid.counts, *grid.beside} <= columns, f"{address}: {grid.name} treats what it has not"
                if grid.counts:
                    money = {c.name for c in grid.columns if c.kind in ("money", "share", "number")}
                    assert money <= told, f"{address}: {grid.name} gives {money - told} exactly beside its counts"
            by_name = {grid.name: grid for grid in view.grids}
            for chart in view.charts:
                if by_name[chart.grid].tells_of_people:
                    assert INSIDE[:40] in json.dumps(chart.spec), f"{address}: {chart.name} does not say it stays"
    assert {"who_pays", "arrived", "ledger", "map", "flows", "findings", "agreement", "coverage", "challenges"} <= seen


def test_what_is_given_exactly_is_there_and_says_why() -> None:
    for line in listed():
        assert line["column"] in COUNT_NAMES and len(line["why"].split()) > 5, line
        assert f'"{line["table"]}"' in "".join(
            file.read_text(encoding="utf-8") for file in Path(pages.__file__).parent.rglob("*.py")
        ), f"no page has a table {line['table']}: take it out"


DEAR = [
    {"service": f"S{n}", "month": month, "records": count, "pounds": Decimal(pounds), "share": Decimal(count) / 61}
    for n, (month, count, pounds) in enumerate(
        [("June 2025", 40, 900), ("April 2025", 3, 850), ("May 2025", 12, 849), ("April 2026", 6, 20)]
    )
]  # fmt: skip


def dear(rows: list[dict[str, Any]]) -> Grid:
    columns = [Column("month", "Month"), Column("service", "Service"), Column("records", "Records", "whole"),
               Column("pounds", "£", "money"), Column("share", "Share", "share")]  # fmt: skip
    return Grid("t", "T", columns, rows, counts=("records",), beside=("pounds",), ratios=("share",))


@given(st.permutations(DEAR))
def test_the_order_of_a_file_tells_no_figure(rows: list[dict[str, Any]]) -> None:
    """By pounds, the row of 3 stood between £900 and £849, and that was as good as told."""
    made = released(dear(rows), "hes_2018")
    assert [(r["month"], r["records"], r["pounds"], r[HIDDEN]) for r in made.rows] == [
        ("April 2025", None, None, "records,pounds"), ("May 2025", 10, Decimal(849), ""),
        ("June 2025", 40, Decimal(900), ""), ("April 2026", None, None, "records,pounds"),
    ]  # fmt: skip


def test_shares_of_a_total_do_not_leave() -> None:
    """The shares of the others, taken from one, were the share of the hidden row."""
    made = released(dear(DEAR), "hes_2018")
    assert "share" not in {c.name for c in made.columns} and all("share" not in row for row in made.rows)
    assert "share" not in {c.name for c in released(dear([]), "hes_2018").columns}


def test_part_of_a_record_is_somebodys() -> None:
    """A divided board has parts of records; 0.2 of one is hidden, not shown as nobody."""
    made = released(dear([{**DEAR[0], "records": Decimal("0.2")}]), "hes_2018")
    assert made.rows[0]["records"] is None


def test_a_table_that_no_rule_makes_safe_is_not_given() -> None:
    with pytest.raises(TertiaryError, match="cannot be made safe to pass on"):
        released(Grid("t", "T", [Column("a", "A")], [{"a": 1}], inside=True), "hes_2018")


def test_exact_only_tables_are_asked_for_by_name(served: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    become(served, "national")
    page = served.get("/money/reconciliation").text
    assert "flows as CSV</a>, <a" in page.replace("exact flows", "flows")
    assert 'format=csv&amp;of=flows"' not in page and "format=csv&amp;of=flows&amp;exact=yes" in page
    refused = served.get("/money/reconciliation?format=csv&of=flows")
    assert refused.status_code == 400 and "cannot be made safe to pass on" in refused.text
    caplog.set_level("INFO", render.LOG.name)
    given_out = served.get("/money/reconciliation?format=csv&of=flows&exact=yes")
    assert INSIDE in next(csv.DictReader(io.StringIO(given_out.text)))["label"]
    assert "exact figures of /money/reconciliation" in caplog.text
    book = served.get("/flows?format=xlsx")
    assert book.status_code == 200, "a workbook goes without tables that stay inside"


@pytest.mark.parametrize("address", ["/api/v1/ledger?by=provider_code", "/api/v1/flows", "/api/v1/map?show=records"])
def test_exact_figures_for_programs_say_that_they_stay_inside(served: TestClient, address: str) -> None:
    become(served, "national")
    assert served.get(address).json()["label"].endswith(INSIDE)
    document = served.get("/api/openapi.json").json()
    assert "inside the caller's organisation" in document["info"]["description"]
    assert INSIDE not in served.get("/api/v1/map?show=people").json()["label"]


def test_a_closed_table_of_an_overlay_tells_the_public_nothing(tmp_path: Path) -> None:
    """Map and targets are open to everybody, and an overlay's tables are not unless it says so."""
    (tmp_path / "overlay.json").write_text('{"name": "ours"}', encoding="utf-8")
    head = "financial_year,stream,workbook,icb_code,service,opening,target,allocation\n"
    lines = [f"202526,{stream},services,QMJ,,7654321,7654321,7654321\n" for stream in ("specialised", "core")]
    (tmp_path / "official_allocations.csv").write_text(head + "".join(lines), encoding="utf-8")
    run = run_folder(tmp_path / "run", ledger=[row("ledger")])
    with serving(run, Register.load([tmp_path]), Papers()) as client:
        for address in ("/map?show=allocation", "/map?show=allocation&format=vega", "/money/targets?opening=official"):
            assert "7654321" not in client.get(address).text.replace(",", "")
        become(client, "national")
        assert "7654321" in client.get("/map?show=allocation").text.replace(",", "")


def test_codes_are_said_in_words_on_pages_and_have_names_in_files(served: TestClient) -> None:
    become(served, "national")
    page = served.get("/ledger?by=payer_kind&by=flow").text
    assert "integrated care board" in page and "Patient level contract monitoring" in page and "<th>plcm" not in page
    rows = list(csv.DictReader(io.StringIO(served.get("/ledger?by=payer_kind&by=payer_code&format=csv").text)))
    assert {(r["payer_kind"], r["payer_kind_name"]) for r in rows} >= {("icb", "integrated care board")}
    assert ("QMJ", "NHS North Central London Integrated Care Board") in {
        (r["payer_code"], r["payer_code_name"]) for r in rows
    }
    month = served.get("/money/month?by=payer_code&by=kind&month=2").text
    assert "drugs and devices at cost" in month and ">pass_through<" not in month
    assert "North Central London" in month and "North Central London" in served.get("/money/closes?month=2").text
