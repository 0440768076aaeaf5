"""The log of challenges that provider and host share: headers and events in the decision store, only added to.

A provider sees the challenges of its own charges, a host those it raised, and nobody another's: `_of` is the one place
that says so. The log holds no patient and no record.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, or_, select, true

from tertiary.challenges import steps
from tertiary.challenges.balance import Balance, Movement, balance, check
from tertiary.challenges.cash import NO_CONTRACTS
from tertiary.challenges.dates import Calendar, due
from tertiary.challenges.privacy import refuse_patients
from tertiary.decisions import Actor, Store
from tertiary.decisions.models import ChallengeEventRow, ChallengeRow
from tertiary.errors import ContractError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tertiary.challenges.raising import Raised

# steps of the data that carry new pounds
DATA = ("raise", "change", "reopen", "note", "leave")
PROVIDER = "provider"


class OvertakenError(ContractError):
    """Somebody else took a step after its actor had read the challenge."""


@dataclass(frozen=True)
class Event:
    """One event of a challenge: see `decisions.models.ChallengeEventRow`. Pounds are null where it says none."""

    step: str
    reached: str
    at: dt.datetime
    by: Actor
    why: str
    evidence: str
    amount: Decimal | None
    run_label: str
    records: int | None
    value: Decimal | None
    first_claim: Decimal | None
    cash_effect: Decimal | None
    cash_reason: str
    respond_by: dt.date | None
    settle_by: dt.date | None


@dataclass(frozen=True)
class Challenge:
    """A challenge with all its events, oldest first. Key: challenge_id. Pounds to the penny."""

    challenge_id: str
    rule_id: str
    provider_code: str
    host_code: str
    payer_code: str
    financial_year: str
    financial_month: int
    service_line: str
    component: str
    raise_by: dt.date
    events: tuple[Event, ...]

    @property
    def state(self) -> str:
        """Where it stands: see steps.csv."""
        return self.events[-1].reached

    @property
    def seen(self) -> Event:
        """The newest event of the data: run, records, value, first claim and cash effect."""
        return next(event for event in reversed(self.events) if event.step in DATA)

    @cached_property
    def balance(self) -> Balance:
        """What became of its pounds. ContractError when they do not add up."""
        found = balance(Movement(e.step, e.reached, e.value, e.amount) for e in self.events)
        check(f"Challenge {self.challenge_id}", found, self.state in steps.CLOSED)
        return found

    @property
    def respond_by(self) -> dt.date | None:
        """The day by which the provider answers."""
        return next((e.respond_by for e in reversed(self.events) if e.respond_by), None)

    @property
    def settle_by(self) -> dt.date | None:
        """The day by which it is settled."""
        return next((e.settle_by for e in reversed(self.events) if e.settle_by), None)

    @property
    def is_late(self) -> bool:
        """Whether it was raised after the day for its month."""
        return self.events[0].at.date() > self.raise_by

    def may_lapse(self, on: dt.date) -> bool:
        """Whether the day by which it was to be settled has passed."""
        return self.settle_by is not None and on > self.settle_by

    def ways(self, part: str, on: dt.date) -> list[steps.Step]:
        """The steps that the host or the provider may take on a day."""
        return [step for step in steps.ways(self.state, part) if step.step != "lapse" or self.may_lapse(on)]

    def overdue(self, on: dt.date) -> str:
        """What is overdue on a day: response, settlement or nothing (blank)."""
        if self.state in steps.CLOSED:
            return ""
        if self.settle_by and on > self.settle_by:
            return "settlement"
        return "response" if self.state == "raised" and self.respond_by and on > self.respond_by else ""


@dataclass(frozen=True)
class Written:
    """What a run added to the log: challenges by step (raise, change, reopen, note, leave), and the number as before.

    `of_others`: challenges of other hosts in the run, by host, which were not written.
    """

    by_step: Mapping[str, int]
    same: int
    of_others: Mapping[str, int]


class Log:
    """The log in an open decision store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self, found: Raised, *, by: Actor, run_label: str, why: str = "raised by rule", calendar: Calendar | None = None
    ) -> Written:
        """Write what a run questions for a host: new challenges, and events on known ones whose pounds changed.

        Of providers, months and components that the run covers and rules it applied, what it no longer holds is
        proposed to be settled by data. The same run again writes nothing. ContractError when a provider would raise,
        DecisionError when the store does not take it.
        """
        if by.role == PROVIDER:
            raise ContractError(f"{by.organisation_code} acts as provider; the host raises challenges, and it answers.")
        for name, text in (("why", why), ("run label", run_label), ("account", by.account)):
            refuse_patients(name, text)
        rows = found.challenges.to_pylist()
        for row in rows:
            for name in ("provider_code", "payer_code", "service_line"):
                refuse_patients(name, row[name])
        mine = {row["challenge_id"]: row for row in rows if row["host_code"] == by.organisation_code}
        others = Counter(row["host_code"] for row in rows if row["challenge_id"] not in mine)

        def write(session: Session, at: dt.datetime) -> Written:
            known = _loaded(session, ChallengeRow.host_code == by.organisation_code)
            news = _news(known, mine, found)
            for code, step, row in news:
                event = _event_row(known.get(code) or code, step, at, by, why)
                event.run_label, event.records, event.cash_reason = run_label, row["records"], row["cash_reason"]
                for name in ("value", "first_claim", "cash_effect"):
                    setattr(event, name, _text(row[name]))
                facts = known.get(code) or ChallengeRow(**{n: row[n] for n in FACTS})
                days = due(facts.financial_year, facts.financial_month, at.date(), calendar)
                # a change gives no new days to what is still asked
                if step in ("raise", "reopen") or (isinstance(facts, Challenge) and facts.state == "gone"):
                    event.respond_by, event.settle_by = days.respond_by, days.settle_by
                if isinstance(facts, ChallengeRow):
                    facts.raise_by = days.raise_by
                    self._store.add(session, [facts], at, by)
                self._store.add(session, [event], at, by)
            by_step = Counter(step for _, step, _ in news)
            return Written(by_step, len(mine) - sum(code in mine for code, _, _ in news), others)

        return self._store.write(write, by)

    def news(self, found: Raised, host: str) -> list[tuple[str, str, Mapping[str, Any]]]:
        """What `record` would write for a host: id of the challenge, step of the data, and its pounds."""
        mine = {row["challenge_id"]: row for row in found.challenges.to_pylist() if row["host_code"] == host}
        with self._store.read() as session:
            return _news(_loaded(session, ChallengeRow.host_code == host), mine, found)

    def step(
        self,
        challenge_id: str,
        verb: str,
        *,
        by: Actor,
        why: str,
        amount: str | None = None,
        evidence: str = "",
        seen: int | None = None,
    ) -> Challenge:
        """Take a challenge on: respond, evidence, accept, reject, pursue, withdraw, settle or lapse. Returns it.

        `evidence` is a reference or an address. `seen`: the number of its events that the actor has read, for whom the
        step depends on there being no newer one. ContractError when it is not the actor's, or the step not allowed,
        OvertakenError when there are newer events.
        """
        for name, text in (("why", why), ("evidence", evidence), ("account", by.account)):
            refuse_patients(name, text)
        if not why.strip() or (verb == "evidence" and not evidence.strip()):
            raise ContractError("A step says why, and the step evidence names the evidence. Give --why and --evidence.")

        def write(session: Session, at: dt.datetime) -> Challenge:
            found = _one(session, challenge_id, by.organisation_code)
            subject = f"Challenge {challenge_id}"
            if seen is not None and len(found.events) != seen:
                raise OvertakenError(_overtaken(subject, found.events[-1]))
            taken = steps.allowed(found.state, verb, _part(found, by), subject)
            if verb == "lapse" and not found.may_lapse(at.date()):
                raise ContractError(
                    f"{subject} can lapse after {found.settle_by}, the day by which it is to be settled."
                )
            b = found.balance
            # a provider that accepts after all accepts of what its rejection held back
            pounds = steps.amount_of(taken, amount, b.open + b.refused, b.accepted, subject)
            row = _event_row(found, verb, at, by, why.strip(), evidence.strip())
            row.amount = _text(pounds)
            self._store.add(session, [row], at, by)
            return _one(session, challenge_id, by.organisation_code)

        return self._store.write(write, by)

    def challenges(
        self, organisation: str, *, state: str | None = None, overdue_on: dt.date | None = None
    ) -> list[Challenge]:
        """The challenges of an organisation, as host or provider, by provider, month and rule."""
        if state is not None and state not in steps.states():
            raise ContractError(f"{state!r} is no state. States: {', '.join(steps.states())}.")
        with self._store.read() as session:
            found = list(_loaded(session, _of(organisation)).values())
        kept = [c for c in found if state is None or c.state == state]
        return sorted((c for c in kept if overdue_on is None or c.overdue(overdue_on)), key=_order)

    def everything(self) -> list[Challenge]:
        """All challenges, whosesoever, in the order of `challenges`; the caller keeps them from others."""
        with self._store.read() as session:
            return sorted(_loaded(session, true()).values(), key=_order)

    def events(self) -> int:
        """The number of all events: as long as it is the same, nothing has happened, for nothing is ever taken away."""
        with self._store.read() as session:
            return session.scalar(select(func.count()).select_from(ChallengeEventRow)) or 0

    def challenge(self, challenge_id: str, organisation: str) -> Challenge:
        """A challenge of an organisation. ContractError when it has none of that id."""
        with self._store.read() as session:
            return _one(session, challenge_id, organisation)


