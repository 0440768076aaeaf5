"""Price rules and price differences come out the same on both engines."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from logical import differences

from oracle.cases import with_rows
from oracle.price_worlds import blank, drawn_records, stage_rows, world
from tertiary.blocks import conform
from tertiary.engine import DuckDBEngine, Engine
from tertiary.price import Materiality, price, price_differences
from tertiary.spark import SparkEngine

pytestmark = [pytest.mark.slow, pytest.mark.spark]


def both_tables(engine: Engine, rows: pa.Table, tables: Any) -> tuple[pa.Table, pa.Table]:
    """Priced records, and every difference between submitted and expected."""
    arrived = engine.load("arrived", rows)
    priced = engine.materialise("priced", price(engine, arrived, tables))
    records = engine.materialise("records", conform(priced, "records"))
    reasons = engine.materialise("reasons", conform(priced, "reasons"))
    all_of_them = Materiality(Decimal(0), Decimal(0))
    found = price_differences(engine, records, reasons, tables, all_of_them, activity=arrived, local=True)
    return engine.fetch(priced), engine.fetch(found)


@pytest.mark.parametrize("seed", [1, 2])
def test_prices_and_differences_are_equal(interpreting: SparkEngine, register: Any, seed: int) -> None:
    rng = random.Random(seed)
    tables, rows = with_rows(blank(register), **world(rng)), stage_rows(drawn_records(rng, 400))
    with DuckDBEngine(threads=1) as engine:
        expected = both_tables(engine, rows, tables)
    found = both_tables(interpreting, rows, tables)
    assert expected[1].num_rows > 20
    for mine, theirs in zip(expected, found, strict=True):
        assert differences(mine, theirs, ["record_id"]) == ""
