"""Tables on the screen, as CSV and as JSON: whole, exact and without a needless digit."""

from __future__ import annotations

import json
import shutil
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tertiary.errors import TertiaryError

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "csv", "json")
# decimals of a column that every value of it can do without are left out, down to pence
SCALES = (2, 4, 6)
GAP = 2
# more places than this are seen as padding of money, not as part of a quantity
LONG = 3
# a line of a table may wrap once on the terminal; wider tables are shown a line a value
WRAPS = 2


def print_rows(rows: pa.Table, format: str) -> None:
    """Print rows on standard output. TertiaryError when the format is not one of FORMATS."""
    if format not in FORMATS:
        raise TertiaryError(f"Format {format!r} is not known. Choose table, csv or json.")
    tidy = shortened(rows)
    if format == "json":
        print(json.dumps(tidy.to_pylist(), default=str, indent=1))
    elif format == "csv":
        import pyarrow.csv as pc

        sys.stdout.flush()
        pc.write_csv(tidy, sys.stdout.buffer)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
        print(as_text(tidy, width))
        if not tidy.num_rows:
            print("(no rows)", file=sys.stderr)


def shortened(rows: pa.Table) -> pa.Table:
    """The same values in columns of fewer decimals where none is lost; whole numbers as such."""
    for place, field in enumerate(rows.schema):
        found = _shorter(rows.column(place), field.type)
        if found is not None:
            rows = rows.set_column(place, field.name, found)
    return rows


def _shorter(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    import pyarrow as pa

    if not pa.types.is_decimal(kind):
        return None
    longer = kind.scale if kind.scale > LONG else 0
    wanted = [pa.int64()] if kind.scale == 0 else [pa.decimal128(38, s) for s in SCALES if s < longer]
    for target in wanted:
        try:
            return column.cast(target)
        except pa.ArrowInvalid:
            continue
    return None


def as_text(rows: pa.Table, width: int = 0) -> str:
    """Rows in columns; far too wide for a terminal of `width` (0: no limit), a line a value with a gap between rows."""
    names = rows.schema.names
    left = [str(f.type) == "string" for f in rows.schema]
    cells = [[_cell(v) for v in rows.column(place).to_pylist()] for place in range(len(names))]
    wide = [max(map(len, [name, *column])) for name, column in zip(names, cells, strict=True)]
    if width and sum(wide) + GAP * (len(wide) - 1) > WRAPS * width:
        label = max(map(len, names)) + GAP
        return "\n\n".join(
            "\n".join(f"{name:<{label}}{value}".rstrip() for name, value in zip(names, row, strict=True))
            for row in zip(*cells, strict=True)
        )
    lines = zip(*([name, *column] for name, column in zip(names, cells, strict=True)), strict=True)
    shape = list(zip(left, wide, strict=True))
    return "\n".join(_line(line, shape) for line in lines)


def _line(values: tuple[str, ...], shape: list[tuple[bool, int]]) -> str:
    made = [v.ljust(w) if to_left else v.rjust(w) for v, (to_left, w) in zip(values, shape, strict=True)]
    return (" " * GAP).join(made).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("\n", " ")


def plain(value: object) -> str:
    """A value in words for people: money of many decimals without noughts after the second place."""
    if not isinstance(value, Decimal):
        return str(value)
    whole, _, part = f"{value:f}".partition(".")
    return f"{whole}.{part[:2]}{part[2:].rstrip('0')}" if len(part) > LONG else f"{value:f}"