FACTS = ("challenge_id", "rule_id", "provider_code", "host_code", "payer_code", "financial_year", "financial_month",
         "service_line", "component")  # fmt: skip
NOTHING: Mapping[str, Any] = {
    "records": 0, "value": Decimal("0.00"), "first_claim": Decimal("0.00"), "cash_effect": None, "cash_reason": "",
}  # fmt: skip


def _order(challenge: Challenge) -> tuple[Any, ...]:
    c = challenge
    return c.provider_code, c.financial_year, c.financial_month, c.rule_id, c.challenge_id


def _overtaken(subject: str, last: Event) -> str:
    who = f"{last.by.role} {last.by.organisation_code}"
    return (
        f"{subject}: your step was not taken, because {who} was first: {last.step} at {last.at:%H:%M} (UTC) on "
        f"{last.at:%Y-%m-%d}. Look at what was said and decide anew."
    )


def _of(organisation: str) -> ColumnElement[bool]:
    """Which challenges an organisation may see."""
    return or_(ChallengeRow.provider_code == organisation, ChallengeRow.host_code == organisation)


def _part(found: Challenge, by: Actor) -> str:
    """Host or provider. ContractError when the actor's role is not that of its part."""
    part = PROVIDER if by.organisation_code == found.provider_code else "host"
    if (part == PROVIDER) != (by.role == PROVIDER):
        raise ContractError(
            f"{by.organisation_code} is the {part} of challenge {found.challenge_id} and cannot act as {by.role}."
        )
    return part


