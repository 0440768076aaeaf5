"""*Ring-fence*: does money for delegated specialised care stay with it, and what else explains a gap?"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.allocate.watch import explanations
from tertiary.publish.months import known_contracts
from tertiary.publish.workbook import Column
from tertiary.web.access import person_of
from tertiary.web.months import plainly
from tertiary.web.render import answer, answers_of
from tertiary.web.ringfence import allocated, contract_values, providers, said, tables, watched
from tertiary.web.scope import ForbiddenError
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
BLANKS = {
    "estimate": "not tested",
    "given_total": "not given",
    "run_share_of_total": "not known",
    "published": "nothing",
}
ABOUT = (Column("icb", "ICB"), Column("financial_year", "Year"))
WATCH = (
    Column("icb", "Code"), Column("icb_name", "ICB"), Column("financial_year", "Year"),
    Column("to_month", "To month", "whole"), Column("yardstick", "Due by"), Column("due", "Due (£)", "money"),
    Column("spend", "Spent (£)", "money"), Column("gap", "Due less spent (£)", "money"),
    Column("gap_share", "Of what was due", "share"), Column("months_below", "Months below", "whole"),
    *(Column(row["explanation"], f"{row['explanation'].capitalize()} (£)", "money")
      for row in explanations() if row["explains"] == "Y"),
    Column("unexplained", "Not explained (£)", "money"), Column("status", "What it comes to"),
)  # fmt: skip
EXPLAINED = (
    *ABOUT, Column("explanation", "Explanation"), Column("explains", "Counts"),
    Column("estimate", "Estimate (£)", "money"), Column("counted", "Of the gap (£)", "money"),
    Column("confidence", "Confidence"), Column("evidence", "Evidence"),
)  # fmt: skip
MONTHS = (
    *ABOUT, Column("month", "Month", "whole"), Column("yardstick", "Due by"), Column("due", "Due (£)", "money"),
    Column("spend", "Spent (£)", "money"), Column("gap", "Due less spent (£)", "money"),
    Column("gap_to_date", "To date (£)", "money"),
)  # fmt: skip
PROVIDERS = (
    Column("provider", "Code"), Column("name", "Provider"),
    Column("run_specialised", "Specialised, this run (£)", "money"),
    Column("run_delegated", "of it delegated (£)", "money"), Column("given_total", "All income, as given (£)", "money"),
    Column("run_share_of_total", "Share of all income", "share"), Column("accounts_year", "Accounts of"),
    Column("accounts_nhs_england_share", "NHS England's share, accounts", "share"), Column("published", "Published"),
)  # fmt: skip
CONTRACTS = (
    *ABOUT, Column("provider", "Provider"), Column("contract", "Contracted (£)", "money"),
    Column("former", "The year before (£)", "money"), Column("change", "Change (£)", "money"),
    Column("allocation", "Allocation (£)", "money"), Column("of_allocation", "Of the allocation", "share"),
    Column("flag", "What it comes to"),
)  # fmt: skip
MEANINGS = tuple(Column(n, n.capitalize()) for n in ("explanation", "meaning", "how", "source", "confidence"))
NONE = "Nothing of yours can be held against what was due: the run holds no delegated spend of it, or no plan."


@router.get("/money/ringfence")
def ringfence(request: Request) -> Response:
    """Spend on delegated lines beside what was due for it, and what providers live on."""
    answers, person = answers_of(request), person_of(request)
    grids: list[Grid] = []
    values: dict[str, Any] = {}
    withheld: list[ForbiddenError] = []
    try:
        found = watched(answers, person)
        values |= {
            "told": [f"{one.icb}: {said(one)}" for one in found if one.status == "drift"],
            "allocated": allocated(answers, found),
        }
        rows = tables(answers, found)
        grids += [
            Grid("watch", "Due, spent and what explains the gap, widest unexplained first", WATCH, rows["watch"], NONE),
            Grid("months", "Month by month", MONTHS, rows["months"], NONE),
            Grid("explanations", "What was tested, and the evidence", EXPLAINED, rows["explanations"], NONE,
                 blanks=BLANKS),
            *_contracts(request, values),
            Grid("meanings", "What explanations mean", MEANINGS, explanations()),
        ]  # fmt: skip
    except ForbiddenError as error:
        withheld.append(error)
    try:
        grids.append(_providers(providers(answers, person)))
    except ForbiddenError as error:
        withheld.append(error)
    if not grids:
        raise withheld[0]
    return answer(request, View("Ring-fence", "ringfence.html", grids, values=values))


def _contracts(request: Request, values: dict[str, Any]) -> list[Grid]:
    """Contract values beside allocations, where contracts are known; else none."""
    state = request.app.state
    with plainly("The contracts"):
        contracts = known_contracts(state.settings.papers.contracts, state.store)
    if not contracts:
        return []
    rows, left = contract_values(answers_of(request), person_of(request), contracts)
    values["left"] = left
    note = "Of what ICBs pay by contract, the part that the loaded plan has on delegated lines."
    return [Grid("contracts", "What was contracted of it, for the year", CONTRACTS, rows,
                 "No contract of yours is known here.", note, blanks=dict.fromkeys(("former", "change"), "not known")
                 | dict.fromkeys(("allocation", "of_allocation"), "not given") | {"flag": ""})]  # fmt: skip


def _providers(rows: list[dict[str, Any]]) -> Grid:
    note = "A run holds some months, accounts a year: the two are not to be set against each other."
    return Grid("providers", "What providers live on", PROVIDERS, rows, note=note, blanks=BLANKS)
