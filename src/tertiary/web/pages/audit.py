"""*Who saw what*: who looked at single records and the like, when and why."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.publish.workbook import Column
from tertiary.web.access import signed_on
from tertiary.web.audit import reads_of
from tertiary.web.decided import store_of
from tertiary.web.people import roles
from tertiary.web.render import answer, answers_of, shown
from tertiary.web.scope import sees_all
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
COLUMNS = (
    Column("at", "When (UTC)"), Column("account", "Account"), Column("role", "Role"),
    Column("organisations", "For whom"), Column("what", "Saw"), Column("subject", "Which"), Column("why", "Why"),
)  # fmt: skip
PAGE_ROWS = 500


@router.get("/audit")
def audit(request: Request) -> Response:
    """Who looked at what: the national team reads all of it, others what their own organisations did."""
    person = signed_on(request)
    found = reads_of(store_of(request), person, answers_of(request).register)
    rows = [
        {"at": f"{shown(r.at.date())}, {r.at:%H:%M}", "account": r.account, "role": roles()[r.role]["name"],
         "organisations": ", ".join(r.organisations), "what": r.what, "subject": r.subject, "why": r.why}
        for r in (found if "format" in request.query_params else found[:PAGE_ROWS])
    ]  # fmt: skip
    title = f"Looks at single records, newest first ({len(found):,})"
    grid = Grid("reads", title, COLUMNS, rows, "Nobody of your organisations has looked at any.")
    values = {"all": sees_all(person), "more": len(found) - len(rows)}
    return answer(request, View("Who saw what", "audit.html", [grid], values=values))
