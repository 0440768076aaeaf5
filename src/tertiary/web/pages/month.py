"""*Month*: what is owed, by whoever pays, provider, contract and element: plan, activity, cash, accruals, forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary import month_end
from tertiary.errors import ContractError
from tertiary.month_end import Position
from tertiary.month_end.cells import MEASURES
from tertiary.month_end.forecast import three
from tertiary.month_end.position import KEY, MONEY
from tertiary.publish.charts import Words
from tertiary.publish.money_charts import months as months_chart
from tertiary.publish.money_charts import waterfall
from tertiary.publish.statement import steps
from tertiary.publish.workbook import Column
from tertiary.show import label
from tertiary.web.answers import MOST_ROWS, once
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.decided import AbsentError
from tertiary.web.months import Asked, Part, asked_of, part_of
from tertiary.web.pages.asked import deeper, on_page
from tertiary.web.render import answer
from tertiary.web.scope import ForbiddenError
from tertiary.web.views import Chart, Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
DIMENSIONS = (*KEY, "financial_month")
USUAL = ("payer_code", "kind")
MOST_DIMENSIONS = 4
ONWARD = ("provider_code", "contract", "element", "financial_month")
WORDS = {
    "payer_code": "Payer", "provider_code": "Provider", "host_code": "Held by", "contract": "Contract",
    "version": "Version", "element": "Element", "kind": "Kind", "financial_month": "Month",
}  # fmt: skip
WHOLE = ("version", "financial_month")
POUNDS = {
    "plan": "Plan (£)", "activity_value": "Activity value (£)", "accrued": "Accrued (£)",
    "activity_variance": "Activity above plan (£)", "cash_effect": "Cash effect (£)", "payment": "Payment (£)",
    "estimated": "Estimated (£)",
}  # fmt: skip
FORECAST = {
    "plan_year": "Agreed for the year (£)", "payment_to_date": "Payment to date (£)", "by_plan": "By plan (£)",
    "by_trend": "By trend (£)", "by_recent": "By recent months (£)", "low": "Lowest (£)", "high": "Highest (£)",
}  # fmt: skip
BLANKS = {"payer_code": "nobody", "host_code": "nobody", "contract": "no contract", "component": "all of it"}
CALENDAR = (
    Column("financial_month", "Month", "whole"), Column("flex", "Flex", "day"), Column("freeze", "Freeze", "day"),
    Column("state", "Data are"), Column("accrued", "Accrued (£)", "money"),
    Column("estimated", "Estimated (£)", "money"), Column("source", "Where the days are from"),
    Column("confidence", "Confidence"),
)  # fmt: skip
NONE = "Nothing of that kind is yours."
YOURS = (
    "Sums are of the rows that you may see: what those you act for pay, what they pay for others as holder of a "
    "contract, or what care they gave is paid."
)
RANGE = "Lowest and highest of three simple methods: a range of methods, not a statistical interval."


@router.get("/money/month")
def month(request: Request, year: str = "", month: int | None = None, measure: str = MEASURES[0]) -> Response:
    """What is owed for a year to a month, totalled and kept to a part as the address says."""
    query = request.query_params
    asked = asked_of(request, year, month, measure)
    by = chosen([name for name in query.getlist("by") if name])
    only = once((name, value) for name, value in query.multi_items() if name in DIMENSIONS)
    values: dict[str, Any] = {
        "asked": asked, "by": by, "only": only, "choices": [(name, WORDS[name]) for name in DIMENSIONS],
        "words": WORDS, "blanks": BLANKS, "yours": YOURS,
    }  # fmt: skip
    grids: list[Grid] = []
    charts: list[Chart] = []
    try:
        part = cut(part_of(request, asked), only)
    except (AbsentError, ForbiddenError) as error:
        if "format" in query:
            raise
        values["withheld"] = str(error)
    else:
        found, told = part.position, label(asked.answers.run)
        own = position_grid(found, by)
        links = [deeper(query.multi_items(), by, row, ONWARD) for row in own.rows]
        grids = [replace(own, links=links), *beside(part, asked, by)]
        charts = list(pictures(found, asked, told)) if found.entries else []
        values["sums"] = {name: found.total(name) for name in MONEY}
    return answer(request, View(f"Position to {asked.words}", "month.html", on_page(request, grids), charts, values))


@api.get("/month", responses=FAILURES)
def month_rows(
    request: Request,
    by: Annotated[list[str] | None, Query(description="Columns to total by: " + ", ".join(DIMENSIONS))] = None,
    only: Annotated[list[str] | None, Query(description="COLUMN:VALUE to keep to; again for another column.")] = None,
    year: Annotated[str, Query(description="Financial year such as 202526; the run's last when blank.")] = "",
    month: Annotated[int | None, Query(ge=1, le=13, description="Last month; the run's last unless told.")] = None,
    measure: Annotated[str, Query(pattern="^price_(submitted|expected)$")] = MEASURES[0],
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
    run: Annotated[str, Query(description="Name of a run; the first of `/api/v1/runs` when blank.")] = "",
) -> Rows:
    """What is owed for a year to a month, within what the caller may see: plan, activity value, cash, payment."""
    pairs = []
    for text in only or ():
        name, colon, value = text.partition(":")
        if not colon or name not in DIMENSIONS:
            raise ContractError(f"only={text[:50]!r} is not COLUMN:VALUE of {', '.join(DIMENSIONS)}.")
        pairs.append((name, value))
    asked = asked_of(request, year, month, measure, run)
    part = cut(part_of(request, asked), once(pairs))
    return rows_of(position_grid(part.position, chosen(by or ())), label(asked.answers.run), limit)


def chosen(by: Sequence[str]) -> list[str]:
    """Columns to total by, as asked. ContractError when one is none of DIMENSIONS, or they are too many."""
    names = list(dict.fromkeys(by)) or list(USUAL)
    if wrong := [name for name in names if name not in DIMENSIONS]:
        raise ContractError(
            f"A position cannot be totalled by {', '.join(wrong)[:100]}. Choose from {', '.join(DIMENSIONS)}."
        )
    if len(names) > MOST_DIMENSIONS:
        raise ContractError(
            f"A position is totalled by {MOST_DIMENSIONS} columns at most; {len(names)} were asked for."
        )
    return names


def cut(part: Part, only: Mapping[str, str]) -> Part:
    """A part whose entries, forecast and accruals have some values. A forecast has no months: it stays whole."""
    found, hosts = part.position, part.position.hosts()

    def fits(row: Any, host: str) -> bool:
        return all(
            str(host if name == "host_code" else getattr(row, name, value)) == value for name, value in only.items()
        )

    position = replace(
        found, entries=tuple(e for e in found.entries if fits(e, e.host_code)),
        outturns=tuple(o for o in found.outturns if fits(o, hosts.get(o.contract, ""))),
    )  # fmt: skip
    accruals = [a for a in part.accruals if fits(a, a.host_code)]
    return replace(part, given=replace(part.given, position=position), accruals=accruals)


def position_grid(found: Position, by: Sequence[str]) -> Grid:
    """What is owed, totalled: the table of `tertiary month position`."""
    columns = [*_named(by), *(Column(name, words, "money") for name, words in POUNDS.items())]
    return Grid("position", "What is owed, to date", columns, found.by(*by), NONE, YOURS, blanks=BLANKS)


def beside(part: Part, asked: Asked, by: Sequence[str]) -> list[Grid]:
    """The tables that stand beside the position: its way from plan, months, accruals, forecast and calendar."""
    found = part.position
    by_month = found.by("financial_month")
    way = [{"step": name, "amount": amount} for name, amount in steps(found)] if found.entries else []
    path = (Column("step", "Step"), Column("amount", "Pounds", "money"))
    accrued = (*_named(ACCRUED), Column("accrued", "Accrued (£)", "money"))
    months = [Column("financial_month", "Month", "whole"), *(Column(n, w, "money") for n, w in POUNDS.items())]
    agreed = part.given.agreed
    when = {n: month_end.dates(asked.year, n, agreed) for n in range(1, asked.last + 1)}
    sums = {row["financial_month"]: row for row in by_month}
    calendar = [
        {**vars(day), "state": day.state(part.given.on),
         **{n: sums.get(number, {}).get(n, Decimal(0)) for n in ("accrued", "estimated")}}
        for number, day in when.items()
    ]  # fmt: skip
    return [
        Grid("from_plan_to_payment", "From plan to payment", path, way, NONE),
        Grid("months", "Month by month", months, by_month, NONE),
        Grid("accruals", "What did not arrive, by component", accrued, _accrued(part),
             "Nothing is accrued: everything arrived.", blanks=BLANKS),
        forecast_grid(found, by),
        Grid("calendar", "When data may still change", CALENDAR, calendar,
             note="Flex: providers may correct until then. Freeze: later changes are movements of a prior month."),
    ]  # fmt: skip


ACCRUED = ("provider_code", "payer_code", "component", "financial_month")


def _accrued(part: Part) -> list[dict[str, Any]]:
    sums: dict[tuple[Any, ...], Decimal] = {}
    for one in part.accruals:
        key = tuple(getattr(one, name) for name in ACCRUED)
        sums[key] = sums.get(key, Decimal(0)) + one.accrued
    return [{**dict(zip(ACCRUED, key, strict=True)), "accrued": sums[key]} for key in sorted(sums)]


def forecast_grid(found: Position, by: Sequence[str]) -> Grid:
    """How the year may end, totalled as the position; a forecast has no months, so that column is left out."""
    names = [name for name in by if name != "financial_month"]
    hosts = found.hosts()
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for one in found.outturns:
        key = tuple(hosts.get(one.contract, "") if n == "host_code" else getattr(one, n) for n in names)
        groups.setdefault(key, []).append(one)
    rows = []
    for key in sorted(groups):
        methods = three(groups[key])
        own = {n: sum((getattr(o, n) for o in groups[key]), Decimal(0)) for n in ("plan_year", "payment_to_date")}
        rows.append({
            **dict(zip(names, key, strict=True)), **own,
            **dict(zip(("by_plan", "by_trend", "by_recent"), methods, strict=True)),
            "low": min(methods), "high": max(methods),
        })  # fmt: skip
    columns = [*_named(names), *(Column(name, words, "money") for name, words in FORECAST.items())]
    return Grid("forecast", "How the year may end", columns, rows, NONE, RANGE, blanks=BLANKS)


def pictures(found: Position, asked: Asked, told: str) -> Sequence[Chart]:
    """The way from plan to payment, and the months, as charts."""
    until = f"to {asked.words}"
    way = Words("From plan to payment", f"{until}; the axis does not begin at nothing", (told,))
    each = Words("Payments by month", "columns: payment; line: plan", (told,))
    return (
        Chart("waterfall", f"Columns from plan to payment, {until}.", waterfall(steps(found), way),
              "from_plan_to_payment"),
        Chart("payments", f"Payment of each month against its plan, {until}.", months_chart(found, each), "months"),
    )  # fmt: skip


def _named(names: Sequence[str]) -> list[Column]:
    return [Column(n, WORDS.get(n, n.capitalize()), "whole" if n in WHOLE else "text") for n in names]
