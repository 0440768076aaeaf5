"""Every route × every role × own and other organisation × every format, found from the application itself.

routes.csv says what is expected of each route; one that is missing there fails. Each row of the run, each proposal and
each noted look carries a mark of its own, and who may see which is worked out here by hand. `audience`: open (anybody),
figures or signed_on (not nobody and not the public), some (a role may be refused, or told why it sees nothing), a role,
form (changes something; `senders` may), provider (test_sign_on.py). `shows`: the marks of which a person finds exactly
their own; `within`: of which they find no others, and somebody finds one, else the line would prove nothing. Where
figures carry no mark, `proven` names the test that looks at them. Of all marks nobody ever finds another's.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from builders import row
from charges import written
from tertiary.challenges import Log, raise_challenges
from tertiary.decisions import Actor, Store
from tertiary.month_end.contracts import FIELDS, NEEDED
from tertiary.register import Register
from tertiary.runs import Run
from tertiary.tables import arrow_schema
from tertiary.web.app import create_app
from tertiary.web.audit import record_read
from tertiary.web.people import PUBLIC, Person, roles
from tertiary.web.proposing import Draft, decide, propose
from tertiary.web.sessions import COOKIE, Session
from tertiary.web.settings import Papers, Settings
from tertiary.web.sign_on import SignOn

# population, payer, provider, service line; QMJ and QMF, RRV are of London, QE1, RXN and RTX of the North West;
# NCBPS11B is written by A06, NCBPS01C by B02
SPENT = {
    "7310017": ("QMJ", "QMJ", "RRV", "NCBPS11B"), "7320029": ("QMJ", "X24", "RRV", "NCBPS01C"),
    "7330037": ("QMF", "QMF", "RRV", "NCBPS01C"), "7340009": ("QE1", "QE1", "RXN", "NCBPS11B"),
    "7350057": ("QE1", "QMJ", "RXN", "NCBPS01C"), "7360011": ("QE1", "QE1", "RRV", "NCBPS01C"),
    "7370031": ("QE1", "QE1", "RTX", "NCBPS01C"),
}  # fmt: skip
# provider, payer, host, year: of RTX one host, of RRV two, so that neither may see what may be the other's
CONTRACTS = (
    ("RTX", "QE1", "QMJ", "202526"), ("RRV", "QE1", "QMJ", "202526"), ("RRV", "QE1", "QMF", "202526"),
    ("RXN", "QE1", "QMJ", "202627"),
)  # fmt: skip
LEDGER = {
    "national": set(SPENT),
    "region Y56": {"7310017", "7320029", "7330037", "7350057", "7360011"},
    "region Y62": {"7340009", "7350057", "7360011", "7370031"},
    "icb QMJ": {"7310017", "7320029", "7350057", "7370031"},
    "icb QE1": {"7340009", "7350057", "7360011", "7370031"},
    "icb QMJ QMF": {"7310017", "7320029", "7330037", "7350057", "7370031"},
    "provider RRV": {"7310017", "7320029", "7330037", "7360011"},
    "provider RXN": {"7340009", "7350057"},
    "crg A06": {"7310017", "7340009"},
    "crg B02": {"7320029", "7330037", "7350057", "7360011", "7370031"},
    "public": set(),
    "": set(),
}  # fmt: skip
# payer, host of the contract and provider own these, and the regions of each; populations and services do not
MONEY = {
    "national": set(SPENT),
    "region Y56": {"7310017", "7320029", "7330037", "7350057", "7360011", "7370031"},
    "region Y62": {"7340009", "7350057", "7360011", "7370031"},
    "icb QMJ": {"7310017", "7350057", "7360011", "7370031"},
    "icb QE1": {"7340009", "7360011", "7370031"},
    "icb QMJ QMF": {"7310017", "7330037", "7350057", "7360011", "7370031"},
    "provider RRV": LEDGER["provider RRV"],
    "provider RXN": LEDGER["provider RXN"],
    "crg A06": set(), "crg B02": set(), "public": set(), "": set(),
}  # fmt: skip
PROPOSALS = {"ApprovedA06": None, "WaitingA06": "crg A06", "WaitingB02": "crg B02", "RejectedB02": "crg B02"}
READS = {"LookQMJ": ("icb QMJ", "icb QMJ QMF"), "LookOffice": ("icb QMJ", "icb QMJ QMF"), "LookRXN": ("provider RXN",),
         "LookNational": ()}  # fmt: skip
MARKS = (*SPENT, *PROPOSALS, *READS)
NOBODY = ("", "public")
# pages that hold no figure, and refuse some
FORMS_ONLY = ("/check", "/explain/record")


def person(who: str) -> Person:
    role, *codes = who.split()
    return Person(f"{role} of {' '.join(codes)}", role, tuple(codes), who)


def own(who: str) -> dict[str, set[str]]:
    """The marks that each kind of table may show somebody."""
    if who in NOBODY:
        return {kind: set() for kind in ("ledger", "money", "challenges", "proposals", "reads")}
    proposals = {p for p, owner in PROPOSALS.items() if owner in (None, who) or who == "national"}
    return {
        "ledger": LEDGER[who], "money": MONEY[who], "challenges": MONEY[who], "proposals": proposals,
        "reads": {r for r, owners in READS.items() if who in owners or who == "national"},
    }  # fmt: skip


@pytest.fixture(scope="module")
def client(register: Register, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("routes")
    ledger = [
        row("ledger", flow="plcm", measure="actual", counted=True, financial_year="202526", financial_month=1,
            population_icb=icb, payer_code=payer, payer_kind="icb", provider_code=provider, component="activity",
            service_line_final=line, point_of_delivery="EL", records=1, quantity=Decimal(1),
            price_submitted=Decimal(mark), price_expected=Decimal(mark))
        for mark, (icb, payer, provider, line) in SPENT.items()
    ]  # fmt: skip
    sent = [row("submissions", submission_id=p, flow="plcm", provider_code=p, status="current", received=1, accepted=1,
                quarantined=0, superseded=0) for p in ("RRV", "RXN")]  # fmt: skip
    run = written(
        folder / "run",
        [_charge(mark) for mark in SPENT],
        [{"rule_id": "X04", "level": "cross_field", "record_id": f"r{n}"} for n in range(len(SPENT))],
    )
    added(run, ledger=ledger, submissions=sent)
    run.manifest["counts"] = {}  # type: ignore[index]
    run.manifest["counts"].update(received=2, accepted=2, quarantined=0, superseded=0)  # type: ignore[attr-defined]
    settings = Settings(
        secret=b"s" * 32, sign_on=SignOn("https://provider.example", "tertiary", {"x": "national"}),
        papers=Papers(contracts=_contracts(folder / "contracts.csv"), store=_store(folder, run, register)),
    )  # fmt: skip
    with TestClient(create_app({"run": (run, register)}, settings), base_url="http://127.0.0.1",
                    raise_server_exceptions=False, follow_redirects=False) as made:  # fmt: skip
        yield made


def _charge(mark: str) -> dict[str, Any]:
    """The record of a mark: as its row of the ledger, under the host of its contract."""
    icb, payer, provider, line = SPENT[mark]
    return {
        "provider_code": provider, "population_icb": icb, "payer_code": payer, "component": "activity",
        "contracting_host": {"7360011": "QMJ", "7370031": "QMJ"}.get(mark, "" if payer == "X24" else payer),
        "service_line_final": line, "service_line_submitted": line,
        **dict.fromkeys(("price_submitted", "price_expected", "unit_price_submitted"), Decimal(mark)),
    }  # fmt: skip


def added(run: Run, **tables: list[dict[str, Any]]) -> None:
    """Put more tables into the folder of a run."""
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(name)), run.path / f"{name}.parquet")
        run.manifest["tables"][name] = [f"{name}.parquet"]


def _contracts(file: Path) -> Path:
    with file.open("w", newline="") as out:
        lines = csv.writer(out)
        lines.writerow([f for f in FIELDS if f in NEEDED or f in ("valid_to", "signed_on", "components")])
        for number, (provider, payer, host, year) in enumerate(CONTRACTS):
            lines.writerow([f"C{number}", 1, provider, host, year, f"{year[:4]}-04-01", "", "", "5.00", payer,
                            f"Element {number}", "variable", "5.00", "working_days",
                            # of two hosts of a payer's contracts with a provider, each has its own part
                            "drug" if (provider, host) == ("RRV", "QMF") else ""])  # fmt: skip
    return file


def _store(folder: Path, run: Run, register: Register) -> str:
    url = f"sqlite:///{folder / 'decisions.sqlite'}"
    with Store.open(url) as store:
        for title in PROPOSALS:
            draft = Draft("specification_version", title, "15", title, "", date(2026, 4, 1))
            number = propose(store, draft, by=Actor("crg", title[-3:], "dr"), why=title)
            step = {"App": "approve", "Rej": "reject"}.get(title[:3])
            if step:
                decide(store, number, 1, step, by=Actor("national", "X24", "lead"), why=title)
        for mark, who in (("LookQMJ", "icb QMJ"), ("LookOffice", "icb QMJ QMF"), ("LookRXN", "provider RXN"),
                          ("LookNational", "national")):  # fmt: skip
            record_read(store, person(who), "record", mark, "challenge 4")
        # QE1 and QMF have yet to raise theirs
        for one in (Actor("icb", "QMJ"), Actor("national", "X24")):
            Log(store).record(raise_challenges(run, register), by=one, run_label="SYNTHETIC m01")
    return url


def cookie(client: TestClient, session: Session) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={client.app.state.sessions.cookie(session)}"}  # type: ignore[attr-defined]


def headers(client: TestClient, who: str) -> dict[str, str]:
    client.cookies.clear()
    return cookie(client, Session(person(who))) if who else {}


def listed() -> list[dict[str, str]]:
    text = Path(__file__).with_name("routes.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def found(client: TestClient) -> set[tuple[str, str]]:
    """Method and path of everything that answers, whatever it hangs on."""
    todo: list[Any] = list(client.app.routes)  # type: ignore[attr-defined]
    made = set()
    while todo:
        route = todo.pop()
        if getattr(route, "path", "") == "/static":
            continue
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            todo += inner
            continue
        made |= {(method, route.path) for method in route.methods - {"HEAD"}}
    document = client.app.openapi()  # type: ignore[attr-defined]
    return made | {(m.upper(), path) for path, ways in document["paths"].items() for m in ways}


def test_every_route_is_listed(client: TestClient) -> None:
    table = {(line["method"], line["path"]) for line in listed()}
    missing, gone = found(client) - table, table - found(client)
    assert not missing, f"Say in tests/web/routes.csv who may ask {sorted(missing)} and what each may see"
    assert not gone, f"Nothing answers {sorted(gone)} any more: take it out of tests/web/routes.csv"
    assert len(table) == len(listed()) and {m for m, _ in table} <= {"GET", "POST"}
    kinds = {"open", "figures", "signed_on", "some", "form", "provider", *roles()}
    assert {line["audience"] for line in listed()} <= kinds
    for line in listed():
        if line["audience"] in ("figures", "some"):
            proof = Path(__file__).with_name(line["proven"] or "test_every_route.py")
            assert line["shows"] or line["within"] or (line["proven"] and proof.is_file()) or line["path"] in FORMS_ONLY
            assert not line["proven"] or line["path"].partition("{")[0] in proof.read_text(encoding="utf-8"), line


def test_everybody_is_asked_for() -> None:
    assert {who.partition(" ")[0] for who in LEDGER if who} == set(roles())


def text_of(answer: Any) -> str:
    if "spreadsheet" in answer.headers["content-type"]:
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        return " ".join(
            str(x) for name in book.sheet_names for line in book.get_sheet_by_name(name).to_python() for x in line
        )
    return str(answer.text)


def marks(text: str) -> set[str]:
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    return {mark for mark in MARKS if mark in text}


def place_of(client: TestClient, line: dict[str, str]) -> str:
    """The address of a line; CHALLENGE stands for one that QMJ raised against RRV."""
    fill = line["fill"]
    if fill == "CHALLENGE":
        fill = next(one.challenge_id for one in Log(client.app.state.store).everything()  # type: ignore[attr-defined]
                    if (one.host_code, one.payer_code, one.provider_code) == ("QMJ", "QMJ", "RRV"))  # fmt: skip
    return re.sub(r"\{\w+\}", fill, line["path"])


def may(who: str, audience: str) -> bool:
    if audience in roles():
        return who.partition(" ")[0] == audience
    return audience == "open" or who not in NOBODY


@pytest.mark.parametrize("line", [x for x in listed() if x["method"] == "GET" and x["audience"] != "provider"],
                         ids=lambda x: x["path"])  # fmt: skip
def test_each_sees_their_own_and_nothing_else(client: TestClient, line: dict[str, str]) -> None:
    place, found = place_of(client, line), set()
    for who, kind in product(LEDGER, ("", *line["formats"].split())):
        allowed = own(who)
        query = "&".join(x for x in (line["query"], f"format={kind}" if kind else "") if x)
        answer = client.get(f"{place}?{query}", headers=headers(client, who))
        seen, about = marks(text_of(answer)), (who, kind, answer.status_code)
        found |= seen
        assert seen <= set().union(*allowed.values()), about
        if line["within"]:
            assert seen & set(SPENT) <= allowed[line["within"]], about
        if line["audience"] == "some":
            assert answer.status_code in (200, 400, 403, 404), (about, answer.text)
            assert answer.status_code == 200 or not seen, about
        elif not may(who, line["audience"]):
            assert answer.status_code == 403 and not seen, about
        elif answer.status_code == 400 and kind and line["audience"] == "open":
            assert "nothing of that name" in answer.text, "a page may have no table for some"
        else:
            assert answer.status_code == 200, (about, answer.text)
            if line["shows"]:
                assert seen == allowed[line["shows"]], about
    assert found or not (line["shows"] or line["within"]), "nobody sees a figure: the line proves nothing"


def senders(line: dict[str, str]) -> list[str]:
    return line["senders"].split(";") if line["senders"] else ["crg A06", "national", "icb QMJ"]


FORMS = [x for x in listed() if x["method"] == "POST"]


@pytest.mark.parametrize("line", FORMS, ids=lambda x: x["path"])
def test_a_form_without_the_token_of_its_own_session_is_refused(client: TestClient, line: dict[str, str]) -> None:
    place = place_of(client, line)
    sessions = client.app.state.sessions  # type: ignore[attr-defined]
    for who in senders(line):
        mine, same, other = Session(person(who)), Session(person(who)), Session(person("provider RXN"))
        tokens = {
            "missing": None, "blank": "", "guessed": "0" * 64, "of another person": sessions.form_token(other),
            "of another session of the same person": sessions.form_token(same),
            "of nobody": sessions.form_token(Session(PUBLIC)),
        }  # fmt: skip
        for what, token in tokens.items():
            client.cookies.clear()
            data = {"account": "national", **({} if token is None else {"form_token": token})}
            for sent in ({"data": data}, {"json": data}):
                answer = client.post(place, headers=cookie(client, mine), **sent)
                assert answer.status_code == 403 and "older than your sign-on" in answer.text, what
        good = {"form_token": sessions.form_token(mine)}
        for said in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert client.post(place, data=good, headers={**cookie(client, mine), **said}).status_code == 403


@pytest.mark.parametrize("line", FORMS, ids=lambda x: x["path"])
def test_the_token_of_its_own_session_is_taken(client: TestClient, line: dict[str, str]) -> None:
    """Else the test above would pass of a route that refuses everything."""
    place, mine = place_of(client, line), Session(person(senders(line)[0]))
    token = client.app.state.sessions.form_token(mine)  # type: ignore[attr-defined]
    client.cookies.clear()
    answer = client.post(place, data={"form_token": token}, headers=cookie(client, mine))
    assert answer.status_code in (200, 303, 400, 422) and "older than your sign-on" not in answer.text
