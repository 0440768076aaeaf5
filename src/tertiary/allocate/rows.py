"""Rows as Arrow tables of few kinds of column, and names of codes for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register import Register

PLACES = Decimal("0.0001")
# register table, column of the code and column of the name, for each dimension that has names
NAMED = {
    "service_line_final": ("service_lines", "service_line_code", "name"),
    "pss_line": ("services", "pss_line", "service_name"),
    "npoc_code": ("service_lines", "npoc_code", "npoc"),
    "provider_code": ("providers", "provider_code", "name"),
    "point_of_delivery": ("points_of_delivery", "point_of_delivery", "meaning"),
    "icb": ("icbs", "icb_code", "short_name"),
}


def names(register: Register, dimension: str) -> dict[str, str]:
    """Names of the codes of a dimension, as the register has them; empty where it has none."""
    if dimension not in NAMED:
        return {}
    table, code, name = NAMED[dimension]
    rows = register[table].select([code, name]).to_pylist()
    return {row[code]: row[name] for row in rows if row[code] and row[name]}


def arrow(rows: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, str]]) -> pa.Table:
    """Rows as a table; kinds are text, count, money (pence) and share (four places)."""
    import pyarrow as pa

    kinds = {
        "text": pa.string(), "count": pa.int64(), "money": pa.decimal128(38, 2), "share": pa.decimal128(38, 4),
    }  # fmt: skip
    scales = {"money": Decimal("0.01"), "share": PLACES}
    arrays = []
    for name, kind in columns:
        values = [row.get(name) for row in rows]
        if kind in scales:
            values = [None if v is None else Decimal(v).quantize(scales[kind]) for v in values]
        arrays.append(pa.array(values, kinds[kind]))
    return pa.table(arrays, names=[name for name, _ in columns])
