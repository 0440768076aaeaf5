"""The month as a workbook and as a report for a board, made when asked for, of what a person may see."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.month_end.cells import MEASURES
from tertiary.month_end.reconcile import compared, usable
from tertiary.publish import Month, board_report
from tertiary.publish import statement as workbook
from tertiary.publish.months import challenges_of, month_of, since
from tertiary.publish.stated import FLOWS, SERVICES, Checks
from tertiary.web.decided import AbsentError, store_of
from tertiary.web.downloads import EXCEL
from tertiary.web.months import Asked, asked_of, keep_of, owners_of, plainly, whole_of
from tertiary.web.pages.closes import books_of, closes_of, hospital_gaps_of
from tertiary.web.scope import ForbiddenError, kept

if TYPE_CHECKING:
    from tertiary.decisions import Decision

router = APIRouter(include_in_schema=False)
# workbooks take turns, so that many at once take no more memory than one
_MAKING = threading.Lock()


@router.get("/money/statement")
def statement(request: Request, year: str = "", month: int | None = None, measure: str = MEASURES[0]) -> Response:
    """The statement of the month as a workbook of fifteen sheets, with what a person may see and nothing else."""
    asked = asked_of(request, year, month, measure)
    own = own_month(request, asked)
    return _made(lambda out: workbook(own, out), f"statement-{asked.year}-{asked.last:02}.xlsx", EXCEL)


@router.get("/money/report")
def report(request: Request, year: str = "", month: int | None = None, measure: str = MEASURES[0]) -> Response:
    """The month for a board as one page that prints, with what a person may see and nothing else."""
    asked = asked_of(request, year, month, measure)
    own, waiting = own_month(request, asked), own_decisions(request, asked)
    body = asked.person.label
    return _made(
        lambda out: board_report(own, out, waiting, body), f"report-{asked.year}-{asked.last:02}.html",
        "text/html; charset=utf-8",
    )  # fmt: skip


def own_month(request: Request, asked: Asked) -> Month:
    """Everything that a statement says, cut to what a person may see. Errors as `whole_of`."""
    given = whole_of(request, asked).given
    try:
        former, broken = closes_of(request, asked.year)
    except AbsentError:
        former, broken = [], ""
    if broken:
        raise AbsentError(f"The closes of this year are not as they were made: {broken} No statement is made of them.")
    name, moved, posted = since(given, former)
    key = ("challenges", asked.year, asked.last, tuple(given.contracts))
    with plainly("The run"):
        raised = asked.answers.made.of(key, lambda: challenges_of(given, asked.answers.register))
    owners = owners_of(given.position) | {(m.provider_code, m.host_code, m.payer_code) for m in moved}
    asks = zip(*(raised[n].to_pylist() for n in ("provider_code", "host_code", "payer_code")), strict=True)
    keep = keep_of(owners | set(asks), asked.person, asked.answers.register)
    books = {p.entity for p in books_of(asked, posted)}
    own = month_of(given, name, moved, posted, raised).part(keep, _checks(request, asked), lambda who: who in books)
    if not own.position.entries:
        raise AbsentError(f"Nothing of {asked.words} is yours, so there is nothing to state.")
    return own


def own_decisions(request: Request, asked: Asked) -> list[Decision]:
    """Decisions of the store to which somebody is a party for whom a person acts; none where there is no store."""
    try:
        store = store_of(request)
    except AbsentError:
        return []
    with plainly("The decision store"):
        found = store.decisions()
    rows = [{"party": code, "id": d.decision_id} for d in found for code, _ in d.parties]
    mine = {row["id"] for row in kept(rows, "decisions", asked.person, asked.answers.register)}
    return [d for d in found if d.decision_id in mine]


def _checks(request: Request, asked: Asked) -> Checks:
    answers = asked.answers
    rows = answers.rows("ledger", asked.person, "flows")
    flows, services = (compared(rows, asked.year, asked.last, by) for by in (FLOWS, SERVICES))
    try:
        hospital = hospital_gaps_of(request, asked)
    except ForbiddenError:
        hospital = None
    return Checks(answers.fetch(flows), answers.fetch(usable(services)), hospital)


def _made(write: Callable[[Path], Path], name: str, kind: str) -> Response:
    """A file made in a folder of its own, which is gone before it is sent."""
    with _MAKING, tempfile.TemporaryDirectory() as folder:
        content = write(Path(folder) / name).read_bytes()
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
