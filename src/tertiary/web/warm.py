"""What many will ask, worked out before a server is told of: the first person does not wait for all of it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from tertiary.errors import TertiaryError
from tertiary.web.answers import Answers, UnavailableError
from tertiary.web.attention import attention
from tertiary.web.pages.ledger import KEPT
from tertiary.web.people import Person, roles
from tertiary.web.scope import ForbiddenError


def warm(every: Iterable[Answers]) -> None:
    """Make the totals behind the overview and the ledger's form, for each role; what cannot be made is passed over."""
    for answers in every:
        for role in roles():
            nobody = Person("", role, (), "")
            with suppress(ForbiddenError, UnavailableError, TertiaryError):
                for column in KEPT:
                    answers.values(nobody, column)
                    answers.ledger(nobody, (column,), {})
                attention(answers, nobody)
