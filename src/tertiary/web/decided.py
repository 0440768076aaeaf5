"""The decision store of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.errors import ContractError

if TYPE_CHECKING:
    from fastapi import Request

    from tertiary.decisions import Store


class AbsentError(ContractError):
    """A paper that this server was not given; the sentence names the option that brings it."""


def store_of(request: Request) -> Store:
    """The decision store, open as long as the server is. AbsentError when there is none."""
    found: Store | None = request.app.state.store
    if found is None:
        raise AbsentError(
            "This page needs the decision store, and this server was started without one: tertiary serve … --store URL."
        )
    return found
