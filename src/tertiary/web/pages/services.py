"""*Services*: the prescribed services, who holds each function of them on a day, and what is known of one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from tertiary.errors import TertiaryError
from tertiary.publish.workbook import Column
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.delegation import deciders, functions_of, headings, holders, parts, regions, statements, words
from tertiary.web.pages.asked import Day, Text, query_of
from tertiary.web.render import answer, answers_of, may_open
from tertiary.web.service_facts import facts_of
from tertiary.web.service_search import services_like
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    from tertiary.register import Register

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
COLUMNS = (
    Column("pss_line", "Number"), Column("service_name", "Service"), Column("npoc", "Programme"),
    Column("who", "Who decides"),
)  # fmt: skip
COUNTED = (Column("words", "Who decides"), Column("services", "Services", "whole"))
# a region as an address names it
Region = Annotated[str, Query(max_length=10)]


def portfolio(
    register: Register, day: date, *, region: str = "", programme: str = "", status: str = "", find: str = ""
) -> tuple[list[dict[str, Any]], str]:
    """Services on a day with who performs each function, and what that rests on. Grain and key: pss_line."""
    if region and region not in regions(register):
        raise TertiaryError(f"There is no region {region!r}. Choose one of the list.")
    found, basis = deciders(register, day, region)
    if not found:
        return [], basis
    held, codes = holders(statements(register, day), region), parts(register, day)
    wanted = find.strip().casefold()
    like = {one["pss_line"] for one in services_like(register, find)} if wanted else set()
    rows = []
    for row in found:
        if (programme and row["npoc"] != programme) or (status and row["status"] != status):
            continue
        if wanted and wanted not in row["service_name"].casefold() and row["pss_line"] not in like:
            continue
        rows.append({**row, **functions_of(codes.get(row["pss_line"], {}), held)})
    return rows, basis


def _grids(day: date, rows: list[dict[str, Any]], basis: str, onward: str = "") -> list[Grid]:
    others = [Column(name, words_of) for name, words_of in headings().items() if name != "decide"]
    columns = [*COLUMNS, *others, Column("confidence", "Confidence")]
    title = f"{len(rows)} prescribed services, and who does what for them on {day.day} {day:%B %Y}"
    told = dict.fromkeys(words("status"), 0)
    for row in rows:
        told[row["status"]] += 1
    counted = [{"words": words("status")[s], "services": n, "status": s} for s, n in told.items() if n]
    return [
        Grid("services", title, columns, rows, "No service is to be shown.", basis,
             links=[f"/services/{row['pss_line']}{onward}" for row in rows],
             blanks=dict.fromkeys(headings(), "not known")),
        Grid("counts", "How many services, by who decides", COUNTED, counted, "No service is to be shown."),
    ]  # fmt: skip


@router.get("/services")
def services(
    request: Request, on: Day = None, find: Text = "", programme: Text = "", status: Text = "", region: Region = ""
) -> Response:
    """The prescribed services, and who performs each function on a day."""
    day, register = on or date.today(), answers_of(request).known(person_of(request))
    rows, basis = portfolio(register, day, region=region, programme=programme, status=status, find=find)
    grids = _grids(day, rows, basis, query_of(request))
    programmes = sorted({r["npoc"] for r in register["services"].to_pylist() if r["npoc"]})
    values = {
        "on": day.isoformat(), "find": find, "programme": programme, "status": status, "region": region,
        "programmes": [("", "All programmes"), *((p, p.split(" (")[0]) for p in programmes)],
        "statuses": [("", "Anybody"), *words("status").items()],
        "regions": [("", "All regions"), *regions(register).items()],
    }  # fmt: skip
    return answer(request, View("Services", "services.html", grids, values=values))


@router.get("/services/{pss_line}")
def service(request: Request, pss_line: Annotated[str, Path(max_length=20)], on: Day = None) -> Response:
    """All that the register knows of a service."""
    day, person, asked = on or date.today(), person_of(request), answers_of(request)
    found = facts_of(asked.known(person), pss_line, day, label(asked.run))
    if found is None:
        raise HTTPException(404, f"The manual has no service {pss_line}. Choose one of the list of services.")
    values = {"service": found.service, "on": day.isoformat(), "rows": found.summary, "may": may_open(person.role)}
    return answer(request, View(found.service["service_name"], "service.html", found.grids, found.charts, values))


class OneService(BaseModel):
    """A service with what is known of it, a list of rows for each table of its page."""

    label: str = Field(description="What kind of data it is, and which register was used.")
    service: dict[str, str]
    tables: dict[str, list[dict[str, str | int | None]]]


@api.get("/services", responses=FAILURES)
def services_for_programs(
    request: Request,
    on: Annotated[date | None, Query(description="As at a day; today when blank.")] = None,
    region: Annotated[str, Query(max_length=10, description="Code of a region, to name its bodies.")] = "",
    programme: Text = "",
    status: Annotated[str, Query(pattern="^(|delegated|delegated_in_some_regions|joint|nhs_england)$")] = "",
    find: Text = "",
    run: Annotated[str, Query(description="Name of a run, whose register is asked.")] = "",
) -> Rows:
    """The prescribed services, and who performs each function on a day."""
    asked, day = answers_of(request, run), on or date.today()
    known = asked.known(person_of(request))
    rows, basis = portfolio(known, day, region=region, programme=programme, status=status, find=find)
    return rows_of(_grids(day, rows, basis)[0], label(asked.run))


@api.get("/services/{pss_line}", responses={**FAILURES, 404: FAILURES[400]})
def service_for_programs(
    request: Request,
    pss_line: Annotated[str, Path(max_length=20)],
    on: Annotated[date | None, Query(description="As at a day; today when blank.")] = None,
    run: Annotated[str, Query(description="Name of a run, whose register is asked.")] = "",
) -> OneService:
    """All that the register knows of a service."""
    asked = answers_of(request, run)
    told = label(asked.run)
    found = facts_of(asked.known(person_of(request)), pss_line, on or date.today(), told)
    if found is None:
        raise HTTPException(404, f"The manual has no service {pss_line}.")
    tables = {grid.name: rows_of(grid, told).rows for grid in found.grids}
    return OneService(label=told, service=found.service, tables=tables)
