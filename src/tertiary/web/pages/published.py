"""*Published figures*: totals that were made safe and released, for everybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tertiary.errors import TertiaryError
from tertiary.publish.disclosure import HIDDEN
from tertiary.publish.public import BESIDE, COUNTS
from tertiary.publish.releases import Release, ReleasedTable
from tertiary.publish.workbook import Column
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.pages.ledger import BLANKS, SUMS, WORDS
from tertiary.web.render import answer
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["published"])
COLUMNS = {
    **{column.name: column for column in SUMS},
    "patients": Column("patients", "Patients", "whole"), HIDDEN: Column(HIDDEN, "Hidden"),
}  # fmt: skip
SHOWN = 500


@router.get("/published")
def published(request: Request, name: str = "") -> Response:
    """What was released: each release with its tables, who released it, by which rule and why."""
    releases: list[Release] = request.app.state.releases
    chosen = _chosen(releases, name) if releases else None
    grids = [_grid(table) for table in chosen.tables] if chosen else []
    values = {"releases": releases, "chosen": chosen, "shown": SHOWN}
    told = chosen.label if chosen else None
    return answer(request, View("Published figures", "published.html", grids, values=values, label=told))


@api.get("/published", responses={n: FAILURES[n] for n in (400, 413, 421, 422, 500)})
def published_rows(
    request: Request,
    release: Annotated[str, Query(description="Name of a release; the newest when blank.")] = "",
    table: Annotated[str, Query(description="Name of a table of it; the first when blank.")] = "",
) -> Rows:
    """A table that was released. Hidden figures are null and named in `hidden`."""
    releases: list[Release] = request.app.state.releases
    if not releases:
        raise TertiaryError("Nothing was released on this server.")
    found = _chosen(releases, release)
    tables = {one.name: one for one in found.tables}
    if table and table not in tables:
        raise TertiaryError(f"The release {found.name} has no table {table!r:.80}. Tables: {', '.join(tables)}.")
    one = tables[table or next(iter(tables))]
    return rows_of(_grid(one), f"{found.label} {one.note}", len(one.rows))


def _chosen(releases: list[Release], name: str) -> Release:
    known = {one.name: one for one in releases}
    if name and name not in known:
        raise TertiaryError(f"There is no release {name!r:.80}. Releases: {', '.join(known)}.")
    return known[name or next(iter(known))]


def _grid(table: ReleasedTable) -> Grid:
    names = [*table.dimensions, *COUNTS, *BESIDE, HIDDEN]
    held = set(table.rows[0]) if table.rows else set(names)
    columns = [COLUMNS.get(name) or Column(name, WORDS.get(name, name)) for name in names if name in held]
    title = "Totals by " + " and ".join(WORDS.get(name, name) for name in table.dimensions)
    blanks = {**BLANKS, **dict.fromkeys((*COUNTS, *BESIDE), "hidden"), HIDDEN: "nothing"}
    # names of columns, with room to break the line
    rows = [{**row, HIDDEN: row[HIDDEN].replace(",", ", ")} if HIDDEN in row else row for row in table.rows]
    return Grid(table.name, title, columns, rows, note=table.note, blanks=blanks)
