"""The month on pages: figures by hand, each person's own part in every form, and closes that prove themselves."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from tertiary.cli import app
from tertiary.decisions import Actor, Store
from tertiary.errors import ContractError
from tertiary.register import Register
from tertiary.runs import Run
from tertiary.web.settings import Papers
from web_money import become, closed, month_run, serving

# payment to month 2, by hand from test_position: QMJ pays 240 + 400 + 150.50; QMF 2,100 under QMJ's contract and 33
# under none; QKK 166.67; QWE 777.77 under none; nobody 0
PAID = {
    "national": "3867.94", "ncl": "2890.50", "uclh": "2923.50", "office": "3867.94", "london": "3867.94",
}  # fmt: skip
# what of others' would give them away to North Central London: payers, providers, contracts, amounts
OTHERS = ("QKK", "QWE", "RJ1", "RP4", "C2", "Block", "166.67", "777.77")
FILES = ("/money/statement?month=2", "/money/report?month=2")
PAGES = ("/money", "/money/month", "/money/reconciliation", "/money/closes", "/money/pools", "/money/recharges")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path, Path]:
    folder = tmp_path_factory.mktemp("money")
    run = month_run(folder / "run")
    return run, *closed(run, folder)


@pytest.fixture(scope="module")
def money(world: tuple[Run, Path, Path], register: Register) -> Iterator[TestClient]:
    run, contracts, closes = world
    store = f"sqlite:///{contracts.parent / 'decisions.sqlite'}"
    with Store.open(store) as opened:
        for own, other in (("QMJ", "QMF"), ("QKK", "QWE")):
            by = Actor("icb", own)
            opened.draft("priority", f"{own} and {other}", {}, parties=[(own, "x"), (other, "x")],
                         valid_from=date(2025, 4, 1), by=by, why="x")  # fmt: skip
    with serving(run, register, Papers(contracts, closes, store)) as client:
        yield client


def rows(client: TestClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(answer.text.splitlines()))


def told(*command: str) -> list[dict[str, str]]:
    found = CliRunner().invoke(app, [*command, "--format", "csv"])
    assert found.exit_code == 0, found.output
    return list(csv.DictReader(found.stdout.splitlines()))


def plain(found: list[dict[str, str]], without: tuple[str, ...] = ("label",)) -> list[dict[str, Any]]:
    """Rows with their numbers as numbers."""

    def number(text: str) -> Any:
        return Decimal(text).normalize() if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else text

    return [{k: number(v) for k, v in row.items() if k not in without and not k.endswith("_name")} for row in found]


@pytest.mark.parametrize("account", PAID)
def test_each_sees_the_payments_that_are_theirs(money: TestClient, account: str) -> None:
    client = become(money, account)
    found = rows(client, "/money/month?month=2&by=payer_code&by=contract&format=csv")
    assert sum(Decimal(r["payment"]) for r in found) == Decimal(PAID[account])
    answer = client.get("/api/v1/month?month=2&by=kind").json()
    assert sum(Decimal(r["payment"]) for r in answer["rows"]) == Decimal(PAID[account])
    assert f"payment <strong>£{Decimal(PAID[account]):,.0f}</strong>" in client.get("/money/month?month=2").text
    read = CalamineWorkbook.from_filelike(BytesIO(client.get("/money/month?month=2&format=xlsx&of=position").content))
    sheet = read.get_sheet_by_name("position").to_python()
    at = sheet[4].index("Payment (£)")
    assert sum(Decimal(str(r[at])) for r in sheet[5:] if r[0] != "Total") == Decimal(PAID[account])


def test_the_page_says_what_the_command_says(money: TestClient, world: tuple[Run, Path, Path]) -> None:
    run, contracts, _ = world
    client = become(money, "national")
    about = [str(run.path), "--contracts", str(contracts), "--month", "2"]
    for by in ("payer_code,kind", "provider_code,contract,element,financial_month", "host_code"):
        query = "&".join(f"by={name}" for name in by.split(","))
        for more, option in (("", []), ("&measure=price_expected", ["--measure", "price_expected"])):
            found = rows(client, f"/money/month?month=2&{query}{more}&format=csv")
            assert plain(found) == plain(told("month", "position", *about, "--by", by, *option))
    grain = "provider_code,financial_month,payer_code,service_line_final,component"
    query = "&".join(f"by={name}" for name in grain.split(","))
    found = plain(
        rows(client, f"/money/reconciliation?month=2&{query}&format=csv&exact=yes"), ("label", "usable", "reason")
    )
    said = plain(told("month", "reconcile", str(run.path), "--month", "2"))
    assert len(found) == len(said) > 5
    key = str
    for one, two in zip(sorted(found, key=key), sorted(said, key=key), strict=True):
        assert {k: v for k, v in one.items() if k != "coverage"} == {k: v for k, v in two.items() if k != "coverage"}


def test_what_is_kept_to_a_part_stays_in_it(money: TestClient) -> None:
    client = become(money, "national")
    text = client.get("/money/month?month=2&by=payer_code").text
    link = next(a for a in re.findall(r'href="(\?[^"]+)"', text) if "payer_code=QMF" in a).replace("&amp;", "&")
    deeper = client.get("/money/month" + link).text
    assert "Payer QMF" in deeper and "payment <strong>£2,133</strong>" in deeper and "RJ1" not in deeper
    found = rows(client, "/money/month?month=2&by=element&payer_code=&format=csv")
    assert [(r["element"], r["activity_value"]) for r in found] == [("No contract", "50.00")]
    accrued = rows(client, "/money/month?month=2&format=csv&of=accruals")
    assert {(r["payer_code"], r["component"], r["financial_month"], r["accrued"]) for r in accrued} == {
        ("QMJ", "drug", "2", "75.25"), ("QKK", "activity", "2", "80.00"),
    }  # fmt: skip
    steps = rows(client, "/money/month?month=2&format=csv&of=from_plan_to_payment")
    assert sum(Decimal(r["amount"]) for r in steps[:-1]) == Decimal(steps[-1]["amount"]) == Decimal(PAID["national"])


def test_a_part_of_another_is_as_if_there_were_none(money: TestClient) -> None:
    client = become(money, "ncl")
    for other in ("payer_code=QWE", "provider_code=RJ1", "contract=C2"):
        assert "Nothing of that kind is yours." in client.get(f"/money/month?month=2&{other}").text
        assert rows(client, f"/money/month?month=2&{other}&format=csv") == []
        only = other.replace("=", ":")
        assert client.get(f"/api/v1/month?month=2&only={only}").json()["rows"] == []
    assert rows(client, "/money/month?month=2&payer_code=QMF&by=element&format=csv")[0]["element"] == "Dialysis"


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_nothing_of_others(money: TestClient, page: str) -> None:
    text = become(money, "ncl").get(f"{page}?month=2").text
    body = re.sub(r"<form.*?</form>", "", text, flags=re.S)
    assert not [code for code in OTHERS if re.search(rf">[^<]*\b{re.escape(code)}\b", body)]


def test_the_workbook_holds_nothing_of_others(money: TestClient) -> None:
    """Every cell of every sheet, and the report: codes and amounts of others are in the whole and not in the part."""
    for address in FILES:
        held = {}
        for account in ("national", "ncl"):
            answer = become(money, account).get(address)
            assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
            held[account] = _text(answer.content)
        # pounds of a report are whole
        marks = OTHERS if "statement" in address else ("QKK", "QWE", "£167", "£778")
        for mark in marks:
            assert re.search(rf"(?<![\w.]){re.escape(mark)}(?![\w.])", held["national"]), (address, mark)
            assert not re.search(rf"(?<![\w.]){re.escape(mark)}(?![\w.])", held["ncl"]), (address, mark)
        assert "QMF" in held["ncl"]
    assert "QMJ and QMF" in held["ncl"] and "QKK and QWE" in held["national"]


def _text(content: bytes) -> str:
    if not content.startswith(b"PK"):
        return content.decode()
    with zipfile.ZipFile(BytesIO(content)) as packed:
        return "\n".join(packed.read(name).decode() for name in packed.namelist() if name.endswith(".xml"))


@pytest.mark.parametrize("account", PAID)
def test_the_statement_is_of_fifteen_sheets_that_add_up(money: TestClient, account: str) -> None:
    content = become(money, account).get("/money/statement?month=2").content
    read = CalamineWorkbook.from_filelike(BytesIO(content))
    assert len(read.sheet_names) == 15
    statement = read.get_sheet_by_name("Statement").to_python()
    at = statement[4].index("Payment to date")
    assert sum(Decimal(str(r[at])) for r in statement[5:] if r[0] not in ("Total", "")) == Decimal(PAID[account])
    assert read.get_sheet_by_name("Summary").to_python()[4][1] == "202526-02.1"
    hospital = str(read.get_sheet_by_name("Hospital data").to_python())
    assert ("do not say who pays" in hospital) == (account in ("ncl", "office"))
    journal = read.get_sheet_by_name("Journal").to_python()[5:]
    bodies = {r[0] for r in journal} - {"Total", "", "Nothing to show."}
    assert bodies == {
        "national": {"", "QMJ", "QMF", "QKK", "QWE"} - {""}, "ncl": {"QMJ"}, "office": {"QMJ", "QMF", "QKK", "QWE"},
    }.get(account, set())  # fmt: skip


@pytest.mark.parametrize("account", ["", "public"])
def test_the_public_sees_no_money(money: TestClient, account: str) -> None:
    client = become(money, account)
    for page in PAGES:
        answer = client.get(page)
        assert answer.status_code == 200 and "only after disclosure control" in answer.text and "£" not in answer.text
        assert client.get(f"{page}?format=csv").status_code == 403
    for address in (*FILES, "/api/v1/month", "/api/v1/recharges"):
        answer = client.get(address)
        assert answer.status_code == 403 and "£" not in answer.text


def test_closes_prove_themselves_and_books_balance(money: TestClient) -> None:
    text = become(money, "national").get("/money/closes?month=2").text
    assert "<strong>Verified</strong>" in text and "202526-02.1:" in text and "closed as 202526-02.1" in text
    found = rows(money, "/money/closes?month=2&format=csv&of=balance")
    assert {r["entity"] for r in found} >= {"QMJ", "QMF", "QKK", "QWE"}
    assert all(Decimal(r["difference"]) == 0 and r["debit"] == r["credit"] for r in found)
    own = rows(become(money, "ncl"), "/money/closes?month=2&format=csv&of=closes")
    assert [r["name"] for r in own] == ["202526-01.1", "202526-02.1"] and own[1]["payment"] == PAID["ncl"]
    moved = rows(money, "/money/closes?month=2&format=csv&of=movements")
    assert sum(Decimal(r["moved"]) for r in moved) == Decimal(PAID["ncl"]) - Decimal(own[0]["payment"])
    assert {r["entity"] for r in rows(money, "/money/closes?month=2&format=csv&of=journal")} == {"QMJ"}
    for account in ("uclh", "london"):
        assert "Journal" not in become(money, account).get("/money/closes?month=2").text


def test_a_close_that_was_changed_is_said_plainly(tmp_path: Path, register: Register) -> None:
    run = month_run(tmp_path / "run")
    contracts, closes = closed(run, tmp_path)
    with (closes / "202526-01.1" / "position.parquet").open("ab") as file:
        file.write(b"x")
    with serving(run, register, Papers(contracts, closes)) as client:
        text = become(client, "national").get("/money/closes?month=2").text
        assert "The closes are not as they were made" in text and "202526-01.1/position.parquet was changed" in text
        assert "Verified" not in text and str(tmp_path) not in text and "£" not in text
        answer = client.get("/money/statement?month=2")
        assert answer.status_code == 400 and "not as they were made" in answer.text and str(tmp_path) not in answer.text


def test_papers_that_are_absent_are_named_by_their_option(tmp_path: Path, register: Register) -> None:
    run = month_run(tmp_path / "run")
    with serving(run, register, Papers()) as client:
        become(client, "national")
        for page, option in (("/money", "--contracts"), ("/money/month", "--contracts"), ("/money/closes", "--closes"),
                             ("/money/pools", "--store"), ("/money/recharges", "--pools")):  # fmt: skip
            answer = client.get(page)
            assert answer.status_code == 200 and option in answer.text, page
        for address in ("/api/v1/month", "/money/statement", "/money/month?format=csv"):
            answer = client.get(address)
            assert answer.status_code == 400 and "--contracts" in answer.text


def test_contracts_that_cannot_be_read_stop_the_server_or_the_question(tmp_path: Path, register: Register) -> None:
    """At the start its keeper is told the file; later nobody on a page is."""
    run = month_run(tmp_path / "run")
    file, _ = closed(run, tmp_path)
    sound = file.read_text()
    for broken, words in (("contract,version\nC1,1\n", "lacks the column"), (None, "cannot be read")):
        file.write_text(sound)
        with serving(run, register, Papers(file)) as client:
            if broken is None:
                file.unlink()
            else:
                file.write_text(broken)
            for page in ("/money/month", "/money/statement"):
                answer = become(client, "national").get(page)
                assert answer.status_code == 503 and str(tmp_path) not in answer.text and "log" in answer.text
        with pytest.raises(ContractError, match=words) as told, serving(run, register, Papers(file)):
            pass
        assert "contracts.csv" in str(told.value)


def test_a_corrected_contract_is_read_with_the_next_question(tmp_path: Path, register: Register) -> None:
    run = month_run(tmp_path / "run")
    file, _ = closed(run, tmp_path)
    with serving(run, register, Papers(file)) as client:
        become(client, "national")
        before = rows(client, "/money/month?month=2&by=contract&contract=C2&format=csv")
        file.write_text(file.read_text().replace("1000.00", "2000.00"))
        after = rows(client, "/money/month?month=2&by=contract&contract=C2&format=csv")
    assert (before[0]["payment"], after[0]["payment"]) == ("166.67", "333.33")


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/money/month?year=199900", 400, "Years: 202526"), ("/money/month?month=12", 400, "to month 3"),
        ("/money/month?month=x", 422, "month"), ("/money/month?by=patient_id", 400, "cannot be totalled by patient_id"),
        ("/money/month?measure=guess", 400, "price_submitted or price_expected"),
        ("/money/month?by=payer_code&by=kind&by=contract&by=version&by=element", 400, "4 columns at most"),
        ("/money/reconciliation?by=patient_id", 400, "cannot be reconciled by patient_id"),
        ("/money/month?payer_code=QMJ&payer_code=QMF", 400, "at once"),
        ("/api/v1/month?only=QMJ", 400, "is not COLUMN:VALUE"),
        ("/api/v1/month?only=patient_id:1", 400, "is not COLUMN:VALUE"),
        ("/api/v1/month?month=0", 422, "month"), ("/api/v1/month?run=other", 400, "There is no run"),
    ],
)  # fmt: skip
def test_mistakes_about_money_are_said_in_a_sentence(money: TestClient, address: str, status: int, words: str) -> None:
    answer = become(money, "national").get(address)
    assert answer.status_code == status and words in answer.text and "Traceback" not in answer.text


def test_text_of_an_address_is_never_markup_here(money: TestClient) -> None:
    text = become(money, "national").get("/money/month", params={"element": '"><script>x</script>'}).text
    assert "<script>" not in text and "&lt;script" in text


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_money_are_plain(money: TestClient, page: str) -> None:
    text = become(money, "national").get(f"{page}?month=2").text
    assert text.count("<h1") == 1 and "<script>" not in text and " style=" not in text
    assert text.count("<table") == text.count("<caption")
    labels = set(re.findall(r'<label[^>]* for="([^"]+)"', text))
    assert set(re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', text)) <= labels
    for asset in re.findall(r'<img src="(\?[^"]+)"', text):
        picture = money.get(page + asset.replace("&amp;", "&"))
        assert picture.status_code == 200 and picture.headers["content-type"] == "image/svg+xml"
