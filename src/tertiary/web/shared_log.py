"""The log of challenges as the web shows it: each person's part, what they may do with it, and what a run adds.

The log is only added to, so that what was read of it holds as long as it has no newer event.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

from tertiary.challenges import Challenge, Log, Raised, raise_challenges
from tertiary.decisions import Actor
from tertiary.month_end import contract_cash
from tertiary.phasing import first_day
from tertiary.web.access import actor
from tertiary.web.months import plainly
from tertiary.web.scope import ForbiddenError, kept

if TYPE_CHECKING:
    from fastapi import Request

    from tertiary.decisions import Store
    from tertiary.month_end import Contract
    from tertiary.register import Register
    from tertiary.runs import Run
    from tertiary.web.answers import Answers
    from tertiary.web.people import Person

PROVIDER = "provider"
# roles whose organisations host contracts
RAISES = ("icb", "national")
# what tells whose a challenge is
OWNED = ("challenge_id", "host_code", "payer_code", "provider_code")
_read: WeakKeyDictionary[Store, tuple[int, list[Challenge]]] = WeakKeyDictionary()
_asked: WeakKeyDictionary[Run, tuple[Sequence[Contract], Raised]] = WeakKeyDictionary()
# one at a time: rules read the whole run
_turn = threading.Lock()


def log_of(store: Store, person: Person, register: Register) -> list[Challenge]:
    """The challenges that a person may see. ForbiddenError when they may see none of anybody's."""
    log = Log(store)
    number = log.events()
    if store not in _read or _read[store][0] != number:
        _read[store] = (number, log.everything())
    every = {one.challenge_id: one for one in _read[store][1]}
    rows = [{name: getattr(one, name) for name in OWNED} for one in every.values()]
    return [every[row["challenge_id"]] for row in kept(rows, "challenges", person, register)]


def acting(person: Person, challenge: Challenge) -> tuple[Actor, str] | None:
    """In whose name a person may take a step, and as which part, host or provider; None when they may take none."""
    part, code = (
        (PROVIDER, challenge.provider_code) if person.role == PROVIDER else ("host", challenge.host_code)
    )  # fmt: skip
    try:
        return actor(person, code), part
    except ForbiddenError:
        return None


def hosts(person: Person) -> tuple[str, ...]:
    """The organisations for which a person may raise challenges; providers, regions and the public raise none."""
    if person.role not in RAISES:
        return ()
    try:
        return person.organisations or (actor(person).organisation_code,)
    except ForbiddenError:
        return ()


def questioned(asked: Answers, contracts: Sequence[Contract]) -> Raised:
    """What a run questions, with what would move in cash by these contracts; found once and kept with the run.

    UnavailableError when the run cannot be read, or lacks a table.
    """
    with _turn:
        held = _asked.get(asked.run)
        if held is None or held[0] != contracts:
            cash = contract_cash(contracts) if contracts else None
            with plainly("The run"):
                held = _asked[asked.run] = (contracts, raise_challenges(asked.run, asked.register, cash=cash))
    return held[1]


def month_in_words(year: str, month: int) -> str:
    """April 2025, or the end of a year for its adjustments."""
    return f"end of {year[:4]}/{year[4:]}" if month > 12 else f"{first_day(year, month):%B %Y}"


def overdue_in_words(challenge: Challenge, on: date) -> str:
    """What is overdue on a day and by how long; blank when nothing is."""
    what = challenge.overdue(on)
    by = challenge.settle_by if what == "settlement" else challenge.respond_by
    if not what or by is None:
        return ""
    days = (on - by).days
    return f"{'Settlement' if what == 'settlement' else 'Answer'} overdue by {days} day{'s' if days > 1 else ''}"


def with_run(request: Request, path: str, **query: str) -> str:
    """An address that stays with the run that this one asks for."""
    run = request.query_params.get("run", "")
    asked = {**({"run": run} if run else {}), **query}
    return path + (f"?{urlencode(asked)}" if asked else "")
