"""Official headers of every flow and the internal column that fills each field (`data/layouts.csv`).

Contract monitoring flows carry every field of their standard, in its order. The hospital flows are a selection of
the warehouse columns under their official names, as extracts are; the last fields are those the assignment method
needs and the warehouse lacks. A field without a column stays blank.
"""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from tertiary.synth.data import rows

CONTRACT = ("plcm", "drplcm", "deplcm", "acm", "iap")


@cache
def layout(flow: str) -> tuple[tuple[str, str], ...]:
    """(official field name, internal column or '') of a flow, in order."""
    return tuple((r["field_name"], r["column"]) for r in rows("layouts") if r["flow"] == flow)


@cache
def later(flow: str) -> tuple[tuple[str, str], ...]:
    """The layout with the names and fields that came after 2020 (`data/later.csv`), where any did."""
    found = list(layout(flow))
    for row in (r for r in rows("later") if r["flow"] == flow):
        names = [name for name, _ in found]
        new = (row["field_name"], row["column"])
        if row["replaces"]:
            found[names.index(row["replaces"])] = new
        else:
            found.insert(names.index(row["after"]) + 1, new)
    return tuple(found)


def official(flow: str, table: pa.Table, newer: bool = False) -> pa.Table:
    """The table under the flow's official header of 2020, or the newer one. Blank fields are null."""
    empty = pa.nulls(table.num_rows, pa.string())
    fields = later(flow) if newer else layout(flow)
    names = [name for name, _ in fields]
    columns = [table[column] if column else empty for _, column in fields]
    return pa.Table.from_arrays([_whole(c) for c in columns], names=names)


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
