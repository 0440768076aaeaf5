"""Prices are exact, rounded once, and say where they come from."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import activity
from oracle.cases import with_rows
from tertiary.assign import AssignSettings
from tertiary.price import price
from tertiary.price.lists import TABLES
from tertiary.stages import stages

# what the stages before pricing say of a record
DECIDED = {"line": "service_line_final", "derived": "service_line_derived", "payer": "payer_code"}
PENCE = Decimal("0.01")


def priced(engine: Any, register: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    table = activity([{k: v for k, v in r.items() if k not in DECIDED} for r in rows])
    for name, column in DECIDED.items():
        table = table.append_column(column, pa.array([r.get(name, "") for r in rows], pa.string()))
    loaded = engine.load("rows", table)
    return sorted(engine.fetch(price(engine, loaded, register)).to_pylist(), key=lambda r: int(r["record_id"][1:]))


def fake(register: Any, **tables: list[dict[str, Any]]) -> dict[str, pa.Table]:
    """The register with some tables replaced by typed rows."""
    made = {name: register[name] for name in TABLES}
    for name, rows in tables.items():
        schema = register[name].schema
        blank = {f.name: "" if pa.types.is_string(f.type) else None for f in schema}
        made[name] = pa.Table.from_pylist([{**blank, **r} for r in rows], schema=schema)
    return made


def test_the_last_published_tariff_prices_its_own_year_and_no_other(engine: Any, register: Any) -> None:
    base = {"flow": "apc_spell", "hrg": "AA22C", "point_of_delivery": "EL", "price_submitted": Decimal("5.005")}
    then, now = priced(
        engine,
        register,
        [{**base, "financial_year": "201819", "activity_date": date(2018, 5, 1), "quantity": Decimal(2)}, base],
    )
    assert (then["price_expected"], then["price_basis"]) == (Decimal("16570.00"), "national")
    assert (now["price_expected"], now["price_basis"]) == (Decimal("5.01"), "submitted")


@pytest.mark.parametrize(
    ("row", "amount", "basis"),
    [
        ({"component": "drug", "point_of_delivery": "DRUG", "flow": "drplcm"}, Decimal("-100.01"), "pass_through"),
        ({"point_of_delivery": "BLOCK", "flow": "plcm"}, Decimal("-100.01"), "as_agreed"),
        ({"point_of_delivery": "EL", "flow": "plcm"}, Decimal("-100.01"), "submitted"),
        ({"point_of_delivery": "NO SUCH", "flow": "plcm"}, Decimal("-100.01"), "submitted"),
        ({"point_of_delivery": "EL", "flow": "apc_episode"}, None, "none"),
        ({"point_of_delivery": "EL", "flow": "plcm", "price_submitted": None}, None, "none"),
    ],
)
def test_without_a_national_price(engine: Any, register: Any, row: Any, amount: Any, basis: str) -> None:
    got = priced(engine, register, [{"price_submitted": Decimal("-100.005"), **row}])[0]
    assert (got["price_expected"], got["price_basis"]) == (amount, basis)


def test_no_line_is_named_for_a_top_up_that_was_not_used(engine: Any, register: Any) -> None:
    tables = fake(
        register,
        top_ups=[{"financial_year": "201819", "service_line_code": "NCBPS08S", "provider_code": "RRV",
                  "rate": Decimal("0.28"), "rank": 1}],
        low_volume_agreements=[{"payer_code": "QHM", "provider_code": "RRV"}],
    )  # fmt: skip
    spell = {"flow": "plcm", "hrg": "AA22C", "point_of_delivery": "EL", "financial_year": "201819", "line": "NCBPS08S",
             "activity_date": date(2018, 6, 1), "price_submitted": Decimal(5)}  # fmt: skip
    rows = [spell, {**spell, "payer": "QHM"}, {**spell, "hrg": "XX99Z"}, {**spell, "national_tariff_indicator": "N"}]
    found = [(r["price_basis"], r["top_up_line"]) for r in priced(engine, tables, rows)]
    assert found == [("national", "NCBPS08S"), ("as_agreed", ""), ("submitted", ""), ("local", "")]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.decimals("0.01", "9999999.99", places=2),
    st.decimals("0", "2", places=6),
    st.decimals("1", "1.2", places=6),
    st.decimals("-9999999", "9999999", places=3),
)
def test_line_is_the_exact_product_rounded_once(
    engine: Any, register: Any, unit: Decimal, top_up: Decimal, forces: Decimal, quantity: Decimal
) -> None:
    tables = fake(
        register,
        unit_prices=[
            {"financial_year": "202526", "price_group": "elective", "currency_code": "AA22C", "unit_price": unit}
        ],
        market_forces=[{"provider_code": "RRV", "financial_year": "202526", "factor": forces}],
        top_ups=[
            {"financial_year": "202526", "service_line_code": "NCBPS08S", "provider_code": "RRV", "rate": top_up,
             "rank": 1}
        ],
    )  # fmt: skip
    row = {"flow": "apc_spell", "hrg": "AA22C", "point_of_delivery": "EL", "quantity": quantity, "line": "NCBPS08S"}
    got = priced(engine, tables, [row])[0]
    exact = unit * (1 + top_up) * forces * quantity
    assert got["price_expected"] == exact.quantize(PENCE, rounding=ROUND_HALF_UP)


@pytest.mark.parametrize("narrow", [True, False])
def test_the_best_practice_flag_reaches_the_price_through_all_stages(engine: Any, register: Any, narrow: bool) -> None:
    """A run carries only the columns that later stages read: the tariff code must be among them."""
    rule = {
        "financial_year": "201819", "price_group": "elective", "currency_code": "AA22C", "best_practice_flag": "BP1",
        "unit_price": Decimal(9000), "priority": 1,
    }  # fmt: skip
    tables = with_rows(register, best_practice_prices=[rule])
    spell = {"flow": "plcm", "hrg": "AA22C", "point_of_delivery": "EL", "financial_year": "201819",
             "activity_date": date(2018, 6, 1)}  # fmt: skip
    rows = engine.load(
        "rows", activity([{**spell, "tariff_code": code} for code in ("AA22C//BP1", "AA22C//", "AA22C")])
    )
    made = engine.fetch(stages(engine, rows, tables, AssignSettings(), narrow=narrow).order_by("row_key")).to_pylist()
    found = [(r["price_expected"], r["price_basis"]) for r in made]
    assert found == [(Decimal(9000), "best_practice"), (Decimal(8285), "national"), (Decimal(8285), "national")]
