"""Reading a CSV or Parquet file into the types of a register table, with errors that name file, row and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tertiary.errors import RegisterError
from tertiary.register import schemas

_EXPECTED = {
    "date": "a date such as 2025-04-01",
    "int": "a whole number",
    "decimal": "a decimal number with no more decimals than the column holds",
    "float": "a number",
    "boolean": "true or false",
}


def read_text(path: Path) -> pa.Table:
    """Every column of a CSV as text, blank where nothing is written."""
    try:
        with path.open("rb") as handle:
            header = handle.readline().decode("utf-8-sig", errors="replace").strip("\r\n")
        names = next(iter(_csv_rows(header)), [])
        options = pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, quoted_strings_can_be_null=False
        )
        parse = pacsv.ParseOptions(newlines_in_values=True)
        return pacsv.read_csv(path, convert_options=options, parse_options=parse)
    except (pa.ArrowInvalid, OSError) as error:
        raise RegisterError(f"{path}: cannot be read as a UTF-8 CSV with one header line ({error}).") from error


def _csv_rows(line: str) -> list[list[str]]:
    import csv

    return list(csv.reader([line]))


def read_table(table: str, path: Path, *, defaults: dict[str, str] | None = None) -> pa.Table:
    """A file as register table `table`.

    Columns the file leaves out are blank or null, or take `defaults`; key columns must be there. Unknown
    columns are an error: a misspelt column would otherwise be lost in silence.
    """
    if path.suffix == ".parquet":
        try:
            data = pq.read_table(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise RegisterError(f"{path}: cannot be read as Parquet ({error}). Write the file again.") from error
        return conform(table, data, str(path), defaults=defaults)
    return conform(table, read_text(path), str(path), defaults=defaults)


def conform(table: str, data: pa.Table, where: str, *, defaults: dict[str, str] | None = None) -> pa.Table:
    """`data` in the columns, order and types of `table`; `where` names the file (and sheet) in errors."""
    wanted = schemas.columns(table)
    known = [c.name for c in wanted]
    unknown = [n for n in data.column_names if n not in known]
    missing = [c.name for c in wanted if c.is_key and c.name not in data.column_names]
    if unknown or missing:
        raise RegisterError(_columns_message(table, where, missing, unknown, data.column_names, known))
    made = []
    for column in wanted:
        kind = schemas.arrow_type(column.type)
        if column.name in data.column_names:
            values = _cast(data[column.name], kind, where, column.name)
            if column.is_key and values.null_count:
                row = pc.index(pc.is_null(values), True).as_py() + 2
                raise RegisterError(f"{where}, row {row}: key column {column.name} of {table} is blank. Fill it.")
        else:
            default = (defaults or {}).get(column.name, "")
            fill: Any = default if pa.types.is_string(kind) else None
            values = pa.chunked_array([pa.array([fill] * data.num_rows, kind)])
        made.append(values)
    return pa.table(made, schema=schemas.arrow_schema(table))


def _columns_message(
    table: str, where: str, missing: list[str], unknown: list[str], found: list[str], known: list[str]
) -> str:
    parts = [f"{where} does not fit register table {table}:"]
    if missing:
        parts.append(f"missing key column(s) {', '.join(missing)};")
    if unknown:
        parts.append(f"unknown column(s) {', '.join(unknown)};")
    parts.append(f"columns found: {', '.join(found)}. Columns of {table}: {', '.join(known)}. Rename or add them.")
    return " ".join(parts)


def _cast(values: pa.ChunkedArray, kind: pa.DataType, where: str, column: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_string(kind):
        return pc.fill_null(values.cast(pa.string()), "")
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        try:
            return values.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise RegisterError(
                f"{where}, column {column}: values of type {values.type} cannot be stored as {kind} ({error}). "
                "Convert the column before writing the file."
            ) from error
    text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    try:
        return text.cast(kind)
    except pa.ArrowInvalid as error:
        raise RegisterError(_bad_value(text, kind, where, column)) from error


def _bad_value(text: pa.ChunkedArray, kind: pa.DataType, where: str, column: str) -> str:
    expected = next((v for k, v in _EXPECTED.items() if str(kind).startswith(k)), str(kind))
    for row, value in enumerate(text.to_pylist(), start=2):
        try:
            pa.scalar(value, pa.string()).cast(kind)
        except pa.ArrowInvalid:
            return f"{where}, row {row}, column {column}: {value!r} is not {expected}. Correct the value."
    return f"{where}, column {column}: a value is not {expected}."
