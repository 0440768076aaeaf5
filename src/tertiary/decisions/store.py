"""What people decided: agreements, contracts and other decisions, each step with who, when and why.

SQLite by default, PostgreSQL by URL. The store is only added to; see `audit` for how that is proven.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from tertiary.decisions import audit, migrate, states
from tertiary.decisions.audit import Head
from tertiary.decisions.models import DecisionRow, Organisation, PartyRow, StepRow, VersionRow
from tertiary.errors import DecisionError

# two writers may want to add the same next entry of the chain; the later one tries again
ATTEMPTS = 20


@dataclass(frozen=True)
class Actor:
    """Who does something: a role of an organisation, and the account when people sign in."""

    role: str
    organisation_code: str
    account: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a decision's version."""

    state: str
    at: dt.datetime
    by: Actor
    why: str


@dataclass(frozen=True)
class Decision:
    """A decision in one version. `parties`: (organisation code, part). `state` counts consents (transitions.csv)."""

    decision_id: int
    kind: str
    subject: str
    version: int
    terms: Mapping[str, Any]
    valid_from: dt.date
    valid_to: dt.date | None
    parties: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    state: str

    def holds(self, on: dt.date) -> bool:
        """Whether it is in force on a day."""
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
        engine = _connect(url)
        try:
            migrate.ready(engine, create=create)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def organisation(
        self, code: str, name: str, kind: str, valid_from: dt.date, *, by: Actor, successor_code: str = ""
    ) -> None:
        """Name an organisation from a day on. DecisionError when that was done before."""

        def write(session: Session, at: dt.datetime) -> None:
            row = Organisation(
                organisation_code=code, valid_from=valid_from, name=name, kind=kind, successor_code=successor_code
            )
            self._add(session, [row], at, by)

        self._write(write, by)

    def organisations(self, on: dt.date) -> dict[str, Organisation]:
        """Organisations by code, as named on a day."""
        with Session(self._engine) as session:
            rows = session.scalars(
                select(Organisation).where(Organisation.valid_from <= on).order_by(Organisation.valid_from)
            )
            return {row.organisation_code: row for row in rows}

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
        states.step("", "draft", by.role, subject)

        def write(session: Session, at: dt.datetime) -> int:
            last = session.scalar(select(func.max(DecisionRow.decision_id))) or 0
            self._add(session, [DecisionRow(decision_id=last + 1, kind=_filled("kind", kind),
                                            subject=_filled("subject", subject))], at, by)  # fmt: skip
            self._version(session, at, last + 1, 1, terms, parties, valid_from, valid_to, by, why)
            return last + 1

        return int(self._write(write, by))

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
        """Write down other terms as a new version, a draft again; returns its number. The former version stays."""
        states.step("", "draft", by.role, f"Decision {decision_id}")

        def write(session: Session, at: dt.datetime) -> int:
            version = self._latest(session, decision_id) + 1
            self._version(session, at, decision_id, version, terms, parties, valid_from, valid_to, by, why)
            return version

        return int(self._write(write, by))

    def step(self, decision_id: int, state: str, *, by: Actor, why: str) -> Decision:
        """Take the newest version of a decision to a state. Returns the decision.

        A step that needs all parties is a consent: the state changes once each of them has given it. DecisionError when
        the step is not allowed, the actor is no party to it, or has consented before.
        """

        def write(session: Session, at: dt.datetime) -> Decision:
            found = self._read(session, decision_id, None)
            subject = f"Decision {decision_id}"
            if states.step(found.state, state, by.role, subject):
                codes = {code for code, _ in found.parties}
                if by.organisation_code not in codes:
                    raise DecisionError(
                        f"{subject}: {by.organisation_code} is no party to it. Parties: {', '.join(sorted(codes))}."
                    )
                if any(s.state == state and s.by.organisation_code == by.organisation_code for s in found.steps):
                    raise DecisionError(f"{subject}: {by.organisation_code} has made it {state} before.")
            self._add(
                session, [_step(found.decision_id, found.version, len(found.steps) + 1, state, at, by, why)], at, by
            )
            return self._read(session, decision_id, None)

        result = self._write(write, by)
        assert isinstance(result, Decision)
        return result

    def decision(self, decision_id: int, version: int | None = None) -> Decision:
        """A decision in its newest version, or another. DecisionError when there is none."""
        with Session(self._engine) as session:
            return self._read(session, decision_id, version)

    def decisions(
        self, kind: str | None = None, *, state: str | None = None, in_force_on: dt.date | None = None
    ) -> list[Decision]:
        """Decisions in their newest versions, by id. With `in_force_on`, in the version that holds on that day."""
        with Session(self._engine) as session:
            rows = session.scalars(select(DecisionRow).order_by(DecisionRow.decision_id))
            ids = [row.decision_id for row in rows if kind is None or row.kind == kind]
            found = []
            for one in ids:
                latest = self._latest(session, one)
                if in_force_on is None:
                    found.append(self._read(session, one, latest))
                    continue
                versions = (self._read(session, one, number) for number in range(latest, 0, -1))
                found += [v for v in versions if v.holds(in_force_on)][:1]
            return [d for d in found if state is None or d.state == state]

    def verify(self, head: Head | None = None) -> Head:
        """Prove that nothing was changed, taken out or put in: see `audit.verify`."""
        with Session(self._engine) as session:
            return audit.verify(session, head)

    def entries(self) -> list[dict[str, Any]]:
        """The chain, oldest first."""
        with Session(self._engine) as session:
            rows = session.scalars(select(audit.AuditRow).order_by(audit.AuditRow.sequence))
            return [audit.row_content(row) for row in rows]

    def _version(
        self,
        session: Session,
        at: dt.datetime,
        decision_id: int,
        version: int,
        terms: Mapping[str, Any],
        parties: Iterable[tuple[str, str]],
        valid_from: dt.date,
        valid_to: dt.date | None,
        by: Actor,
        why: str,
    ) -> None:
        named = sorted(set(parties))
        if not named:
            raise DecisionError(f"Decision {decision_id} has no parties. Name at least one organisation and its part.")
        if valid_to is not None and valid_to <= valid_from:
            raise DecisionError(f"Decision {decision_id} would end on {valid_to}, not after its start on {valid_from}.")
        row = VersionRow(
            decision_id=decision_id, version=version, terms=audit.canonical(dict(terms)), valid_from=valid_from,
            valid_to=valid_to,
        )  # fmt: skip
        self._add(session, [row], at, by)
        listed = [
            PartyRow(decision_id=decision_id, version=version, organisation_code=code, part=part)
            for code, part in named
        ]
        self._add(session, [*listed, _step(decision_id, version, 1, "draft", at, by, why)], at, by)

    def _latest(self, session: Session, decision_id: int) -> int:
        latest = session.scalar(select(func.max(VersionRow.version)).where(VersionRow.decision_id == decision_id))
        if latest is None:
            raise DecisionError(f"There is no decision {decision_id}. tertiary decisions list shows those there are.")
        return int(latest)

    def _read(self, session: Session, decision_id: int, version: int | None) -> Decision:
        number = version or self._latest(session, decision_id)
        row = session.get(VersionRow, (decision_id, number))
        about = session.get(DecisionRow, decision_id)
        if row is None or about is None:
            raise DecisionError(f"Decision {decision_id} has no version {number}.")
        mine = {"decision_id": decision_id, "version": number}
        parties = session.scalars(
            select(PartyRow).filter_by(**mine).order_by(PartyRow.organisation_code, PartyRow.part)
        ).all()
        steps = [
            Step(s.state, s.at, Actor(s.role, s.organisation_code, s.account), s.why)
            for s in session.scalars(select(StepRow).filter_by(**mine).order_by(StepRow.step))
        ]
        codes = {party.organisation_code for party in parties}
        return Decision(
            decision_id, about.kind, about.subject, number, json.loads(row.terms), row.valid_from, row.valid_to,
            tuple((party.organisation_code, party.part) for party in parties), tuple(steps), _state(steps, codes),
        )  # fmt: skip

    def _add(self, session: Session, rows: Sequence[Any], at: dt.datetime, by: Actor) -> None:
        for row in rows:
            session.add(row)
            audit.append(session, row, at, by.role, by.organisation_code, by.account)

    def _write(self, work: Any, by: Actor) -> Any:
        """Run `work` in a transaction of its own, again when another writer was quicker."""
        if by.role not in states.ROLES:
            raise DecisionError(f"{by.role!r} is no role. Roles: {', '.join(states.ROLES)}.")
        _filled("organisation", by.organisation_code)
        for attempt in range(ATTEMPTS):
            try:
                with _session(self._engine) as session:
                    return work(session, dt.datetime.now(dt.UTC).replace(tzinfo=None))
            except (IntegrityError, OperationalError) as error:
                if attempt == ATTEMPTS - 1:
                    raise DecisionError(
                        f"Nothing was written: {error.orig}. It stands there already, or others write all the time."
                    ) from error
        raise AssertionError("unreachable")


