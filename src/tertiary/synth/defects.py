"""Planted defects: known faults in chosen rows, each written down with the rule that should find it.

`data/defects.csv` says what is done to which field of which flow, where, which check is expected, and which answers of
a run the defect can change although the truth is another. A row carries at most one defect. Faults of the bytes
themselves (truncated rows, NUL) exist in CSV only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.data import rows

RAW = ("truncate", "lengthen", "nul")
FIELDS = ("file", "row_number", "flow", "kind", "field", "value_true", "value_planted", "rule_id", "changes")
Record = dict[str, object]


@dataclass(frozen=True)
class Planted:
    """A table with its faults, the index of its truth rows, and what to do to the bytes once written."""

    table: pa.Table
    source: np.ndarray
    raw: tuple[tuple[int, str], ...]
    records: tuple[Record, ...]


def kinds(flow: str) -> list[dict[str, str]]:
    """Defects that a flow can carry."""
    return [r for r in rows("defects") if flow in r["flow"].split(";")]


def plant(
    flow: str, file: str, table: pa.Table, facts: pa.Table, share: float, every: bool, rng: np.random.Generator,
    text: bool,
) -> Planted:  # fmt: skip
    """Plant `share` of rows with faults; `every` puts at least one of each kind that fits the file.

    `table` has the official columns, `facts` the same rows with internal columns; `text` is true for CSV.
    """
    usable = [k for k in kinds(flow) if text or k["action"] not in RAW]
    total = int(table.num_rows * share + rng.random()) if share else 0
    if every and share:
        total = max(total, len(usable))
    free = np.ones(table.num_rows, bool)
    edits: dict[str, dict[int, str]] = {}
    raw, repeats, records = [], [], []
    order = rng.permutation(len(usable))
    for i in range(min(total, table.num_rows // 3) if usable else 0):
        kind = usable[order[i % len(usable)]]
        at = _row(kind, facts, free, rng)
        if at < 0:
            continue
        free[at] = False
        record = {"file": file, "row_number": at + 1, "flow": flow, "kind": kind["kind"], "field": kind["field"],
                  "value_true": "", "value_planted": "", "rule_id": kind["rule_id"],
                  "changes": kind["changes"]}  # fmt: skip
        if kind["action"] in RAW:
            raw.append((at, kind["action"]))
        elif kind["action"] == "repeat":
            repeats.append(at)
            record["row_number"] = table.num_rows + len(repeats)
        else:
            old = _text(table[kind["field"]][at])
            new = ACTIONS[kind["action"]](old, kind["value"], rng)
            edits.setdefault(kind["field"], {})[at] = new
            record |= {"value_true": old, "value_planted": "" if kind["action"] == "nhs_number" else new}
        records.append(record)
    source = np.concatenate([np.arange(table.num_rows), np.array(repeats, np.int64)])
    made = pa.table({n: _cells(table[n], edits.get(n, {})) for n in table.column_names})
    if repeats:
        made = made.take(pa.array(source))
    return Planted(made, source, tuple(raw), tuple(records))


def _cells(values: pa.ChunkedArray, edits: dict[int, str]) -> pa.Array:
    """The column with new values in some rows; text wherever there are any."""
    if not edits:
        return values.combine_chunks()
    at = sorted(edits)
    mask = np.zeros(len(values), bool)
    mask[at] = True
    new = pa.array([edits[i] or None for i in at], pa.string())
    return pc.replace_with_mask(values.combine_chunks().cast(pa.string()), pa.array(mask), new)


def _text(value: object) -> str:
    found = value.as_py() if isinstance(value, pa.Scalar) else value
    return "" if found is None else str(found)


def _row(kind: dict[str, str], facts: pa.Table, free: np.ndarray, rng: np.random.Generator) -> int:
    """A free row that fits the kind's conditions; -1 when none does."""
    fit = free & _fits(kind["where"], facts)
    found = np.flatnonzero(fit)
    return int(found[rng.integers(0, len(found))]) if len(found) else -1


def _fits(where: str, facts: pa.Table) -> np.ndarray:
    """Rows where every condition holds: `column=value`, or `column` for any value, joined by `&`."""
    fit = np.ones(facts.num_rows, bool)
    for condition in filter(None, where.split("&")):
        column, _, value = condition.partition("=")
        cells = facts[column].combine_chunks() if isinstance(facts[column], pa.ChunkedArray) else facts[column]
        holds = pc.equal(cells.cast(pa.string()), value) if value else pc.is_valid(cells)
        fit &= np.asarray(pc.fill_null(holds, False).to_numpy(zero_copy_only=False), bool)
    return fit


def nhs_number(rng: np.random.Generator) -> str:
    """Ten digits that pass the check digit, from the range kept for tests (999), so that nobody has the number."""
    while True:
        digits = [9, 9, 9, *rng.integers(0, 10, 6).tolist()]
        check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            return "".join(str(d) for d in [*digits, 0 if check == 11 else check])


def _other(old: str, value: str, rng: np.random.Generator) -> str:
    options = [c for c in ("93C", "A3A8R", "W2U3Z", "72Q", "36L", "92A", "15E", "14L") if c != old]
    return options[int(rng.integers(0, len(options)))]


def _thousands(old: str, value: str, rng: np.random.Generator) -> str:
    whole, _, part = old.partition(".")
    number = int(whole.lstrip("-") or 0)
    text = f"{number:,}" if number >= 1000 else f"0,{number:03d}"
    return ("-" if old.startswith("-") else "") + text + (f".{part}" if part else "")


def _add(old: str, value: str, rng: np.random.Generator) -> str:
    from decimal import Decimal

    return str(Decimal(old or "0") + Decimal(value))


def _later(old: str, value: str, rng: np.random.Generator) -> str:
    return str(np.datetime64(old, "D") + np.timedelta64(int(value) + 400, "D"))


ACTIONS: dict[str, Callable[[str, str, np.random.Generator], str]] = {
    "set": lambda old, value, rng: value,
    "prefix": lambda old, value, rng: value + old,
    "suffix": lambda old, value, rng: old + value,
    "lower": lambda old, value, rng: old.lower(),
    "negate": lambda old, value, rng: "-" + (old if float(old or 0) else "1.00"),
    "short_year": lambda old, value, rng: old[2:],
    "wrong_year": lambda old, value, rng: old[:4] + f"{(int(old[4:]) + 1) % 100:02d}",
    "minutes": lambda old, value, rng: old[:16],
    "thousands": _thousands,
    "add": _add,
    "later": _later,
    "other_commissioner": _other,
    "nhs_number": lambda old, value, rng: nhs_number(rng),
}


def spoil(data: bytes, raw: tuple[tuple[int, str], ...]) -> bytes:
    """Faults of the bytes, by row after the header. Rows of these files hold no line breaks inside cells."""
    lines = data.split(b"\n")
    for row, action in raw:
        line = lines[row + 1]
        if action == "truncate":
            cells = next(csv.reader(io.StringIO(line.decode())))
            lines[row + 1] = ",".join(_quoted(c) for c in cells[: len(cells) // 2]).encode()
        elif action == "lengthen":
            lines[row + 1] = line + b",surplus,surplus"
        else:
            lines[row + 1] = line[:20] + b"\x00" + line[20:]
    return b"\n".join(lines)


def _quoted(cell: str) -> str:
    return f'"{cell}"' if "," in cell else cell
