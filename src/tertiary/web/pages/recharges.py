"""*Recharges*: what a host that pays providers for others charges each of them, and the balance, to the penny."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary.pool import Recharge, recharges
from tertiary.pool.calls import hosted_by_all
from tertiary.publish.pools import paid_of
from tertiary.publish.workbook import Column
from tertiary.show import label
from tertiary.web.answers import MOST_ROWS
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.months import Asked, asked_of, plainly
from tertiary.web.pages.asked import Text, on_page, query_of
from tertiary.web.render import answer
from tertiary.web.scope import ForbiddenError, kept
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
COLUMNS = (
    Column("payer", "Payer"), Column("host", "Owes"), Column("month", "Month", "whole"),
    Column("opening", "Opening (£)", "money"), Column("charged", "Charged (£)", "money"),
    Column("paid", "Paid (£)", "money"), Column("closing", "Closing (£)", "money"),
)  # fmt: skip
BACKING = (
    Column("payer", "Payer"), Column("host", "Owes"), Column("month", "Month", "whole"),
    Column("service_line_final", "Service line"), Column("provider_code", "Provider"),
    Column("point_of_delivery", "Point of delivery"), Column("amount", "Amount (£)", "money"),
)  # fmt: skip
NONE = "Nothing is charged to you, or by you, in these months."
OWES = "Above 0 the payer owes the host, below 0 the host owes the payer. An ICB sees what it owes and what it is owed."


@router.get("/money/recharges")
def page(request: Request, year: str = "", month: int | None = None, host: Text = "", payer: Text = "") -> Response:
    """Who owes which host how much; with a host and a payer the rows behind each charge too."""
    asked = asked_of(request, year, month)
    values: dict[str, Any] = {"asked": asked, "host": host, "payer": payer}
    grids: list[Grid] = []
    try:
        found = recharges_of(request, asked, host, payer)
    except ForbiddenError as error:
        if "format" in request.query_params:
            raise
        values["withheld"] = str(error)
    else:
        own = grid(found)
        links = [
            query_of(request, year=asked.year, month=asked.last, host=row["host"], payer=row["payer"])
            for row in own.rows
        ]
        grids.append(replace(own, links=links))
        if host and payer:
            grids.append(backing(found))
        values["is_paid_known"] = any(one.paid or (one.opening and one.financial_month == 1) for one in found)
    return answer(
        request, View(f"Recharges to {asked.words}", "recharges.html", on_page(request, grids), values=values)
    )  # fmt: skip


@api.get("/recharges", responses=FAILURES)
def rows(
    request: Request,
    host: Annotated[str, Query(max_length=20, description="Keep to a host.")] = "",
    payer: Annotated[str, Query(max_length=20, description="Keep to a payer.")] = "",
    year: Annotated[str, Query(description="Financial year such as 202526; the run's last when blank.")] = "",
    month: Annotated[int | None, Query(ge=1, le=13, description="Last month; the run's last unless told.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
    run: Annotated[str, Query(description="Name of a run; the first of `/api/v1/runs` when blank.")] = "",
) -> Rows:
    """What hosts charge payers by month, and the balances, within what the caller may see."""
    asked = asked_of(request, year, month, run=run)
    return rows_of(grid(recharges_of(request, asked, host, payer)), label(asked.answers.run), limit)


def recharges_of(request: Request, asked: Asked, host: str = "", payer: str = "") -> list[Recharge]:
    """The recharges that a person owes or is owed. ForbiddenError for those who have no part in them."""
    person, register, run = asked.person, asked.answers.register, asked.answers.run
    kept([], "recharges", person, register)
    last = min(asked.last, 12)
    with plainly("The run"):
        spend = asked.answers.made.of(("hosted", asked.year, last), lambda: hosted_by_all(run, asked.year, last))
    pairs = [{"host": h, "payer": p} for h, p in {(r["host"], r["payer"]) for r in spend} | _payers(request, spend)]
    mine = {
        (r["host"], r["payer"]) for r in kept(pairs, "recharges", person, register)
        if host in ("", r["host"]) and payer in ("", r["payer"])
    }  # fmt: skip
    found: list[Recharge] = []
    for one in sorted({h for h, _ in mine}):
        paid = {key: amount for key, amount in _paid(request, one).items() if key[1] <= last}
        opening = {who: amount for (who, number), amount in paid.items() if number == 0}
        later = {key: amount for key, amount in paid.items() if key[1]}
        own = [r for r in spend if r["host"] == one]
        found += [r for r in recharges(one, own, later, opening, last) if (one, r.payer) in mine]
    return found


def grid(found: Sequence[Recharge]) -> Grid:
    """The table of `tertiary pool recharges`, of every host."""
    made = [
        {"payer": r.payer, "host": r.host, "month": r.financial_month, "opening": r.opening, "charged": r.charged,
         "paid": r.paid, "closing": r.closing}
        for r in found
    ]  # fmt: skip
    return Grid("recharges", "Who owes whom, month by month", COLUMNS, made, NONE, OWES, pence=True)


def backing(found: Sequence[Recharge]) -> Grid:
    """The rows behind each charge, which add up to it."""
    made = [
        {**row, "host": r.host, "payer": r.payer, "month": r.financial_month} for r in found for row in r.backing
    ]  # fmt: skip
    return Grid("backing", "What the charges are made of", BACKING, made, NONE, pence=True,
                blanks={"service_line_final": "not specialised"})  # fmt: skip


def _payers(request: Request, spend: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Hosts and payers that only stand in what was paid."""
    return {(host, payer) for host in {r["host"] for r in spend} for payer, _ in _paid(request, host)}


def _paid(request: Request, host: str) -> dict[tuple[str, int], Any]:
    """What payers paid a host, and opening balances as month 0; none where no file says so."""
    folder: Path | None = request.app.state.settings.papers.pools
    if folder is None or not host.isalnum() or not (folder / f"paid-{host}.csv").is_file():
        return {}
    with plainly("What was paid"):
        return paid_of(folder / f"paid-{host}.csv")
