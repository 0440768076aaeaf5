"""What people decided: agreements, contracts and other decisions, each step with who, when and why.

SQLite by default, PostgreSQL by URL. The store is only added to; see `audit` for how that is proven.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine, func, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from tertiary.decisions import audit, migrate, states
from tertiary.decisions.audit import Head
from tertiary.decisions.connect import connected, reading, writing
from tertiary.decisions.models import Base, DecisionRow, Organisation, PartyRow, StepRow, VersionRow
from tertiary.errors import DecisionError

Result = TypeVar("Result")
# two writers may want the same next number; the later one tries again
ATTEMPTS = 20


@dataclass(frozen=True)
class Actor:
    """Who does something: a role of an organisation, and the account when people sign in."""

    role: str
    organisation_code: str
    account: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a decision's version to `state`; `reached` is the state after it, the old one while consents lack."""

    state: str
    reached: str
    at: dt.datetime
    by: Actor
    why: str


@dataclass(frozen=True)
class Decision:
    """A decision in one version, from its first day to the day before `valid_to`.

    `parties`: (organisation code, part). `consents`: organisations that must agree: the parties, and those of a version
    that is in force, because they lose it. `state`: see transitions.csv.
    """

    decision_id: int
    kind: str
    subject: str
    version: int
    terms: Mapping[str, Any]
    valid_from: dt.date
    valid_to: dt.date | None
    parties: tuple[tuple[str, str], ...]
    consents: frozenset[str]
    steps: tuple[Step, ...]
    state: str

    @property
    def was_in_force(self) -> bool:
        """Whether it is in force, or ended after it was."""
        return any(step.reached == "in_force" for step in self.steps)

    def holds(self, on: dt.date) -> bool:
        """Whether this version is in force on a day. A newer one may have taken its place: `Store.governing`."""
        return self.state == "in_force" and self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


