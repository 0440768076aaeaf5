"""*Ledger*: what was spent, sliced and totalled as the address says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.errors import RunError
from tertiary.publish.amounts import MOST_BARS, amounts
from tertiary.publish.charts import Words
from tertiary.publish.workbook import Column
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.answers import DIMENSIONS, once
from tertiary.web.render import answer, answers_of, shown
from tertiary.web.views import Chart, Grid, View

router = APIRouter(include_in_schema=False)
# what the ledger is totalled by unless an address says otherwise
USUAL = ("service_line_final",)
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
MONTHS = ("financial_year", "financial_month")
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
    links = [_deeper(query.multi_items(), by, row) for row in rows]
    columns = [*(Column(name, WORDS[name]) for name in by), *MEASURES]
    grid = Grid("ledger", "What counts, dearest first", columns, rows, "Nothing of that kind is yours.",
                links=links, blanks=BLANKS)  # fmt: skip
    values = {
        "by": by, "only": only, "choices": [(name, WORDS[name]) for name in DIMENSIONS], "words": WORDS,
        "blanks": BLANKS, "more": found.more, "whole": asked.ledger(person, (), only).rows.to_pylist()[0],
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
    return [Chart("dearest", words, amounts(named, Words(title, "", (told,)), months=months), "ledger")]


def _named(name: str, value: Any) -> str:
    """A value of a column as a chart says it."""
    if value is None or value == "":
        return BLANKS.get(name, "not told")
    return f"month {value}" if name == "financial_month" else str(value)


def _deeper(given: list[tuple[str, str]], by: list[str], row: Mapping[str, Any]) -> str:
    """The address of a row's own part: its values fixed, blank ones too, totalled by the next column that is free."""
    kept = [(k, v) for k, v in given if k not in ("by", "format", "of", *by)]
    fixed = [(name, str(row[name])) for name in by if row[name] is not None]
    used = {k for k, _ in [*kept, *fixed]}
    onward = [n for n in ("provider_code", "point_of_delivery", "financial_month", "population_icb") if n not in used]
    return "?" + urlencode([*kept, *fixed, ("by", onward[0])]) if len(fixed) == len(by) and onward else ""
