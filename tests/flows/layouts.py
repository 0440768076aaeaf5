"""Files in the official layouts for tests: a sound row of each flow, changed where a case says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).parent


def rows_of(name: str) -> list[dict[str, str]]:
    """Rows of a CSV beside this file."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


BASE: dict[str, dict[str, str]] = {}
for _row in rows_of("base_rows"):
    BASE.setdefault(_row["flow"], {})[_row["field_name"]] = _row["value"]


def row(flow: str, number: int = 1, **unused: str) -> dict[str, str]:
    """A sound row of `flow`; `number` makes its identifiers unique."""
    return {field: value.replace("{n}", str(number)) for field, value in BASE[flow].items()}


def changed(flow: str, number: int, changes: Mapping[str, str]) -> dict[str, str]:
    """A sound row with some fields changed; a field the flow lacks is a mistake of the test."""
    made = row(flow, number)
    assert set(changes) <= set(made), set(changes) - set(made)
    return {**made, **changes}


def text(rows: Iterable[Mapping[str, str]], separator: str = ",") -> str:
    """Rows as CSV text with the header of the first."""
    rows = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(path: Path, rows: Iterable[Mapping[str, str]], separator: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows as CSV and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text(rows, separator).encode(encoding))
    return path
