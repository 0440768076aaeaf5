"""*Closes* and *reconciliation*: what was closed, whether it is unchanged, what moved; and whether flows agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary import month_end
from tertiary.errors import ContractError
from tertiary.month_end import Close, Movement, Posting
from tertiary.month_end.reconcile import DIMENSIONS, GRAIN, compared, usable
from tertiary.publish.months import since
from tertiary.publish.workbook import Column
from tertiary.web.answers import once
from tertiary.web.decided import AbsentError
from tertiary.web.months import Asked, asked_of, plainly, whole_of
from tertiary.web.pages.asked import on_page
from tertiary.web.render import answer
from tertiary.web.scope import ForbiddenError, kept, sees_all
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    import pyarrow as pa

router = APIRouter(include_in_schema=False)
CLOSED = (
    Column("name", "Close"), Column("financial_month", "Month", "whole"), Column("on", "Closed on", "day"),
    Column("version", "Version", "whole"), Column("state", "Its data were"), Column("plan", "Plan (£)", "money"),
    Column("payment", "Payment (£)", "money"), Column("accrued", "Accrued (£)", "money"),
    Column("reason", "Why it was closed again"),
)  # fmt: skip
BOOKS = (
    Column("entity", "Books of"), Column("debit", "Debit (£)", "money"), Column("credit", "Credit (£)", "money"),
    Column("difference", "Difference (£)", "money"),
)  # fmt: skip
# pounds side by side, as in `tertiary month reconcile`
FLOWS = (
    Column("acm", "Aggregate (£)", "money"), Column("patient_level", "Patient level (£)", "money"),
    Column("gap", "Gap (£)", "money"), Column("coverage", "Coverage", "share"),
    Column("iap", "Activity plan (£)", "money"), Column("acm_plan", "Plan in the aggregate (£)", "money"),
    Column("plan_gap", "Gap of plans (£)", "money"), Column("acm_activity", "Activity, aggregate", "number"),
    Column("hospital_activity", "Activity, hospital data", "number"), Column("state", "They"),
    Column("usable", "Figures per patient"), Column("reason", "Why not"),
)  # fmt: skip
HOSPITAL = (
    Column("provider_code", "Provider"), Column("financial_month", "Month", "whole"),
    Column("point_of_delivery", "Point of delivery"), Column("hrg", "HRG"),
    Column("acm_activity", "Aggregate", "number"), Column("hospital_activity", "Hospital data", "number"),
    Column("gap", "Gap", "number"),
)  # fmt: skip
USUAL = ("provider_code", "financial_month", "component")
MOST_ROWS = 100_000
WORDS = {
    "provider_code": "Provider", "payer_code": "Payer", "financial_month": "Month", "component": "Component",
    "service_line_final": "Service line", "population_icb": "Population (ICB)", "npoc_code": "Programme of care",
    "pss_line": "Manual line", "payer_kind": "Kind of payer", "delegation_status": "Delegation",
}  # fmt: skip
BLANKS = {"service_line_final": "not specialised", "payer_code": "nobody", "contract": "no contract",
          "host_code": "nobody", "reason": "", "usable": "not told"}  # fmt: skip
PAID_ONLY = "An ICB sees what it pays for, a provider the care it gave."


@router.get("/money/reconciliation")
def reconciliation(request: Request, year: str = "", month: int | None = None) -> Response:
    """Whether aggregate, patient level, plan and hospital data agree, of what a person pays or gave."""
    query = request.query_params
    asked = asked_of(request, year, month)
    by = list(dict.fromkeys(name for name in query.getlist("by") if name)) or list(USUAL)
    if len(by) > len(GRAIN):
        raise ContractError(f"Flows are compared by {len(GRAIN)} columns at most; {len(by)} were asked for.")
    only = once((name, value) for name, value in query.multi_items() if name in DIMENSIONS)
    values: dict[str, Any] = {
        "asked": asked, "by": by, "only": only, "words": WORDS, "blanks": BLANKS,
        "choices": [(name, WORDS[name]) for name in DIMENSIONS], "most": len(GRAIN),
    }  # fmt: skip
    grids: list[Grid] = []
    try:
        rows = flow_rows(asked, by, only)
        columns = [*(Column(n, WORDS[n], "whole" if n == "financial_month" else "text") for n in by), *FLOWS]
        grids.append(Grid("flows", "Do the flows tell the same story, largest gap first", columns, rows,
                          "Nothing of that kind is yours.", PAID_ONLY, blanks=BLANKS, inside=True))  # fmt: skip
    except ForbiddenError as error:
        if "format" in query:
            raise
        values["withheld"] = str(error)
    else:
        try:
            gaps = hospital_gaps_of(request, asked).to_pylist()
        except ForbiddenError as error:
            values["no_hospital"] = str(error)
        else:
            grids.append(Grid("hospital", "Activity that aggregate and hospital data do not share", HOSPITAL, gaps,
                              "They agree.", inside=True))  # fmt: skip
    return answer(
        request, View(f"Reconciliation to {asked.words}", "reconciliation.html", on_page(request, grids), values=values)
    )


def flow_rows(asked: Asked, by: Sequence[str], only: Mapping[str, str]) -> list[dict[str, Any]]:
    """What `tertiary month reconcile --coverage` says of the rows that a person pays for or gave."""
    rows = asked.answers.rows("ledger", asked.person, "flows")
    for name, value in only.items():
        rows = rows.filter(rows[name].cast("string") == value)
    found = usable(compared(rows, asked.year, asked.last, by)).limit(MOST_ROWS + 1)
    read: list[dict[str, Any]] = asked.answers.fetch(found).to_pylist()
    if len(read) > MOST_ROWS:
        raise ContractError(f"These are more than {MOST_ROWS:,} rows. Compare by fewer columns, or keep to a part.")
    return [{**row, "usable": "may be used" if row["usable"] else "not shown"} for row in read]


def hospital_gaps_of(request: Request, asked: Asked) -> pa.Table:
    """What `tertiary month reconcile --hospital` says of a person's providers. ForbiddenError for those without."""
    import pyarrow as pa

    kept([], "hospital_gaps", asked.person, asked.answers.register)
    run = asked.answers.run
    key = ("hospital_gaps", asked.year, asked.last)
    with plainly("The run"):
        found = asked.answers.made.of(key, lambda: month_end.hospital_gaps(run, asked.year, asked.last))
    own = kept(found.to_pylist(), "hospital_gaps", asked.person, asked.answers.register)
    return pa.Table.from_pylist(own, schema=found.schema)


