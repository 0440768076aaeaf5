"""*Explain*: a record that nobody has, for everybody; a real one only for who owns it, and only once it is noted."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from fastapi.testclient import TestClient

from charges import written
from tertiary.decisions import Store
from tertiary.errors import DecisionError
from tertiary.register import Register
from tertiary.tables import columns
from tertiary.web import hypotheses
from tertiary.web.app import create_app
from tertiary.web.pages import explain_record
from tertiary.web.people import demo_people
from tertiary.web.settings import Papers, Settings
from web_helpers import token

DRUG = "flow=drplcm&provider_code=RRV&price_submitted=900&activity_date=2025-05-01"
NUMBER = "943 476 5919"
# who owns each of the records that the run below holds
OWNED: dict[str, set[str]] = {
    "r0": {"national", "ncl", "office", "uclh"},
    "r1": {"national"},
    "r2": {"national", "ncl", "office"},
}


@pytest.fixture(scope="module")
def home(register: Register, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("explain")
    theirs = {"population_icb": "QE1", "payer_code": "QE1", "provider_code": "RXN"}
    run = written(folder / "secret-folder", [{"population_icb": "QMJ"}, theirs, {**theirs, "population_icb": "QMJ"}])
    run.manifest["tables"]["quarantine"] = run.manifest["tables"]["submissions"] = []
    store = f"sqlite:///{folder / 'decisions.sqlite'}"
    Store.open(store).close()
    app = create_app({"run": (run, register)}, Settings(papers=Papers(store=store)))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


def signed_on(client: TestClient, account: str) -> TestClient:
    client.cookies.clear()
    if account:
        client.post("/sign-in", data={"account": account, **token(client)}, follow_redirects=False)
    return client


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was noted, in place of the audit and of the explanation that comes after it."""
    made: list[tuple[Any, ...]] = []

    def note(store: Any, person: Any, what: str, subject: str, why: str) -> None:
        made.append((person.account, what, subject, why))

    def explained(run: Any, record_id: str, register: Any) -> Any:
        assert made and made[-1][2] == record_id, "nothing is read of a record before the look is noted"
        from tertiary.explain import Explanation, Statement

        return Explanation(record_id, "a label", {"What arrived": (Statement("<b>age</b> = 40", "a source", "high"),)})

    monkeypatch.setattr(explain_record, "record_read", note)
    monkeypatch.setattr(explain_record, "explain_record", explained)
    return made


@pytest.mark.parametrize("account", ["", *demo_people()])
def test_everybody_may_ask_about_nobody(home: TestClient, account: str) -> None:
    answer = signed_on(home, account).get(f"/explain?{DRUG}")
    assert answer.status_code == 200
    assert "Expected £900.00; basis pass_through." in answer.text and "Who is responsible" in answer.text
    assert 'value="900"' in answer.text, "the question is still in the form"


def test_the_address_holds_the_question_and_the_answer_is_one_for_all_forms(home: TestClient) -> None:
    client = signed_on(home, "")
    rows = list(csv.DictReader(client.get(f"/explain?{DRUG}&format=csv").text.splitlines()))
    told = client.get(f"/api/v1/explain?{DRUG}").json()["rows"]
    assert [r["text"] for r in rows] == [r["text"] for r in told] and len(rows) > 10
    assert {"heading", "text", "source", "confidence"} == set(told[0])
    assert client.get(f"/explain?{DRUG}&format=xlsx").status_code == 200
    assert client.get(f"/explain?{DRUG}&format=png").status_code == 400


def test_a_form_to_begin_with(home: TestClient) -> None:
    text = signed_on(home, "").get("/explain").text
    assert "The answer in short" not in text and text.count("<h1") == 1 and "/explain/record" not in text
    assert text.count("/explain?flow=") == len(hypotheses.examples()) >= 3
    assert "/explain/record" in signed_on(home, "uclh").get("/explain").text


@pytest.mark.parametrize("name", ["age", "gp_practice_code", "colour"])
def test_a_patient_is_refused_and_not_repeated(home: TestClient, name: str) -> None:
    for address in ("/explain", "/api/v1/explain"):
        if address.startswith("/api") and name == "colour":
            continue  # refused as a field that there is not
        answer = signed_on(home, "").get(address, params={name: NUMBER, "flow": "op"})
        assert answer.status_code == 400 and "NHS number" in answer.text
        assert NUMBER not in answer.text and "5919" not in answer.text


def test_mistakes_stand_at_their_fields_with_the_rest_kept(home: TestClient) -> None:
    text = signed_on(home, "").get("/explain?age=old&price_submitted=1e60&hrg=LD05A&activity_date=1/2/25").text
    assert text.count('class="nhsuk-error-message"') == 3 and 'href="#age"' in text and 'value="LD05A"' in text
    assert "Age in years: &#39;old&#39; is not a whole number" in text
    text = home.get("/explain", params={"hrg": '"><script>alert(1)</script>' + "x" * 300}).text
    assert "<script>" not in text and "at most 200" in text
    assert home.get("/explain?flow=nothing").status_code == 400
    assert home.get("/api/v1/explain?flow=nothing").status_code == 400
    assert home.get("/api/v1/explain?run=other").status_code == 400
    assert home.get("/api/v1/explain?colour=red").status_code == 422


