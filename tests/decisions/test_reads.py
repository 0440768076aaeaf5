"""Who saw what is kept like decisions; versions of specifications have steps of their own."""

from __future__ import annotations

from datetime import date

import pytest

from tertiary.decisions import Actor, Store, states
from tertiary.decisions.reads import note, reads
from tertiary.errors import DecisionError

RENAL, CANCER = Actor("crg", "A06", "dr a"), Actor("crg", "B02", "dr b")
NATIONAL = Actor("national", "X24", "lead")
KINDS = ("specification_version", "pathway_version")


def test_a_look_is_part_of_the_chain(store: Store) -> None:
    before = store.verify().entries
    icb = Actor("icb", "QMJ", "analyst 7")
    assert [note(store, icb, ("QMJ", "QRV"), "record", f"r{n}", "challenge 4") for n in (1, 2)] == [1, 2]
    assert store.verify().entries == before + 2
    newest = reads(store)[0]
    assert (newest.read_id, newest.organisations, newest.subject, newest.account) == (
        2,
        ("QMJ", "QRV"),
        "r2",
        "analyst 7",
    )
    assert newest.at.date() == store.entries()[-1]["at"].date()


@pytest.mark.parametrize("blank", ["account", "what", "subject", "why"])
def test_a_look_says_who_what_and_why(store: Store, blank: str) -> None:
    said = {"account": "a", "what": "record", "subject": "r1", "why": "challenge 4", blank: " "}
    with pytest.raises(DecisionError, match=f"{blank} is blank"):
        note(store, Actor("icb", "QMJ", said.pop("account")), (), **said)
    assert reads(store) == []


def test_a_look_too_long_for_the_store_is_not_written(store: Store) -> None:
    with pytest.raises(DecisionError, match="at most"):
        note(store, NATIONAL, (), "record", "r" * 300, "challenge 4")
    assert reads(store) == []


def drafted(store: Store, kind: str, by: Actor = RENAL) -> int:
    return store.draft(kind, "Home dialysis", {"x": "1"}, parties=[("A06", "proposer")], valid_from=date(2026, 4, 1),
                       by=by, why="meeting 3")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_proposes_and_the_national_team_approves(store: Store, kind: str) -> None:
    one = drafted(store, kind)
    store.step(one, "proposed", by=RENAL, why="meeting 3")
    for other in (RENAL, CANCER, Actor("icb", "QMJ"), Actor("region", "Y56"), Actor("provider", "RRV")):
        with pytest.raises(DecisionError, match="cannot make it in_force"):
            store.step(one, "in_force", by=other, why="me too")
    assert store.step(one, "in_force", by=NATIONAL, why="board").holds(date(2026, 4, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_group_proposes_and_only_its_own_is_withdrawn_by_it(store: Store, kind: str) -> None:
    for other in (NATIONAL, Actor("icb", "QMJ"), Actor("provider", "RRV")):
        with pytest.raises(DecisionError, match="is new"):
            drafted(store, kind, other)
    one = drafted(store, kind)
    for state in ("proposed", "ended"):
        with pytest.raises(DecisionError, match="B02 is no party"):
            store.step(one, state, by=CANCER, why="not mine")
    assert store.step(one, "ended", by=RENAL, why="withdrawn").state == "ended"
    with pytest.raises(DecisionError):
        store.step(one, "proposed", by=RENAL, why="again")


def test_a_group_decides_nothing_else(store: Store) -> None:
    with pytest.raises(DecisionError, match="is new"):
        drafted(store, "agreement")
    assert not any(role == "crg" for _, _, role in states.transitions())


@pytest.mark.parametrize("kind", KINDS)
def test_each_state_of_a_proposal_can_be_reached_and_left(kind: str) -> None:
    ways = states.transitions(kind)
    reached = {to for _, to, _ in ways}
    assert reached == {"draft", "proposed", "in_force", "ended"}
    assert {start for start, _, _ in ways} == {"", *reached} - {"ended"}
