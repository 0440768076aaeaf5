"""The tables and charts of a page as files: CSV, Excel, PNG, SVG."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

from fastapi.responses import Response

from tertiary.errors import TertiaryError
from tertiary.publish import charts
from tertiary.publish.disclosure import HIDDEN, note, release
from tertiary.publish.workbook import Column, Workbook
from tertiary.web.views import Chart, Grid

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONTH = "%B %Y"
PICTURES = {"png": "image/png", "svg": "image/svg+xml"}


def as_csv(grid: Grid, label: str) -> Response:
    """A table as CSV, its label, and what was hidden in it, in the last column of each row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [column.name for column in grid.columns]
    told = f"{label} {grid.note}".strip() if HIDDEN in names else label
    writer.writerow([*names, "label"])
    writer.writerows([*(_safe(row[name]) for name in names), _safe(told)] for row in grid.rows)
    return _file(out.getvalue(), "text/csv; charset=utf-8", f"{grid.name}.csv")


def released(grid: Grid, rule: str) -> Grid:
    """What of a table may leave by a disclosure rule, with a column that names what is hidden, and the note of it.

    Rows come in order of what they are about: the dearest first would tell a hidden figure by its neighbours.
    TertiaryError for a table of which nothing may.
    """
    import pyarrow as pa

    if grid.inside:
        raise TertiaryError(
            f"The table {grid.name!r} cannot be made safe to pass on. Its exact figures are for use inside your "
            "organisation: take them by the page's own link (exact=yes in the address)."
        )
    if not grid.counts:
        return grid
    kept = [column for column in grid.columns if column.name not in grid.ratios]
    if not grid.rows:
        return replace(grid, columns=kept)
    names = [column.name for column in kept]
    about = [name for name in names if name not in (*grid.counts, *grid.beside)]
    rows = sorted(grid.rows, key=lambda row: [_place(row[name]) for name in about])
    values = {name: [row[name] for row in rows] for name in names}
    for name in grid.counts:
        # of a divided board there may be part of a record, which is somebody's
        values[name] = [None if value is None else ceil(value) for value in values[name]]
    table = pa.table(values)
    made = release(table, grid.counts, grid.beside, rule=rule)
    columns = [*kept, Column(HIDDEN, "Hidden")]
    said = f"{grid.note} {note(made)}".strip()
    return replace(grid, columns=columns, rows=made.to_pylist(), note=said, links=())


def as_workbook(grids: Sequence[Grid], label: str, name: str) -> Response:
    """Tables as a workbook, a sheet each, the label on every one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.xlsx"
        with Workbook(path, label) as book:
            for grid in grids:
                book.sheet(grid.name[:31], grid.title, grid.columns, grid.rows, grid.note)
        return _file(path.read_bytes(), EXCEL, path.name)


def as_picture(chart: Chart, kind: str) -> Response:
    """A chart as PNG or SVG. PublishError when what draws it is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        path = charts.save(dict(chart.spec), Path(folder) / f"{chart.name}.{kind}")
        return _file(path.read_bytes(), PICTURES[kind], path.name, shown=True)


def _file(content: str | bytes, kind: str, name: str, shown: bool = False) -> Response:
    how = "inline" if shown else "attachment"
    return Response(content, media_type=kind, headers={"Content-Disposition": f'{how}; filename="{name}"'})


def _place(value: Any) -> tuple[int, str]:
    """Where a value stands in order: blanks first, numbers by size, months in words by time, text by letters."""
    if isinstance(value, int):
        return value, ""
    try:
        return 0, datetime.strptime(str(value or ""), MONTH).isoformat()
    except ValueError:
        return 0, str(value)


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else value
