"""Kinds of expression that the stages use, on awkward values: both engines give the stated answer.

Each case is an expression over ROWS and its value for every row; aggregates have one value.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from tertiary.engine import DuckDBEngine, Engine
from tertiary.portable import bit_or, product
from tertiary.spark import SparkEngine

pytestmark = [pytest.mark.spark]

D = Decimal
TOP = 1 << 62
ROWS = pa.table(
    {
        "n": pa.array([1, 2, 3, 4], pa.int64()),
        "text": pa.array(["", "N970,J18", None, "É a"], pa.string()),
        "bits": pa.array([TOP | 5, TOP - 1, 0, None], pa.int64()),
        "whole": pa.array([-7, 7, 0, None], pa.int64()),
        "unit": pa.array([D("99999999999999999.99"), D("0.01"), D("-1.50"), None], pa.decimal128(19, 2)),
        "quantity": pa.array([D("9999999999.999"), D("0.125"), D("1.000"), D("2.000")], pa.decimal128(13, 3)),
        "amount": pa.array([D("0.00500000"), D("-0.00500000"), D("2.34500000"), D("0.00000000")], pa.decimal128(26, 8)),
        "yes": pa.array([True, False, None, True], pa.bool_()),
        "day": pa.array([date(1900, 1, 1), date(2024, 2, 29), None, date(2025, 3, 31)], pa.date32()),
    }
)

SCALARS: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "product keeps all digits": (
        lambda t: product(t.unit, t.quantity),
        [D("999999999999899999900000000.00001"), D("0.00125"), D("-1.50000"), None],
    ),
    "money is rounded half away from zero": (
        lambda t: t.amount.cast("decimal(18, 2)"),
        [D("0.01"), D("-0.01"), D("2.35"), D("0.00")],
    ),
    "decimals are written out": (
        lambda t: t.amount.cast("string"),
        ["0.00500000", "-0.00500000", "2.34500000", "0.00000000"],
    ),
    "text joined to nothing is nothing": (lambda t: t.text + "-x", ["-x", "N970,J18-x", None, "É a-x"]),
    "blank is not null": (lambda t: t.text == "", [True, False, None, False]),
    "null is filled": (lambda t: t.text.fill_null("none"), ["", "N970,J18", "none", "É a"]),
    "first of a list": (lambda t: t.text.split(",")[0].fill_null(""), ["", "N970", "", "É a"]),
    "a code in a list": (lambda t: t.text.re_search("(^|,)(J1|Z31)").fill_null(False), [False, True, False, False]),
    "start of text": (lambda t: t.text.startswith("N9"), [False, True, None, False]),
    "letters, not bytes": (lambda t: t.text.length(), [0, 8, None, 3]),
    "and of words": (lambda t: t.bits & ibis.literal(TOP | 4, "int64"), [TOP | 4, 4 & (TOP - 1), 0, None]),
    "or and complement of words": (
        lambda t: (t.bits | ibis.literal(2, "int64")) & ~ibis.literal(1, "int64"),
        [TOP | 6, (TOP - 1) & ~1, 2, None],
    ),
    "whole numbers are divided down": (lambda t: t.whole // 2, [-4, 3, 0, None]),
    "in a list of values": (lambda t: t.text.isin(["", "É a"]), [True, False, None, True]),
    "clipped and narrowed": (lambda t: t.whole.clip(upper=3).cast("int16"), [-7, 3, 0, None]),
    "first of several": (lambda t: ibis.coalesce(t.whole, t.n), [-7, 7, 0, 4]),
    "cases in order": (
        lambda t: ibis.cases((t.yes, "yes"), (t.day.isnull(), "no day"), else_="else"),
        ["yes", "else", "no day", "yes"],
    ),
    "days are compared": (lambda t: t.day >= ibis.date("2024-02-29"), [False, True, None, True]),
    "parts of a day": (lambda t: t.day.year() * 100 + t.day.month(), [190001, 202402, None, 202503]),
    "rows are numbered, nulls last": (
        lambda t: ibis.row_number().over(ibis.window(order_by=[t.day, t.n])).cast("int64"),
        [0, 1, 3, 2],
    ),
}
AGGREGATES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "sum of decimals": (lambda t: t.unit.sum().cast("decimal(38, 2)"), D("99999999999999998.50")),
    "sum of nothing": (
        lambda t: ibis.coalesce(
            t.amount.sum(where=t.n > 9).cast("decimal(38, 8)"), ibis.literal(0).cast("decimal(38, 8)")
        ),
        D("0E-8"),
    ),
    "or of words": (lambda t: bit_or(t.bits), TOP | (TOP - 1)),
    "any yes": (lambda t: t.yes.cast("int8").max(), 1),
    "all yes": (lambda t: t.yes.cast("int8").min(), 0),
    "least where": (lambda t: t.text.min(where=t.n > 1), "N970,J18"),
    "greatest text by its bytes": (lambda t: t.text.max(), "É a"),
    "yes answers": (lambda t: (t.text == "").sum(), 1),
    "distinct values": (lambda t: t.text.nunique(), 3),
    "earliest day": (lambda t: t.day.min(), date(1900, 1, 1)),
}


def answers(engine: Engine) -> dict[str, Any]:
    t = engine.load("awkward", ROWS)
    names = {f"c{i}": name for i, name in enumerate(SCALARS)}
    scalars = engine.fetch(t.select("n", **{c: SCALARS[name][0](t) for c, name in names.items()}).order_by("n"))
    found: dict[str, Any] = {name: scalars.column(c).to_pylist() for c, name in names.items()}
    names = {f"c{i}": name for i, name in enumerate(AGGREGATES)}
    totals = engine.fetch(t.aggregate(**{c: AGGREGATES[name][0](t) for c, name in names.items()}))
    found |= {name: totals.column(c)[0].as_py() for c, name in names.items()}
    codes = t.filter(t.text.notnull()).select("n", code=t.text.split(",").unnest())
    found["each of a list"] = [tuple(r.values()) for r in engine.fetch(codes.order_by("n", "code")).to_pylist()]
    for name, key in (("up", t.day), ("down", ibis.desc(t.day))):
        found[f"order {name}"] = engine.fetch(t.select("n", "day").order_by(key)).column("n").to_pylist()
    return found


EXPECTED = {
    **{name: values for name, (_, values) in SCALARS.items()},
    **{name: value for name, (_, value) in AGGREGATES.items()},
    "each of a list": [(1, ""), (2, "J18"), (2, "N970"), (4, "É a")],
    "order up": [1, 2, 4, 3],
    "order down": [4, 2, 1, 3],
}


def test_duckdb_gives_the_stated_answers() -> None:
    with DuckDBEngine(threads=1) as engine:
        assert answers(engine) == EXPECTED


@pytest.mark.slow
@pytest.mark.parametrize("way", ["spark", "interpreting"])
def test_spark_gives_the_stated_answers(way: str, request: pytest.FixtureRequest) -> None:
    engine: SparkEngine = request.getfixturevalue(way)
    assert answers(engine) == EXPECTED


@pytest.mark.slow
def test_overflow_is_an_error_and_not_a_null(spark: SparkEngine) -> None:
    t = spark.load("awkward", ROWS)
    with pytest.raises(Exception, match=r"NUMERIC_VALUE_OUT_OF_RANGE|ARITHMETIC_OVERFLOW"):
        spark.fetch(t.select(x=t.unit.cast("decimal(4, 2)")))
