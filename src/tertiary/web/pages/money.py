"""*Money*: the headline of the month, and the ways on from it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary import month_end
from tertiary.month_end import Position
from tertiary.month_end.forecast import three
from tertiary.publish.workbook import Column
from tertiary.web.decided import AbsentError
from tertiary.web.months import asked_of, part_of
from tertiary.web.pages.month import YOURS
from tertiary.web.render import answer
from tertiary.web.scope import ForbiddenError
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
COLUMNS = (Column("what", "What"), Column("pounds", "Pounds", "money"), Column("meaning", "What it means"))


@router.get("/money")
def money(request: Request, year: str = "", month: int | None = None) -> Response:
    """What the month comes to for whoever asks, and where each part of it stands."""
    asked = asked_of(request, year, month)
    grids: list[Grid] = []
    values: dict[str, Any] = {"asked": asked}
    try:
        part = part_of(request, asked)
    except (AbsentError, ForbiddenError) as error:
        if "format" in request.query_params:
            raise
        values["withheld"] = str(error)
    else:
        found = part.position
        when = month_end.dates(asked.year, asked.last, part.given.agreed)
        values |= {"paid": found.total("payment"), "plan": found.total("plan"), "when": when,
                   "state": when.state(part.given.on)}  # fmt: skip
        rows = headline(found) if found.entries else []
        grids.append(
            Grid("headline", f"The headline, to {asked.words}", COLUMNS, rows, "Nothing here is yours.", YOURS)
        )
    return answer(request, View("Money", "money.html", grids, values=values))


def headline(found: Position) -> list[dict[str, Any]]:
    """What a position comes to, figure by figure."""
    methods = three(found.outturns)
    rows = (
        ("Plan to date", found.total("plan"), "what was agreed for these months"),
        ("Activity value", found.total("activity_value"), "what the care done is worth, with what is accrued"),
        ("Cash effect", found.total("cash_effect"), "what activity off plan moves in money, as each element says"),
        ("Payment to date", found.total("payment"), "plan and cash effect together"),
        ("of it estimated", found.total("estimated"), "rests on data that did not arrive, or on no contract"),
        ("Year by trend", methods[1], "if what is left goes as what arrived did against its plan"),
        ("Year, lowest", min(methods), "least of three simple methods"),
        ("Year, highest", max(methods), "most of three simple methods"),
    )
    return [{"what": what, "pounds": pounds, "meaning": meaning} for what, pounds, meaning in rows]
