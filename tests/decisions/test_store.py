"""Decisions on SQLite and PostgreSQL alike: states, consents, versions, and that nothing is ever changed."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tertiary.decisions import Actor, Head, Store, migrate, states
from tertiary.decisions.models import APPEND_ONLY, Base
from tertiary.decisions.store import _connect
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
    with pytest.raises(DecisionError, match=r"QRV is no party to it. Parties: QMF, QMJ"):
        store.step(one, "agreed", by=Actor("icb", "QRV"), why="board")
    store.step(one, "agreed", by=NCL, why="board")
    with pytest.raises(DecisionError, match="QMJ has made it agreed before"):
        store.step(one, "agreed", by=NCL, why="board again")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"why": " "}, "why is blank"),
        ({"parties": []}, "no parties"),
        ({"valid_to": START}, "not after its start"),
        ({"terms": {"share": 0.5}}, "binary fraction"),
        ({"terms": {"a": [{"b": {1}}]}}, "cannot stand in a record"),
    ],
)
def test_drafts_that_say_too_little(store: Store, changes: Any, said: str) -> None:
    with pytest.raises(DecisionError, match=said):
        drafted(store, **changes)
    assert store.decisions() == [] and store.verify().entries == 0


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


def test_the_database_refuses_changes(store: Store, url: str) -> None:
    drafted(store)
    store.organisation("QMJ", "one", "icb", START, by=LONDON)
    engine = _connect(url)
    for table in APPEND_ONLY:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {_a_column(table)} = {_a_column(table)}"):
            with pytest.raises(sa.exc.DBAPIError, match="only added to"), engine.begin() as connection:
                connection.exec_driver_sql(statement)
    engine.dispose()
    assert set(APPEND_ONLY) == {table.name for table in Base.metadata.sorted_tables}


def _a_column(table: str) -> str:
    return Base.metadata.tables[table].columns.keys()[-1]


FORGERIES = {
    "terms changed": "UPDATE versions SET terms = '{\"risk\":\"R0\"}' WHERE decision_id = 1",
    "reason changed": "UPDATE steps SET why = 'no reason' WHERE step = 1",
    "party removed": "DELETE FROM parties WHERE organisation_code = 'QMF'",
    "step put in": "INSERT INTO steps SELECT decision_id, version, 99, 'ended', at, role, organisation_code, account,"
                   " why FROM steps WHERE step = 1",
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
    engine = _connect(url)
    with engine.begin() as connection:
        for table in APPEND_ONLY:
            if engine.dialect.name == "sqlite":
                for verb in ("update", "delete"):
                    connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{verb}")
            else:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in FORGERIES[forgery].split(";"):
            connection.exec_driver_sql(statement)
    engine.dispose()
    with pytest.raises(DecisionError, match="chain"):
        store.verify(head)


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
    engine = _connect(url)
    for _ in range(2):
        migrate.upgrade(engine)
        assert set(sa.inspect(engine).get_table_names()) == {*APPEND_ONLY, "alembic_version"}
        migrate.downgrade(engine, "base")
        assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_migrations_make_the_tables_of_the_models(store: Store, url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = _connect(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_a_store_of_another_version_is_left_alone(url: str) -> None:
    engine = _connect(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (x INTEGER)")
    engine.dispose()
    with pytest.raises(DecisionError, match="tertiary decisions upgrade"):
        Store.open(url)
    with pytest.raises(DecisionError, match="this software needs 0001"):
        Store.open(url, create=False)


@pytest.mark.parametrize(
    "url", ["nowhere", "oracle://x", "sqlite:////proc/no/such.sqlite", "postgresql://a:secret@127.0.0.1:9/x"]
)
def test_urls_that_lead_nowhere(url: str) -> None:
    with pytest.raises(DecisionError) as told:
        Store.open(url)
    assert "secret" not in str(told.value)


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