def test_the_fields_and_examples_are_sound() -> None:
    known = {column.name for column in columns("activity")}
    names = [field.name for field in hypotheses.fields()]
    assert set(names) <= known and len(names) == len(set(names)) and "patient_id" not in names
    for one in hypotheses.examples():
        found = hypotheses.question(parse_qsl(one["question"]))
        assert not found.errors and len(found.given) == len(parse_qsl(one["question"])), one


@pytest.mark.parametrize("account", ["", *demo_people()])
@pytest.mark.parametrize("record", [*OWNED, "none"])
def test_a_real_record_is_explained_to_who_owns_it(
    home: TestClient, notes: list[tuple[Any, ...]], account: str, record: str
) -> None:
    client = signed_on(home, account)
    answer = client.post("/explain/record", data={"record_id": record, "why": "query 7", **token(client)})
    if account in ("", "public", "london", "renal"):
        assert answer.status_code == 403 and client.get("/explain/record").status_code == 403
        assert not notes
    elif account in OWNED.get(record, ()):
        assert answer.status_code == 200 and "&lt;b&gt;age&lt;/b&gt; = 40" in answer.text
        assert notes == [(account, "record explained", record, "query 7")]
        assert answer.headers["cache-control"] == "no-store"
    else:
        assert answer.status_code == 400 and explain_record.NOT_YOURS in answer.text and not notes


def test_others_records_and_none_are_answered_alike(home: TestClient, notes: list[tuple[Any, ...]]) -> None:
    client = signed_on(home, "uclh")
    said = [
        client.post("/explain/record", data={"record_id": code, "why": "x", **token(client)}) for code in ("r1", "zz")
    ]
    theirs, none = (one.text.replace(code, "") for one, code in zip(said, ("r1", "zz"), strict=True))
    assert theirs == none and said[0].status_code == said[1].status_code


def test_a_look_needs_a_reason_a_form_of_this_site_and_no_patient(
    home: TestClient, notes: list[tuple[Any, ...]]
) -> None:
    client = signed_on(home, "uclh")
    for data, words in (({"record_id": "r0"}, "Say why"), ({"why": "x"}, "Enter the id"),
                        ({"record_id": "r0", "why": f"of {NUMBER}"}, "NHS number"),
                        ({"record_id": "r0", "why": "x" * 1001}, "at most 1,000")):  # fmt: skip
        answer = client.post("/explain/record", data={**data, **token(client)})
        assert answer.status_code == 400 and words in answer.text and NUMBER not in answer.text
        assert "nhsuk-error-summary" in answer.text
    assert client.post("/explain/record", data={"record_id": "r0", "why": "x"}).status_code == 403
    assert client.get("/explain/record?record_id=r0&why=x").text.count("r0") == 0
    assert not notes


def test_what_cannot_be_noted_is_not_shown(home: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise DecisionError("The database does not take it.")

    monkeypatch.setattr(explain_record, "record_read", refused)
    client = signed_on(home, "uclh")
    answer = client.post("/explain/record", data={"record_id": "r0", "why": "x", **token(client)})
    assert answer.status_code == 400 and "does not take it" in answer.text and "What arrived" not in answer.text


def test_the_id_stands_in_no_log_and_no_program_gets_it(
    home: TestClient, notes: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="tertiary")
    client = signed_on(home, "uclh")
    for code in ("r0", "secret-id"):
        client.post("/explain/record?format=csv", data={"record_id": code, "why": "x", **token(client)})
    own = [r.getMessage() for r in caplog.records if r.name.startswith("tertiary")]
    assert not any("secret-id" in line or "r0" in line for line in own)
    assert "/explain/record" not in client.get("/api/openapi.json").text


def test_without_a_store_the_page_says_what_brings_it(be: Any) -> None:
    answer = be("uclh").get("/explain/record")
    assert answer.status_code == 400 and "--store" in answer.text
    client = be("uclh")
    answer = client.post("/explain/record", data={"record_id": "r0", "why": "x", **token(client)})
    assert answer.status_code == 400 and "--store" in answer.text


def test_a_run_that_is_gone_is_told_without_its_folder(
    home: TestClient, notes: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = home.app.state.answers["run"].run  # type: ignore[attr-defined]
    monkeypatch.setitem(run.manifest["tables"], "records", ["gone.parquet"])
    client = signed_on(home, "uclh")
    answer = client.post("/explain/record", data={"record_id": "r0", "why": "x", **token(client)})
    assert answer.status_code == 503 and "secret-folder" not in answer.text and not notes
