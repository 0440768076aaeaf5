"""Generated rule packs: oracle, DuckDB and Spark identify every record alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from test_spark_equality import drawn

from oracle import rule_packs as packs
from oracle import test_generated_packs as comparison
from tertiary.engine import DuckDBEngine
from tertiary.spark import SparkEngine

pytestmark = [pytest.mark.slow, pytest.mark.spark]


@drawn
@given(made=packs.worlds())
def test_oracle_and_both_engines_agree_on_drawn_packs(interpreting: SparkEngine, register: Any, made: Any) -> None:
    blank = {name: register[name].slice(0, 0) for name in register}
    tables = made.register(blank)
    expected = comparison.oracle_says(tables, made.records)
    with DuckDBEngine(threads=1) as engine:
        assert comparison.engine_says(engine, tables, made.records) == expected
    assert comparison.engine_says(interpreting, tables, made.records) == expected
