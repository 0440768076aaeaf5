"""Marks of what a block depends on: they tell any change of its rows, and nothing else."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tertiary.marks import digest, fingerprint

ROWS = [{"key": "a", "number": 1}, {"key": "b", "number": None}, {"key": "", "number": 12}]


def mark(engine: Any, rows: list[dict[str, Any]]) -> str:
    table = pa.Table.from_pylist(rows, schema=pa.schema({"key": pa.string(), "number": pa.int64()}))
    return digest(engine, {"rows": engine.load("rows", table)})["rows"]


def test_order_is_no_change(engine: Any) -> None:
    assert mark(engine, ROWS) == mark(engine, ROWS[::-1])


@pytest.mark.parametrize(
    "changed",
    [
        ROWS[:2],
        [*ROWS, {"key": "c", "number": 3}],
        [{"key": "a", "number": 2}, *ROWS[1:]],
        [ROWS[0], {"key": "b", "number": 0}, ROWS[2]],
        [*ROWS[:2], {"key": "1", "number": 2}],
        [{"key": "b", "number": 1}, {"key": "a", "number": None}, ROWS[2]],
    ],
)
def test_any_other_rows_are(engine: Any, changed: list[dict[str, Any]]) -> None:
    assert mark(engine, ROWS) != mark(engine, changed)


def test_a_fingerprint_is_of_the_facts_in_their_order() -> None:
    assert fingerprint([1, {"b": 1, "a": 2}]) == fingerprint([1, {"a": 2, "b": 1}])
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
