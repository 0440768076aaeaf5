"""*Overview*: what needs attention, what arrived, how it ended, and what it comes to."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from tertiary.publish.workbook import Column
from tertiary.web.access import person_of
from tertiary.web.answers import FATES
from tertiary.web.attention import attention
from tertiary.web.render import answer, answers_of
from tertiary.web.scope import ForbiddenError, is_shown
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
PAID = (
    Column("payer_kind", "Payer"), Column("delegation_status", "Delegation"), Column("records", "Records", "whole"),
    Column("price_submitted", "Submitted (£)", "money"), Column("price_expected", "Expected (£)", "money"),
)  # fmt: skip
ARRIVED = (
    Column("flow", "Flow"), Column("status", "Status"), Column("submissions", "Submissions", "whole"),
    *(Column(name, name.capitalize(), "whole") for name in FATES),
)  # fmt: skip


@router.get("/")
def overview(request: Request) -> Response:
    """What arrived, how it ended, and what it comes to."""
    person, asked = person_of(request), answers_of(request)
    withheld, urgent = "", []
    grids = []
    try:
        urgent = asked.personal.of(("attention", person), lambda: attention(asked, person))
        totals = asked.ledger(person, ("payer_kind", "delegation_status"), {}).rows.to_pylist()
        grids.append(
            Grid("who_pays", "Who pays, of what counts", PAID, totals, "Nothing in this run is yours.",
                 blanks={"payer_kind": "nobody"}, counts=("records",), beside=("price_submitted", "price_expected"))
        )  # fmt: skip
        if is_shown("submissions", person, asked.register):
            arrived = asked.personal.of(("arrived", person), lambda: asked.submissions(person).to_pylist())
            grids.append(
                Grid("arrived", "What arrived", ARRIVED, arrived, blanks={"flow": "not recognised"}, counts=FATES)
            )
    except ForbiddenError as error:
        withheld = str(error)
    values = {
        "withheld": withheld, "attention": urgent, "counts": asked.counts(person),
        "runs": list(request.app.state.answers),
    }  # fmt: skip
    return answer(request, View("Overview", "overview.html", grids, values=values))


@router.get("/health")
def health() -> Response:
    """Whether the server answers."""
    return JSONResponse({"status": "up"})
