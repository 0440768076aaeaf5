"""*Ledger*: what was spent, sliced and totalled as the address says."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.errors import RunError
from tertiary.publish.workbook import Column
from tertiary.web.access import person_of
from tertiary.web.answers import DIMENSIONS, once
from tertiary.web.pages.asked import deeper
from tertiary.web.render import answer, answers_of
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
# what the ledger is totalled by unless an address says otherwise
USUAL = ("service_line_final",)
# by what a row's own part is totalled: the first that is not fixed yet
ONWARD = ("provider_code", "point_of_delivery", "financial_month", "population_icb")
MOST_DIMENSIONS = 3
PAGE_ROWS = 500
FILE_ROWS = 100_000
WORDS = {
    "population_icb": "Population (ICB)", "payer_code": "Payer", "payer_kind": "Kind of payer",
    "service_line_final": "Service line", "pss_line": "Manual line", "npoc_code": "Programme of care",
    "provider_code": "Provider", "point_of_delivery": "Point of delivery", "component": "Component",
    "delegation_status": "Delegation", "financial_year": "Year", "financial_month": "Month", "flow": "Flow",
}  # fmt: skip
MEASURES = (
    Column("records", "Records", "whole"), Column("quantity", "Activity", "number"),
    Column("price_submitted", "Submitted (£)", "money"), Column("price_expected", "Expected (£)", "money"),
)  # fmt: skip
# what a blank says, where it says more than that nothing was told
BLANKS = {"service_line_final": "not specialised"}


@router.get("/ledger")
def ledger(request: Request) -> Response:
    """What was spent, sliced and totalled as the address says; also as a file."""
    person, asked, query = person_of(request), answers_of(request), request.query_params
    by = list(dict.fromkeys(name for name in query.getlist("by") if name)) or list(USUAL)
    if len(by) > MOST_DIMENSIONS:
        raise RunError(f"The ledger is totalled by {MOST_DIMENSIONS} columns at most; {len(by)} were asked for.")
    only = once((name, value) for name, value in query.multi_items() if name in DIMENSIONS)
    found = asked.ledger(person, by, only, limit=FILE_ROWS if "format" in query else PAGE_ROWS)
    if found.more and "format" in query:
        raise RunError(f"These are more than {FILE_ROWS:,} rows. Total by fewer columns, or keep to a part.")
    rows = found.rows.to_pylist()
    links = [deeper(query.multi_items(), by, row, ONWARD) for row in rows]
    columns = [*(Column(name, WORDS[name]) for name in by), *MEASURES]
    grid = Grid("ledger", "What counts, dearest first", columns, rows, "Nothing of that kind is yours.",
                links=links, blanks=BLANKS)  # fmt: skip
    values = {
        "by": by, "only": only, "choices": [(name, WORDS[name]) for name in DIMENSIONS], "words": WORDS,
        "blanks": BLANKS, "more": found.more, "whole": asked.ledger(person, (), only).rows.to_pylist()[0],
    }  # fmt: skip
    return answer(request, View("Ledger", "ledger.html", [grid], values=values))
