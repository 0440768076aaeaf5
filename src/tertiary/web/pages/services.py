"""*Services*: the prescribed services, and who decides about each."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.publish.workbook import Column
from tertiary.web.delegation import deciders
from tertiary.web.pages.asked import Day, Text
from tertiary.web.render import answer, answers_of
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
COLUMNS = (
    Column("pss_line", "Number"), Column("service_name", "Service"), Column("npoc", "Programme"),
    Column("who", "Who decides"), Column("confidence", "Confidence"),
)  # fmt: skip


@router.get("/services")
def services(request: Request, on: Day = None, find: Text = "") -> Response:
    """The prescribed services, and who decides about them on a day."""
    day, wanted = on or date.today(), find.strip().casefold()
    known, basis = deciders(answers_of(request).register, day)
    rows = [
        row for row in known
        if not wanted or wanted in row["service_name"].casefold() or wanted == row["pss_line"].casefold()
    ]  # fmt: skip
    title = f"{len(rows)} prescribed services, and who decides about them on {day}"
    grid = Grid("services", title, COLUMNS, rows, "No service is to be shown.", basis)
    return answer(request, View("Services", "services.html", [grid], values={"on": day.isoformat(), "find": find}))