class Store:
    """An open decision store. Use it with `with`, or close it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Store:
        """Open the store at a database URL; a new one gets its tables.

        DecisionError when the URL cannot be used, the store is of another version, or is new and `create` is off.
        """
        engine = connected(url, create=create)
        try:
            with _plain():
                migrate.ready(engine, create=create)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def organisation(
        self, code: str, name: str, kind: str, valid_from: dt.date, *, by: Actor, successor_code: str = ""
    ) -> None:
        """Name an organisation from a day on; `kind` is the role in which it acts from then on.

        DecisionError when that was done before, or by somebody who is neither region nor national.
        """
        if kind not in states.ROLES or by.role not in ("region", "national"):
            raise DecisionError(
                f"{by.role} cannot name {code!r} as {kind!r}. Region and national name organisations; kinds are "
                f"{', '.join(states.ROLES)}."
            )
        row = {
            "organisation_code": _filled("organisation", code), "name": _filled("name", name), "kind": kind,
            "valid_from": valid_from, "successor_code": successor_code,
        }  # fmt: skip
        self.write(lambda session, at: self.add(session, [Organisation(**row)], at, by), by)

    def organisations(self, on: dt.date) -> dict[str, Organisation]:
        """Organisations by code, as named on a day."""
        with self.read() as session:
            return _organisations(session, on)

    def draft(
        self,
        kind: str,
        subject: str,
        terms: Mapping[str, Any],
        *,
        parties: Iterable[tuple[str, str]],
        valid_from: dt.date,
        valid_to: dt.date | None = None,
        by: Actor,
        why: str,
    ) -> int:
        """Write down a new decision; returns its id. DecisionError when the role may not, or something is blank."""
        states.allow("", "draft", by.role, by.organisation_code, (), subject, kind)
        about = {"kind": _filled("kind", kind), "subject": _filled("subject", subject)}
        named = _named(parties)

        def write(session: Session, at: dt.datetime) -> int:
            number = (session.scalar(select(func.max(DecisionRow.decision_id))) or 0) + 1
            self.add(session, [DecisionRow(decision_id=number, **about)], at, by)
            self._version(session, at, number, 1, terms, named, valid_from, valid_to, by, why)
            return number

        return self.write(write, by)

    def revise(
        self,
        decision_id: int,
        terms: Mapping[str, Any],
        *,
        parties: Iterable[tuple[str, str]],
        valid_from: dt.date,
        valid_to: dt.date | None = None,
        by: Actor,
        why: str,
    ) -> int:
        """Write down other terms as a new version, a draft again; returns its number. The former version stays.

        DecisionError as in `draft`, and when an ICB or provider is no party to the newest version.
        """
        named = _named(parties)

        def write(session: Session, at: dt.datetime) -> int:
            latest = _find(session, decision_id, None)
            codes = {code for code, _ in latest.parties}
            subject = f"Decision {decision_id}"
            states.allow("draft", "proposed", by.role, by.organisation_code, codes, subject, latest.kind)
            version = latest.version + 1
            self._version(session, at, decision_id, version, terms, named, valid_from, valid_to, by, why)
            return version

        return self.write(write, by)

    def step(self, decision_id: int, state: str, *, by: Actor, why: str, version: int | None = None) -> Decision:
        """Take a version of a decision, the newest unless told, to a state. Returns the decision.

        A step that needs all parties is a consent: the state changes once each of them has given it. DecisionError when
        the step is not allowed to the actor, or was taken before.
        """

        def write(session: Session, at: dt.datetime) -> Decision:
            found = _find(session, decision_id, version)
            subject = f"Decision {decision_id} version {found.version}"
            code, consents = by.organisation_code, found.consents
            needs_all = states.allow(found.state, state, by.role, code, consents, subject, found.kind)
            given = {s.by.organisation_code for s in found.steps if s.state == state}
            if needs_all and code in given:
                raise DecisionError(f"{subject}: {code} has made it {state} before.")
            is_complete = not needs_all or consents <= given | {code}
            reached = state if is_complete else found.state
            taken = _step(found.decision_id, found.version, len(found.steps) + 1, (state, reached), at, by, why)
            self.add(session, [taken], at, by)
            return _find(session, decision_id, found.version)

        return self.write(write, by)

    def decision(self, decision_id: int, version: int | None = None) -> Decision:
        """A decision in its newest version, or another. DecisionError when there is none."""
        with self.read() as session:
            return _find(session, decision_id, version)

    def decisions(
        self, kind: str | None = None, *, state: str | None = None, in_force_on: dt.date | None = None
    ) -> list[Decision]:
        """Decisions in their newest versions, by id; with `in_force_on` those in force on a day, as they are then."""
        with self.read() as session:
            rows = session.scalars(select(DecisionRow).order_by(DecisionRow.decision_id)).all()
            ids = [row.decision_id for row in rows if kind is None or row.kind == kind]
            if in_force_on is None:
                found = [_find(session, one, None) for one in ids]
            else:
                found = [d for one in ids if (d := _governing(session, one, in_force_on)) is not None]
            return [d for d in found if state is None or d.state == state]

    def governing(self, decision_id: int, on: dt.date) -> Decision | None:
        """The version of a decision that is in force on a day: the newest that has begun, unless it has ended."""
        with self.read() as session:
            return _governing(session, decision_id, on)

    def verify(self, head: Head | None = None) -> Head:
        """Prove that nothing was changed, taken out or put in: see `audit.verify`."""
        with self.read() as session:
            return audit.verify(session, head)

    def entries(self) -> list[dict[str, Any]]:
        """The chain, oldest first."""
        with self.read() as session:
            rows = session.scalars(select(audit.AuditRow).order_by(audit.AuditRow.sequence))
            return [audit.row_content(row) for row in rows]

    def _version(
        self,
        session: Session,
        at: dt.datetime,
        decision_id: int,
        version: int,
        terms: Mapping[str, Any],
        parties: Sequence[tuple[str, str]],
        valid_from: dt.date,
        valid_to: dt.date | None,
        by: Actor,
        why: str,
    ) -> None:
        if valid_to is not None and valid_to <= valid_from:
            raise DecisionError(f"Decision {decision_id} would end on {valid_to}, not after its start on {valid_from}.")
        row = VersionRow(
            decision_id=decision_id, version=version, terms=audit.canonical(dict(terms)), valid_from=valid_from,
            valid_to=valid_to,
        )  # fmt: skip
        listed = [
            PartyRow(decision_id=decision_id, version=version, organisation_code=code, part=part)
            for code, part in parties
        ]
        self.add(session, [row, *listed, _step(decision_id, version, 1, ("draft", "draft"), at, by, why)], at, by)

    def add(self, session: Session, rows: Sequence[Base], at: dt.datetime, by: Actor) -> None:
        """Write rows within `write`, each with its entry in the chain. DecisionError when a text is too long."""
        for row in rows:
            _fit(row)
            session.add(row)
            audit.append(session, row, at, by.role, by.organisation_code, by.account)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment of the store, for rooms that keep tables of their own in it."""
        with _plain(), reading(self._engine) as session:
            yield session

    def write(self, work: Callable[[Session, dt.datetime], Result], by: Actor) -> Result:
        """Run `work` in a transaction of its own, again when another writer took the same number.

        `work` gets a session and the time, and writes with `add`. DecisionError when the actor may not act in its role.
        """
        if by.role not in states.ROLES:
            raise DecisionError(f"{by.role!r} is no role. Roles: {', '.join(states.ROLES)}.")
        _filled("organisation", by.organisation_code)
        for attempt in range(ATTEMPTS):
            try:
                with _plain(), writing(self._engine) as session:
                    at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
                    known = _organisations(session, at.date()).get(by.organisation_code)
                    if known is not None and known.kind != by.role:
                        raise DecisionError(f"{by.organisation_code} acts as {known.kind}, not as {by.role}.")
                    return work(session, at)
            except _ClashError as error:
                if attempt == ATTEMPTS - 1:
                    raise DecisionError(f"Nothing was written: {error}. It stands there already.") from error
        raise AssertionError("unreachable")


