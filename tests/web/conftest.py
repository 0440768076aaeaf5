"""A server over a small run in which each organisation owns something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from builders import row, run_folder
from databases import server, url
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.settings import Settings
from web_helpers import token

__all__ = ["server", "url"]

# population, payer, provider, pounds: QMJ and QMF in London, QE1 in the North West; RXN is a trust of the North West
SPENT = (
    ("QMJ", "QMJ", "RRV", "100"), ("QMJ", "X24", "RRV", "20"), ("QMF", "QMF", "RRV", "3000"),
    ("QE1", "QE1", "RXN", "40000"), ("QE1", "QMJ", "RXN", "7"), ("QE1", "QE1", "RRV", "600000"),
)  # fmt: skip


@pytest.fixture(scope="session")
def client(register: Register, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    ledger = [
        row("ledger", flow="plcm", measure="actual", counted=True, financial_year="202526", financial_month=1,
            population_icb=icb, payer_code=payer, payer_kind="icb", provider_code=provider, component="activity",
            service_line_final="=NCBPS11B" if icb == "QMF" else "NCBPS11B", point_of_delivery="EL", records=1,
            quantity=Decimal(1), price_submitted=Decimal(pounds), price_expected=Decimal(pounds))
        for icb, payer, provider, pounds in SPENT
    ]  # fmt: skip
    ledger.append({**ledger[0], "counted": False, "price_submitted": Decimal(99_999_999)})
    sent = [
        row("submissions", submission_id=p, flow="plcm", provider_code=p, status="current", received=n, accepted=n,
            quarantined=0, superseded=0) for p, n in (("RRV", 5), ("RXN", 70))
    ]  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("web") / "run"
    run = run_folder(folder, ledger=ledger, submissions=sent)
    run.manifest["counts"].update(received=75, accepted=75, quarantined=0, superseded=0)  # type: ignore[attr-defined]
    app = create_app({"run": (run, register)}, Settings(secret=b"a secret of the tests"))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def be(client: TestClient) -> Callable[[str], TestClient]:
    """The client as somebody of the demonstration, nobody for a blank account."""

    def become(account: str) -> TestClient:
        client.cookies.clear()
        if account:
            answer = client.post("/sign-in", data={"account": account, **token(client)}, follow_redirects=False)
            assert answer.status_code == 303
        return client

    return become


# places and lists of the overlay are open; prices and agreements are not
POSTCODES = (
    "postcode,country_code,sub_icb_code,icb_code,lsoa21_code\n"
    "XX1 1AA,E92000001,93C,QMJ,E01000958\nXX2 2BB,E92000001,,,\nXX3 3CC,W92000004,,,\n"
)
LISTS = "list_name,provider_code,valid_from\n" + "".join(
    f"HAEMOGLOBINOPATHY_PROVIDERS,{code},2013-04-01\n" for code in ("RXN", "RRV", "R0A")
)
CLOSED = {
    "unit_prices.csv": "financial_year,price_group,currency_code,unit_price,price_status,valid_from,valid_to\n"
    "202526,elective,SECRET1,4321.00,local,2025-04-01,2026-04-01\n",
    "market_forces.csv": "provider_code,financial_year,factor,valid_from,valid_to\n"
    "RRV,202526,1.987654,2025-04-01,2026-04-01\n",
    "official_allocations.csv": "financial_year,stream,workbook,icb_code,service,allocation\n"
    "202526,specialised,services,QMJ,,8765432.00\n",
    "low_volume_agreements.csv": "payer_code,provider_code,valid_from,annual_value\n"
    "QMJ,RRV,2025-04-01,7654321.00\nQE1,RXN,2025-04-01,1234567.00\n",
}


@pytest.fixture(scope="session")
def local_register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """The register with an overlay of a body's own."""
    folder = tmp_path_factory.mktemp("overlay")
    for name, text in {"postcodes.csv": POSTCODES, "provider_lists.csv": LISTS, **CLOSED}.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = '{"name": "ours", "label": "our own agreement", "public": ["provider_lists"]}'
    (folder / "overlay.json").write_text(settings, encoding="utf-8")
    return Register.load([folder])


@pytest.fixture(scope="session")
def local(local_register: Register, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server over an empty run, whose register has that overlay."""
    run = run_folder(tmp_path_factory.mktemp("local") / "run", ledger=[row("ledger")], submissions=[row("submissions")])
    app = create_app({"run": (run, local_register)}, Settings(secret=b"another secret of the tests"))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def local_be(local: TestClient) -> Callable[[str], TestClient]:
    """That client as somebody of the demonstration, nobody for a blank account."""

    def become(account: str) -> TestClient:
        local.cookies.clear()
        if account:
            local.post("/sign-in", data={"account": account, **token(local)})
        return local

    return become
