"""Who looked at something sensitive, when and why: noted in the store before it is shown, and proven like the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tertiary.decisions.models import ReadRow
from tertiary.decisions.store import Actor, Store
from tertiary.errors import DecisionError


@dataclass(frozen=True)
class Read:
    """One look. `organisations`: all for which the person acts; `at` is UTC."""

    read_id: int
    at: dt.datetime
    role: str
    organisations: tuple[str, ...]
    account: str
    what: str
    subject: str
    why: str


def note(store: Store, by: Actor, organisations: Sequence[str], what: str, subject: str, why: str) -> int:
    """Write down that somebody is about to see something; returns its number.

    DecisionError when a text or the account is blank or too long, or the store does not take it.
    """
    said = {"account": by.account, "what": what, "subject": subject, "why": why}
    for name, text in said.items():
        if not text.strip():
            raise DecisionError(f"{name} is blank. Who looks at single records says so by account, and why.")
    codes = " ".join(organisations or (by.organisation_code,))

    def write(session: Session, at: dt.datetime) -> int:
        number = (session.scalar(select(func.max(ReadRow.read_id))) or 0) + 1
        plain = {name: text.strip() for name, text in said.items()}
        row = ReadRow(read_id=number, at=at, role=by.role, organisation_codes=codes, **plain)
        store.add(session, [row], at, by)
        return number

    return store.write(write, by)


def reads(store: Store) -> list[Read]:
    """All looks, the newest first."""
    with store.read() as session:
        return [
            Read(r.read_id, r.at, r.role, tuple(r.organisation_codes.split()), r.account, r.what, r.subject, r.why)
            for r in session.scalars(select(ReadRow).order_by(ReadRow.read_id.desc()))
        ]
