"""*Explain a record*: why a real record is what it is, for those who own it, written down before it is shown.

A record that belongs to somebody else and one that does not exist are answered alike. The id stands in no address and
in no log, and the answer is nowhere but on the page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from tertiary.errors import RunError
from tertiary.explain import Explanation, explain_record, find_record
from tertiary.privacy import names_patient
from tertiary.web.access import checked_form, person_of
from tertiary.web.answers import Answers, UnavailableError
from tertiary.web.audit import record_read
from tertiary.web.decided import store_of
from tertiary.web.pages.explain import OWNERS
from tertiary.web.people import Person
from tertiary.web.render import answers_of, page
from tertiary.web.scope import ForbiddenError, kept
from tertiary.web.views import View

router = APIRouter(include_in_schema=False)
Result = TypeVar("Result")
WHAT = "record explained"
NOT_YOURS = "There is no record of that id among yours. Copy it from a worklist, or from the table records of the run."
LONGEST = 1000


@router.get("/explain/record")
def ask(request: Request) -> Response:
    """A form for the id of a record, and why somebody looks."""
    _owner(request)
    store_of(request)
    return _page(request, {})


@router.post("/explain/record")
async def told(request: Request) -> Response:
    """The explanation of a record, once it is written down who looks and why."""
    form = await checked_form(request)
    record_id, why = (str(form.get(name, "")).strip() for name in ("record_id", "why"))
    errors = {}
    if not record_id or len(record_id) > LONGEST:
        errors["record_id"] = "Enter the id of a record."
    if not why or len(why) > LONGEST:
        errors["why"] = f"Say why you look at this record, in at most {LONGEST:,} characters."
    elif names_patient(why):
        why = ""
        errors["why"] = "The reason holds ten digits that pass the check of an NHS number. It is kept: name no patient."
    if errors:
        return _page(request, errors, record_id=record_id, why=why)
    # reads files and waits for other writers of the store
    found = await run_in_threadpool(_explained, request, record_id, why)
    if found is None:
        return _page(request, {"record_id": NOT_YOURS}, record_id=record_id, why=why)
    return _page(request, {}, told=found)


def _explained(request: Request, record_id: str, why: str) -> Explanation | None:
    """The explanation of a record, after the look is noted; None when it is nobody's or somebody else's."""
    person, store, asked = _owner(request), store_of(request), answers_of(request)
    record = _found(asked, record_id)
    if record is None or not kept([record], "explained", person, asked.register):
        return None
    record_read(store, person, WHAT, record_id, why)
    return _read(lambda: explain_record(asked.run, record_id, asked.register))


def _found(asked: Answers, record_id: str) -> Mapping[str, Any] | None:
    return _read(lambda: find_record(asked.run, record_id))


def _read(work: Callable[[], Result]) -> Result:
    """What reads the run. UnavailableError where it cannot be read: its own words name folders of this machine."""
    try:
        return work()
    except RunError as error:
        logging.getLogger(__name__).error("A run cannot be read, or has no table of records.")
        raise UnavailableError("The run cannot be read now. Start this server again.") from error


def _owner(request: Request) -> Person:
    person = person_of(request)
    if person.role not in OWNERS:
        raise ForbiddenError(
            "Single records are explained to who owns them: the ICB of the population or that pays, the provider that "
            "sent them, and the national team."
        )
    return person


def _page(request: Request, errors: Mapping[str, str], **values: Any) -> Response:
    shown = page(
        request, View("Explain a record of the run", "explain_record.html", values={"errors": errors, **values})
    )
    shown.status_code = 400 if errors else 200
    shown.headers["Cache-Control"] = "no-store"
    return shown
