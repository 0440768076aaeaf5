"""On generated price rules the price stage and the slow oracle must price every record alike."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from oracle.cases import with_rows
from oracle.price_worlds import blank, canonical, drawn_records, stage_rows, world
from oracle.pricing import price as oracle_price
from oracle.reference import Reference
from tertiary.engine import DuckDBEngine
from tertiary.price import price

RECORDS = 150


@pytest.fixture(scope="module")
def one_engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as made:
        yield made


@pytest.fixture(scope="module")
def empty(register: Any) -> dict[str, pa.Table]:
    return blank(register)


met: Counter[str] = Counter()


@settings(
    max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(seed=st.integers(0, 2**32 - 1))
def test_engine_and_oracle_price_alike(one_engine: DuckDBEngine, empty: Any, seed: int) -> None:
    rng = random.Random(seed)
    tables, drawn = with_rows(empty, **world(rng)), drawn_records(rng, RECORDS)
    made = canonical(drawn)
    found = one_engine.fetch(price(one_engine, one_engine.load("drawn", stage_rows(drawn)), tables).order_by("row_key"))
    ref = Reference(tables)
    for row, values, answer in zip(made, drawn, found.to_pylist(), strict=True):
        expected = oracle_price(row, values["final"], ref, values["derived"], values["payer"])
        assert (answer["price_expected"], answer["price_basis"]) == expected, (row, answer)
        met[expected[1]] += 1


def test_the_generated_records_met_every_basis() -> None:
    """Runs after the test above: what it never met it has not tested."""
    expected = {
        "national", "critical_care", "excess_bed_day", "year_of_care", "uplifted", "best_practice", "submitted",
        "pass_through", "as_agreed", "local", "none",
    }  # fmt: skip
    assert not met or {basis for basis, n in met.items() if n >= 10} == expected, met
