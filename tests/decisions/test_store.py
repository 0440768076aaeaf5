"""Decisions on SQLite and PostgreSQL alike: states, consents, versions, and that nothing is ever changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.orm

from tertiary.decisions import Actor, Head, Store, migrate, states
from tertiary.decisions.connect import connected
from tertiary.decisions.models import APPEND_ONLY, Base, ChallengeEventRow, ChallengeRow
from tertiary.decisions.reads import note
from tertiary.decisions.store import upgrade
from tertiary.errors import DecisionError

NCL = Actor("icb", "QMJ", "analyst 7")
NEL = Actor("icb", "QMF")
LONDON = Actor("region", "Y56")
PARTIES = [("QMJ", "host"), ("QMJ", "partner"), ("QMF", "partner")]
START = date(2026, 4, 1)


def drafted(store: Store, terms: Any = None, **changes: Any) -> int:
    given = {"parties": PARTIES, "valid_from": START, "by": NCL, "why": "joint committee, paper 4", **changes}
    return store.draft("agreement", "Rare disease pool", terms or {"risk": "R1"}, **given)


def in_force(store: Store, decision_id: int) -> None:
    for state, actors in (
        ("proposed", [NCL]),
        ("sense_checked", [LONDON]),
        ("agreed", [NCL, NEL]),
        ("in_force", [NEL]),
    ):
        for actor in actors:
            store.step(decision_id, state, by=actor, why="as minuted")


def test_from_draft_to_end(store: Store) -> None:
    one = drafted(store)
    assert store.decision(one).state == "draft"
    store.step(one, "proposed", by=NCL, why="sent to partners")
    store.step(one, "sense_checked", by=LONDON, why="no objection")
    assert store.step(one, "agreed", by=NEL, why="board, item 9").state == "sense_checked", "one party is not all"
    assert store.step(one, "agreed", by=NCL, why="board, item 3").state == "agreed"
    assert not store.decision(one).holds(START)
    assert store.step(one, "in_force", by=NCL, why="first day").holds(START)
    found = store.decision(one)
    assert not found.holds(date(2026, 3, 31)) and found.parties == (
        ("QMF", "partner"),
        ("QMJ", "host"),
        ("QMJ", "partner"),
    )
    assert [(s.state, s.by.organisation_code, s.why) for s in found.steps][:3] == [
        ("draft", "QMJ", "joint committee, paper 4"), ("proposed", "QMJ", "sent to partners"),
        ("sense_checked", "Y56", "no objection"),
    ]  # fmt: skip
    assert found.steps[0].by == NCL, "the account is kept"
    assert store.step(one, "ended", by=NEL, why="notice").state == "ended"


def test_a_new_version_leaves_the_old_one_in_force(store: Store) -> None:
    one = drafted(store, {"risk": "R1", "contingency": "0.005"})
    in_force(store, one)
    parties = [*PARTIES, ("QRV", "partner")]
    assert (
        store.revise(one, {"risk": "R4"}, parties=parties, valid_from=date(2027, 4, 1), by=NEL, why="third partner")
        == 2
    )
    assert (store.decision(one).version, store.decision(one).state) == (2, "draft")
    (holding,) = store.decisions("agreement", in_force_on=date(2027, 6, 1))
    assert (holding.version, holding.terms) == (1, {"risk": "R1", "contingency": "0.005"})
    assert store.decisions("contract") == [] and len(store.decisions(state="draft")) == 1


@pytest.mark.parametrize(
    ("state", "by", "said"),
    [
        ("agreed", NCL, "is draft; icb cannot make it agreed"),
        ("sense_checked", LONDON, "is draft; region cannot"),
        ("in_force", Actor("national", "X24"), "From there national may go to: ended, proposed"),
        ("proposed", Actor("icb", "QZZ"), "QZZ is no party to it and cannot make it proposed"),
        ("ended", Actor("provider", "RRV"), "RRV is no party to it"),
        ("paused", NCL, "cannot make it paused"),
        ("proposed", Actor("public", "QMJ"), "is no role"),
        ("proposed", Actor("icb", " "), "organisation is blank"),
    ],
)
def test_steps_that_are_not_allowed(store: Store, state: str, by: Actor, said: str) -> None:
    one = drafted(store)
    before = store.verify()
    with pytest.raises(DecisionError, match=said):
        store.step(one, state, by=by, why="because")
    assert store.verify() == before, "nothing was written"


def test_consents_are_the_parties_own(store: Store) -> None:
    one = drafted(store)
    store.step(one, "proposed", by=NCL, why="sent")
    store.step(one, "sense_checked", by=LONDON, why="read")
    with pytest.raises(DecisionError, match=r"QRV is no party to it and cannot make it agreed. Parties: QMF, QMJ"):
        store.step(one, "agreed", by=Actor("icb", "QRV"), why="board")
    store.step(one, "agreed", by=NCL, why="board")
    with pytest.raises(DecisionError, match="QMJ has made it agreed before"):
        store.step(one, "agreed", by=NCL, why="board again")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"why": " "}, "why is blank"),
        ({"parties": []}, "needs parties"),
        ({"parties": [("", "host")]}, "party is blank"),
        ({"parties": [("Q" * 17, "host")]}, "organisation_code has 17 characters; at most 16"),
        ({"terms": {"share": (0.5,)}}, "binary fraction"),
        ({"terms": {"name": "\ud800"}}, "cannot stand in a record"),
        ({"terms": {1: "x", "y": "z"}}, "cannot stand in a record"),
        ({"valid_to": START}, "not after its start"),
        ({"terms": {"share": 0.5}}, "binary fraction"),
        ({"terms": {"a": [{"b": {1}}]}}, "cannot stand in a record"),
    ],
)
def test_drafts_that_say_too_little(store: Store, changes: Any, said: str) -> None:
    with pytest.raises(DecisionError, match=said):
        drafted(store, **changes)
    assert store.decisions() == [] and store.verify().entries == 0


def test_who_may_do_what(store: Store) -> None:
    one = drafted(store)
    with pytest.raises(DecisionError, match="QZZ is no party"):
        store.revise(
            one, {"risk": "R0"}, parties=[("QZZ", "partner")], valid_from=START, by=Actor("icb", "QZZ"), why="x"
        )
    store.step(one, "proposed", by=NCL, why="sent")
    with pytest.raises(DecisionError, match="QMJ is a party to it; somebody who is none"):
        store.step(one, "sense_checked", by=Actor("region", "QMJ"), why="looks fine to me")
    store.organisation("QMF", "NHS North East London ICB", "icb", date(2022, 7, 1), by=LONDON)
    store.step(one, "sense_checked", by=LONDON, why="read")
    with pytest.raises(DecisionError, match="QMF acts as icb, not as national"):
        store.step(one, "agreed", by=Actor("national", "QMF"), why="for the centre")
    with pytest.raises(DecisionError, match="icb cannot name 'QMJ'"):
        store.organisation("QMJ", "mine", "national", START, by=NCL)


def test_those_who_lose_an_agreement_are_asked(store: Store) -> None:
    """A version without a partner needs that partner's consent while the former one is in force."""
    one = drafted(store)
    in_force(store, one)
    other = [("QMJ", "host"), ("QRV", "partner")]
    store.revise(one, {"risk": "R2"}, parties=other, valid_from=date(2027, 4, 1), by=NCL, why="another partner")
    store.step(one, "proposed", by=NCL, why="sent")
    store.step(one, "sense_checked", by=LONDON, why="read")
    for actor in (NCL, Actor("icb", "QRV")):
        assert store.step(one, "agreed", by=actor, why="board").state == "sense_checked"
    assert store.step(one, "agreed", by=NEL, why="we leave").state == "agreed"


