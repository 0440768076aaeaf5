"""Who saw what is sensitive: noted in the decision store before it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.errors import DecisionError

if TYPE_CHECKING:
    from tertiary.decisions import Store
    from tertiary.web.people import Person


def record_read(store: Store, person: Person, what: str, subject: str, why: str) -> None:
    """Note that a person is about to see something: a kind of thing, which one, and their reason.

    DecisionError when it cannot be written; then nothing may be shown.
    """
    raise DecisionError("Looks at single records cannot be written down yet, so none is shown.")
