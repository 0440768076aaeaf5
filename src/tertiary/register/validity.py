"""Rows of an effective-dated table that hold on a day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tertiary.errors import RegisterError
from tertiary.register import schemas

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register.store import Register


def holds(data: pa.Table, on: date) -> pa.Table:
    """Rows with valid_from <= on < valid_to; a blank end is open, a blank start has always held."""
    import pyarrow.compute as pc

    if "valid_from" in data.column_names:
        data = data.filter(pc.fill_null(pc.less_equal(data["valid_from"], on), True))
    if "valid_to" in data.column_names:
        data = data.filter(pc.fill_null(pc.greater(data["valid_to"], on), True))
    return data


def valid_on(register: Register, table: str, on: date, rows: pa.Table | None = None) -> pa.Table:
    """Rows of `table` (or of `rows`, a part of it) that hold on a day, as known to the register; all without dates.

    RegisterError when there is no such table. Drafts are left out of `responsibility`.
    """
    import pyarrow.compute as pc

    if table not in register:
        raise RegisterError(f"The register has no table {table!r}. Tables: {', '.join(schemas.names())}.")
    data = holds(register[table] if rows is None else rows, on)
    if table == "responsibility":
        data = data.filter(pc.not_equal(data["status"], "draft"))
    return data