def test_a_version_that_began_takes_the_place_of_the_one_before(store: Store) -> None:
    one, later = drafted(store), date(2027, 4, 1)
    in_force(store, one)
    store.revise(
        one, {"risk": "R4"}, parties=PARTIES, valid_from=later, valid_to=date(2028, 4, 1), by=NEL, why="corridor"
    )
    in_force(store, one)
    before, after = store.governing(one, date(2027, 3, 31)), store.governing(one, later)
    assert before is not None and after is not None and (before.version, after.version) == (1, 2)
    assert store.governing(one, date(2028, 4, 1)) is None, "what came before does not come back when it runs out"
    assert store.governing(one, date(2026, 3, 31)) is None
    store.step(one, "ended", by=NEL, why="notice")
    assert store.governing(one, later) is None, "nor when it is ended"
    assert store.step(one, "ended", by=NEL, why="tidy", version=1).version == 1
    assert store.decisions(in_force_on=date(2027, 3, 31)) == []


def test_a_state_once_reached_stays(store: Store) -> None:
    """Whatever happens to other versions later."""
    one = drafted(store)
    for state, actor in (("proposed", NCL), ("sense_checked", LONDON), ("agreed", NCL), ("agreed", NEL)):
        store.step(one, state, by=actor, why="as minuted")
    store.revise(one, {"risk": "R2"}, parties=[("QMJ", "host")], valid_from=START, by=NCL, why="alone")
    for state, actor in (("proposed", NCL), ("sense_checked", LONDON), ("agreed", NCL)):
        store.step(one, state, by=actor, why="as minuted")
    store.step(one, "in_force", by=NCL, why="first day", version=1)
    assert store.decision(one).state == "agreed"