def upgrade(url: str) -> str:
    """Take the tables of the store at a URL to the newest version; returns it. DecisionError as in `Store.open`."""
    engine = _connect(url)
    try:
        migrate.upgrade(engine)
        return migrate.newest()
    finally:
        engine.dispose()


def _state(steps: Sequence[Step], parties: set[str]) -> str:
    """The state that the steps have reached; a consent counts once every party has given it."""
    state = ""
    consented: set[str] = set()
    for step in steps:
        needs_all = states.transitions().get((state, step.state, step.by.role), False)
        if needs_all:
            consented.add(step.by.organisation_code)
            if not parties <= consented:
                continue
        state, consented = step.state, set()
    return state


def _step(decision_id: int, version: int, number: int, state: str, at: dt.datetime, by: Actor, why: str) -> StepRow:
    return StepRow(
        decision_id=decision_id, version=version, step=number, state=state, at=at, role=by.role,
        organisation_code=by.organisation_code, account=by.account, why=_filled("why", why),
    )  # fmt: skip


def _filled(name: str, text: str) -> str:
    if not text.strip():
        raise DecisionError(f"{name} is blank. A decision says what it is about, who took each step and why.")
    return text.strip()


@contextmanager
def _session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session, session.begin():
        yield session


def _connect(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        if parsed.drivername == "postgresql":
            parsed = _for_pg8000(parsed)
        engine = create_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, OSError) as error:
        raise DecisionError(
            f"The store {url.partition('@')[2] or url!r} cannot be used: {error}. Write sqlite:///decisions.sqlite, or "
            "postgresql://USER@HOST/DATABASE with tertiary[postgres] installed."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.connect():
            pass
    except DBAPIError as error:
        engine.dispose()
        raise DecisionError(
            f"The store {parsed.render_as_string(hide_password=True)} does not answer: {error.orig}."
        ) from error
    return engine


def _for_pg8000(url: URL) -> URL:
    """The driver of the extra. PostgreSQL's own tools name a socket by its folder, `?host=/folder`; it by its file."""
    url = url.set(drivername="postgresql+pg8000")
    folder = str(url.query.get("host", ""))
    if not folder.startswith("/"):
        return url
    return url.difference_update_query(["host"]).update_query_dict(
        {"unix_sock": f"{folder}/.s.PGSQL.{url.port or 5432}"}
    )


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions itself, see below
    for setting in ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 10000", "synchronous = FULL"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Any) -> None:
    """A writer holds the database from its first look, so that what it looked at still holds when it writes."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
