"""*Register*: any table of the register, as it holds on a day and as it was known on a day."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from tertiary.errors import TertiaryError
from tertiary.publish.workbook import Column
from tertiary.register import Register, valid_on
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.answers import Answers
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.pages.asked import Day, Text, query_of
from tertiary.web.people import Person
from tertiary.web.render import answer, answers_of
from tertiary.web.scope import readable
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    import pyarrow as pa

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
PAGE_ROWS = 200
FILE_ROWS = 100_000
SLICE = 20_000
LAST_PAGE = 100_000
# searches take turns, so that many at once take no more memory than one
_SEARCH = threading.Lock()
MEANT = (
    Column("name", "Column"), Column("description", "What it holds"), Column("type", "Type"), Column("key", "Key"),
    Column("references", "Found in"),
)  # fmt: skip
Name = Annotated[str, Query(max_length=100)]
Names = Annotated[list[str] | None, Query(max_length=60)]


@dataclass(frozen=True)
class Asked:
    """What is asked of a table of the register."""

    table: str
    on: date | None = None
    known: date | None = None
    find: str = ""
    columns: Sequence[str] = ()
    sort: str = ""
    down: bool = False


def browse(answers: Answers, person: Person, asked: Asked) -> pa.Table:
    """Rows of a table that a person may read, as asked. TertiaryError when the table or a column is not there."""
    register = answers.known(person)
    if asked.table not in register:
        raise TertiaryError(f"The register has no table {asked.table!r}. Choose one of the list.")
    names = [column.name for column in register.schema(asked.table)]
    wrong = [c for c in (*asked.columns, asked.sort) if c and c not in names]
    if wrong:
        raise TertiaryError(f"Table {asked.table} has no column {wrong[0]!r}. It has: {', '.join(names)}.")
    if asked.known is not None and asked.known != register.as_known:
        register = Register(register.overlays, asked.known)
    rows = readable(asked.table, person, register)
    if asked.on is not None:
        rows = valid_on(register, asked.table, asked.on, rows)
    rows = _with_text(rows, asked.find.strip())
    if asked.sort:
        rows = rows.sort_by([(asked.sort, "descending" if asked.down else "ascending")])
    return rows.select([c for c in names if c in asked.columns] or names)


@router.get("/register")
def register(
    request: Request, table: Name = "icbs", on: Day = None, known: Day = None, find: Text = "", column: Names = None,
    sort: Name = "", down: bool = False, page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1,
) -> Response:  # fmt: skip
    """Any table of the register, as it holds on a day and as it was known on a day; a page of it, or all as a file."""
    answers, person = answers_of(request), person_of(request)
    asked = Asked(table, on, known, find, [c for c in column or () if c], sort, down)
    found = browse(answers, person, asked)
    whole = "format" in request.query_params
    if whole and found.num_rows > FILE_ROWS:
        raise TertiaryError(f"These are {found.num_rows:,} rows, and a file holds {FILE_ROWS:,}. Search for a part.")
    first = 0 if whole else (page - 1) * PAGE_ROWS
    rows = found.slice(first, None if whole else PAGE_ROWS).to_pylist()
    known_register = answers.known(person)
    told = known_register.describe(table)
    title = f"{table}: {_count(found.num_rows, first, len(rows))}" + (f" that hold {find}" if find else "")
    columns = [Column(name, name) for name in found.column_names]
    sources = [_source_link(request, row["source"]) for row in rows] if "source" in found.column_names else []
    grid = Grid("register", title, columns, rows, "No row is like that.", blanks=dict.fromkeys(found.column_names, ""),
                cell_links={"source": sources} if sources else {}, as_kept=True)  # fmt: skip
    meant = [
        {"name": c.name, "description": c.description, "type": c.type, "key": "key" if c.is_key else "",
         "references": c.references}
        for c in told.columns
    ]  # fmt: skip
    about = Grid("columns", f"Columns of {table}", MEANT, meant, blanks={"key": "", "references": ""})
    names = known_register.tables()
    values = {
        "names": [(name, name) for name in sorted(names)], "sorts": [(c.name, c.name) for c in told.columns],
        "table": table, "find": find, "sort": sort, "down": down,
        "on": on.isoformat() if on else "", "known": known.isoformat() if known else "", "told": told,
        "chosen": found.column_names, "all_columns": [c.name for c in told.columns], "page": page,
        "pages": -(-found.num_rows // PAGE_ROWS), "keeps": _keeps_knowledge(told.columns),
        "version": known_register.version, "as_known": known_register.as_known,
        # numbers of rows that name others are not told either
        "whole": readable(table, person, known_register).num_rows,
        "closed": answers.keeps_back(table, person), "too_many": found.num_rows > FILE_ROWS, "most": FILE_ROWS,
    }  # fmt: skip
    return answer(request, View("Register", "register.html", [grid, about], values=values))


def _count(total: int, first: int, shown: int) -> str:
    """Which rows of how many are shown."""
    if shown == total:
        return f"{total:,} rows"
    return f"rows {first + 1:,} to {first + shown:,} of {total:,}" if shown else f"none of {total:,} rows"


def _keeps_knowledge(columns: Sequence[Any]) -> bool:
    """Whether a table says from when each row was known."""
    return any(c.name == "known_from" for c in columns)


def _source_link(request: Request, source: str) -> str:
    return f"/method{query_of(request, part='sources', find=source[:200])}" if source else ""


@api.get("/register/{table}", responses=FAILURES)
def register_for_programs(
    request: Request,
    table: Annotated[str, Path(max_length=100)],
    on: Annotated[date | None, Query(description="Rows that hold on a day; all when blank.")] = None,
    known: Annotated[date | None, Query(description="As known on a day; as the run knew it when blank.")] = None,
    find: Text = "",
    column: Annotated[list[str] | None, Query(max_length=60, description="Columns to give; all when blank.")] = None,
    sort: Name = "",
    down: bool = False,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    run: Annotated[str, Query(description="Name of a run, whose register is asked.")] = "",
) -> Rows:
    """A table of the register, as it holds on a day and as it was known on a day."""
    answers = answers_of(request, run)
    asked = Asked(table, on, known, find, [c for c in column or () if c], sort, down)
    found = browse(answers, person_of(request), asked)
    columns = [Column(name, name) for name in found.column_names]
    grid = Grid("register", table, columns, found.slice(offset, limit + 1).to_pylist())
    return rows_of(grid, label(answers.run), limit)


def _with_text(rows: pa.Table, wanted: str) -> pa.Table:
    """Rows of which any column holds a text, in capitals or not; a slice at a time, for all columns become text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not wanted:
        return rows
    kept = []
    with _SEARCH:
        for part in rows.to_batches(max_chunksize=SLICE):
            found = pa.repeat(pa.scalar(False), part.num_rows)
            for column in part.columns:
                holds = pc.match_substring(column.cast(pa.string()), wanted, ignore_case=True)
                found = pc.or_(found, pc.fill_null(holds, False))
            kept.append(part.filter(found))
    return pa.Table.from_batches(kept, rows.schema)
