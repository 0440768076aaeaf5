"""A server over the small world of month_helpers, with its contracts, closes, and agreements to share a budget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from builders import row, run_folder
from month_helpers import LEDGER, register
from tertiary.decisions import Actor, Store
from tertiary.month_end import close, position, read_contracts
from tertiary.register import Register
from tertiary.runs import Run
from tertiary.web.app import create_app
from tertiary.web.settings import Papers, Settings
from web_helpers import token

# population, month, pounds, paid by, held by
CARE = (
    ("QMJ", 1, "1000.005", "QMJ", "QMJ"), ("QMF", 1, "200", "QMF", "QMJ"), ("QMF", 2, "5000", "QMF", "QMJ"),
    ("QRV", 2, "30", "QRV", "QMJ"), ("QE1", 1, "77", "QE1", "QOP"), ("QOP", 1, "11", "QOP", "QOP"),
)  # fmt: skip


def month_run(folder: Path, populations: bool = False) -> Run:
    """The small ledger, or one of the populations of CARE; and a few records of who pays through whom."""
    records = [
        row("records", record_id=f"r{n}", fate="accepted", flow="plcm", counted=True, financial_year="202526",
            financial_month=month, population_icb=icb, payer_code=payer, payer_kind="icb", contracting_host=host,
            provider_code="RRV", component="activity", price_submitted=Decimal(pounds), patient_id=f"p{n}")
        for n, (icb, month, pounds, payer, host) in enumerate(CARE)
    ]  # fmt: skip
    names = set(row("ledger"))
    care = [{**row("ledger"), **{k: v for k, v in one.items() if k in names}, "measure": "actual"} for one in records]
    return run_folder(
        folder, ledger=care if populations else LEDGER, records=records, activity=[], findings=[], reasons=[]
    )


def closed(run: Run, folder: Path) -> tuple[Path, Path]:
    """The contracts as a file, and a folder in which months 1 and 2 are closed."""
    file, closes = folder / "contracts.csv", folder / "closes"
    file.write_text(register())
    contracts = read_contracts(file)
    for month, on in ((1, date(2025, 5, 25)), (2, date(2025, 6, 25))):
        close(run, position(run, contracts, "202526", month), contracts, closes, on=on)
    return file, closes


def agreed(store: Store, host: str, partners: list[str], **terms: Any) -> int:
    """An agreement in force from April 2025."""
    first = Actor("icb", partners[0])
    given = {"name": f"Pool of {host}", "host": host, "partners": partners, "valid_from": "2025-04-01",
             "contribution": "C1", "risk": "R1", **terms}  # fmt: skip
    parties = [(host, "host"), *((code, "partner") for code in partners)]
    number = store.draft(
        "agreement", given["name"], given, parties=parties, valid_from=date(2025, 4, 1), by=first, why="x"
    )  # fmt: skip
    store.step(number, "proposed", by=first, why="x")
    store.step(number, "sense_checked", by=Actor("region", "Y99"), why="x")
    for code in sorted({host, *partners}):
        store.step(number, "agreed", by=Actor("icb", code), why="x")
    store.step(number, "in_force", by=first, why="x")
    return number


@contextmanager
def serving(run: Run, register: Register, papers: Papers) -> Iterator[TestClient]:
    """A server over a run with some papers."""
    app = create_app({"run": (run, register)}, Settings(papers=papers))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def become(client: TestClient, account: str) -> TestClient:
    """The client as somebody of the demonstration, nobody for a blank account."""
    client.cookies.clear()
    if account:
        client.post("/sign-in", data={"account": account, **token(client)}, follow_redirects=False)
    return client
