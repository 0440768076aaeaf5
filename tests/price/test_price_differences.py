"""Each cause of a difference is found by its arithmetic, and the figure that proves it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from oracle.cases import Row, activity, record, with_rows
from tertiary.blocks import conform
from tertiary.engine import DuckDBEngine
from tertiary.price import Materiality, causes, price, price_differences

EVERYTHING = Materiality(Decimal(0), Decimal(0))
LINE, OTHER_LINE = "NCBPS08S", "NCBPS13E"
# a spell of AA22C on 1 June 2018 at RRV costs 1000.00 x (1 + 0.25) x 1.1 = 1375.00
UNITS = [
    ("201718", "elective", "AA22C", "900.00"), ("201819", "elective", "AA22C", "1000.00"),
    ("201920", "elective", "AA22C", "1150.00"), ("201819", "elective", "AA22D", "700.00"),
    ("201819", "non_elective", "AA22C", "1400.00"), ("201819", "elective", "AA23A", "100.38"),
]  # fmt: skip
SPELL: Row = {
    "flow": "plcm", "hrg": "AA22C", "tariff_code": "AA22C//", "point_of_delivery": "EL", "provider_code": "RRV",
    "activity_date": date(2018, 6, 1), "financial_year": "201819", "spell_id": "RRV:1", "quantity": Decimal(1),
}  # fmt: skip


@pytest.fixture(scope="module")
def tables(register: Any) -> dict[str, pa.Table]:
    names = ("financial_year", "price_group", "currency_code", "unit_price")
    year = {"financial_year": "201819"}
    tops = [(LINE, "RRV", "0.25"), (OTHER_LINE, "RHM", "0.32")]
    return with_rows(
        register,
        unit_prices=[{**dict(zip(names, u, strict=True)), "unit_price": Decimal(u[3])} for u in UNITS],
        market_forces=[
            {"provider_code": "RRV", "financial_year": y, "factor": Decimal(f)}
            for y, f in (("201718", "1.05"), ("201819", "1.1"))
        ],
        top_ups=[
            {**year, "service_line_code": line, "provider_code": p, "rate": Decimal(rate), "rank": 1}
            for line, p, rate in tops
        ],
        best_practice_prices=[
            {**year, "price_group": "elective", "currency_code": "*", "best_practice_flag": "BP1", "priority": 1,
             "multiplier": Decimal("1.3")},
            {**year, "price_group": "elective", "currency_code": "AA22D", "best_practice_flag": "ADD", "priority": 1,
             "addition": Decimal(200)},
        ],
    )  # fmt: skip


def differences(
    engine: Any, tables: Mapping[str, Any], rows: list[Row], materiality: Materiality = EVERYTHING, local: bool = False
) -> list[Row]:
    """The differences of records that went through the price stage, by record."""
    made = [record(n, **{k: v for k, v in {**SPELL, **r}.items() if k != "commissioner_code"})
            for n, r in enumerate(rows)]  # fmt: skip
    loaded = activity(made)
    extra = {
        "service_line_final": [LINE] * len(made), "service_line_derived": [LINE] * len(made),
        "payer_code": ["QOP"] * len(made), "commissioner_code": [r.get("commissioner_code", "") for r in rows],
    }  # fmt: skip
    for name, values in extra.items():
        loaded = loaded.append_column(name, pa.array(values, pa.string()))
    arrived = engine.load("activity", loaded)
    priced = engine.materialise("priced", price(engine, arrived, tables))
    records = engine.materialise("records", conform(priced, "records"))
    reasons = engine.materialise("reasons", conform(priced, "reasons"))
    found = price_differences(engine, records, reasons, tables, materiality, activity=arrived, local=local)
    return list(engine.fetch(found.order_by("record_id")).to_pylist())


CASES: list[tuple[str, str, str, Row]] = [
    # rule, cause, recomputed by hand, what the row says
    ("D01", "missing_price", "0.00", {"price_submitted": None}),
    ("D01", "missing_price", "0.00", {"price_submitted": Decimal(0)}),
    # 100.38 x 1.375 x 3 = 414.0675; one unit is 138.0225
    ("D02", "rounding", "414.00", {"hrg": "AA23A", "quantity": Decimal(3), "price_submitted": Decimal(414)}),
    ("D03", "rounding", "414.06", {"hrg": "AA23A", "quantity": Decimal(3), "price_submitted": Decimal("414.06")}),
    ("D04", "market_forces", "1250.00", {"price_submitted": Decimal("1250.00")}),  # 1375 / 1.1
    ("D05", "market_forces", "1512.50", {"price_submitted": Decimal("1512.50")}),  # 1375 x 1.1
    # 1250 + the 90 of the row
    ("D06", "market_forces", "1340.00", {"price_submitted": Decimal(1340), "mff_submitted": Decimal(90)}),
    ("D07", "market_forces", "1312.50", {"price_submitted": Decimal("1312.50")}),  # 1250 x 1.05
    ("D08", "top_up", "1100.00", {"price_submitted": Decimal(1100)}),  # 1000 x 1.1
    ("D09", "top_up", "1452.00", {"price_submitted": Decimal(1452)}),  # 1000 x 1.32 x 1.1
    ("D10", "top_up", "1000.00", {"price_submitted": Decimal(1000)}),
    # expected 1300 x 1.375 = 1787.50
    ("D11", "best_practice", "1375.00", {"tariff_code": "AA22C//BP1", "price_submitted": Decimal(1375)}),
    ("D12", "best_practice", "1787.50", {"price_submitted": Decimal("1787.50")}),
    ("D13", "year", "1237.50", {"price_submitted": Decimal("1237.50")}),  # 900 x 1.375
    ("D14", "year", "1181.25", {"price_submitted": Decimal("1181.25")}),  # 900 x 1.25 x 1.05
    ("D15", "year", "1581.25", {"price_submitted": Decimal("1581.25")}),  # 1150 x 1.375
    ("D16", "year", "1125.00", {"price_submitted": Decimal(1125)}),  # 900 x 1.25
    ("D17", "hrg", "962.50", {"price_submitted": Decimal("962.50"), "spell_id": "RRV:D"}),  # 700 x 1.375
    ("D18", "hrg", "875.00", {"price_submitted": Decimal(875), "spell_id": "RRV:D"}),  # 700 x 1.25
    ("D19", "point_of_delivery", "1925.00", {"price_submitted": Decimal(1925)}),  # 1400 x 1.375
    ("D20", "quantity", "4125.00", {"price_submitted": Decimal(4125)}),  # 3 x 1375
    ("D21", "quantity", "2500.00", {"price_submitted": Decimal(2500)}),  # 2 x 1250
    ("D22", "vat", "1650.00", {"price_submitted": Decimal(1650)}),  # 1375 x 1.2
    ("D23", "vat", "1500.00", {"price_submitted": Decimal(1500)}),  # 1250 x 1.2
    ("D30", "local_price", "", {"price_submitted": Decimal("1234.56"), "national_tariff_indicator": "N"}),
    ("D31", "commissioner", "", {"price_submitted": Decimal("1234.56"), "commissioner_submitted": "13Q",
                                 "commissioner_code": "27T"}),
    ("D32", "hrg", "", {"price_submitted": Decimal("1234.56"), "spell_id": "RRV:D"}),
    ("D99", "unexplained", "", {"price_submitted": Decimal("1234.56")}),
]  # fmt: skip
SPELL_OF_ANOTHER_HRG: Row = {
    "flow": "apc_spell",
    "spell_id": "RRV:D",
    "hrg": "AA22D",
    "price_submitted": Decimal("962.50"),
}


@pytest.fixture(scope="module")
def found(register: Any, tables: Any) -> list[Row]:
    with DuckDBEngine(threads=1) as engine:
        return differences(engine, tables, [*(row for *_, row in CASES), SPELL_OF_ANOTHER_HRG], local=True)


def test_one_row_a_record_that_differs_and_no_other(found: list[Row]) -> None:
    # the hospital's spell costs what was submitted, so it is not shown
    assert [r["record_id"] for r in found] == [f"r{n:08d}" for n in range(len(CASES))]


@pytest.mark.parametrize(("place", "case"), list(enumerate(CASES)), ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_cause_and_its_figure(found: list[Row], place: int, case: tuple[str, str, str, Row]) -> None:
    rule, cause, amount, row = case
    got = found[place]
    assert (got["rule"], got["cause"]) == (rule, cause), got["proof"]
    assert got["recomputed"] == (Decimal(amount) if amount else None)
    assert got["price_submitted"] == (row["price_submitted"] or Decimal(0))
    assert got["delta"] == got["price_submitted"] - got["price_expected"]
    if amount:
        assert f"= £{amount}" in got["proof"], got["proof"]


def test_every_rule_and_cause_has_a_case() -> None:
    assert {c[1] for c in CASES} == set(causes())
    assert [c[0] for c in CASES] == sorted(c[0] for c in CASES)


def test_the_linked_hrg_is_named(found: list[Row]) -> None:
    proofs = {r["rule"]: r["proof"] for r in found}
    assert proofs["D17"].endswith("(AA22D)") and proofs["D19"].endswith("(non_elective)")
    assert proofs["D06"].startswith("£1000.00 x (1 + 0.250000) x 1.000000 x 1.000 + £90.00 = £1340.00")


def test_a_rule_that_supposes_what_was_expected_explains_nothing(engine: Any, tables: Any) -> None:
    """RHM has no factor and AA22D no top-up there: 700.00. A penny more is not a matter of market forces."""
    row = {"hrg": "AA22D", "provider_code": "RHM", "price_submitted": Decimal("700.01")}
    (found,) = differences(engine, tables, [row])
    assert (found["delta"], found["cause"]) == (Decimal("0.01"), "unexplained")


def test_a_local_price_is_expected_and_held_against_the_list_only_when_asked(engine: Any, tables: Any) -> None:
    marked = {"national_tariff_indicator": "N"}
    rows = [
        {**marked, "price_submitted": Decimal("1234.56"), "quantity": Decimal(2)},
        {**marked, "price_submitted": Decimal(1375)},  # what the list gives
        {**marked, "price_submitted": Decimal("1100.00")},
        {**marked, "price_submitted": Decimal(50), "hrg": "XX99Z"},  # in no list
        {**marked, "price_submitted": Decimal(1), "tariff_code": "AA22C//BP1"},  # 1300 x 1.375
    ]
    assert differences(engine, tables, rows) == []
    shown = differences(engine, tables, rows, local=True)
    names = ("price_basis", "price_submitted", "price_expected", "delta", "cause")
    assert [tuple(str(r[n]) for n in names) for r in shown] == [
        ("local", "1234.56", "2750.00", "-1515.44", "local_price"),
        ("local", "1100.00", "1375.00", "-275.00", "top_up"),
        ("local", "1.00", "1787.50", "-1786.50", "local_price"),
    ]


def test_a_year_may_hold_local_prices_to_the_list(engine: Any, tables: Any) -> None:
    policies = [{**p, "local_price": "by_list"} for p in tables["pricing_policies"].to_pylist()]
    row = {"price_submitted": Decimal("1234.56"), "national_tariff_indicator": "N"}
    (shown,) = differences(engine, with_rows(tables, pricing_policies=policies), [row])
    assert (shown["price_basis"], shown["price_expected"], shown["cause"]) == ("national", 1375, "local_price")


def test_an_addition_that_was_not_billed_is_no_matter_of_factors(engine: Any, tables: Any) -> None:
    """RHM has neither factor nor top-up: 700 + 200 expected, and 700.00 is the price without best practice."""
    row = {"hrg": "AA22D", "tariff_code": "AA22D//ADD", "provider_code": "RHM"}
    billed = [{**row, "price_submitted": Decimal(p)} for p in ("700.00", "840.00", "1400.00")]
    shown = differences(engine, tables, billed)
    assert [r["price_expected"] for r in shown] == [900, 900, 900]
    assert [(r["cause"], r["recomputed"]) for r in shown] == [
        ("best_practice", 700), ("unexplained", None), ("unexplained", None)
    ]  # fmt: skip


def test_materiality_by_pounds_and_percent(engine: Any, tables: Any) -> None:
    # 1375 expected: +20.00 is 1.45%; 138.02 expected: +5.00 is 3.62%
    rows = [{"price_submitted": Decimal(1395)}, {"hrg": "AA23A", "price_submitted": Decimal("143.02")}]

    def shown(pounds: str, percent: str, both: bool) -> list[Decimal]:
        made = Materiality(Decimal(pounds), Decimal(percent), both)
        return [r["delta"] for r in differences(engine, tables, rows, made)]

    assert shown("0", "0", True) == [Decimal("20.00"), Decimal("5.00")]
    assert shown("10", "0", True) == [Decimal("20.00")]
    assert shown("20", "0", True) == [], "more than the limit, not as much"
    assert shown("0", "2", True) == [Decimal("5.00")]
    assert shown("10", "2", True) == []
    assert shown("10", "2", False) == [Decimal("20.00"), Decimal("5.00")]


def test_without_the_rows_as_they_arrived_the_rest_is_found(engine: Any, tables: Any) -> None:
    """A local price is then unexplained; arithmetic needs records and reasons only."""
    differences(engine, tables, [{"price_submitted": Decimal(1250)}])
    found = price_differences(engine, engine.table("records"), engine.table("reasons"), tables, EVERYTHING)
    assert engine.fetch(found).to_pylist()[0]["cause"] == "market_forces"
    with pytest.raises(ValueError, match="needs activity"):
        price_differences(engine, engine.table("records"), engine.table("reasons"), tables, EVERYTHING, local=True)
