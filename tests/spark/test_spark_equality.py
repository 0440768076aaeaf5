"""DuckDB, Spark and the plain-Python oracle say the same of the same records: same rows, same values.

TERTIARY_SPARK_ROWS sets the records of the large comparison (20,000 unless told; a million before a release),
TERTIARY_SPARK_EXAMPLES the number of generated sets that all three are asked about.
"""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from logical import differences, run_table

from oracle.answers import COMPARED, answers
from oracle.cases import activity
from oracle.generate import Pools, batch, overlay, pools
from oracle.reference import Reference
from tertiary.assign import AssignSettings
from tertiary.engine import DuckDBEngine, Engine
from tertiary.ledger import ledger, patient_cells
from tertiary.spark import SparkEngine
from tertiary.stages import stages
from tertiary.tables import columns

pytestmark = [pytest.mark.slow, pytest.mark.spark]

ROWS = int(os.environ.get("TERTIARY_SPARK_ROWS", "20000"))
EXAMPLES = int(os.environ.get("TERTIARY_SPARK_EXAMPLES", "3"))
TABLES = ("records", "reasons", "ledger", "patient_cells")
# drawn sets are few and the same every time unless more are asked for
drawn = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def pool(register: Any) -> Pools:
    return pools(register)


def staged(engine: Engine, records: pa.Table, tables: Any) -> Any:
    return engine.materialise("staged", stages(engine, engine.load("drawn", records), tables, AssignSettings()))


def run_tables(engine: Engine, records: pa.Table, tables: Any) -> dict[str, pa.Table]:
    rows = staged(engine, records, tables)
    decided = engine.materialise("decided", run_table(rows, "records"))
    made = {
        "records": decided,
        "reasons": run_table(rows, "reasons"),
        "ledger": ledger(decided),
        "patient_cells": patient_cells(decided),
    }
    return {name: engine.fetch(made[name]) for name in TABLES}


def key(name: str) -> list[str]:
    return [c.name for c in columns(name) if c.is_key]


def test_every_column_of_a_run_is_equal_on_both_engines(spark: SparkEngine, register: Any, pool: Pools) -> None:
    records = activity(batch(pool, 1, ROWS))
    tables = overlay(register, 1)
    with DuckDBEngine(threads=2) as engine:
        expected = run_tables(engine, records, tables)
    found = run_tables(spark, records, tables)
    assert expected["records"].num_rows > ROWS * 0.9
    assert {c.name for c in columns("reasons")} == set(expected["reasons"].column_names)
    for name in TABLES:
        assert differences(expected[name], found[name], key(name)) == "", name


@drawn
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 80), is_shipped=st.booleans())
def test_oracle_and_both_engines_agree_on_drawn_records(
    interpreting: SparkEngine, register: Any, pool: Pools, seed: int, rows: int, is_shipped: bool
) -> None:
    made = batch(pool, seed, rows)
    tables = {name: register[name] for name in register} if is_shipped else overlay(register, seed)
    with DuckDBEngine(threads=1) as engine:
        by_duckdb = engine.fetch(staged(engine, activity(made), tables).drop("row_key"))
    by_spark = interpreting.fetch(staged(interpreting, activity(made), tables).drop("row_key"))
    assert differences(by_duckdb, by_spark, ["record_id"]) == ""
    compared = [c for c in COMPARED if c in by_spark.column_names]
    oracle = {k: {c: v[c] for c in compared} for k, v in answers(made, Reference(tables)).items()}
    engine_rows = by_spark.select(["record_id", *compared]).to_pylist()
    assert {r.pop("record_id"): r for r in engine_rows} == oracle