@router.get("/money/closes")
def closes(request: Request, year: str = "", month: int | None = None) -> Response:
    """The closes of a year, whether they are as they were made, and what has moved since the one before."""
    asked = asked_of(request, year, month)
    values: dict[str, Any] = {"asked": asked}
    grids: list[Grid] = []
    person, register = asked.person, asked.answers.register
    try:
        kept([], "money", person, register)
        former, broken = closes_of(request, asked.year)
        values |= {"broken": broken, "head": former[-1].head if former and sees_all(person) else ""}
        if not broken:
            grids.append(Grid("closes", f"Closes of {asked.year[:4]}/{asked.year[4:]}", CLOSED,
                              [_closed(one, asked) for one in former], "No month of this year is closed.",
                              "Pounds are of your own rows in each close.", blanks=BLANKS))  # fmt: skip
            grids += _since(request, asked, former, values)
    except (AbsentError, ForbiddenError) as error:
        if "format" in request.query_params:
            raise
        values["withheld"] = str(error)
    return answer(
        request,
        View(f"Closes of {asked.year[:4]}/{asked.year[4:]}", "closes.html", on_page(request, grids), values=values),
    )


def closes_of(request: Request, year: str) -> tuple[list[Close], str]:
    """The closes of a year and, when they are not as they were made, what is wrong with them. AbsentError."""
    folder: Path | None = request.app.state.settings.papers.closes
    if folder is None:
        raise AbsentError("This server knows no closed months. Start it with --closes DIR.")
    try:
        return month_end.every(folder, year), ""
    except ContractError as error:
        return [], str(error).replace(f"{folder}/", "").replace(str(folder), "the folder of closes")


def books_of(asked: Asked, posted: Sequence[Posting]) -> list[Posting]:
    """The postings of a person's own books: of ICBs and of the national team; nobody else keeps these."""
    if asked.person.role not in ("icb", "national"):
        return []
    entities = [{"entity": entity} for entity in {p.entity for p in posted}]
    mine = {row["entity"] for row in kept(entities, "journal", asked.person, asked.answers.register)}
    return [p for p in posted if p.entity in mine]


def _closed(one: Close, asked: Asked) -> dict[str, Any]:
    said = one.manifest
    mine = kept([asdict(e) for e in one.entries], "money", asked.person, asked.answers.register)
    sums = {n: sum((row[n] for row in mine), Decimal(0)) for n in ("plan", "payment", "accrued")}
    return {
        **{n: said[n] for n in ("name", "financial_month", "version")},
        "on": date.fromisoformat(said["on"]), "state": said["calendar"]["state"],
        # why is free text that may speak of others
        **sums, "reason": said["reason"] if sees_all(asked.person) else "",
    }  # fmt: skip


def _since(request: Request, asked: Asked, former: Sequence[Close], values: dict[str, Any]) -> list[Grid]:
    """Movements and journal of the position as it is now, since the close before it."""
    try:
        whole = whole_of(request, asked)
    except AbsentError as error:
        values["no_position"] = str(error)
        return []
    name, moved, posted = since(whole.given, former)
    mine = kept([asdict(one) for one in moved], "money", asked.person, asked.answers.register)
    values |= {
        "closed_as": name,
        "moved": {
            what: sum((row["moved"] for row in mine if row["what"] == what), Decimal(0))
            for what in ("this month", "prior month")
        },
    }  # fmt: skip
    found = [Grid("movements", f"What has moved, to {asked.words}", _columns(Movement), mine,
                  "Nothing of yours has moved.", blanks=BLANKS, pence=True)]  # fmt: skip
    books = books_of(asked, posted)
    if books:
        found += [
            Grid("balance", "Each body's books balance", BOOKS, _balance(books), pence=True),
            Grid("journal", "Journal since the close before", _columns(Posting), [asdict(p) for p in books],
                 blanks=BLANKS, pence=True),
        ]  # fmt: skip
    return found


def _balance(books: Sequence[Posting]) -> list[dict[str, Any]]:
    sums: dict[str, dict[str, Any]] = {}
    for one in books:
        row = sums.setdefault(one.entity, {"entity": one.entity, "debit": Decimal(0), "credit": Decimal(0)})
        row["debit"] += one.debit
        row["credit"] += one.credit
    return [{**sums[entity], "difference": sums[entity]["debit"] - sums[entity]["credit"]} for entity in sorted(sums)]


def _columns(kind: type) -> list[Column]:
    """A column for each field of a row."""
    shapes = {"Decimal": "money", "int": "whole"}
    return [
        Column(f.name, f.name.removesuffix("_code").replace("_", " ").capitalize(), shapes.get(str(f.type), "text"))
        for f in fields(kind)
    ]
