"""*Ledger*: what was spent, sliced and totalled as the address says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary.errors import RunError, TertiaryError
from tertiary.publish.amounts import MOST_BARS, amounts
from tertiary.publish.charts import Words
from tertiary.publish.workbook import Column
from tertiary.sheets import shipped
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.answers import once
from tertiary.web.names import name_of, words_of
from tertiary.web.pages.asked import deeper
from tertiary.web.render import FILE, INSIDE, answer, answers_of, shown
from tertiary.web.totals import DIMENSIONS, MEASURES
from tertiary.web.views import Chart, Grid, View

router = APIRouter(include_in_schema=False)
# what the ledger is totalled by unless an address says otherwise
USUAL = ("service_line_final",)
MOST_DIMENSIONS = 3
PAGE_ROWS = 100
FILE_ROWS = 100_000
WORDS = {
    "population_icb": "Population (ICB)", "payer_code": "Payer", "payer_kind": "Kind of payer",
    "service_line_final": "Service line", "pss_line": "Manual line", "npoc_code": "Programme of care",
    "provider_code": "Provider", "point_of_delivery": "Point of delivery", "component": "Component",
    "delegation_status": "Delegation", "financial_year": "Year", "financial_month": "Month", "flow": "Flow",
}  # fmt: skip
SUMS = (
    Column("records", "Records", "whole"), Column("quantity", "Activity", "number"),
    Column("price_submitted", "Submitted (£)", "money"), Column("price_expected", "Expected (£)", "money"),
)  # fmt: skip
MONTHS = ("financial_year", "financial_month")
# what a blank says, where it says more than that nothing was told
BLANKS = {"service_line_final": "not specialised"}
# columns that a form offers to keep to, and those that a row leads on to
KEPT = ("population_icb", "provider_code", "service_line_final", "npoc_code", "financial_month")
ONWARD = ("provider_code", "point_of_delivery", "financial_month", "population_icb")
ANYTHING = "anything"


@router.get("/ledger")
def ledger(
    request: Request,
    measure: Annotated[str, Query(pattern="^(actual|plan)$")] = MEASURES[0],
    page: Annotated[int, Query(ge=1, le=FILE_ROWS // PAGE_ROWS)] = 1,
) -> Response:
    """What was spent, sliced and totalled as the address says; also as a file."""
    person, asked, query = person_of(request), answers_of(request), request.query_params
    by = list(dict.fromkeys(name for name in query.getlist("by") if name)) or list(USUAL)
    if len(by) > MOST_DIMENSIONS:
        raise RunError(f"The ledger is totalled by {MOST_DIMENSIONS} columns at most; {len(by)} were asked for.")
    only = once((name, value) for name, value in _kept(query.multi_items()) if name in DIMENSIONS)
    is_file = query.get(FILE) in ("csv", "xlsx")
    limit, offset = (FILE_ROWS, 0) if is_file else (PAGE_ROWS, PAGE_ROWS * (page - 1))
    found = asked.ledger(person, by, only, measure, limit, offset)
    if found.more and is_file:
        raise RunError(f"These are more than {FILE_ROWS:,} rows. Total by fewer columns, or keep to a part.")
    rows = found.rows.to_pylist()
    links = [] if is_file else [deeper(_kept(query.multi_items()), by, row, ONWARD) for row in rows]
    columns = [*(Column(name, WORDS[name]) for name in by), *SUMS]
    title = "What counts, dearest first" if measure == MEASURES[0] else "What was planned, dearest first"
    grid = Grid("ledger", title, columns, rows, "Nothing of that kind is yours.", links=links, blanks=BLANKS,
                counts=("records",), beside=("quantity", "price_submitted", "price_expected"))  # fmt: skip
    if is_file:
        return answer(request, View("Ledger", "ledger.html", [grid]))
    known = asked.known(person)
    values = {
        "by": by, "only": only, "choices": [(name, WORDS[name]) for name in DIMENSIONS], "words": WORDS,
        "blanks": BLANKS, "measure": measure, "views": _views(), "first": offset + 1, "page": page,
        "more": found.more, "whole": asked.ledger(person, (), only, measure).rows.to_pylist()[0],
        "kept": [(name, WORDS[name], [ANYTHING, *asked.values(person, name)]) for name in KEPT],
        "names": {name: name_of(known, name, only[name]) for name in only},
        "others": {k: v for k, v in only.items() if k not in KEPT}, "anything": ANYTHING,
    }  # fmt: skip
    return answer(request, View("Ledger", "ledger.html", [grid], _charts(by, rows, label(asked.run)), values))


def _charts(by: list[str], rows: list[dict[str, Any]], told: str) -> list[Chart]:
    """The dearest rows as bars, or months as columns; none where there is nothing to draw."""
    drawn = [r for r in rows if r["price_submitted"] is not None]
    if not drawn:
        return []
    months = set(by) <= set(MONTHS) and "financial_month" in by
    if months:
        drawn = sorted(drawn, key=lambda r: [f"{r[name]!s:>6}" for name in MONTHS if name in by])
    named = [
        {"name": ", ".join(_named(name, row[name]) for name in by), "pounds": row["price_submitted"]} for row in drawn
    ]
    first = max(named, key=lambda r: r["pounds"])
    what = " and ".join(WORDS[name].lower() for name in by)
    title = f"Submitted, by {what}" + ("" if months or len(named) <= MOST_BARS else f": the {MOST_BARS} dearest")
    words = f"{title}. Most: {first['name']}, {shown(first['pounds'], 'money')}."
    return [Chart("dearest", words, amounts(named, Words(title, "", (told, INSIDE)), months=months), "ledger")]


def _named(name: str, value: Any) -> str:
    """A value of a column as a chart says it."""
    if value is None or value == "":
        return BLANKS.get(name, "not told")
    return f"month {value}" if name == "financial_month" else str(words_of(name, value))


def _kept(given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What an address keeps to, without the choices that were left open; a blank is a value."""
    return [(k, v) for k, v in given if not (k in KEPT and v == ANYTHING)]


@cache
def _views() -> tuple[tuple[str, str], ...]:
    """Names and addresses of slices that are often wanted."""
    return tuple(
        (line.text("name"), line.text("query")) for line in shipped("tertiary.web", "ledger_views.csv", TertiaryError)
    )