def test_there_is_no_such_decision(store: Store) -> None:
    with pytest.raises(DecisionError, match="no decision 7"):
        store.decision(7)
    with pytest.raises(DecisionError, match="no version 9"):
        store.decision(drafted(store), 9)


def test_organisations_by_day(store: Store) -> None:
    store.organisation("QMJ", "NHS North Central London ICB", "icb", date(2022, 7, 1), by=LONDON)
    store.organisation("QMJ", "NHS North London ICB", "icb", START, by=LONDON, successor_code="QXX")
    assert store.organisations(date(2026, 3, 31))["QMJ"].name == "NHS North Central London ICB"
    assert store.organisations(START)["QMJ"].successor_code == "QXX"
    with pytest.raises(DecisionError, match="stands there already"):
        store.organisation("QMJ", "again", "icb", START, by=LONDON)


def challenged(store: Store) -> Callable[[sa.orm.Session, datetime], None]:
    """Writes a challenge and its first event, whatever they say."""

    def write(session: sa.orm.Session, at: datetime) -> None:
        blank = dict.fromkeys(
            ("rule_id", "provider_code", "host_code", "payer_code", "financial_year", "service_line", "component"), ""
        )
        said = dict.fromkeys(
            ("step", "reached", "role", "organisation_code", "account", "why", "evidence", "amount", "run_label",
             "value", "first_claim", "cash_effect", "cash_reason"), "",
        )  # fmt: skip
        rows = [
            ChallengeRow(challenge_id="c", **blank, financial_month=1, raise_by=START),
            ChallengeEventRow(challenge_id="c", event=1, at=at, records=None, respond_by=None, settle_by=None, **said),
        ]
        store.add(session, rows, at, LONDON)

    return write


def test_the_database_refuses_changes(store: Store, url: str) -> None:
    drafted(store)
    store.organisation("QMJ", "one", "icb", START, by=LONDON)
    store.write(challenged(store), LONDON)
    note(store, NCL, (), "record", "r1", "challenge 4")
    engine = connected(url, create=True)
    for table in APPEND_ONLY:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {_a_column(table)} = {_a_column(table)}"):
            with pytest.raises(sa.exc.DBAPIError, match="only added to"), engine.begin() as connection:
                connection.exec_driver_sql(statement)
    engine.dispose()
    assert set(APPEND_ONLY) == {table.name for table in Base.metadata.sorted_tables}