class _ClashError(Exception):
    """A key stands there already."""


@contextmanager
def _plain() -> Iterator[None]:
    """Say in plain words what the database refused; never with the SQL or its values."""
    try:
        yield
    except IntegrityError as error:
        raise _ClashError(str(error.orig)) from error
    except DBAPIError as error:
        raise DecisionError(
            f"The database does not take it: {error.orig}. Nothing was written. Where it is locked, somebody else is "
            "writing: try again; where it is full or read-only, mend that first."
        ) from error


def _find(session: Session, decision_id: int, version: int | None) -> Decision:
    latest = session.scalar(select(func.max(VersionRow.version)).where(VersionRow.decision_id == decision_id))
    about = session.get(DecisionRow, decision_id)
    if latest is None or about is None:
        raise DecisionError(f"There is no decision {decision_id}. tertiary decisions list shows those there are.")
    number = version or latest
    row = session.get(VersionRow, (decision_id, number))
    if row is None:
        raise DecisionError(f"Decision {decision_id} has no version {number}; it has 1 to {latest}.")
    mine = {"decision_id": decision_id, "version": number}
    listed = session.scalars(select(PartyRow).filter_by(**mine).order_by(PartyRow.organisation_code, PartyRow.part))
    parties = tuple((party.organisation_code, party.part) for party in listed)
    steps = tuple(
        Step(s.state, s.reached, s.at, Actor(s.role, s.organisation_code, s.account), s.why)
        for s in session.scalars(select(StepRow).filter_by(**mine).order_by(StepRow.step))
    )
    consents = {code for code, _ in parties}
    before = next((d for n in range(number - 1, 0, -1) if (d := _find(session, decision_id, n)).was_in_force), None)
    if before is not None and before.state == "in_force":
        consents |= {code for code, _ in before.parties}
    return Decision(
        decision_id, about.kind, about.subject, number, json.loads(row.terms), row.valid_from, row.valid_to, parties,
        frozenset(consents), steps, steps[-1].reached,
    )  # fmt: skip


def _governing(session: Session, decision_id: int, on: dt.date) -> Decision | None:
    latest = _find(session, decision_id, None).version
    for number in range(latest, 0, -1):
        found = _find(session, decision_id, number)
        if found.was_in_force and found.valid_from <= on:
            return found if found.holds(on) else None
    return None


def _organisations(session: Session, on: dt.date) -> dict[str, Organisation]:
    rows = session.scalars(select(Organisation).where(Organisation.valid_from <= on).order_by(Organisation.valid_from))
    return {row.organisation_code: row for row in rows}


def _step(
    decision_id: int, version: int, number: int, to: tuple[str, str], at: dt.datetime, by: Actor, why: str
) -> StepRow:
    return StepRow(
        decision_id=decision_id, version=version, step=number, state=to[0], reached=to[1], at=at, role=by.role,
        organisation_code=by.organisation_code, account=by.account, why=_filled("why", why),
    )  # fmt: skip


def _named(parties: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    named = sorted({(_filled("party", code), _filled("part", part)) for code, part in parties})
    if not named:
        raise DecisionError("A decision needs parties. Name at least one organisation and its part.")
    return named


def _filled(name: str, text: str) -> str:
    if not text.strip():
        raise DecisionError(f"{name} is blank. A decision says what it is about, who took each step and why.")
    return text.strip()


def _fit(row: Base) -> None:
    """SQLite takes text of any length, other databases do not: say so in one way."""
    for column in inspect(type(row)).columns:
        value, most = getattr(row, column.key), getattr(column.type, "length", None)
        if most is not None and isinstance(value, str) and len(value) > most:
            raise DecisionError(f"{column.key} has {len(value)} characters; at most {most} are kept: {value[:40]}…")


def upgrade(url: str) -> str:
    """Take the tables of the store at a URL to the newest version; returns it. DecisionError as in `Store.open`."""
    engine = connected(url, create=False)
    try:
        with _plain():
            migrate.upgrade(engine)
        return migrate.newest()
    finally:
        engine.dispose()
