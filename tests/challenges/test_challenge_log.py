"""The shared log on SQLite and PostgreSQL: steps, pounds, later data, who sees what, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from charges import Given
from tertiary.challenges import Challenge, Due, Log, Raised, balance_rows, log_rows, read_calendar, totals
from tertiary.challenges.balance import Balance, Movement, balance
from tertiary.challenges.dates import due, month_end
from tertiary.challenges.privacy import refuse_patients
from tertiary.challenges.raising import FACTS, challenge_id
from tertiary.challenges.report import told
from tertiary.challenges.steps import CLOSED, states, steps, verbs
from tertiary.decisions import Actor, Store, migrate
from tertiary.decisions.connect import connected
from tertiary.decisions.models import ChallengeEventRow, ChallengeRow
from tertiary.errors import ContractError, DecisionError

HOST = Actor("icb", "QMJ", "analyst 7")
TRUST = Actor("provider", "RRV")
ONE: Given = {
    "rule_id": "CH09", "provider_code": "RRV", "host_code": "QMJ", "payer_code": "QMF", "financial_year": "202526",
    "financial_month": 1, "service_line": "NCBPS08S", "component": "activity", "records": 3,
    "value": Decimal("1000.00"), "first_claim": Decimal("900.00"), "cash_effect": None, "cash_first_claim": None,
    "cash_reason": "no contract loaded",
}  # fmt: skip
MONTHS = frozenset((*month, "activity") for month in (("RRV", "202526", 1), ("RRV", "202526", 2), ("RJ1", "202526", 1)))


def raised(
    *rows: Given, covered: Iterable[tuple[str, str, int, str]] = MONTHS, rules: tuple[str, ...] = ("CH04", "CH09")
) -> Raised:
    """What a run would question: ONE but for what each row says."""
    full = [{**ONE, **row} for row in rows]
    table = [{"challenge_id": challenge_id(row[n] for n in FACTS), **row} for row in full]
    money = pa.decimal128(18, 2)
    kinds = {"financial_month": pa.int64(), "records": pa.int64()}
    kinds |= dict.fromkeys(("value", "first_claim", "cash_effect", "cash_first_claim"), money)
    schema = [(n, kinds.get(n, pa.string())) for n in ("challenge_id", *ONE)]
    return Raised(pa.table({}), pa.Table.from_pylist(table, schema=pa.schema(schema)), frozenset(covered), rules)


def recorded(log: Log, *rows: Given, by: Actor = HOST, label: str = "m01", **more: Any) -> dict[str, int]:
    calendar = more.pop("calendar", None)
    return dict(log.record(raised(*rows, **more), by=by, run_label=label, calendar=calendar).by_step)


def only(log: Log, organisation: str = "QMJ") -> Challenge:
    (found,) = log.challenges(organisation)
    return found


def pounds(found: Challenge) -> dict[str, int]:
    names = ("raised", "credited", "corrected", "rejected", "withdrawn", "lapsed", "open")
    return {n: int(getattr(found.balance, n)) for n in names if getattr(found.balance, n)}


def take(log: Log, *walk: tuple[str, Actor, str | None]) -> Challenge:
    code = only(log).challenge_id
    for verb, by, amount in walk:
        log.step(code, verb, by=by, why="because", amount=amount)
    return only(log)


def test_from_question_to_settlement(log: Log, store: Store) -> None:
    assert recorded(log, {}) == {"raise": 1}
    code = only(log).challenge_id
    assert (only(log).state, pounds(only(log))) == ("raised", {"raised": 1000, "open": 1000})
    log.step(code, "respond", by=TRUST, why="we look into it")
    log.step(code, "evidence", by=TRUST, why="theatre list", evidence="share: contract/2025/17")
    found = log.step(code, "accept", by=TRUST, why="two of three", amount="£600.00")
    assert (found.state, found.balance.accepted, pounds(found)) == ("accepted", 600, {"raised": 1000, "open": 1000})
    found = log.step(code, "settle", by=HOST, why="credit note 4")
    assert (found.state, pounds(found)) == ("settled", {"raised": 1000, "credited": 600, "rejected": 400})
    assert [(e.step, e.by.organisation_code, e.why) for e in found.events] == [
        ("raise", "QMJ", "raised by rule"), ("respond", "RRV", "we look into it"), ("evidence", "RRV", "theatre list"),
        ("accept", "RRV", "two of three"), ("settle", "QMJ", "credit note 4"),
    ]  # fmt: skip
    assert found.events[0].by.account == "analyst 7" and found.events[2].evidence == "share: contract/2025/17"
    assert store.verify().entries == 6, "a header and five events are in the chain"
    assert {e["table_name"] for e in store.entries()} == {"challenges", "challenge_events"}


WALKS: list[tuple[list[tuple[str, Actor, str | None]], str, dict[str, int]]] = [
    ([("reject", TRUST, None)], "rejected", {"raised": 1000, "rejected": 1000}),
    ([("reject", TRUST, None), ("pursue", HOST, None)], "responded", {"raised": 1000, "open": 1000}),
    ([("reject", TRUST, None), ("withdraw", HOST, None)], "withdrawn", {"raised": 1000, "withdrawn": 1000}),
    ([("reject", TRUST, None), ("accept", TRUST, "250"), ("settle", HOST, "200")], "settled",
     {"raised": 1000, "credited": 200, "rejected": 800}),
    ([("accept", TRUST, "1000"), ("settle", HOST, None)], "settled", {"raised": 1000, "credited": 1000}),
    ([("accept", TRUST, "10"), ("accept", TRUST, "20"), ("settle", HOST, None)], "settled",
     {"raised": 1000, "credited": 20, "rejected": 980}),
    ([("withdraw", HOST, None)], "withdrawn", {"raised": 1000, "withdrawn": 1000}),
]  # fmt: skip


def test_ways_to_an_end(log: Log) -> None:
    recorded(log, *({"service_line": f"L{n}"} for n in range(len(WALKS))))
    for found, (walk, state, wanted) in zip(log.challenges("QMJ"), WALKS, strict=True):
        for verb, by, amount in walk:
            found = log.step(found.challenge_id, verb, by=by, why="because", amount=amount)
        assert (found.state, pounds(found)) == (state, wanted), walk


REFUSED: list[tuple[str, Actor, str | None, str]] = [
    (
        "accept",
        HOST,
        "10",
        "is raised; the host cannot accept it. The host may: withdraw, lapse, evidence. The provider",
    ),
    ("withdraw", TRUST, None, "the provider cannot withdraw it.* The host may do that"),
    ("settle", HOST, None, "is raised; the host cannot settle it"),
    ("raise", HOST, None, "cannot raise it"),
    ("change", HOST, None, "cannot change it"),
    ("dance", TRUST, None, "cannot dance it"),
    ("accept", TRUST, None, "needs an amount of at most 1000.00"),
    ("accept", TRUST, "1000.01", "is not between 0.01 and 1000.00, which is open"),
    ("accept", TRUST, "0", "not between"),
    ("accept", TRUST, "-5", "not between"),
    ("accept", TRUST, "1.005", "is no amount"),
    ("accept", TRUST, "NaN", "is no amount"),
    ("accept", TRUST, "1e30", "is no amount"),
    ("reject", TRUST, "5", "takes no amount"),
    ("evidence", TRUST, None, "names the evidence"),
    ("lapse", HOST, None, "can lapse after"),
    ("respond", Actor("icb", "RRV"), None, "RRV is the provider of challenge .* and cannot act as icb"),
    ("withdraw", Actor("provider", "QMJ"), None, "QMJ is the host of challenge .* and cannot act as provider"),
    ("respond", Actor("provider", "RJ1"), None, "RJ1 has no challenge"),
    ("withdraw", Actor("icb", "QMF"), None, "QMF has no challenge"),
    ("withdraw", Actor("region", "Y56"), None, "Y56 has no challenge"),
]


def test_steps_that_may_not_be(log: Log, store: Store) -> None:
    recorded(log, {})
    before = store.verify()
    for verb, by, amount, said in REFUSED:
        with pytest.raises(ContractError, match=said):
            log.step(only(log).challenge_id, verb, by=by, why="because", amount=amount)
    assert store.verify() == before, "nothing was written"


def test_settling_more_than_was_accepted(log: Log) -> None:
    recorded(log, {})
    take(log, ("accept", TRUST, "300"))
    with pytest.raises(ContractError, match=r"300.01 is not between 0.01 and 300.00, which was accepted"):
        take(log, ("settle", HOST, "300.01"))
    assert pounds(take(log, ("settle", HOST, "250"))) == {"raised": 1000, "credited": 250, "rejected": 750}


def test_a_closed_challenge_stays_closed(log: Log) -> None:
    recorded(log, {})
    take(log, ("withdraw", HOST, None))
    for verb, by in (("withdraw", HOST), ("accept", TRUST), ("reject", TRUST), ("evidence", HOST)):
        with pytest.raises(ContractError, match="may"):
            log.step(only(log).challenge_id, verb, by=by, why="because", evidence="x")


def test_the_same_run_again_writes_nothing(log: Log, store: Store) -> None:
    rows: list[Given] = [{}, {"financial_month": 2}, {"rule_id": "CH04"}]
    assert recorded(log, *rows) == {"raise": 3}
    head = store.verify()
    for label in ("m01", "m01 again"):
        written = log.record(raised(*rows), by=HOST, run_label=label)
        assert (written.by_step, written.same) == ({}, 3)
    assert store.verify() == head


def test_later_data_change_a_challenge(log: Log) -> None:
    recorded(log, {})
    assert recorded(log, {"value": Decimal("600.00"), "records": 2}, label="m02") == {"change": 1}
    found = only(log)
    assert (found.state, pounds(found), found.seen.run_label) == ("raised", {"raised": 600, "open": 600}, "m02")
    assert [e.value for e in found.events] == [1000, 600], "nothing is overwritten"
    take(log, ("accept", TRUST, "500"))
    recorded(log, {"value": Decimal("400.00")})
    assert (only(log).state, only(log).balance.accepted) == ("accepted", 400)
    assert recorded(log, {"value": Decimal("400.00"), "cash_effect": Decimal("280.00"), "cash_reason": ""}) == {
        "change": 1
    }
    assert only(log).seen.cash_effect == 280, "a contract was loaded since"
    assert recorded(log, {"value": Decimal("400.00")}) == {}, "that none is loaded is no news"
    assert recorded(log, {"value": Decimal("400.00"), "first_claim": Decimal("1.00")}) == {"change": 1}


def test_what_is_no_longer_in_the_data_is_proposed_to_be_settled(log: Log) -> None:
    recorded(log, {})
    assert recorded(log) == {"leave": 1}
    assert (only(log).state, pounds(only(log))) == ("gone", {"raised": 1000, "open": 1000})
    assert recorded(log) == {}, "once"
    found = take(log, ("settle", HOST, None))
    assert (found.state, pounds(found)) == ("corrected", {"raised": 1000, "corrected": 1000})
    assert recorded(log) == {}
    assert recorded(log, {"value": Decimal("70.00")}) == {"reopen": 1}
    assert pounds(only(log)) == {"raised": 1070, "corrected": 1000, "open": 70}


def test_what_comes_back_before_it_is_settled(log: Log) -> None:
    recorded(log, {})
    recorded(log)
    assert recorded(log, {"value": Decimal("1200.00")}) == {"change": 1}
    assert (only(log).state, pounds(only(log))) == ("raised", {"raised": 1200, "open": 1200})


def test_what_a_run_does_not_cover_is_left_alone(log: Log) -> None:
    recorded(log, {})
    assert recorded(log, covered=[("RRV", "202526", 2, "activity"), ("RJ1", "202526", 1, "activity")]) == {}
    assert recorded(log, covered=[("RRV", "202526", 1, "drug")]) == {}, "its drugs say nothing of other care"
    assert recorded(log, rules=("CH04",)) == {}, "the rule was not applied"
    assert only(log).state == "raised"


@pytest.mark.parametrize(
    ("end", "closed"),
    [("withdraw", {"withdrawn": 1000}), ("reject", {"rejected": 1000}), ("settle", {"credited": 1000})],
)
def test_later_data_open_the_addition_to_a_closed_challenge_only(log: Log, end: str, closed: dict[str, int]) -> None:
    recorded(log, {})
    walks = {"withdraw": [("withdraw", HOST, None)], "reject": [("reject", TRUST, None)],
             "settle": [("accept", TRUST, "1000"), ("settle", HOST, None)]}  # fmt: skip
    take(log, *walks[end])
    assert recorded(log, {"value": Decimal("400.00")}) == {"note": 1}
    assert recorded(log, {"value": Decimal("400.00")}) == {}
    assert recorded(log) == {"note": 1} and recorded(log) == {}
    assert recorded(log, {}) == {"note": 1}, "what was closed and left may come back"
    assert pounds(only(log)) == {"raised": 1000, **closed}
    assert recorded(log, {"value": Decimal("1300.00")}) == {"reopen": 1}
    assert pounds(only(log)) == {"raised": 1300, **closed, "open": 300}
    found = take(log, ("withdraw", HOST, None))
    assert found.balance.open == 0 and found.balance.withdrawn == 300 + closed.get("withdrawn", 0)


def test_an_addition_that_shrinks_and_grows_counts_once(log: Log) -> None:
    """1,000 was settled and 300 added; the addition goes, and of what comes back only what is above 1,000 is open."""
    recorded(log, {})
    take(log, ("accept", TRUST, "600"), ("settle", HOST, None))
    recorded(log, {"value": Decimal("1300.00")})
    recorded(log, {"value": Decimal("900.00")})
    assert pounds(only(log)) == {"raised": 1000, "credited": 600, "rejected": 400}
    recorded(log, {"value": Decimal("1200.00")})
    assert pounds(only(log)) == {"raised": 1200, "credited": 600, "rejected": 400, "open": 200}


def test_a_correction_of_an_addition_opens_nothing_that_was_settled_before(log: Log) -> None:
    recorded(log, {})
    take(log, ("accept", TRUST, "1000"), ("settle", HOST, None))
    recorded(log, {"value": Decimal("1300.00")})
    assert recorded(log) == {"leave": 1}
    take(log, ("settle", HOST, None))
    assert pounds(only(log)) == {"raised": 1300, "credited": 1000, "corrected": 300}
    assert recorded(log, {"value": Decimal("1000.00")}) == {"note": 1}, "the 1,000 were credited"
    assert recorded(log, {"value": Decimal("1100.00")}) == {"reopen": 1}
    assert pounds(only(log)) == {"raised": 1400, "credited": 1000, "corrected": 300, "open": 100}


def test_everybody_sees_their_own(log: Log) -> None:
    other = Actor("icb", "QMF")
    rows: list[Given] = [{}, {"provider_code": "RJ1"}, {"host_code": "QMF"}, {"host_code": ""}]
    written = log.record(raised(*rows), by=HOST, run_label="m01")
    assert (written.by_step, written.of_others) == ({"raise": 2}, {"QMF": 1, "": 1})
    log.record(raised(*rows), by=other, run_label="m01")
    seen = {
        code: {(c.host_code, c.provider_code) for c in log.challenges(code)}
        for code in ("QMJ", "QMF", "RRV", "RJ1", "X24")
    }
    assert seen == {
        "QMJ": {("QMJ", "RRV"), ("QMJ", "RJ1")}, "QMF": {("QMF", "RRV")}, "RRV": {("QMJ", "RRV"), ("QMF", "RRV")},
        "RJ1": {("QMJ", "RJ1")}, "X24": set(),
    }  # fmt: skip
    theirs = log.challenges("QMF")[0].challenge_id
    assert log.challenge(theirs, "RRV").host_code == "QMF"
    for code in ("QMJ", "RJ1", "QMF' OR '1'='1"):
        with pytest.raises(ContractError, match="has no challenge"):
            log.challenge(theirs, code)
    assert recorded(log, by=other) == {"leave": 1}
    assert {c.state for c in log.challenges("QMJ")} == {"raised"}, "a host's run moves its own only"


def test_a_provider_raises_nothing(log: Log, store: Store) -> None:
    with pytest.raises(ContractError, match="acts as provider; the host raises"):
        recorded(log, {}, by=TRUST)
    with pytest.raises(DecisionError, match="'public' is no role"):
        recorded(log, {}, by=Actor("public", "QMJ"))
    assert store.verify().entries == 0


def test_days(log: Log) -> None:
    """The calendar's days, but the usual ones from that day on for what is raised late by it."""
    soon = Due(date(2999, 1, 1), date(2999, 2, 1), date(2999, 3, 1))
    past = Due(date(2025, 6, 1), date(2025, 6, 5), date(2025, 6, 9))
    months: list[Given] = [{"financial_month": n} for n in (1, 2, 3)]
    recorded(log, *months, calendar={("202526", 2): soon, ("202526", 3): past})
    usual, on_time, late = log.challenges("QMJ")
    today = usual.events[0].at.date()
    assert (usual.respond_by, usual.settle_by) == (today + timedelta(10), today + timedelta(30))
    assert usual.raise_by == date(2025, 4, 30) + timedelta(50) and usual.is_late
    assert (on_time.raise_by, on_time.respond_by, on_time.settle_by) == (date(2999, 1, 1), *DAYS)
    assert (late.raise_by, late.respond_by) == (date(2025, 6, 1), today + timedelta(10))
    assert [c.is_late for c in (usual, on_time, late)] == [True, False, True]
    assert [usual.overdue(today + timedelta(n)) for n in (10, 11, 30, 31)] == ["", "response", "response", "settlement"]
    found = log.challenges("RRV", overdue_on=today + timedelta(20))
    assert [c.challenge_id for c in found] == [usual.challenge_id, late.challenge_id]
    log.step(late.challenge_id, "respond", by=TRUST, why="soon")
    assert log.challenge(late.challenge_id, "RRV").overdue(today + timedelta(20)) == "", "it has answered"


