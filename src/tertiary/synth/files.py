"""Writing: one CSV or Parquet file per flow, month and sender, with `synthetic_` in front of every name."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tertiary.synth.defects import spoil


def name(flow: str, sender: str, month: int, note: str = "") -> str:
    """Such as synthetic_RJ1_plcm_202504 (a note such as resubmission or ytd at the end)."""
    return f"synthetic_{sender}_{flow}_{month}" + (f"_{note}" if note else "")


def save(table: pa.Table, path: Path, format: str, raw: tuple[tuple[int, str], ...] = ()) -> Path:
    """Write a table; the path gets the suffix of the format. `raw` faults are put into the bytes of a CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.with_name(f"{path.name}.{format}")
    if format == "parquet":
        pq.write_table(table, target, compression="zstd", use_dictionary=True)
    else:
        data = csv_bytes(table)
        target.write_bytes(spoil(data, raw) if raw else data)
    return target


def csv_bytes(table: pa.Table) -> bytes:
    """The table as CSV. Quotes only where a value needs them."""
    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow(table.column_names)
    sink = pa.BufferOutputStream()
    plain = not any(_needs_quotes(c) for c in table.columns)
    options = pacsv.WriteOptions(include_header=False, quoting_style="none" if plain else "needed")
    pacsv.write_csv(table, sink, options)
    body: bytes = sink.getvalue().to_pybytes()
    return head.getvalue().encode() + body


def _needs_quotes(values: pa.ChunkedArray) -> bool:
    if not (pa.types.is_string(values.type) and values.null_count < len(values)):
        return False
    return bool(pc.any(pc.match_substring_regex(values, '[,"\r\n]')).as_py())
