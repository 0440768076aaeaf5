"""The JSON API: the same answers as the pages, at the same grain, for programs.

Figures are exact, as on the pages: they are for whoever has signed on, to be used inside their organisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from tertiary.errors import RunError
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.answers import DIMENSIONS, MOST_ROWS, once
from tertiary.web.render import INSIDE, answers_of
from tertiary.web.views import Grid

api = APIRouter(prefix="/api/v1", tags=["figures"])


class Failure(BaseModel):
    """What went wrong, in a sentence."""

    error: str


class Rows(BaseModel):
    """Rows of a table with what must be known of them. Amounts are text, exact to the penny or finer."""

    label: str = Field(
        description="What kind of data it is, which register was used, and whether exact figures are to stay inside."
    )
    rows: list[dict[str, str | int | None]]
    more: bool = Field(description="Whether there are more rows than `limit`.")


class RunFacts(BaseModel):
    """A run that may be asked for."""

    name: str
    synthetic: bool
    received: int | None = Field(default=None, description="Rows of the whole run; null unless the caller sees it all.")
    accepted: int | None = None
    quarantined: int | None = None
    superseded: int | None = None


FAILURES: dict[int | str, dict[str, Any]] = {n: {"model": Failure} for n in (400, 403, 413, 421, 422, 429, 500, 503)}


# what the document says of texts that are refused in a sentence when they are others
BY = {"items": {"type": "string", "enum": list(DIMENSIONS)}}
ONLY = {"items": {"type": "string", "pattern": f"^({'|'.join(DIMENSIONS)}):"}}
ONLY_SAYS = "COLUMN:VALUE to keep to, such as provider_code:RRV; again for another column."


@api.get("/runs", responses={n: FAILURES[n] for n in (413, 421, 429, 500)})
def runs(request: Request) -> list[RunFacts]:
    """The runs of this server."""
    found = []
    for name, answers in request.app.state.answers.items():
        counts = answers.counts(person_of(request))
        found.append(RunFacts(name=name, synthetic=answers.run.manifest["synthetic"], **counts))
    return found


@api.get("/ledger", responses=FAILURES)
def ledger(
    request: Request,
    by: Annotated[list[str], Query(default_factory=list, description="Columns to total by.", json_schema_extra=BY)],
    only: Annotated[list[str], Query(default_factory=list, description=ONLY_SAYS, json_schema_extra=ONLY)],
    measure: Annotated[str, Query(pattern="^(actual|plan)$")] = "actual",
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
    run: Annotated[str, Query(description="Name of a run; the first of `/api/v1/runs` when blank.")] = "",
) -> Rows:
    """What counts of the ledger within what the caller may see, dearest first."""
    asked = answers_of(request, run)
    found = asked.ledger(person_of(request), by or [], once(pairs_of(only)), measure, limit)
    rows = [{name: _plain(value) for name, value in row.items()} for row in found.rows.to_pylist()]
    return Rows(label=f"{label(asked.run)} {INSIDE}", rows=rows, more=found.more)


def pairs_of(only: Sequence[str] | None) -> list[tuple[str, str]]:
    """Columns and values of COLUMN:VALUE texts. RunError when one is not so."""
    pairs = []
    for text in only or ():
        name, colon, value = text.partition(":")
        if not colon:
            raise RunError(f"only={text!r} is not COLUMN:VALUE, such as provider_code:RRV.")
        pairs.append((name, value))
    return pairs


def rows_of(grid: Grid, told: str, limit: int = MOST_ROWS) -> Rows:
    """A table of a page for programs: its columns, under the same label."""
    names = [column.name for column in grid.columns]
    told = f"{told} {INSIDE}" if grid.tells_of_people else told
    rows = [{name: _plain(row[name]) for name in names} for row in grid.rows[:limit]]
    return Rows(label=told, rows=rows, more=len(grid.rows) > limit)


def _plain(value: Any) -> str | int | None:
    if value is None or isinstance(value, (int, str)):
        return value
    return value.isoformat() if isinstance(value, date) else format(value, "f")