def _news(
    known: Mapping[str, Challenge], mine: Mapping[str, Mapping[str, Any]], found: Raised
) -> list[tuple[str, str, Mapping[str, Any]]]:
    """What a run tells that the log does not hold: id, step of the data, and the pounds."""
    told = [(code, _new_step(known.get(code), row), row) for code, row in mine.items()]
    news = [one for one in told if one[1]]
    for code, challenge in known.items():
        place = (
            challenge.provider_code, challenge.financial_year, challenge.financial_month, challenge.component,
        )  # fmt: skip
        is_covered = challenge.rule_id in found.rules and place in found.covered
        if code not in mine and is_covered and challenge.seen.records:
            news.append((code, "note" if challenge.state in steps.CLOSED else "leave", NOTHING))
    return news


def _new_step(known: Challenge | None, row: Mapping[str, Any]) -> str:
    """What a run has to say of a challenge that it holds; blank when nothing is new."""
    if known is None:
        return "raise"
    seen = known.seen
    is_same = (seen.records, seen.value) == (row["records"], row["value"])
    if known.state in steps.CLOSED:
        return "reopen" if row["value"] > known.balance.base else "" if is_same else "note"
    # that no contract was loaded this time is no news
    cash = row["cash_reason"] == NO_CONTRACTS or (seen.cash_effect, seen.cash_reason) == (
        row["cash_effect"], row["cash_reason"],
    )  # fmt: skip
    return "" if is_same and cash and seen.first_claim == row["first_claim"] else "change"


def _one(session: Session, challenge_id: str, organisation: str) -> Challenge:
    found = _loaded(session, _of(organisation) & (ChallengeRow.challenge_id == challenge_id))
    if not found:
        raise ContractError(
            f"{organisation} has no challenge {challenge_id!r}. Its own: tertiary challenges list --for {organisation}."
        )
    return found[challenge_id]


def _loaded(session: Session, which: ColumnElement[bool]) -> dict[str, Challenge]:
    """Challenges with their events, by id."""
    events: dict[str, list[Event]] = {}
    rows = select(ChallengeEventRow).join(ChallengeRow, ChallengeRow.challenge_id == ChallengeEventRow.challenge_id)
    for row in session.scalars(rows.where(which).order_by(ChallengeEventRow.challenge_id, ChallengeEventRow.event)):
        events.setdefault(row.challenge_id, []).append(_event(row))
    heads = session.scalars(select(ChallengeRow).where(which).order_by(ChallengeRow.challenge_id))
    return {
        head.challenge_id: Challenge(
            **{n: getattr(head, n) for n in FACTS}, raise_by=head.raise_by, events=tuple(events[head.challenge_id])
        )
        for head in heads
    }


def _event(row: ChallengeEventRow) -> Event:
    return Event(
        row.step, row.reached, row.at, Actor(row.role, row.organisation_code, row.account), row.why, row.evidence,
        _pounds(row.amount), row.run_label, row.records, _pounds(row.value), _pounds(row.first_claim),
        _pounds(row.cash_effect), row.cash_reason, row.respond_by, row.settle_by,
    )  # fmt: skip


def _event_row(
    known: Challenge | str, step: str, at: dt.datetime, by: Actor, why: str, evidence: str = ""
) -> ChallengeEventRow:
    """The next event of a challenge, or the first of a new one; pounds and days blank."""
    code, number, state = (known, 1, "") if isinstance(known, str) else (
        known.challenge_id, len(known.events) + 1, known.state,
    )  # fmt: skip
    return ChallengeEventRow(
        challenge_id=code, event=number, step=step, reached=steps.steps()[state, step].to_state, at=at, role=by.role,
        organisation_code=by.organisation_code, account=by.account, why=why, evidence=evidence, amount="", run_label="",
        records=None, value="", first_claim="", cash_effect="", cash_reason="", respond_by=None, settle_by=None,
    )  # fmt: skip


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


def _pounds(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def totals(found: Iterable[Challenge]) -> Balance:
    """The balances of challenges added up."""
    made = [challenge.balance for challenge in found]
    names = ("raised", "credited", "corrected", "rejected", "withdrawn", "lapsed", "accepted")
    return Balance(**{name: sum((getattr(b, name) for b in made), Decimal("0.00")) for name in names})
