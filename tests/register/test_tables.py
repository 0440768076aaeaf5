"""Every register table: types, keys, references, blanks, intervals, sources. Driven by tables.csv."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date
from importlib import resources
from typing import Any

import pyarrow.compute as pc
import pytest

from tertiary.register import Register, schemas

TABLES = schemas.names()
DATED = [t for t in TABLES if {"valid_from", "valid_to"} <= {c.name for c in schemas.columns(t)}]
REFERENCES = [(t, c.name, c.references) for t in TABLES for c in schemas.columns(t) if c.references]
AXES = {"valid_from", "known_from"}
# A draft stands beside the actual row it would replace.
DRAFT_STATUS = {"responsibility"}


def test_every_table_has_source_confidence_key_and_note() -> None:
    for table in TABLES:
        names = {c.name for c in schemas.columns(table)}
        assert {"source", "confidence"} <= names, table
        assert schemas.key(table), table
        assert schemas.notes()[table].about, table
        assert all(c.description for c in schemas.columns(table)), table


def test_no_data_file_without_a_description() -> None:
    files = [p.name for p in resources.files("tertiary.register").joinpath("data").iterdir()]
    assert {f.split(".")[0] for f in files} == set(TABLES) | {"version"}


@pytest.mark.parametrize("table", TABLES)
def test_key_is_unique_and_filled(register: Register, table: str) -> None:
    data = register[table]
    assert data.schema == schemas.arrow_schema(table)
    keys = data.select(list(schemas.key(table)))
    assert keys.group_by(keys.column_names).aggregate([]).num_rows == data.num_rows
    for column in schemas.columns(table):
        if not column.nullable:
            assert data[column.name].null_count == 0, column.name
            if column.type == "string" and data.num_rows:
                assert not pc.any(pc.equal(data[column.name], "")).as_py(), column.name
    if data.num_rows:
        assert not pc.any(pc.equal(data["source"], "")).as_py()
        assert not pc.any(pc.equal(data["confidence"], "")).as_py()


@pytest.mark.parametrize(("table", "column", "target"), REFERENCES)
def test_references_exist(register: Register, table: str, column: str, target: str) -> None:
    other, name = target.split(".")
    known = set(register[other][name].to_pylist()) | {"", None}
    assert set(register[table][column].to_pylist()) <= known


@pytest.mark.parametrize("table", DATED)
def test_intervals_are_in_order_and_do_not_overlap(register: Register, table: str) -> None:
    entity = [k for k in schemas.key(table) if k not in AXES and not (table in DRAFT_STATUS and k == "status")]
    if "valid_from" not in schemas.key(table):
        entity = list(schemas.key(table))
    found: dict[tuple[Any, ...], list[tuple[date, date]]] = defaultdict(list)
    for row in register[table].to_pylist():
        start, end = row["valid_from"] or date.min, row["valid_to"] or date.max
        assert start < end, row
        draft = (row["status"] == "draft",) if table in DRAFT_STATUS else ()
        found[tuple(row[k] for k in entity) + draft].append((start, end))
    for key, spans in found.items():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans)), key


def test_version_date_is_not_before_anything_known(register: Register) -> None:
    for table in TABLES:
        if "known_from" in register[table].column_names and register[table].num_rows:
            assert pc.max(register[table]["known_from"]).as_py() <= register.version_date, table


def test_successors_of_trusts_are_trusts(register: Register) -> None:
    known = set(register["providers"]["provider_code"].to_pylist())
    named = {c for text in register["providers"]["successor"].to_pylist() for c in text.split(";") if c}
    assert named <= known


def test_published_totals(register: Register) -> None:
    on = date(2025, 4, 1)
    assert register["lsoas"].num_rows == 33_755
    assert pc.sum(register["lsoas"]["residents_2021"]).as_py() == 56_490_108
    assert round(pc.sum(register["lsoa_populations"]["population"]).as_py()) == pytest.approx(56_550_138, abs=300)
    assert int(pc.sum(register["practices"]["registered_population"]).as_py()) == pytest.approx(63_849_324, abs=5)
    assert register["identification_rules"].num_rows == 260
    assert register["assignment_reasons"].num_rows == 871
    assert _valid(register, "sub_icbs", on) == 106
    assert _valid(register, "icbs", on) == 42
    assert _valid(register, "icbs", date(2026, 4, 1)) == 36
    assert register["regions"].num_rows == 7


def _valid(register: Register, table: str, on: date) -> int:
    from tertiary.register import valid_on

    return valid_on(register, table, on).num_rows


def test_boards_of_2026_through_lsoas_practices_and_shares(register: Register) -> None:
    areas = register["lsoas"]
    changed = pc.not_equal(areas["icb_code_2024"], areas["icb_code_2026"])
    enlarged = pc.and_(pc.equal(areas["icb_code_2024"], "QRL"), pc.equal(areas["icb_code_2026"], "QRL"))
    # The ONS code of the enlarged QRL changes too: by ONS code 10,207 areas change, as published.
    assert pc.sum(pc.or_(changed, enlarged)).as_py() == 10_207
    new = {r["icb_code"] for r in register["icbs"].to_pylist() if r["valid_to"] is None}
    assert set(areas["icb_code_2026"].to_pylist()) == new
    assert set(register["practices"]["icb_code_2026"].to_pylist()) - {""} == new
    shares: dict[str, Any] = defaultdict(int)
    for row in register["icb_succession"].to_pylist():
        shares[row["predecessor"]] += row["share_of_predecessor"]
    whole = {k: v for k, v in shares.items() if k != "QRL"}
    assert all(abs(v - 1) < 0.0001 for v in whole.values()), shares


def test_codes_whole_and_never_valid_commissioners(register: Register) -> None:
    codes = {r["code"]: r for r in register["commissioner_codes"].to_pylist()}
    assert {c for c, r in codes.items() if r["valid_as_commissioner"] == "N"} == {"Q99", "X98", "YDD82"}
    whole = {"A3A8R", "B2M3M", "D2P2L", "D4U1Y", "D9Y0V", "M1J4Y", "M2L0M", "W2U3Z", "X2C4Y"}
    assert whole <= set(register["sub_icbs"]["sub_icb_code"].to_pylist())


def test_practice_populations_lie_in_known_places(register: Register) -> None:
    data = register["practices"].to_pylist()
    placed = [r for r in data if r["registered_population"] is not None]
    assert len(placed) == 6_348
    assert all(r["lsoa21_code"] and r["english"] == "Y" for r in placed)
    assert sum(r["is_armed_forces"] == "Y" for r in data) == 152


def test_unit_prices_of_the_last_public_tariff(register: Register) -> None:
    prices = {(r["financial_year"], r["price_group"], r["currency_code"]): r["unit_price"]
              for r in register["unit_prices"].to_pylist()}  # fmt: skip
    assert prices["201718", "elective", "AA22C"] == 8207
    assert prices["201718", "day_case", "AA22C"] == 8207
    assert prices["201718", "non_elective", "AA22C"] == 9766
    assert {y for y, _, _ in prices} == {"201718", "201819"}
