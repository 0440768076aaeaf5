"""Pools and recharges on pages: each partner's own line and the pool's totals, outsiders nothing, to the penny."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from tertiary.cli import app
from tertiary.decisions import Store
from tertiary.errors import DecisionError
from tertiary.register import Register
from tertiary.web.settings import Papers
from web_money import agreed, become, month_run, serving

# the ledger has no populations of the pool, so its calls come from rows added here
PARTNERS = "partner,contribution,need\nQMF,2400,52\nQMJ,1200,48\nQRV,1200,48\n"


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("pools")
    store = f"sqlite:///{folder / 'decisions.sqlite'}"
    with Store.open(store) as opened:
        agreed(opened, "QMF", ["QMF", "QMJ", "QRV"])
        agreed(opened, "QOP", ["QE1", "QOP"])
    (folder / "partners-1.csv").write_text(PARTNERS)
    (folder / "partners-2.csv").write_text("partner,contribution\nQE1,10\nQOP,20\n")
    (folder / "paid-QMJ.csv").write_text("payer,month,paid\nQMF,0,-5.50\nQMF,1,150\n")
    return Papers(None, None, store, folder)


@pytest.fixture(scope="module")
def pools(papers: Papers, register: Register, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    run = month_run(tmp_path_factory.mktemp("pools") / "run", populations=True)
    with serving(run, register, papers) as client:
        yield client


def rows(client: TestClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(answer.text.splitlines()))


def lines(client: TestClient, of: str = "statement") -> dict[str, dict[str, str]]:
    return {r["partner"]: r for r in rows(client, f"/money/pools?month=2&agreement=1&format=csv&of={of}")}


def test_a_statement_by_hand(pools: TestClient) -> None:
    """400 + 200 + 200 put in to month 2, 6,230.00 spent: shared by contribution, a half and two quarters."""
    found = lines(become(pools, "national"))
    said = {code: (r["contribution"], r["actual"], r["payment"], r["transfer"]) for code, r in found.items()}
    assert said == {
        # 6,230.00 (the half penny goes to even) less 800.00 is 5,430.00 over, by contribution
        "QMF": ("400.00", "5200.00", "3115.00", "-2085.00"), "QMJ": ("200.00", "1000.00", "1557.50", "557.50"),
        "QRV": ("200.00", "30.00", "1557.50", "1527.50"), "all partners": ("800.00", "6230.00", "6230.00", "0.00"),
        "from outside": ("", "", "0.00", ""),
    }  # fmt: skip


def test_a_statement_is_the_commands(pools: TestClient, papers: Papers) -> None:
    run = pools.app.state.answers["run"].run  # type: ignore[attr-defined]
    command = ["pool", "statement", str(run.path), "--agreement", "1", "--store", papers.store, "--month", "2",
               "--partners", str(papers.pools / "partners-1.csv"), "--every-month", "--format", "csv"]  # fmt: skip
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 0, told.output
    found = rows(become(pools, "national"), "/money/pools?month=2&agreement=1&format=csv&of=every_month")
    assert [{k: v for k, v in r.items() if k != "label"} for r in found] == list(
        csv.DictReader(told.stdout.splitlines())
    )


@pytest.mark.parametrize(
    ("account", "sees"),
    [
        ("national", {"QMF", "QMJ", "QRV"}), ("ncl", {"QMJ"}), ("office", {"QMF", "QMJ", "QRV"}),
        ("london", {"QMF", "QMJ", "QRV"}),
    ],
)  # fmt: skip
def test_each_partner_sees_its_own_line_and_the_totals(pools: TestClient, account: str, sees: set[str]) -> None:
    client = become(pools, account)
    totals = {"all partners", "from outside"}
    assert set(lines(client)) == set(lines(client, "every_month")) == sees | totals
    assert set(lines(client, "without_and_with")) == sees | {"all partners"}
    shares = lines(client, "shares")
    assert {code: r["share"] for code, r in shares.items()} == {"QMF": "0.500000", "QMJ": "0.250000", "QRV": "0.250000"}
    text = client.get("/money/pools?month=2").text
    assert ("£5,200.00" in text) == ("QMF" in sees)


def test_outsiders_see_nothing_of_a_pool(pools: TestClient) -> None:
    client = become(pools, "ncl")
    assert [r["number"] for r in rows(client, "/money/pools?month=2&format=csv&of=agreements")] == ["1"]
    assert "Pool of QOP" not in client.get("/money/pools?month=2").text
    for number in (2, 99):
        answer = client.get(f"/money/pools?month=2&agreement={number}&format=csv")
        assert answer.status_code == 400 and "QOP" not in answer.text
        assert "No agreement of that number" in client.get(f"/money/pools?month=2&agreement={number}").text
    assert len(rows(become(pools, "national"), "/money/pools?month=2&format=csv&of=agreements")) == 2
    for page in ("/money/pools?month=2&agreement=1", "/money/recharges?month=2"):
        text = become(pools, "uclh").get(page).text
        assert "provider's own" in unescape(text) and "Pool of" not in text and "£" not in text
        assert pools.get(f"{page}&format=csv").status_code == 403


def test_rules_are_compared_when_asked(pools: TestClient) -> None:
    client = become(pools, "ncl")
    assert "Unsteadiness" not in client.get("/money/pools?month=2&agreement=1").text
    # one patient a partner does not say how costs differ
    assert client.get("/money/pools?month=2&agreement=1&compare=yes").status_code == 503


def test_recharges_by_hand(pools: TestClient) -> None:
    found = rows(become(pools, "national"), "/money/recharges?month=2&format=csv")
    said = {(r["host"], r["payer"], r["month"]): (r["opening"], r["charged"], r["paid"], r["closing"]) for r in found}
    assert said == {
        ("QMJ", "QMF", "1"): ("-5.50", "200.00", "150.00", "44.50"),
        ("QMJ", "QMF", "2"): ("44.50", "5000.00", "0.00", "5044.50"),
        ("QMJ", "QRV", "1"): ("0.00", "0.00", "0.00", "0.00"),
        ("QMJ", "QRV", "2"): ("0.00", "30.00", "0.00", "30.00"),
        ("QOP", "QE1", "1"): ("0.00", "77.00", "0.00", "77.00"),
        ("QOP", "QE1", "2"): ("77.00", "0.00", "0.00", "77.00"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("account", "pairs"),
    [
        ("ncl", {("QMJ", "QMF"), ("QMJ", "QRV")}), ("office", {("QMJ", "QMF"), ("QMJ", "QRV")}),
        ("london", {("QMJ", "QMF"), ("QMJ", "QRV")}),
        ("national", {("QMJ", "QMF"), ("QMJ", "QRV"), ("QOP", "QE1")}),
    ],
)  # fmt: skip
def test_each_sees_what_it_owes_and_is_owed(pools: TestClient, account: str, pairs: set[tuple[str, str]]) -> None:
    client = become(pools, account)
    answer = client.get("/api/v1/recharges?month=2").json()
    assert {(r["host"], r["payer"]) for r in answer["rows"]} == pairs
    assert {(r["host"], r["payer"]) for r in rows(client, "/money/recharges?month=2&format=csv")} == pairs
    other = client.get("/money/recharges?month=2&host=QOP&payer=QE1").text
    assert ("£77.00" in other) == (account == "national")
    backing = rows(client, "/money/recharges?month=2&host=QMJ&payer=QMF&format=csv&of=backing")
    assert sum(Decimal(r["amount"]) for r in backing) == Decimal("5200.00")


def test_without_their_files_pages_say_what_is_missing(
    papers: Papers, register: Register, tmp_path: Path
) -> None:  # fmt: skip
    run = month_run(tmp_path / "run", populations=True)
    with serving(run, register, Papers(store=papers.store)) as client:
        text = become(client, "ncl").get("/money/pools?month=2").text
        assert "partners-1.csv" in text and "--pools DIR" in text and "Pool of QMF" in text
    file = tmp_path / "own.sqlite"
    Store.open(f"sqlite:///{file}").close()
    with serving(run, register, Papers(store=f"sqlite:///{file}")) as client:
        become(client, "ncl")
        file.write_bytes(b"no database" * 1000)
        answer = client.get("/money/pools?month=2")
        assert answer.status_code == 503 and str(tmp_path) not in answer.text


def test_a_store_that_is_not_there_stops_the_server(register: Register, tmp_path: Path) -> None:
    run = month_run(tmp_path / "run", populations=True)
    absent = Papers(store=f"sqlite:///{tmp_path / 'none.sqlite'}")
    with pytest.raises(DecisionError, match=r"no decision store .*none\.sqlite"), serving(run, register, absent):
        pass
