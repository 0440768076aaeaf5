"""Versions of specifications and pathways: a clinical reference group proposes them, the national team decides.

Each is a decision of the store (transitions.csv has their steps). Who has signed on reads what was approved; the rest
is for those who proposed it and for the national team.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from tertiary.challenges.privacy import refuse_patients
from tertiary.decisions import Decision
from tertiary.errors import DecisionError, TertiaryError
from tertiary.sheets import shipped
from tertiary.web.scope import kept

if TYPE_CHECKING:
    from tertiary.decisions import Actor, Store
    from tertiary.register import Register
    from tertiary.web.people import Person

# the states into which a person may take a proposal
STEPS = {"approve": "in_force", "reject": "ended", "withdraw": "ended", "end": "ended"}
PART = "proposer"


@dataclass(frozen=True)
class Draft:
    """What is proposed. `service`: manual line. `document`: where its text is, blank when it is nowhere yet."""

    kind: str
    title: str
    service: str
    summary: str
    document: str
    valid_from: date


@dataclass(frozen=True)
class Proposal:
    """One version of a proposal as a person sees it. `steps` are the words of STEPS that they may take now."""

    decision: Decision
    is_own: bool
    steps: tuple[str, ...]

    @property
    def words(self) -> str:
        """Where it stands, in words."""
        return state_words(self.decision)

    @property
    def group(self) -> str:
        """The clinical reference group that proposed it."""
        return next(code for code, part in self.decision.parties if part == PART)


@cache
def kinds() -> Mapping[str, str]:
    """Names of the kinds of proposal."""
    return {x.text("kind"): x.text("name") for x in shipped("tertiary.web", "proposal_kinds.csv", TertiaryError)}


def propose(store: Store, draft: Draft, *, by: Actor, why: str, replaces: int | None = None) -> int:
    """Write a proposal down and put it to the national team; returns its number.

    `replaces`: the number of one that is to have this as its next version. DecisionError when something is blank, names
    a patient, or the actor may not.
    """
    for name, text in (("title", draft.title), ("summary", draft.summary), ("why", why)):
        refuse_patients(name, text)
    if draft.kind not in kinds():
        raise DecisionError(f"{draft.kind!r} is no kind of proposal. Kinds: {', '.join(kinds())}.")
    terms = {"service": draft.service, "title": draft.title, "summary": draft.summary, "document": draft.document}
    said = {"parties": [(by.organisation_code, PART)], "valid_from": draft.valid_from, "by": by, "why": why}
    number = replaces
    if number is None:
        number = store.draft(draft.kind, draft.title, terms, **said)  # type: ignore[arg-type]
    elif store.decision(number).kind != draft.kind:
        raise DecisionError(f"Proposal {number} is of another kind than {draft.kind}.")
    else:
        store.revise(number, terms, **said)  # type: ignore[arg-type]
    store.step(number, "proposed", by=by, why=why)
    return number


def decide(store: Store, number: int, version: int, step: str, *, by: Actor, why: str) -> Decision:
    """Take a version of a proposal a step of STEPS further. DecisionError when the actor may not."""
    if step not in STEPS or store.decision(number, version).kind not in kinds():
        raise DecisionError(f"Proposal {number} cannot be taken to {step!r}.")
    refuse_patients("why", why)
    return store.step(number, STEPS[step], by=by, why=why, version=version)


def proposals(store: Store, person: Person, register: Register) -> list[Proposal]:
    """All versions of proposals that a person may read, the newest first."""
    found = []
    for kind in kinds():
        for newest in store.decisions(kind):
            earlier = [store.decision(newest.decision_id, n) for n in range(1, newest.version)]
            found += [seen for one in (*earlier, newest) if (seen := _seen(one, person, register)) is not None]
    return sorted(found, key=lambda p: (-p.decision.decision_id, -p.decision.version))


def _seen(one: Decision, person: Person, register: Register) -> Proposal | None:
    rows = [{"organisation_code": code} for code, part in one.parties if part == PART]
    own = bool(kept(rows, "proposals", person, register))
    if not rows or not (own or one.was_in_force):
        return None
    return Proposal(one, own, _steps(one, person) if own else ())


def _steps(one: Decision, person: Person) -> tuple[str, ...]:
    if person.role == "national":
        return {"proposed": ("approve", "reject"), "in_force": ("end",)}.get(one.state, ())
    return ("withdraw",) if person.role == "crg" and one.state in ("draft", "proposed") else ()


@cache
def _words() -> Mapping[tuple[str, str, str], str]:
    lines = shipped("tertiary.web", "proposal_states.csv", TertiaryError)
    return {(x.text("state"), x.text("by", ""), x.text("before", "")): x.text("words") for x in lines}


def state_words(one: Decision) -> str:
    """Where a proposal stands: who ended it, and from where, is part of that."""
    if one.state != "ended":
        return _words()[one.state, "", ""]
    return _words()[one.state, one.steps[-1].by.role, one.steps[-2].reached]
