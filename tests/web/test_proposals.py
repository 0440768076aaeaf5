"""Proposals: a group proposes, the national team decides, and each step says who, when and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from builders import row, run_folder
from tertiary.decisions import Actor, Store
from tertiary.errors import DecisionError
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.audit import reads_of, record_read
from tertiary.web.people import PUBLIC, Person
from tertiary.web.sessions import COOKIE, Session
from tertiary.web.settings import Papers, Settings
from tertiary.web.sign_on import SignOn

RENAL = Person("dr a", "crg", ("A06",), "Dr A")
RENAL_TOO = Person("dr c", "crg", ("A06", "B02"), "Dr C")
CANCER = Person("dr b", "crg", ("B02",), "Dr B")
NATIONAL = Person("lead", "national", (), "Lead")
ICB = Person("analyst", "icb", ("QMJ",), "Analyst")
GIVEN = {"kind": "specification_version", "service": "15", "title": "Home dialysis", "summary": "At home first.\nNext.",
         "document": "https://example.org/spec.pdf", "valid_from": "2026-04-01", "why": "meeting 3"}  # fmt: skip


@pytest.fixture
def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'decisions.sqlite'}"
    Store.open(made).close()
    return made


@pytest.fixture
def client(url: str, tmp_path: Path, register: Register) -> Iterator[TestClient]:
    run = run_folder(tmp_path / "run", ledger=[row("ledger")], submissions=[row("submissions")])
    run.manifest["counts"].update(received=1, accepted=1, quarantined=0, superseded=0)  # type: ignore[attr-defined]
    sign_on = SignOn("https://provider.example", "tertiary", {"x": "national"})
    app = create_app({"run": (run, register)}, Settings(secret=b"s" * 32, sign_on=sign_on, papers=Papers(store=url)))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def ask(client: TestClient) -> Callable[..., Any]:
    """GET, or with a form POST, as somebody."""

    def asked(who: Person, place: str, **form: str) -> Any:
        sessions, mine = client.app.state.sessions, Session(who)  # type: ignore[attr-defined]
        client.cookies.clear()
        headers = {"cookie": f"{COOKIE}={sessions.cookie(mine)}"}
        if not form:
            return client.get(place, headers=headers)
        return client.post(place, headers=headers, data={**form, "form_token": sessions.form_token(mine)})

    return asked


def test_from_proposal_to_approval(ask: Callable[..., Any], url: str) -> None:
    put = ask(RENAL, "/proposals", **GIVEN)
    assert (put.status_code, put.headers["location"]) == (303, "/proposals/1?")
    waiting = ask(NATIONAL, "/proposals/1").text
    assert "waits for the national team" in waiting and "Approve" in waiting and "Home dialysis" in waiting
    assert ask(ICB, "/proposals/1").status_code == 403 and "Home dialysis" not in ask(ICB, "/proposals").text
    assert ask(CANCER, "/proposals/1").status_code == 403
    done = ask(NATIONAL, "/proposals/1", step="approve", version="1", why="programme board, item 4")
    assert done.status_code == 303
    seen = ask(ICB, "/proposals/1").text
    assert (
        "approved" in seen and "programme board, item 4" in seen and "dr a" not in seen and "not shown to you" in seen
    )
    assert "dr a" in ask(RENAL, "/proposals/1").text and "lead" in ask(RENAL, "/proposals/1").text
    with Store.open(url) as store:
        steps = store.decision(1).steps
        assert [(s.state, s.by.role, s.by.organisation_code, s.by.account, s.why) for s in steps] == [
            ("draft", "crg", "A06", "dr a", "meeting 3"), ("proposed", "crg", "A06", "dr a", "meeting 3"),
            ("in_force", "national", "X24", "lead", "programme board, item 4"),
        ]  # fmt: skip
        assert store.verify().entries == 6


def test_who_acts_is_who_signed_on_whatever_the_form_says(ask: Callable[..., Any], url: str) -> None:
    claimed = {"role": "national", "organisation_code": "X24", "account": "somebody else", "by": "national:X24"}
    ask(RENAL, "/proposals", **GIVEN, **claimed)
    assert ask(RENAL, "/proposals", **GIVEN, organisation="B02").status_code == 403
    ask(RENAL_TOO, "/proposals", **GIVEN, organisation="A06")
    with Store.open(url) as store:
        by = [decision.steps[0].by for decision in store.decisions()]
    assert by == [Actor("crg", "A06", "dr a"), Actor("crg", "A06", "dr c")]


@pytest.mark.parametrize(
    ("who", "step", "status"),
    [(RENAL, "approve", 403), (RENAL, "reject", 403), (CANCER, "withdraw", 403), (ICB, "approve", 403),
     (NATIONAL, "withdraw", 403), (NATIONAL, "in_force", 403), (NATIONAL, "end", 403), (PUBLIC, "approve", 403),
     (RENAL, "withdraw", 303), (NATIONAL, "reject", 303)],
)  # fmt: skip
def test_who_may_take_which_step(ask: Callable[..., Any], who: Person, step: str, status: int) -> None:
    ask(RENAL, "/proposals", **GIVEN)
    assert ask(who, "/proposals/1", step=step, version="1", why="because").status_code == status
    words = {"withdraw": "withdrawn", "reject": "rejected"}[step] if status == 303 else "waits for the national team"
    seen = ask(RENAL, "/proposals/1").text
    assert words in seen and ("Withdraw" in seen) == (status != 303)
    if status == 303:
        assert ask(NATIONAL, "/proposals/1", step="approve", version="1", why="late").status_code == 403


@pytest.mark.parametrize("why", ["", " ", "x" * 1001, "patient 943 476 5919 asked"])
def test_a_step_has_a_reason_that_names_no_patient(ask: Callable[..., Any], why: str) -> None:
    ask(RENAL, "/proposals", **GIVEN)
    answer = ask(NATIONAL, "/proposals/1", step="approve", version="1", why=why)
    assert answer.status_code == 400 and "943" not in answer.text
    assert "waits for the national team" in ask(NATIONAL, "/proposals/1").text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("kind", "agreement", "Choose what it is"), ("service", "105", "Choose one of your services"),
     ("title", "", "Give a title"), ("summary", "x" * 4001, "Give a summary"), ("why", "", "Give a reason"),
     ("document", "javascript:alert(1)", "https://"), ("valid_from", "tomorrow", "Give the day"),
     ("replaces", "7", "Choose one of the same kind")],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_what_was_written_is_kept(
    ask: Callable[..., Any], name: str, value: str, words: str
) -> None:
    answer = ask(RENAL, "/proposals", **{**GIVEN, name: value})
    assert answer.status_code == 400 and words in answer.text and "There is a problem" in answer.text
    assert f'href="#{name}"' in answer.text and ("Home dialysis" in answer.text) == (name != "title")
    assert "Nothing has been proposed" in ask(RENAL, "/proposals").text


def test_a_new_version_waits_beside_the_one_that_holds(ask: Callable[..., Any]) -> None:
    ask(RENAL, "/proposals", **GIVEN)
    ask(NATIONAL, "/proposals/1", step="approve", version="1", why="board")
    assert "1: Home dialysis" in ask(RENAL, "/proposals/new").text
    ask(RENAL, "/proposals", **{**GIVEN, "title": "Home dialysis, again"}, replaces="1")
    listed = ask(NATIONAL, "/proposals").text
    assert listed.count("<tr") == 3 and "approved" in listed and "waits for the national team" in listed
    assert "again" not in ask(ICB, "/proposals").text and "Home dialysis" in ask(ICB, "/proposals").text
    assert ask(ICB, "/proposals/1").status_code == 200 and ask(ICB, "/proposals/1?version=2").status_code == 403
    # what was read is what is approved, whatever came meanwhile
    assert ask(NATIONAL, "/proposals/1", step="approve", version="1", why="again").status_code == 403
    assert ask(NATIONAL, "/proposals/1", step="approve", version="2", why="board").status_code == 303
    assert "again" in ask(ICB, "/proposals").text


def test_text_of_a_proposal_is_never_markup(ask: Callable[..., Any]) -> None:
    evil = '"><script>alert(1)</script>'
    ask(RENAL, "/proposals", **{**GIVEN, "title": evil, "summary": evil, "why": evil})
    for place in ("/proposals", "/proposals/1"):
        text = ask(NATIONAL, place).text
        assert "<script>" not in text and "&lt;script" in text
    assert not re.search(r'(?:href|src)="https://example.org', ask(NATIONAL, "/proposals/1").text)


def test_without_a_store_the_page_says_how_to_bring_it(tmp_path: Path, register: Register) -> None:
    run = run_folder(tmp_path / "other", ledger=[row("ledger")], submissions=[row("submissions")])
    app = create_app({"run": (run, register)})
    with TestClient(app, base_url="http://127.0.0.1") as client:
        sessions = app.state.sessions
        headers = {"cookie": f"{COOKIE}={sessions.cookie(Session(Person('national', 'national', (), 'X')))}"}
        for place in ("/proposals", "/audit"):
            answer = client.get(place, headers=headers)
            assert answer.status_code == 400 and "tertiary serve … --store URL" in answer.text


def test_a_look_is_noted_or_nothing_may_be_shown(url: str, register: Register) -> None:
    with Store.open(url) as store:
        record_read(store, ICB, "record", "r1", "challenge 4")
        record_read(store, Person("o", "icb", ("QMJ", "QRV"), "Office"), "record", "r2", "challenge 4")
        with pytest.raises(DecisionError, match="Nobody is known"):
            record_read(store, PUBLIC, "record", "r3", "curious")
        with pytest.raises(DecisionError, match="why is blank"):
            record_read(store, ICB, "record", "r4", "")
        for who, seen in ((ICB, ["r2", "r1"]), (Person("q", "icb", ("QRV",), "Q"), ["r2"]), (NATIONAL, ["r2", "r1"]),
                          (Person("u", "provider", ("RRV",), "U"), [])):  # fmt: skip
            assert [r.subject for r in reads_of(store, who, register)] == seen
        assert store.verify().entries == 2
    with pytest.raises(DecisionError), Store.open(url.replace("decisions", "gone"), create=False) as store:
        record_read(store, ICB, "record", "r1", "challenge 4")
