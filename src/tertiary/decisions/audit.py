"""The chain of everything that was written: each entry holds the hash of the one before.

A row that is changed, taken out or put in behind the store's back breaks the chain or no longer agrees with it. Who may
write everything could write the chain anew as well, or cut off its newest entries: against that, note the head (count
and hash) elsewhere, in minutes or a letter, and compare with it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from tertiary.decisions.models import AuditRow, Base
from tertiary.errors import DecisionError

START = "0" * 64


@dataclass(frozen=True)
class Head:
    """The newest entry: how many there are and its hash."""

    entries: int
    hash: str


def canonical(content: Any) -> str:
    """JSON text that is the same for equal content. DecisionError for floats, whose text is nobody's agreement."""

    def plain(value: Any) -> str:
        if isinstance(value, (dt.date, dt.datetime)):
            return value.isoformat()
        raise DecisionError(f"{value!r} cannot stand in a record. Write amounts and shares as text.")

    _refuse_floats(content)
    try:
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=plain)
        text.encode()
    except (TypeError, ValueError) as error:
        raise DecisionError(
            f"{content!r:.100} cannot stand in a record: {error}. Write plain text and lists."
        ) from error
    return text


def _refuse_floats(content: Any) -> None:
    if isinstance(content, float):
        raise DecisionError(f"{content!r} is a binary fraction. Write amounts and shares as text, such as '0.05'.")
    for value in (
        content.values() if isinstance(content, dict) else content if isinstance(content, (list, tuple)) else ()
    ):
        _refuse_floats(value)


def row_content(row: Base) -> dict[str, Any]:
    """A row as plain values by column."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).columns}


def append(session: Session, row: Base, at: dt.datetime, role: str, organisation: str, account: str) -> None:
    """Note a row that is about to be written, as the next entry of the chain."""
    last = session.scalars(select(AuditRow).order_by(AuditRow.sequence.desc()).limit(1)).first()
    entry = AuditRow(
        sequence=last.sequence + 1 if last else 1,
        at=at,
        role=role,
        organisation_code=organisation,
        account=account,
        table_name=row.__tablename__,
        content=canonical(row_content(row)),
        previous=last.hash if last else START,
    )
    entry.hash = entry_hash(entry)
    session.add(entry)
    session.flush()


def entry_hash(entry: AuditRow) -> str:
    """The hash that an entry must have."""
    names = ("sequence", "at", "role", "organisation_code", "account", "table_name", "content", "previous")
    return hashlib.sha256(canonical([getattr(entry, name) for name in names]).encode()).hexdigest()


def verify(session: Session, head: Head | None = None) -> Head:
    """Follow the chain from its start and compare it with all rows. Returns its head.

    DecisionError names the first entry that is not as it was written, or a row without an entry; with `head`, also when
    the chain does not hold that entry any more.
    """
    previous, count = START, 0
    noted: Counter[tuple[str, str]] = Counter()
    is_head_met = head is None or head.entries == 0
    for entry in session.scalars(select(AuditRow).order_by(AuditRow.sequence)):
        count += 1
        if entry.sequence != count or entry.previous != previous or entry.hash != entry_hash(entry):
            raise DecisionError(
                f"The chain breaks at entry {count} ({entry.table_name}, {entry.at:%Y-%m-%d %H:%M}): it was changed, "
                "taken out or put in afterwards. Restore the store from a copy in which the chain is whole."
            )
        previous = entry.hash
        noted[entry.table_name, entry.content] += 1
        is_head_met |= head is not None and (count, entry.hash) == (head.entries, head.hash)
    if not is_head_met:
        raise DecisionError(
            f"The chain of {count} entries does not hold entry {head and head.entries} with hash {head and head.hash}: "
            "newest entries were cut off, or this is another store."
        )
    found: Counter[tuple[str, str]] = Counter()
    for mapper in Base.registry.mappers:
        if mapper.class_ is not AuditRow:
            for row in session.scalars(select(mapper.class_)):
                found[row.__tablename__, canonical(row_content(row))] += 1
    for (table, content), _ in ((found - noted) + (noted - found)).items():
        raise DecisionError(
            f"A row of {table} is not as the chain tells it: {content[:200]}. It was changed, taken out or put in "
            "afterwards. Restore the store from a copy in which both agree."
        )
    return Head(count, previous if count else START)
