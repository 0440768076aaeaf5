"""Who saw what is sensitive: noted in the decision store before it is shown, and who may read those notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tertiary.decisions import reads
from tertiary.errors import DecisionError
from tertiary.web.access import actor
from tertiary.web.scope import ForbiddenError, kept

if TYPE_CHECKING:
    from tertiary.decisions import Store
    from tertiary.decisions.reads import Read
    from tertiary.register import Register
    from tertiary.web.people import Person


def record_read(store: Store, person: Person, what: str, subject: str, why: str) -> None:
    """Note that a person is about to see something: a kind of thing, which one, and their reason.

    DecisionError when it cannot be written; then nothing may be shown.
    """
    try:
        by = actor(person)
    except ForbiddenError as error:
        raise DecisionError(f"Nobody is known who looks at this: {error}") from error
    reads.note(store, by, person.organisations, what, subject, why)


def reads_of(store: Store, person: Person, register: Register) -> Sequence[Read]:
    """The notes that a person may read, newest first: those of their own organisations; the national team all."""
    every = reads.reads(store)
    rows: list[dict[str, Any]] = [
        {"organisation_code": code, "read": read} for read in every for code in read.organisations
    ]
    mine = {row["read"].read_id for row in kept(rows, "reads", person, register)}
    return [read for read in every if read.read_id in mine]
