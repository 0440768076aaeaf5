"""What an address may carry, and the addresses that lead on from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BeforeValidator

if TYPE_CHECKING:
    from fastapi import Request

    from tertiary.web.views import Grid

# rows of a table on a page; its downloads hold all
PAGE_ROWS = 100


def _day(value: str | None) -> date | None:
    """A form sends a day that was left open as a blank. ValueError when it is no day."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError("it should be a day such as 2025-06-30") from None


Day = Annotated[date | None, BeforeValidator(_day)]
Text = Annotated[str, Query(max_length=200)]
# boards that a map may show
FOOTPRINTS = (("2024", "42 ICBs of 2024"), ("2026", "36 ICBs of April 2026"))
Footprint = Annotated[Literal["2024", "2026"], Query()]
# a financial year, or a month of it
Month = Annotated[str, Query(pattern=r"^(\d{6}(-\d{2})?)?$")]


def on_page(request: Request, grids: Sequence[Grid]) -> list[Grid]:
    """Tables as the address asks for them: whole as files, their first rows on the page."""
    return list(grids) if "format" in request.query_params else [grid.first(PAGE_ROWS) for grid in grids]


def query_of(request: Request, **values: object) -> str:
    """The query of an address that stays with the run that is shown; blank values are left out."""
    given = {"run": request.query_params.get("run", ""), **values}
    kept = [(name, str(value)) for name, value in given.items() if value not in ("", None)]
    return f"?{urlencode(kept)}" if kept else ""


def deeper(given: Sequence[tuple[str, str]], by: Sequence[str], row: Mapping[str, Any], onward: Sequence[str]) -> str:
    """The address of a row's own part: its values fixed, blank ones too, totalled by the next column that is free."""
    kept = [(k, v) for k, v in given if k not in ("by", "page", "format", "of", "exact", *by)]
    fixed = [(name, str(row[name])) for name in by if row[name] is not None]
    used = {k for k, _ in [*kept, *fixed]}
    free = [name for name in onward if name not in used]
    return "?" + urlencode([*kept, *fixed, ("by", free[0])]) if len(fixed) == len(by) and free else ""
