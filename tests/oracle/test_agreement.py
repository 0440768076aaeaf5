"""The engine and the plain-Python oracle must say the same of every generated record.

TERTIARY_ORACLE_ROWS sets the number of records (20,000 unless told; 200,000 before a release).
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

from oracle.answers import COMPARED, answers
from oracle.assigning import Options
from oracle.cases import Row, activity
from oracle.generate import batch, overlay, pools
from oracle.reference import Reference
from tertiary.assign import AssignSettings
from tertiary.engine import DuckDBEngine
from tertiary.stages import stages

ROWS = int(os.environ.get("TERTIARY_ORACLE_ROWS", "20000"))
BATCH = 10_000
SHOWN = 12
# the first two batches walk the defaults, later ones each other choice of the settings as well
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"penal_source_of_admission": "40"},
    {"missing_charging_category": "literal"},
    {"wb10_welsh_resident": "english_residents_only"},
    {"residence_from_lsoa": False},
)


def engine_says(tables: Any, records: list[Row], settings: AssignSettings) -> dict[str, Row]:
    """The engine's answers by record_id."""
    with DuckDBEngine(threads=2) as engine:
        rows = engine.load("generated", activity(records))
        found = engine.fetch(stages(engine, rows, tables, settings))
        kept = [c for c in ("record_id", *COMPARED) if c in found.column_names]
        listed = found.select(kept).to_pylist()
    assert len(listed) == len({r["record_id"] for r in listed})
    return {r["record_id"]: r for r in listed}


def disagreements(
    records: list[Row], oracle: dict[str, Row], engine: dict[str, Row]
) -> list[tuple[Row, str, Any, Any]]:
    """(record, column, oracle, engine) for each value that differs."""
    found: list[tuple[Row, str, Any, Any]] = []
    for record in records:
        key = record["record_id"]
        if key in oracle and key in engine:
            mine, theirs = oracle[key], engine[key]
            found += [(record, c, mine[c], theirs[c]) for c in COMPARED if mine[c] != theirs[c]]
    return found


def readable(found: list[tuple[Row, str, Any, Any]]) -> str:
    """How many of each column, and the first few with what the record carried."""
    by_column = Counter(column for _, column, _, _ in found)
    lines = [f"{len(found)} values differ: {dict(by_column)}"]
    for column in by_column:
        for record, _, mine, theirs in [f for f in found if f[1] == column][: max(1, SHOWN // len(by_column))]:
            carried = {k: str(v) for k, v in record.items() if v not in ("", None)}
            lines.append(f"{column}: oracle {mine!r}, engine {theirs!r}\n    {carried}")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(1, max(2, ROWS // BATCH + 1)))
def test_engine_and_oracle_agree(seed: int, register: Any) -> None:
    # odd seeds walk the invented look-ups, even ones the register as it is shipped
    tables = overlay(register, seed) if seed % 2 else {name: register[name] for name in register}
    records = batch(pools(register), seed, min(ROWS, BATCH))
    chosen = SETTINGS[(seed - 1) // 2 % len(SETTINGS)]
    oracle = answers(records, Reference(tables), Options(**chosen))
    engine = engine_says(tables, records, AssignSettings(**chosen))
    assert set(engine) == set(oracle)
    found = disagreements(records, oracle, engine)
    assert not found, readable(found)