DAYS = (date(2999, 2, 1), date(2999, 3, 1))


def test_later_data_give_no_new_days_to_what_is_still_asked(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is overdue would be due again with every month's run; what comes back is asked anew."""
    first, later = Due(*[date(2025, 6, n) for n in (1, 5, 9)]), Due(*[date(2025, 7, n) for n in (1, 5, 9)])
    monkeypatch.setattr("tertiary.challenges.log.due", lambda *_: first)
    recorded(log, {})
    monkeypatch.setattr("tertiary.challenges.log.due", lambda *_: later)
    assert recorded(log, {"value": Decimal("990.00")}) == {"change": 1}
    assert (only(log).respond_by, only(log).settle_by) == (first.respond_by, first.settle_by)
    assert only(log).overdue(date(2025, 6, 6)) == "response"
    recorded(log)
    recorded(log, {})
    assert (only(log).state, only(log).respond_by, only(log).settle_by) == ("raised", later.respond_by, later.settle_by)


def test_what_nobody_takes_on_lapses(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = Due(date(2025, 6, 1), date(2025, 6, 5), date(2025, 6, 9))
    monkeypatch.setattr("tertiary.challenges.log.due", lambda *_: long_ago)
    recorded(log, {})
    with pytest.raises(ContractError, match="the provider cannot lapse it"):  # nobody ends a question by silence
        take(log, ("lapse", TRUST, None))
    found = take(log, ("respond", TRUST, None), ("lapse", TRUST, None))
    assert (found.state, pounds(found), found.overdue(date(2026, 1, 1))) == (
        "lapsed",
        {"raised": 1000, "lapsed": 1000},
        "",
    )


MONTH_ENDS = [(1, "2025-04-30"), (9, "2025-12-31"), (11, "2026-02-28"), (12, "2026-03-31"), (13, "2026-03-31")]


@pytest.mark.parametrize(("month", "end"), MONTH_ENDS)
def test_month_ends(month: int, end: str) -> None:
    assert month_end("202526", month) == date.fromisoformat(end)


def test_calendars(tmp_path: Path) -> None:
    file = tmp_path / "calendar.csv"
    head = "financial_year,financial_month,raise_by,respond_by,settle_by\n"
    file.write_text(head + "202526,1,2025-06-20,2025-07-04,2025-07-31\n")
    assert due("202526", 1, date(2025, 6, 1), read_calendar(file)).settle_by == date(2025, 7, 31)
    for line, said in (
        ("202526,14,2025-06-20,2025-07-04,2025-07-31", "financial_month is '14'"),
        ("2025,1,2025-06-20,2025-07-04,2025-07-31", "financial_year is '2025'"),
        ("202526,1,20/06/2025,2025-07-04,2025-07-31", "line 2: raise_by is '20/06/2025'"),
        ("202526,1,2025-06-20,2025-07-04,2025-07-01", "not before respond_by, 2025-07-04"),
        ("202526,1,2025-06-20,2025-07-04,2025-07-31\n202526,1,2025-06-20,2025-07-04,2025-07-31", "each month once"),
    ):
        file.write_text(f"{head}{line}\n")
        with pytest.raises(ContractError, match=said):
            read_calendar(file)
    with pytest.raises(ContractError, match="cannot be read"):
        read_calendar(tmp_path / "none.csv")


def test_no_patient_enters_the_log(log: Log, store: Store) -> None:
    recorded(log, {})
    code = only(log).challenge_id
    for text in ("patient 9434765919", "943 476 5919", "943-476-5919", "x1239434765919y", "943\u00a0476\u00a05919",
                 "943.476.5919", "943  476 / 5919"):  # fmt: skip
        with pytest.raises(ContractError, match="ten digits") as refused:
            log.step(code, "respond", by=TRUST, why=text)
        assert "9434765919" not in str(refused.value) and "943" not in str(refused.value)
        with pytest.raises(ContractError, match="evidence holds"):
            log.step(code, "evidence", by=TRUST, why="see", evidence=text)
    with pytest.raises(ContractError, match="why holds"):
        log.record(raised({"service_line": "L"}), by=HOST, run_label="m01", why="of 943 476 5919")
    with pytest.raises(ContractError, match="service_line holds"):
        log.record(raised({"service_line": "9434765919"}), by=HOST, run_label="m01")
    with pytest.raises(ContractError, match="account holds"):
        log.step(code, "respond", by=Actor("provider", "RRV", "9434765919"), why="x")
    for text in ("9434765918", "credit note 0000000000", "020 7946 0000", "invoice 12345", "5c2ab6352bdd74d2"):
        refuse_patients("why", text)
    columns = {c.name for row in (ChallengeRow, ChallengeEventRow) for c in row.__table__.columns}
    assert not {c for c in columns if "patient" in c or "nhs" in c or "record_id" in c or "source_id" in c}


def test_tables_and_words(log: Log) -> None:
    recorded(log, {}, {"rule_id": "CH04", "value": Decimal("50.00"), "first_claim": Decimal("50.00")})
    found = log.challenges("QMJ")
    rows = log_rows(found, date(2025, 6, 1)).to_pylist()
    assert [(r["rule"], r["value"], r["first_claim"], r["cash_effect"], r["open"]) for r in rows] == [
        ("CH04", 50, 50, None, 50), ("CH09", 1000, 900, None, 1000),
    ]  # fmt: skip
    everything = balance_rows(found).to_pylist()[-1]
    assert (everything["challenges"], everything["raised"], everything["first_claim"]) == (2, 1050, 950)
    assert totals(found).open == 1050
    words = told(found[1])
    assert "Price differs" in words and "cash effect not known: no contract loaded" in words and "analyst 7" in words
    with pytest.raises(ContractError, match="'lost' is no state"):
        log.challenges("QMJ", state="lost")


def test_the_chain_finds_a_changed_challenge(log: Log, store: Store, url: str) -> None:
    recorded(log, {})
    engine = connected(url, create=True)
    for table in ("challenges", "challenge_events"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET challenge_id = 'x'"):
            with pytest.raises(sa.exc.DBAPIError, match="only added to"), engine.begin() as connection:
                connection.exec_driver_sql(statement)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER challenge_events_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE challenge_events DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE challenge_events SET value = '1.00'")
    engine.dispose()
    with pytest.raises(DecisionError, match="A row of challenge_events is not as the chain tells it"):
        store.verify()


def test_an_older_store_is_taken_up_and_back(url: str) -> None:
    """What was decided stays; an older version of the software finds the store as it left it."""
    engine = connected(url, create=True)
    migrate.ready(engine, create=True)
    migrate.downgrade(engine, "0001")
    assert not {"challenges", "challenge_events"} & set(sa.inspect(engine).get_table_names())
    with pytest.raises(
        DecisionError, match=rf"of version 0001, this software needs {migrate.newest()}.*decisions upgrade"
    ):
        Store.open(url)
    migrate.upgrade(engine)
    with Store.open(url) as store:
        store.draft("note", "kept", {}, parties=[("QMJ", "host")], valid_from=date(2025, 4, 1), by=HOST, why="x")
        recorded(Log(store), {})
    with engine.begin() as connection:
        for table in ("challenge_events", "challenges"):
            guarded = connection.dialect.name == "postgresql"
            connection.exec_driver_sql(
                f"DROP TRIGGER {table}_no_{'change' if guarded else 'delete'}{f' ON {table}' if guarded else ''}"
            )
    migrate.downgrade(engine, "0001")
    migrate.upgrade(engine)
    with Store.open(url) as store:
        assert store.decision(1).subject == "kept" and Log(store).challenges("QMJ") == []
    engine.dispose()


def test_the_steps_are_whole() -> None:
    assert set(CLOSED) < set(states())
    for (state, verb), step in steps().items():
        assert not state or state in states(), (state, verb)
        assert step.who in ("host", "provider", "either", "data"), (state, verb)
        assert step.amount in ("", "part", "agreed", "whole") and step.confidence and step.source, (state, verb)
    for state in states():
        news = {"reopen", "note"} if state in CLOSED else {"change"} | ({"leave"} if state != "gone" else set())
        assert {verb for (start, verb), s in steps().items() if start == state and s.who == "data"} == news, state
        if state not in CLOSED:
            assert any(start == state and s.to_state in CLOSED for (start, _), s in steps().items()), (
                f"{state} has no end"
            )
    assert set(verbs()) == {"respond", "accept", "reject", "pursue", "withdraw", "settle", "lapse", "evidence"}


@given(st.data())
def test_pounds_add_up_on_every_way(data: st.DataObject) -> None:
    """Any allowed steps, amounts and later data: nothing is lost, nothing negative, nothing open once closed."""
    money = st.integers(1, 1000).map(lambda n: Decimal(n).quantize(Decimal("0.01")))
    moves = [Movement("raise", "raised", data.draw(money))]
    state, before = "raised", balance(moves)
    for _ in range(data.draw(st.integers(0, 12))):
        ways = [s for (start, _), s in steps().items() if start == state and s.step != "evidence"]
        step = data.draw(st.sampled_from(ways))
        value = amount = None
        if step.step in ("change", "note", "reopen"):
            value = data.draw(money) + (before.base if step.step == "reopen" else 0)
        elif step.step == "leave":
            value = Decimal(0)
        elif step.amount == "part":
            if not before.open + before.refused:
                continue
            amount = min(data.draw(money), before.open + before.refused)
        elif step.amount == "agreed":
            amount = min(before.accepted, before.open)
        moves.append(Movement(step.step, step.to_state, value, amount))
        now = balance(moves)
        state = step.to_state
        parts = now.credited + now.corrected + now.rejected + now.withdrawn + now.lapsed
        assert now.raised == parts + now.open
        assert all(getattr(now, n) >= 0 for n in Balance.__dataclass_fields__) and now.open >= 0
        assert now.accepted <= now.open
        held = [move.value for move in moves if move.value is not None]
        assert now.raised <= max(held) + now.corrected, "no more than the dearest data and what corrections took out"
        assert state not in CLOSED or now.open == 0
        for settled in ("credited", "corrected", "withdrawn", "lapsed"):
            assert getattr(now, settled) >= getattr(before, settled), "what is closed is never taken back"
        before = now
