"""Reading reference files and writing register tables in the types of the register's tables.csv."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

REPO = Path(__file__).resolve().parent.parent
REGISTER = REPO / "src" / "tertiary" / "register"

Row = dict[str, Any]

# Words of the research notes the reference files were made from; they mean nothing to a reader of the register.
_NOTE_WORDS = [
    (re.compile(r" \(seed 1; ([^)]+)\)"), r" (\1)"),
    (re.compile(r" \(seed(?: \d)?\)"), ""),
    (re.compile(r"seed article \(claim in the user brief\)"), "press article"),
    (re.compile(r"the seed says"), "the ICB's web page says"),
    (re.compile(r", located by string search(?:, repository not shown)?"), ""),
    (re.compile(r"\.\./service_line_codes\.csv"), "the list of service codes"),
]


class BuildError(Exception):
    """The reference files do not hold what the build expects."""


def clean(text: str) -> str:
    """Trim a cell and take out words that only meant something to the compiler of the reference files."""
    for pattern, replacement in _NOTE_WORDS:
        text = pattern.sub(replacement, text)
    return text.strip()


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a reference CSV with cleaned cells; blank means not recorded."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return [{k: clean(v or "") for k, v in row.items()} for row in csv.DictReader(handle)]


def day_after(text: str) -> str:
    """Half-open end of an interval whose last day is given; blank stays blank."""
    return (dt.date.fromisoformat(text) + dt.timedelta(days=1)).isoformat() if text else ""


def postcode(text: str) -> str:
    """Upper case with one space before the last three characters."""
    squeezed = text.replace(" ", "").upper()
    return f"{squeezed[:-3]} {squeezed[-3:]}" if len(squeezed) > 4 else squeezed


def fiscal(text: str) -> str:
    """2025/26 or 2025-26 as 202526."""
    return text[:4] + text[-2:]


def year_start(financial_year: str) -> str:
    """First day of a six-digit financial year."""
    return f"{financial_year[:4]}-04-01"


def year_end(financial_year: str) -> str:
    """First day after a six-digit financial year."""
    return f"{int(financial_year[:4]) + 1}-04-01"


def schema_rows() -> list[dict[str, str]]:
    """Rows of tables.csv."""
    with (REGISTER / "tables.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def arrow_type(name: str) -> pa.DataType:
    """Arrow type of a type name of tables.csv."""
    if name.startswith("decimal"):
        precision, scale = re.findall(r"\d+", name)
        return pa.decimal128(int(precision), int(scale))
    return {
        "string": pa.string(),
        "date": pa.date32(),
        "boolean": pa.bool_(),
        "int8": pa.int8(),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
    }[name]


def table_schema(table: str) -> tuple[pa.Schema, list[str]]:
    """Arrow schema and key columns of a register table."""
    rows = [r for r in schema_rows() if r["table"] == table]
    if not rows:
        raise BuildError(f"tables.csv has no table {table}")
    fields = [pa.field(r["column"], arrow_type(r["type"])) for r in rows]
    return pa.schema(fields), [r["column"] for r in rows if r["key"] == "Y"]


def _value(text: Any, kind: pa.DataType) -> Any:
    if pa.types.is_string(kind):
        return "" if text is None else str(text)
    if text is None or text == "":
        return None
    if pa.types.is_date(kind):
        return text if isinstance(text, dt.date) else dt.date.fromisoformat(str(text))
    if pa.types.is_decimal(kind):
        return Decimal(str(text)).quantize(Decimal(1).scaleb(-kind.scale))
    if pa.types.is_floating(kind):
        return float(text)
    return int(float(text))


def to_table(table: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Typed table of rows; fails on an unknown or missing column."""
    schema, _ = table_schema(table)
    names = schema.names
    columns: dict[str, list[Any]] = {n: [] for n in names}
    for row in rows:
        if set(row) != set(names):
            raise BuildError(f"{table}: columns {sorted(set(row) ^ set(names))} are missing or unknown in {dict(row)}")
        for field in schema:
            columns[field.name].append(_value(row[field.name], field.type))
    return pa.table({f.name: pa.array(columns[f.name], f.type) for f in schema}, schema=schema)


def check_key(table: str, data: pa.Table) -> None:
    """Fail when two rows share a key."""
    _, key = table_schema(table)
    counted = data.group_by(key).aggregate([([], "count_all")])
    double = counted.filter(pa.compute.greater(counted["count_all"], 1))
    if double.num_rows:
        raise BuildError(f"{table}: key {key} is not unique, for example {double.slice(0, 3).to_pylist()}")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def write_table(table: str, data: pa.Table, *, big: bool, out: Path) -> Path:
    """Write one table as Parquet (big) or CSV (small, for people); same input, same bytes."""
    check_key(table, data)
    path = out / f"{table}.{'parquet' if big else 'csv'}"
    if big:
        pq.write_table(data, path, compression="zstd", compression_level=19, store_schema=False)
        return path
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(data.column_names)
        for row in zip(*(data[c].to_pylist() for c in data.column_names), strict=True):
            writer.writerow([_text(v) for v in row])
    return path