def _a_column(table: str) -> str:
    return Base.metadata.tables[table].columns.keys()[-1]


def remove_guards(connection: sa.Connection) -> None:
    """What somebody may do who owns the database."""
    for table in APPEND_ONLY:
        if connection.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{verb}")
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


FORGERIES = {
    "terms changed": "UPDATE versions SET terms = '{\"risk\":\"R0\"}' WHERE decision_id = 1",
    "reason changed": "UPDATE steps SET why = 'no reason' WHERE step = 1",
    "party removed": "DELETE FROM parties WHERE organisation_code = 'QMF'",
    "step put in": "INSERT INTO steps SELECT decision_id, version, 99, 'ended', 'ended', at, role, organisation_code,"
                   " account, why FROM steps WHERE step = 1",
    "entry changed": "UPDATE audit SET role = 'national' WHERE sequence = 3",
    "entry taken out": "DELETE FROM audit WHERE sequence = 2",
    "entries swapped": "UPDATE audit SET content = (SELECT content FROM audit WHERE sequence = 1) WHERE sequence = 2",
    "newest cut off with its row": "DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit);"
                                   "DELETE FROM steps WHERE step = (SELECT max(step) FROM steps)",
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_found(store: Store, url: str, forgery: str) -> None:
    """By somebody who may even remove the guards of the database."""
    one = drafted(store)
    store.step(one, "proposed", by=NCL, why="sent")
    head = store.verify()
    assert head.entries == 7  # decision, version, three parties, two steps
    engine = connected(url, create=True)
    with engine.begin() as connection:
        remove_guards(connection)
        for statement in FORGERIES[forgery].split(";"):
            connection.exec_driver_sql(statement)
    engine.dispose()
    with pytest.raises(DecisionError, match="chain"):
        store.verify(head)


def test_a_chain_written_anew_is_found_by_its_head_only(store: Store, url: str) -> None:
    """Whoever can write everything can make a sound chain: that is what noting the head elsewhere is for."""
    from tertiary.decisions.audit import AuditRow, entry_hash

    drafted(store)
    head = store.verify()
    engine = connected(url, create=True)
    with engine.begin() as connection:
        remove_guards(connection)
        connection.exec_driver_sql("UPDATE decisions SET subject = 'Forged'")
    with sa.orm.Session(engine) as session:
        previous = ""
        for entry in session.scalars(sa.select(AuditRow).order_by(AuditRow.sequence)):
            entry.content = entry.content.replace("Rare disease pool", "Forged")
            entry.previous = previous or entry.previous
            entry.hash = previous = entry_hash(entry)
        session.commit()
    engine.dispose()
    assert store.verify().entries == head.entries
    with pytest.raises(DecisionError, match="does not hold entry"):
        store.verify(head)


def test_nothing_is_replaced_on_insertion(store: Store, url: str) -> None:
    """SQLite's INSERT OR REPLACE takes a row out without asking the guard of deletions."""
    drafted(store)
    engine = connected(url, create=True)
    row = "INTO decisions VALUES (1, 'agreement', 'Forged')"
    replace = f"INSERT {row} ON CONFLICT (decision_id) DO UPDATE SET subject = 'Forged'"
    if engine.dialect.name == "sqlite":
        replace = f"INSERT OR REPLACE {row}"
    with pytest.raises(sa.exc.DBAPIError, match="only added to"), engine.begin() as connection:
        connection.exec_driver_sql(replace)
    engine.dispose()


def test_a_locked_store_is_said_to_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    file = tmp_path / "d.sqlite"
    with Store.open(f"sqlite:///{file}") as store:
        monkeypatch.setattr("tertiary.decisions.store.ATTEMPTS", 3)
        with sqlite3.connect(file, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with store._engine.connect() as mine:
                mine.exec_driver_sql("PRAGMA busy_timeout = 50")
            with pytest.raises(DecisionError, match=r"database is locked\. Nothing was written\. Where it is locked"):
                drafted(store)
            assert store.decisions() == [], "reading goes on"
        other.close()


def test_the_head_tells_where_a_sound_chain_stood(store: Store) -> None:
    assert store.verify() == Head(0, "0" * 64)
    one = drafted(store)
    head = store.verify()
    store.step(one, "proposed", by=NCL, why="sent")
    assert store.verify(head).entries == head.entries + 1
    with pytest.raises(DecisionError, match="cut off, or this is another store"):
        store.verify(Head(head.entries, "f" * 64))
    assert [entry["table_name"] for entry in store.entries()][-1] == "steps"


def test_writers_at_the_same_time(store: Store, url: str) -> None:
    """Ten at once: every decision gets its own id and the chain stays whole."""
    made: list[int] = []
    failed: list[BaseException] = []

    def write() -> None:
        try:
            with Store.open(url) as other:
                made.extend(drafted(other) for _ in range(2))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and sorted(made) == list(range(1, 21))
    assert store.verify().entries == 20 * 6


def test_migrations_up_and_down(url: str) -> None:
    engine = connected(url, create=True)
    for _ in range(2):
        migrate.ready(engine, create=True)
        assert set(sa.inspect(engine).get_table_names()) == {*APPEND_ONLY, "alembic_version"}
        migrate.downgrade(engine, "base")
        assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_migrations_make_the_tables_of_the_models(store: Store, url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = connected(url, create=True)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_a_store_of_another_version_is_left_alone(url: str) -> None:
    engine = connected(url, create=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (x INTEGER)")
    engine.dispose()
    for create in (True, False):
        with pytest.raises(DecisionError, match="There is no decision store there"):
            Store.open(url, create=create)
    with pytest.raises(DecisionError, match="There is no decision store there"):
        upgrade(url)


def test_a_store_of_a_newer_version_is_left_alone(store: Store, url: str) -> None:
    assert upgrade(url) == migrate.newest()
    engine = connected(url, create=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(DecisionError, match="version 9999, newer than this software"):
        Store.open(url)


LOST = [
    "nowhere", "oracle://x", "sqlite:////proc/no/such.sqlite", "postgresql://a:secret@127.0.0.1:9/x",
    "postgres://u:se@secret@host/db", "mysql://h/db?password=secret", "postgresql://u:secret@host:port/db",
    "postgresql:///db?host=/nowhere/secret",
]  # fmt: skip


@pytest.mark.parametrize("url", LOST)
def test_urls_that_lead_nowhere(url: str) -> None:
    with pytest.raises(DecisionError) as told:
        Store.open(url)
    assert "secret" not in str(told.value)


def test_a_mistyped_store_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DecisionError, match="There is no decision store"):
        Store.open(f"sqlite:///{tmp_path}/typo/d.sqlite", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from tertiary.decisions.connect import _for_pg8000

    monkeypatch.setenv("PGPASSWORD", "secret")
    assert _for_pg8000(sa.make_url("postgresql://a@h/db")).password == "secret"
    assert _for_pg8000(sa.make_url("postgresql://a:other@h/db")).password == "other"


def test_every_state_can_be_reached_and_left() -> None:
    assert states.states() == ("draft", "proposed", "sense_checked", "agreed", "in_force", "ended")
    for state in states.states()[:-1]:
        assert any(start == state for start, _, _ in states.transitions())
    assert not any(start == "ended" for start, _, _ in states.transitions())


def test_what_was_written_is_there_after_reopening(url: str, tmp_path: Path) -> None:
    with Store.open(url) as first:
        one = drafted(first)
        head = first.verify()
    with Store.open(url, create=False) as again:
        assert again.decision(one).subject == "Rare disease pool"
        assert again.verify(head) == head
