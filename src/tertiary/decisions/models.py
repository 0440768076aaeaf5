"""The tables of the decision store. Nothing in them is ever changed or deleted: a change is a new row.

Times are UTC. JSON is canonical text (sorted keys, no floats): equal content has equal hashes on every database.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Date, DateTime, ForeignKey, ForeignKeyConstraint, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of all tables."""


class Organisation(Base):
    """An organisation as named from a day on. Key: organisation_code and valid_from."""

    __tablename__ = "organisations"
    organisation_code: Mapped[str] = mapped_column(String(16), primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    successor_code: Mapped[str] = mapped_column(String(16), default="")


class DecisionRow(Base):
    """One decision. Key: decision_id. `kind`: agreement, contract …; `subject` says in a line what it is about."""

    __tablename__ = "decisions"
    decision_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(200))


class VersionRow(Base):
    """The terms of a decision as put down once. Key: decision_id and version (1, 2 …)."""

    __tablename__ = "versions"
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.decision_id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    terms: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)


class PartyRow(Base):
    """A party to a version. Key: all columns. `part`: partner, host, payer, provider …"""

    __tablename__ = "parties"
    decision_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    organisation_code: Mapped[str] = mapped_column(String(16), primary_key=True)
    part: Mapped[str] = mapped_column(String(32), primary_key=True)
    __table_args__ = (ForeignKeyConstraint(["decision_id", "version"], ["versions.decision_id", "versions.version"]),)


class StepRow(Base):
    """A step of a version to a state, by whom, when and why. Key: decision_id, version and step (1, 2 …).

    `reached` is the state after it: of a consent, the state from before until all consents are there.
    """

    __tablename__ = "steps"
    decision_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    reached: Mapped[str] = mapped_column(String(16))
    at: Mapped[dt.datetime] = mapped_column(DateTime)
    role: Mapped[str] = mapped_column(String(16))
    organisation_code: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(64), default="")
    why: Mapped[str] = mapped_column(Text)
    __table_args__ = (ForeignKeyConstraint(["decision_id", "version"], ["versions.decision_id", "versions.version"]),)


class ChallengeRow(Base):
    """What is questioned of a provider's charges: facts that no later run changes. Key: challenge_id, a hash of them.

    No patient and no record is named.
    """

    __tablename__ = "challenges"
    challenge_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(16))
    provider_code: Mapped[str] = mapped_column(String(16), index=True)
    host_code: Mapped[str] = mapped_column(String(16), index=True)
    payer_code: Mapped[str] = mapped_column(String(16))
    financial_year: Mapped[str] = mapped_column(String(6))
    financial_month: Mapped[int] = mapped_column(Integer)
    service_line: Mapped[str] = mapped_column(String(32))
    component: Mapped[str] = mapped_column(String(16))
    raise_by: Mapped[dt.date] = mapped_column(Date)


class ChallengeEventRow(Base):
    """What happened to a challenge, by whom, when and why. Key: challenge_id and event (1, 2 …).

    `reached` is the state after it. Events of data carry the run, records, and pounds as text with two places (blank:
    not known); steps of people an `amount` where the step has one, and a reference to evidence.
    """

    __tablename__ = "challenge_events"
    challenge_id: Mapped[str] = mapped_column(ForeignKey("challenges.challenge_id"), primary_key=True)
    event: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    step: Mapped[str] = mapped_column(String(16))
    reached: Mapped[str] = mapped_column(String(16))
    at: Mapped[dt.datetime] = mapped_column(DateTime)
    role: Mapped[str] = mapped_column(String(16))
    organisation_code: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(64), default="")
    why: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text, default="")
    amount: Mapped[str] = mapped_column(String(24), default="")
    run_label: Mapped[str] = mapped_column(String(100), default="")
    records: Mapped[int | None] = mapped_column(Integer)
    value: Mapped[str] = mapped_column(String(24), default="")
    first_claim: Mapped[str] = mapped_column(String(24), default="")
    cash_effect: Mapped[str] = mapped_column(String(24), default="")
    cash_reason: Mapped[str] = mapped_column(String(100), default="")
    respond_by: Mapped[dt.date | None] = mapped_column(Date)
    settle_by: Mapped[dt.date | None] = mapped_column(Date)


class ReadRow(Base):
    """Who looked at something sensitive. Key: read_id (1, 2 …).

    `what` kind of thing and which (`subject`); `organisation_codes`: all for which the person acts, with blanks
    between.
    """

    __tablename__ = "reads"
    read_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(DateTime)
    role: Mapped[str] = mapped_column(String(16))
    organisation_codes: Mapped[str] = mapped_column(String(400))
    account: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(Text)


class AuditRow(Base):
    """One entry of the chain. Key: sequence (1, 2 …). `content` is the row that was written, as canonical JSON.

    hash = SHA-256 of sequence, at, role, organisation, account, table, content and the hash before, as canonical JSON.
    """

    __tablename__ = "audit"
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(DateTime)
    role: Mapped[str] = mapped_column(String(16))
    organisation_code: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(64), default="")
    table_name: Mapped[str] = mapped_column(String(32))
    content: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)


APPEND_ONLY = tuple(table.name for table in Base.metadata.sorted_tables)
