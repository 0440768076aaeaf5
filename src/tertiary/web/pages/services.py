"""*Services*: the prescribed services, and who decides about each."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.publish.workbook import Column
from tertiary.web.delegation import deciders
from tertiary.web.pages.asked import Day, Text
from tertiary.web.render import answer, answers_of, shown
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    from tertiary.register import Register

router = APIRouter(include_in_schema=False)
COLUMNS = (
    Column("pss_line", "Number"), Column("service_name", "Service"), Column("npoc", "Programme"),
    Column("who", "Who decides"), Column("confidence", "Confidence"),
)  # fmt: skip


@router.get("/services")
def services(request: Request, on: Day = None, find: Text = "") -> Response:
    """The prescribed services, and who decides about them on a day."""
    day, wanted = on or date.today(), find.strip().casefold()
    register = answers_of(request).register
    known, basis = deciders(register, day)
    names = _names(register)
    rows = [r for r in known if wanted in names.get(r["pss_line"], "") or wanted == r["pss_line"].casefold()]
    title = f"{len(rows)} prescribed services, and who decides about them on {shown(day)}"
    grid = Grid("services", title, COLUMNS, rows, "No service is to be shown.", basis)
    return answer(request, View("Services", "services.html", [grid], values={"on": day.isoformat(), "find": find}))


def _names(register: Register) -> dict[str, str]:
    """For each service all its names, those of its service lines too: dialysis is a line of renal services."""
    found: dict[str, str] = {}
    for table, name in (("services", "service_name"), ("service_lines", "name")):
        for row in register[table].select(["pss_line", name]).to_pylist():
            found[row["pss_line"]] = f"{found.get(row['pss_line'], '')}\n{row[name].casefold()}"
    return found
