"""*Challenges*: each sees its own part of the shared log, acts only as itself, and loses to who was first."""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from builders import row, run_folder
from charges import written
from month_helpers import register as register_of_contracts
from tertiary.challenges import Challenge, Log, raise_challenges
from tertiary.decisions import Actor, Store
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.people import Person, demo_people
from tertiary.web.settings import Papers, Settings
from tertiary.web.shared_log import acting, month_in_words, overdue_in_words
from web_helpers import token

# provider, host, payer, pounds of each challenge of the run; RXN is a trust of the North West
MADE = {
    "A": ("RRV", "QMJ", "QMJ", 1000), "B": ("RXN", "QMF", "QMF", 2000), "C": ("RRV", "QMF", "QMJ", 3000),
    "D": ("RXN", "X24", "X24", 4000),
}  # fmt: skip
SEES = {"national": "ABCD", "london": "ABC", "ncl": "AC", "office": "ABC", "uclh": "AC"}
# a clinical reference group has no part in contracts
NONE = ("", "public", "renal")
# who may take which steps on a challenge that was raised just now
MAY = {
    ("uclh", "A"): {"respond", "accept", "reject", "evidence"}, ("ncl", "A"): {"withdraw", "evidence"},
    ("uclh", "C"): {"respond", "accept", "reject", "evidence"}, ("ncl", "C"): set(),
    ("office", "C"): {"withdraw", "evidence"}, ("london", "A"): set(), ("national", "A"): set(),
    ("national", "D"): {"withdraw", "evidence"},
}  # fmt: skip
ACTORS = (Actor("icb", "QMJ"), Actor("icb", "QMF"), Actor("national", "X24"))
NUMBER = "943 476 5919"
Given = dict[str, Any]


