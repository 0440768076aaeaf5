"""Data quality: each person's own part, figures as counted by hand, nothing of a single record."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from builders import row, run_folder
from tertiary.engine import DuckDBEngine
from tertiary.flows.checks import checks
from tertiary.price import price_differences
from tertiary.register import Register
from tertiary.runs import Run
from tertiary.web import coverage, quality
from tertiary.web.app import create_app
from tertiary.web.people import Person, demo_people
from tertiary.web.settings import Settings
from web_helpers import token

Be = Callable[[str], TestClient]
NATIONAL = demo_people()["national"]
# record, provider, population, payer, month: QMJ and QMF in London, QE1 in the North West, RXN a trust there
RECORDS = (
    ("a", "RRV", "QMJ", "QMJ", 1), ("b", "RRV", "QMF", "QMF", 1), ("c", "RXN", "QE1", "QE1", 1),
    ("d", "RXN", "QE1", "QMJ", 2), ("e", "RRV", "QMJ", "QMJ", 2), ("f", "RRV", "", "", 1),
)  # fmt: skip
# submission of RRV or RXN and month, record ("" for a whole file), rule, severity; f was set aside
FOUND = (
    ("RRV1", "a", "R03", "error"), ("RRV1", "a", "F02", "warning"), ("RRV1", "b", "F02", "warning"),
    ("RXN1", "c", "F02", "warning"), ("RXN2", "d", "F02", "warning"), ("RRV2", "e", "A01", "warning"),
    ("RRV1", "f", "N01", "error"), ("RRV1", "", "C05", "information"), ("", "", "S05", "error"),
)  # fmt: skip


def _record(name: str, provider: str, icb: str, payer: str, month: int, **more: Any) -> dict[str, Any]:
    given = {
        "record_id": name, "fate": "accepted" if icb else "quarantined", "flow": "plcm", "provider_code": provider,
        "population_icb": icb, "payer_code": payer, "financial_year": "202526", "financial_month": month,
        "counted": True, "price_basis": "none", **more,
    }  # fmt: skip
    return row("records", **given)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    records = [_record(*one) for one in RECORDS]
    # a and b: one line agrees, one does not; e: rule A01 says another commissioner; c and d: £100 and £90 of £100
    lines = {"a": ("NCBPS11B", "NCBPS11B"), "b": ("NCBPS01C", "NCBPS11B")}
    prices = {"c": "100", "d": "90"}
    for one in records:
        name = one["record_id"]
        if name in lines:
            submitted, derived = lines[name]
            one.update(service_line_submitted=submitted, service_line_derived=derived, service_basis="derived")
        if name in ("a", "e"):
            one.update(commissioner_submitted="93C" if name == "a" else "13Q", commissioner_code="93C")
        if name in prices:
            one.update(price_basis="national", price_submitted=Decimal(prices[name]), price_expected=Decimal(100))
    levels = {"A01": "commissioner", "R03": "commissioner"}
    found = [
        row("findings", finding_id=str(n), submission_id=sent, record_id=record, rule_id=rule, severity=severity,
            level=levels.get(rule, "format"), flow="plcm" if sent else "", value="9434765919")
        for n, (sent, record, rule, severity) in enumerate(FOUND)
    ]  # fmt: skip
    # RRV sent plcm for both months, the second after flex (31 May + 20 days), and acm for the first only
    sent = [
        row("submissions", submission_id=f"{p}{m}" if flow == "plcm" else f"{p}{flow}", flow=flow, provider_code=p,
            financial_year="202526", financial_month=m, status="current", received=n, accepted=n - q, quarantined=q,
            superseded=0, created_at=datetime(2025, *day, 23))
        for p, flow, m, n, q, day in (
            ("RRV", "plcm", 1, 10, 1, (5, 1)), ("RRV", "plcm", 2, 20, 0, (6, 30)), ("RRV", "acm", 1, 4, 0, (5, 1)),
            ("RXN", "plcm", 1, 40, 0, (5, 20)), ("RXN", "plcm", 2, 50, 0, (6, 20)),
        )
    ]  # fmt: skip
    sent.append(row("submissions", submission_id="x", status="unreadable", financial_month=0, received=0, accepted=0,
                    quarantined=0, superseded=0))  # fmt: skip
    ledger = [
        row("ledger", flow=flow, measure="actual", counted=flow == "plcm", financial_year="202526", financial_month=1,
            population_icb="QMJ", payer_code="QMJ", provider_code="RRV", component="activity", records=1,
            price_submitted=Decimal(pounds), price_expected=Decimal(pounds))
        for flow, pounds in (("plcm", "80"), ("acm", "100"))
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("quality") / "run"
    made = run_folder(folder, records=records, findings=found, submissions=sent, ledger=ledger)
    made.manifest["counts"].update(received=124, accepted=123, quarantined=1, superseded=0)  # type: ignore[attr-defined]
    return made


@pytest.fixture(scope="module")
def served(run: Run, register: Register) -> Iterator[TestClient]:
    app = create_app({"run": (run, register)}, Settings(secret=b"a secret of the tests"))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def as_(served: TestClient) -> Be:
    def become(account: str) -> TestClient:
        served.cookies.clear()
        if account:
            served.post("/sign-in", data={"account": account, **token(served)}, follow_redirects=False)
        return served

    return become


# findings that each sees, counted by hand: an ICB those on its population or payments, a provider its submissions'
SEES = {"national": 9, "london": 7, "ncl": 4, "office": 5, "uclh": 6}


@pytest.mark.parametrize("account", SEES)
def test_each_sees_its_own_findings_and_no_more(as_: Be, account: str) -> None:
    client = as_(account)
    assert client.get("/api/v1/findings").json()["rows"][0]["findings"] == SEES[account]
    assert f"All together: {SEES[account]} findings." in client.get("/quality").text
    rows = csv.DictReader(client.get("/quality?format=csv&of=findings&exact=yes").text.splitlines())
    assert sum(int(r["findings"]) for r in rows) == SEES[account]


@pytest.mark.parametrize("by", quality.DIMENSIONS)
def test_parts_add_up_to_the_whole(as_: Be, by: str) -> None:
    for account, whole in SEES.items():
        rows = as_(account).get(f"/api/v1/findings?by={by}").json()["rows"]
        assert sum(r["findings"] for r in rows) == whole


PAGES = ("/quality", "/quality/agreement", "/quality/coverage", "/api/v1/findings", "/api/v1/coverage")


@pytest.mark.parametrize("account", ["", "public"])
@pytest.mark.parametrize("address", [*PAGES, "/quality?format=csv&of=findings", "/quality/coverage?format=xlsx"])
def test_the_public_sees_none_of_it(as_: Be, account: str, address: str) -> None:
    assert as_(account).get(address).status_code == 403


@pytest.mark.parametrize("address", PAGES[:2] + PAGES[3:4])
def test_findings_are_of_no_service_and_so_of_no_clinical_reference_group(as_: Be, address: str) -> None:
    answer = as_("renal").get(address)
    assert answer.status_code == 403 and "clinical reference group's own" in unescape(answer.text)
    assert set(demo_people()) - {"public", "renal"} == set(SEES)


def test_a_clinical_reference_group_sees_what_came_of_its_own_services(as_: Be) -> None:
    """The run holds no row of a service of its own."""
    client = as_("renal")
    assert client.get("/api/v1/coverage").json()["rows"] == []
    assert "RRV" not in client.get("/quality/coverage").text


@pytest.mark.parametrize("account", SEES)
@pytest.mark.parametrize("address", PAGES)
def test_pages_hold_no_record_and_no_value(as_: Be, account: str, address: str) -> None:
    answer = as_(account).get(address)
    assert answer.status_code == 200 and "9434765919" not in answer.text and "RRV1" not in answer.text
    if not address.startswith("/api/"):
        assert answer.text.count("<h1") == 1 and answer.text.count("<table") == answer.text.count("<caption")
        assert " style=" not in answer.text and "<script>" not in answer.text


@pytest.mark.parametrize("account", ["ncl", "uclh"])
def test_another_organisation_is_as_if_it_were_not_there(as_: Be, account: str) -> None:
    client = as_(account)
    for other in ("RXN",) if account == "uclh" else ("QMF", "QE1"):
        column = "provider_code" if account == "uclh" else "population_icb"
        kept = client.get(f"/api/v1/findings?only={column}:{other}&by=rule_id").json()["rows"]
        # QMJ pays for one record of another population
        assert len(kept) == (1 if other == "QE1" else 0)
    coverage_text = client.get("/api/v1/coverage").text + client.get("/quality/coverage").text
    assert "RXN" not in coverage_text


def test_rates_are_told_only_where_all_that_was_received_is_ones_own(as_: Be) -> None:
    own = as_("uclh").get("/api/v1/findings?by=financial_month").json()["rows"]
    assert {r["financial_month"]: (r["findings"], r["received"]) for r in own} == {1: (5, 14), 2: (1, 20)}
    assert {r["per_thousand"] for r in own} == {"357.143", "50.000"}
    for account in ("ncl", "london"):
        rows = as_(account).get("/api/v1/findings?by=provider_code").json()["rows"]
        assert all(r["received"] is None and r["per_thousand"] is None for r in rows)
    by_icb = as_("national").get("/api/v1/findings?by=population_icb").json()["rows"]
    assert all(r["received"] is None for r in by_icb)


def test_findings_move_from_month_to_month(as_: Be, served: TestClient) -> None:
    answers = served.app.state.answers["run"]  # type: ignore[attr-defined]
    moved = quality.movement(answers, NATIONAL, {})
    assert [(m["financial_month"], m["error"], m["warning"], m["information"], m["change"]) for m in moved] == [
        (1, 2, 3, 1, None), (2, 0, 2, 0, -4),
    ]  # fmt: skip
    text = as_("national").get("/quality").text
    assert "April 2025" in text and 'alt="Findings by month and severity: 6 in April 2025, 2 in May 2025.' in text
    assert as_("national").get("/quality?format=svg&of=findings_by_month").headers["content-type"] == "image/svg+xml"


def test_links_go_down_to_provider_rule_and_month_and_no_further(as_: Be) -> None:
    client = as_("national")
    address = "/quality"
    for _ in range(3):
        links = re.findall(r'<th scope="row"[^>]*><a href="(\?[^"]+)"', client.get(address).text)
        if not links:
            break
        address = "/quality" + next((a for a in links if "F02" in a), links[0]).replace("&amp;", "&")
    assert "rule_id=F02" in address and "provider_code=" in address and "by=financial_month" in address
    text = client.get(address).text
    assert not re.findall(r'<th scope="row"[^>]*><a ', text)


def test_agreement_is_what_the_house_counts(served: TestClient, run: Run, register: Register) -> None:
    answers = served.app.state.answers["run"]  # type: ignore[attr-defined]
    found = {r["kind"]: (r["compared"], r["agreed"], r["differing"]) for r in quality.agreement(answers, NATIONAL, {})}
    # R03 on record a says that 93C is never a commissioner, whatever the method gives
    assert found == {"line": (2, 1, 1), "commissioner": (2, 0, 2), "price": (2, 1, 1)}
    with DuckDBEngine() as engine:
        tables = {n: engine.scan(n, run.table(n).paths) for n in ("records",)}
        reasons = engine.load("reasons", _reasons())
        differing = engine.fetch(price_differences(engine, tables["records"], reasons, register))
    assert differing.column("record_id").to_pylist() == ["d"]
    pairs = quality.agreement(answers, NATIONAL, {}, ("submitted", "found"))
    assert ("NCBPS01C", "NCBPS11B") in {(p["submitted"], p["found"]) for p in pairs if p["kind"] == "line"}
    for account, lines in (("ncl", 1), ("uclh", 2), ("office", 2)):
        person = demo_people()[account]
        mine = {r["kind"]: r["compared"] for r in quality.agreement(answers, person, {})}
        assert mine.get("line") == lines


def _reasons() -> Any:
    import pyarrow as pa

    from tertiary.tables import arrow_schema

    one = {"unit_price": Decimal(100), "top_up": Decimal(0), "market_forces": Decimal(1)}
    rows = [row("reasons", record_id=name, **one) for name in ("c", "d")]
    return pa.Table.from_pylist(rows, schema=arrow_schema("reasons"))


def test_coverage_says_what_came_what_came_late_and_what_did_not(as_: Be) -> None:
    rows = as_("national").get("/api/v1/coverage").json()["rows"]
    states = {(r["provider_code"], r["flow"], r["financial_month"]): r["state"] for r in rows}
    assert states == {
        ("RRV", "plcm", 1): "arrived", ("RRV", "plcm", 2): "late", ("RRV", "acm", 1): "arrived",
        ("RRV", "acm", 2): "missing", ("RXN", "plcm", 1): "arrived", ("RXN", "plcm", 2): "arrived",
    }  # fmt: skip
    assert rows[0]["state"] == "missing" and rows[0]["flex"] == "2025-06-20"
    shares = {(r["provider_code"], r["financial_month"]): r["quarantined_share"] for r in rows if r["flow"] == "plcm"}
    assert shares["RRV", 1] == "0.100000" and shares["RRV", 2] == "0.000000"
    text = as_("national").get("/quality/coverage").text
    assert "3 months of a flow need attention" in text and "80.0%" in text
    assert "not sent" in text and "1 of 2" in text
    assert "not readable" in text and "Rows whose provider" in text


def test_an_icb_is_told_of_its_own_rows_and_not_of_what_providers_sent(as_: Be) -> None:
    rows = as_("ncl").get("/api/v1/coverage").json()["rows"]
    assert {(r["flow"], r["financial_month"]): r["state"] for r in rows} == {
        ("acm", 1): "arrived", ("acm", 2): "none_of_yours", ("plcm", 1): "arrived", ("plcm", 2): "none_of_yours",
    }  # fmt: skip
    assert all(r["received"] is None and r["first_arrival"] is None for r in rows)
    text = as_("ncl").get("/quality/coverage").text
    assert "may be one in which nobody of yours was treated" in text and "need attention" not in text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/quality?by=record_id", "cannot be sliced by record_id"),
        ("/api/v1/findings?only=value:1", "cannot be sliced by value"),
        ("/api/v1/coverage?only=payer_code:QMJ", "cannot be sliced by payer_code"),
        ("/api/v1/findings?only=RRV", "is not COLUMN:VALUE"), ("/quality?flow=a&flow=b", "at once"),
        ("/quality?by=rule_id&by=flow&by=level&by=severity", "3 columns at most"),
    ],
)  # fmt: skip
def test_mistakes_are_told(as_: Be, address: str, words: str) -> None:
    answer = as_("national").get(address)
    assert answer.status_code == 400 and words in answer.text


def test_every_rule_has_words_and_every_state_too() -> None:
    for check in checks().values():
        words = quality.rule_words()[check.rule_id, check.severity]
        assert check.advice in words["advice"] and check.expected in words["expected"]
        # what is only told asks for nothing
        assert any(words.values()) or check.severity == "information"
    assert {"missing", "unreadable", "withdrawn", "late", "not_yet_known", "none_of_yours", "arrived"} == set(
        coverage.states()
    )


@pytest.mark.parametrize(
    ("flags", "came", "state"),
    [
        (("current",), date(2025, 5, 20), "arrived"), (("current",), date(2025, 5, 21), "late"),
        (("current",), None, "arrived"), (("superseded",), date(2025, 5, 1), "withdrawn"),
        (("duplicate",), None, "withdrawn"), (("not_yet_known",), None, "not_yet_known"), ((), None, "unreadable"),
    ],
)  # fmt: skip
def test_a_month_stands_as_its_submissions_say(flags: tuple[str, ...], came: date | None, state: str) -> None:
    """Flex of April 2025 is 20 May; that day still counts."""
    names = ("current", "superseded", "duplicate", "not_yet_known")
    sent = {f"is_{name}": name in flags for name in names}
    assert coverage._state(sent, came, date(2025, 5, 20)) == state


def test_a_month_typed_wrongly_by_one_provider_is_no_month_of_the_run(tmp_path: Path, register: Register) -> None:
    sent = [
        row("submissions", submission_id=f"{p}{m}", flow="acm", provider_code=f"R{p:02}", financial_year="202526",
            financial_month=m, status="current", received=1, accepted=1, quarantined=0, superseded=0)
        for p, m in [*product(range(20), (1, 2)), (0, 11)]
    ]  # fmt: skip
    run = run_folder(tmp_path / "run", submissions=sent, ledger=[row("ledger")])
    run.manifest["counts"].update(received=41, accepted=41, quarantined=0, superseded=0)  # type: ignore[attr-defined]
    with TestClient(create_app({"run": (run, register)}), base_url="http://localhost") as client:
        answers = client.app.state.answers["run"]  # type: ignore[attr-defined]
        rows = coverage.arrivals(answers, NATIONAL, {})
    assert len(rows) == 41 and not [r for r in rows if r["state"] == "missing"]


def test_the_overview_says_what_needs_attention_with_links_that_work(as_: Be) -> None:
    for account in SEES:
        client = as_(account)
        text = client.get("/").text
        assert "What needs attention" in text
        links = re.findall(r'nhsuk-task-list__link" href="([^"]+)"', text)
        assert links and all(client.get(link.replace("&amp;", "&")).status_code == 200 for link in links)
        assert ("did not arrive as they should" in text) == (account != "ncl" and account != "office")
    assert "Rule N01: 1 errors" in as_("uclh").get("/").text
    assert "Rule N01" not in as_("ncl").get("/").text
    assert "What needs attention" not in as_("").get("/").text


@pytest.mark.parametrize("role", ["region", "icb", "provider"])
def test_who_acts_for_nobody_sees_nothing(served: TestClient, role: str) -> None:
    answers = served.app.state.answers["run"]  # type: ignore[attr-defined]
    nobody = Person("x", role, (), "X")
    assert quality.findings(answers, nobody, (), {})[0][0]["findings"] == 0
    assert quality.agreement(answers, nobody, {}) == [] and coverage.arrivals(answers, nobody, {}) == []
