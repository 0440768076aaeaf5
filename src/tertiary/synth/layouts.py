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


def official(flow: str, table: pa.Table) -> pa.Table:
    """The table under the flow's official header. Blank fields are null."""
    empty = pa.nulls(table.num_rows, pa.string())
    names = [name for name, _ in layout(flow)]
    columns = [table[column] if column else empty for _, column in layout(flow)]
    return pa.Table.from_arrays([_whole(c) for c in columns], names=names)


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