class World:
    """A server over a run that questions MADE, and a store that holds it unless it is to be raised yet."""

    def __init__(self, folder: Path, register: Register, url: str, *, raised: bool = True, contracts: bool = False):
        charges: list[Given] = [
            {"provider_code": provider, "contracting_host": "" if host == "X24" else host, "payer_code": payer,
             **dict.fromkeys(("price_submitted", "price_expected", "unit_price_submitted"), Decimal(pounds))}
            for provider, host, payer, pounds in MADE.values()
        ]  # fmt: skip
        findings = [{"rule_id": "X04", "level": "cross_field", "record_id": f"r{n}"} for n in range(len(charges))]
        run = written(folder / "run", charges, findings)
        with Store.open(url) as store:
            found = raise_challenges(run, register)
            for one in ACTORS if raised else ():
                Log(store).record(found, by=one, run_label="SYNTHETIC m01")
        self.ids = {
            name: row["challenge_id"] for row in found.challenges.to_pylist() for name, made in MADE.items()
            if (row["provider_code"], row["host_code"]) == made[:2]
        }  # fmt: skip
        file = folder / "contracts.csv"
        file.write_text(register_of_contracts())
        papers = Papers(store=url, contracts=file if contracts else None)
        self.app = create_app({"run": (run, register)}, Settings(papers=papers))

    def be(self, account: str) -> TestClient:
        client = TestClient(self.app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        if account:
            answer = client.post("/sign-in", data={"account": account, **token(client)}, follow_redirects=False)
            assert answer.status_code == 303
        return client

    def log(self, name: str) -> Challenge:
        found: Challenge = Log(self.app.state.store).challenge(self.ids[name], MADE[name][0])
        return found

    def step(self, account: str, name: str, verb: str, why: str = "because", **more: str) -> Any:
        client = self.be(account)
        data = {"step": verb, "why": why, "seen": str(len(self.log(name).events)), **more}
        return client.post(f"/challenges/{self.ids[name]}", data={**data, **token(client)}, follow_redirects=False)


@pytest.fixture(scope="module")
def still(register: Register, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that tests only look at."""
    folder = tmp_path_factory.mktemp("challenges")
    return World(folder, register, f"sqlite:///{folder / 'decisions.sqlite'}")


@pytest.fixture
def fresh(register: Register, tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path, register, f"sqlite:///{tmp_path / 'decisions.sqlite'}")


@pytest.mark.parametrize("account", SEES)
def test_each_sees_its_own_challenges_and_no_others(still: World, account: str) -> None:
    own = {still.ids[name] for name in SEES[account]}
    client = still.be(account)
    assert {code for code in still.ids.values() if code in client.get("/challenges").text} == own
    rows = list(csv.DictReader(client.get("/challenges?format=csv&of=challenges").text.splitlines()))
    assert {row["challenge"] for row in rows} == own
    told = client.get("/api/v1/challenges").json()
    assert {row["challenge"] for row in told["rows"]} == own and told["label"].startswith("SYNTHETIC")
    pounds = sum(MADE[name][3] for name in SEES[account])
    balance = list(csv.DictReader(client.get("/challenges?format=csv&of=balance").text.splitlines()))
    assert Decimal(balance[-1]["raised"]) == Decimal(balance[-1]["open"]) == pounds
    for name, code in still.ids.items():
        answer = client.get(f"/challenges/{code}")
        assert answer.status_code == (200 if name in SEES[account] else 404)
        assert name in SEES[account] or answer.text == client.get("/challenges/nothing").text


@pytest.mark.parametrize("account", NONE)
def test_who_has_no_part_in_contracts_sees_nothing_of_the_log(still: World, account: str) -> None:
    client = still.be(account)
    for address in ("/challenges", "/challenges?format=csv", "/api/v1/challenges", f"/challenges/{still.ids['A']}",
                    "/challenges/new", "/challenges/worklists"):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 403 and still.ids["A"] not in answer.text, address


@pytest.mark.parametrize(("account", "name"), MAY)
def test_the_steps_that_a_person_may_take_are_offered(still: World, account: str, name: str) -> None:
    text = still.be(account).get(f"/challenges/{still.ids[name]}").text
    assert set(re.findall(r'name="step" value="(\w+)"', text)) == MAY[account, name]
    assert text.count("<h1") == 1 and " style=" not in text


def test_every_demonstration_person_was_thought_of() -> None:
    assert set(demo_people()) - set(NONE) == set(SEES)


def test_from_question_to_settlement_on_pages(fresh: World) -> None:
    assert fresh.step("uclh", "A", "respond", "we look into it").status_code == 303
    assert fresh.step("uclh", "A", "evidence", evidence="share: contract/17").status_code == 303
    # who acts is the person who signed on, whatever the form says
    done = fresh.step("uclh", "A", "accept", "two of three", amount="£600.00", by="icb:QMJ", organisation="QMJ")
    assert done.status_code == 303 and done.headers["location"] == f"/challenges/{fresh.ids['A']}?done=accept"
    assert fresh.step("ncl", "A", "settle", "credit note 4").status_code == 303
    found = fresh.log("A")
    assert (found.state, found.balance.credited, found.balance.rejected) == ("settled", 600, 400)
    assert [(e.by.role, e.by.organisation_code, e.by.account) for e in found.events[1:]] == [
        ("provider", "RRV", "uclh"), ("provider", "RRV", "uclh"), ("provider", "RRV", "uclh"), ("icb", "QMJ", "ncl"),
    ]  # fmt: skip
    text = fresh.be("ncl").get(f"/challenges/{fresh.ids['A']}?done=settle").text
    assert "£600.00" in text and "share: contract/17" in text and "Settled" in text and "nothing for you to do" in text
    assert "written into the log: settle" in text


def test_an_office_acts_for_the_organisation_that_is_the_host(fresh: World) -> None:
    assert fresh.step("office", "B", "withdraw").status_code == 303
    assert fresh.log("B").events[-1].by == Actor("icb", "QMF", "office")
    assert fresh.step("national", "D", "withdraw").status_code == 303
    assert fresh.log("D").events[-1].by.organisation_code == "X24"


@pytest.mark.parametrize(
    ("account", "name", "status"),
    [("ncl", "C", 403), ("london", "A", 403), ("national", "A", 403), ("ncl", "B", 404), ("uclh", "B", 404),
     ("", "A", 403), ("public", "A", 403)],
)  # fmt: skip
def test_nobody_takes_a_step_of_others(still: World, account: str, name: str, status: int) -> None:
    assert still.step(account, name, "withdraw").status_code == status
    assert len(still.log(name).events) == 1


WRONG: list[tuple[str, dict[str, str], str]] = [
    ("accept", {}, "needs an amount of at most 1000.00"), ("accept", {"amount": "1000.01"}, "is not between"),
    ("accept", {"amount": "much"}, "is no amount"), ("respond", {"why": " "}, "Say why"),
    ("evidence", {}, "Name the paper"), ("withdraw", {}, "the provider cannot withdraw it"),
    ("dance", {}, "Choose a step"), ("respond", {"seen": "x"}, "Choose a step"), ("respond", {"seen": "²"}, "Choose"),
    ("respond", {"why": f"of {NUMBER}"}, "NHS number"), ("evidence", {"evidence": NUMBER}, "NHS number"),
    ("respond", {"why": "x" * 1001}, "At most 1,000"), ("lapse", {}, "cannot lapse"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "more", "words"), WRONG)
def test_what_is_wrong_is_said_above_the_form(still: World, verb: str, more: dict[str, str], words: str) -> None:
    answer = still.step("uclh", "A", verb, **{"why": "<b>kept</b>", **more})
    text = unescape(answer.text)
    assert answer.status_code == 400 and "nhsuk-error-summary" in text and words in text
    assert NUMBER not in text and "<b>kept</b>" not in answer.text
    if verb == "accept":
        assert "&lt;b&gt;kept&lt;/b&gt;" in answer.text and all(f'value="{v}"' in answer.text for v in more.values())
        assert 'href="#amount-accept"' in answer.text and answer.text.count('id="amount-accept"') == 1
    assert len(still.log("A").events) == 1


def test_a_form_of_another_site_takes_no_step(still: World) -> None:
    client = still.be("uclh")
    address, data = f"/challenges/{still.ids['A']}", {"step": "reject", "why": "x", "seen": "1"}
    assert client.post(address, data=data).status_code == 403
    mine = {**data, **token(client)}
    assert client.post(address, data=mine, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert client.post("/challenges/new", data=data).status_code == 403
    assert len(still.log("A").events) == 1


def test_a_step_that_was_overtaken_is_said_as_such(fresh: World) -> None:
    assert fresh.step("ncl", "A", "withdraw").status_code == 303
    late = fresh.step("uclh", "A", "accept", "still typed", amount="5", seen="1")
    assert late.status_code == 409
    text = unescape(late.text)
    assert "your step was not taken, because icb QMJ was first: withdraw" in text and "Withdrawn" in text
    assert fresh.log("A").state == "withdrawn"


def test_of_many_at_once_one_wins(register: Register, tmp_path: Path, url: str) -> None:
    """On an SQLite file and on PostgreSQL, through the threads of the application."""
    world, answers = World(tmp_path, register, url), []
    clients = [(world.be(account), verb) for account, verb in
               (("uclh", "respond"), ("ncl", "withdraw"), ("uclh", "reject"), ("ncl", "evidence"))]  # fmt: skip
    ready = threading.Barrier(len(clients))

    def take(client: TestClient, verb: str) -> None:
        data = {"step": verb, "why": "at once", "seen": "1", "evidence": "a paper" if verb == "evidence" else "",
                **token(client)}  # fmt: skip
        ready.wait(30)
        answer = client.post(f"/challenges/{world.ids['A']}", data=data, follow_redirects=False)
        answers.append((answer.status_code, unescape(answer.text)))

    threads = [threading.Thread(target=take, args=one) for one in clients]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(status for status, _ in answers) == [303, 409, 409, 409]
    assert all("was first" in text for status, text in answers if status == 409)
    assert len(world.log("A").events) == 2
    assert world.app.state.store.verify().entries
    world.app.state.store.close()


def test_filters_keep_to_a_part(fresh: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh.step("uclh", "A", "respond")
    client = fresh.be("national")

    def shown(query: str) -> set[str]:
        rows = client.get(f"/api/v1/challenges?{query}").json()["rows"]
        page = client.get(f"/challenges?{query}").text
        own = {name for name, code in fresh.ids.items() if code in page}
        assert {row["challenge"] for row in rows} == {fresh.ids[name] for name in own}
        return own

    assert shown("state=responded") == {"A"} and shown("state=raised&provider=RRV") == {"C"}
    assert shown("rule=CH02") == set("ABCD") and shown("rule=CH09") == set()
    assert shown("month=202526-01") == set("ABCD") and shown("month=202526-02") == set()
    assert shown("overdue=yes") == set() and "nothing is overdue" in client.get("/challenges").text
    assert client.get("/challenges?state=lost").status_code == 400
    assert client.get("/api/v1/challenges?overdue=maybe").status_code == 422
    assert client.get("/api/v1/challenges?limit=1").json()["more"] is True

    class Later(date):
        @classmethod
        def today(cls) -> date:
            return date.today() + timedelta(15)

    monkeypatch.setattr("tertiary.web.pages.challenges.date", Later)
    assert shown("overdue=yes") == set("BCD")
    text = client.get("/challenges").text
    assert "Answer overdue by 5 days" in text and "3 are overdue" in text


def test_what_is_overdue_and_when_in_words(fresh: World) -> None:
    found, today = fresh.log("A"), date.today()
    assert found.respond_by and found.settle_by
    assert overdue_in_words(found, today) == ""
    assert overdue_in_words(found, found.respond_by + timedelta(1)) == "Answer overdue by 1 day"
    assert overdue_in_words(found, found.settle_by + timedelta(2)) == "Settlement overdue by 2 days"
    assert [month_in_words("202526", n) for n in (1, 9, 10, 12, 13)] == [
        "April 2025", "December 2025", "January 2026", "March 2026", "end of 2025/26",
    ]  # fmt: skip


def test_somebody_without_an_organisation_acts_for_none(still: World) -> None:
    for role in ("region", "icb", "provider", "public"):
        assert acting(Person("x", role, (), "X"), still.log("A")) is None


@pytest.fixture
def unraised(register: Register, tmp_path: Path) -> World:
    return World(tmp_path, register, f"sqlite:///{tmp_path / 'decisions.sqlite'}", raised=False, contracts=True)


def test_what_a_run_newly_questions_is_raised_after_a_look(unraised: World) -> None:
    client = unraised.be("office")
    text = client.get("/challenges/new?host=QMF").text
    assert "2,000" in text and "3,000" in text and "£1,000" not in text, "only what QMF hosts"
    look = next(a for a in re.findall(r'href="(/challenges/new\?[^"]*rule=[^"]*)"', text) if "RRV" in a)
    text = client.get(unescape(look)).text
    assert unraised.ids["C"] in text and unraised.ids["B"] not in text and "Raise these 1 for QMF" in text
    data = dict(re.findall(r'name="(rule|provider|host|form_token)" value="([^"]*)"', text))
    assert client.post("/challenges/new", data={**data, "why": ""}).status_code == 400
    refused = client.post("/challenges/new", data={**data, "why": NUMBER})
    assert refused.status_code == 400 and NUMBER not in refused.text
    answer = client.post("/challenges/new", data={**data, "why": "April list"}, follow_redirects=False)
    assert answer.status_code == 303
    assert "1 entry was written" in client.get(answer.headers["location"]).text
    found = unraised.log("C")
    assert (found.events[0].by, found.events[0].why) == (Actor("icb", "QMF", "office"), "April list")
    assert found.events[0].run_label.startswith("SYNTHETIC run:")
    rows = client.get("/api/v1/challenges").json()["rows"]
    assert [row["challenge"] for row in rows] == [unraised.ids["C"]], "the other provider's is not raised"
    again = client.post("/challenges/new", data={**data, "why": "April list"}, follow_redirects=False)
    assert again.headers["location"].endswith("written=0")
    assert client.post("/challenges/new", data={**data, "rule": "CH99", "why": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("account", "host", "sees"),
    [("ncl", "", "A"), ("ncl", "QMF", None), ("office", "QMF", "BC"), ("national", "", "D"), ("uclh", "", None),
     ("uclh", "RRV", None), ("london", "", None), ("london", "QMJ", None), ("public", "", None), ("", "QMJ", None)],
)  # fmt: skip
def test_who_may_raise_what(unraised: World, account: str, host: str, sees: str | None) -> None:
    client = unraised.be(account)
    answers = [client.get(f"/challenges/new?host={host}&rule=CH02&provider={p}") for p in ("RRV", "RXN")]
    if sees is None:
        assert {one.status_code for one in answers} == {403}
        data = {"rule": "CH02", "provider": "RRV", "host": host, "why": "x", **token(client)}
        assert client.post("/challenges/new", data=data).status_code == 403
    else:
        text = answers[0].text + answers[1].text
        assert {name for name, code in unraised.ids.items() if code in text} == set(sees)


def test_worklists_hold_totals_of_ones_own(unraised: World) -> None:
    text = unraised.be("ncl").get("/challenges/worklists?kind=uncontracted&format=csv&exact=yes").text
    rows = list(csv.DictReader(text.splitlines()))
    # QMF has no contract with RXN, nor has X24; of these nothing is QMJ's
    assert rows == []
    rows = list(csv.DictReader(unraised.be("national").get(
        "/challenges/worklists?format=csv&exact=yes").text.splitlines()))  # fmt: skip
    assert {(r["provider_code"], r["payer_code"], r["price_submitted"]) for r in rows} == {
        ("RXN", "QMF", "2000.00"), ("RXN", "X24", "4000.00"),
    }  # fmt: skip
    assert not any("patient" in name or "record_id" in name for name in rows[0])
    assert unraised.be("national").get("/challenges/worklists?kind=spare").status_code == 400
    assert unraised.be("national").get("/challenges/worklists?kind=overseas").status_code == 200


def test_a_run_without_records_is_told_without_its_folder(register: Register, tmp_path: Path) -> None:
    """As runs of an older version are."""
    url = f"sqlite:///{tmp_path / 'decisions.sqlite'}"
    Store.open(url).close()
    run = run_folder(tmp_path / "run", ledger=[row("ledger")], submissions=[row("submissions")])
    client = TestClient(create_app({"run": (run, register)}, Settings(papers=Papers(store=url))),
                        base_url="http://127.0.0.1", raise_server_exceptions=False)  # fmt: skip
    client.post("/sign-in", data={"account": "ncl", **token(client)}, follow_redirects=False)
    for address in ("/challenges/worklists", "/challenges/new"):
        answer = client.get(address)
        assert answer.status_code == 503 and str(tmp_path) not in answer.text, address
        assert "log of this server" in answer.text
    client.cookies.clear()
    assert client.get("/challenges/worklists").status_code == 403


def test_without_a_store_the_page_says_what_brings_it(be: Callable[[str], TestClient]) -> None:
    for address in ("/challenges", "/challenges/x", "/challenges/new", "/api/v1/challenges"):
        answer = be("ncl").get(address)
        assert answer.status_code == 400 and "--store" in answer.text, address
