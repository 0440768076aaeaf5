"""*Register*: any table of the register, as it holds on a day."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.errors import TertiaryError
from tertiary.publish.workbook import Column
from tertiary.register import valid_on
from tertiary.web.pages.asked import Day, Text
from tertiary.web.render import answer, answers_of
from tertiary.web.views import Grid, View

if TYPE_CHECKING:
    import pyarrow as pa

router = APIRouter(include_in_schema=False)
MOST_ROWS = 200
SLICE = 20_000
# searches take turns, so that many at once take no more memory than one
_SEARCH = threading.Lock()


@router.get("/register")
def register(request: Request, table: str = "icbs", on: Day = None, find: Text = "") -> Response:
    """Any table of the register, as it holds on a day."""
    known = answers_of(request).register
    names = sorted(known.tables())
    if table not in names:
        raise TertiaryError(f"The register has no table {table!r}. Choose one of the list.")
    found = _with_text(known[table] if on is None else valid_on(known, table, on), find.strip())
    rows, total = found.slice(0, MOST_ROWS).to_pylist(), found.num_rows
    count = f"first {len(rows)} of {total:,} rows" if len(rows) < total else f"{total:,} rows"
    title = f"{table}: {count}" + (f" that hold {find}" if find else "")
    columns = [Column(name, name) for name in found.column_names]
    grid = Grid("register", title, columns, rows, "No row is like that.", blanks=dict.fromkeys(found.column_names, ""))
    chosen = [(name, name) for name in names]
    values = {"names": chosen, "table": table, "on": on.isoformat() if on else "", "find": find}
    return answer(request, View("Register", "register.html", [grid], values=values))


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
