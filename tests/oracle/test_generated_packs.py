"""On whole generated rule packs the engine and the plain-Python oracle must identify every record alike.

TERTIARY_PACKS sets the number of packs; unless told it is small and the same packs are drawn every time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from oracle.cases import Row, activity
from oracle.identifying import identify_all
from oracle.reference import Reference
from oracle.rule_packs import PATTERNS, World, filled, rule, world, worlds
from tertiary.engine import DuckDBEngine
from tertiary.identify import identify
from tertiary.identify.masks import DATED, LISTS, SINGLE

PACKS = int(os.environ.get("TERTIARY_PACKS", "0"))
COMPARED = (
    *("rule_id", "service_line_derived", "service_line_final", "service_basis", "rule_tie", "candidates"),
    *("would_match", "spell_rule_record_id"),
)
# what identification reads; fewer columns compile faster
READ = (
    *("record_id", "row_key", "flow", "fate", "provider_code", "site_code", "spell_id", "cds_unique_id"),
    *("attendance_id", "point_of_delivery", "activity_date", "age", "mental_health_category", "service_line_submitted"),
    *(sorted({*SINGLE.values(), *LISTS.values()} - {"age", "diagnosis_primary", "submitted_code"})),
)


@pytest.fixture(scope="module")
def one_engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as made:
        yield made


@pytest.fixture(scope="module")
def blank(register: Any) -> dict[str, pa.Table]:
    """Every register table without its rows."""
    return {name: register[name].slice(0, 0) for name in register}


def engine_says(engine: DuckDBEngine, tables: Mapping[str, pa.Table], records: list[Row]) -> dict[str, Row]:
    """The engine's answers for accepted records, by record_id."""
    rows = engine.load("generated", activity(records).select(list(dict.fromkeys(READ))))
    found = identify(engine, rows.filter(rows.fate == "accepted"), tables).select("record_id", *COMPARED)
    listed = engine.fetch(found).to_pylist()
    assert sorted(r["record_id"] for r in listed) == [r["record_id"] for r in records if r["fate"] == "accepted"]
    return {r["record_id"]: {c: r[c] for c in COMPARED} for r in listed}


def oracle_says(tables: Mapping[str, pa.Table], records: list[Row]) -> dict[str, Row]:
    """The oracle's answers, by record_id."""
    return {
        key: {
            "rule_id": a.rule_id,
            "service_line_derived": a.derived,
            "service_line_final": a.final,
            "service_basis": a.basis,
            "rule_tie": a.tie,
            "candidates": ",".join(a.matched),
            "would_match": ",".join(a.would),
            "spell_rule_record_id": a.spell_rule_record_id,
        }
        for key, a in identify_all(records, Reference(tables)).items()
    }


def differences(engine: DuckDBEngine, blank: Mapping[str, pa.Table], made: World) -> list[str]:
    """What the two say differently, readable."""
    tables = made.register(blank)
    mine, theirs = oracle_says(tables, made.records), engine_says(engine, tables, made.records)
    assert set(mine) == set(theirs)
    carried = {r["record_id"]: filled(r) for r in made.records}
    return [
        f"{key} {column}: oracle {mine[key][column]!r}, engine {theirs[key][column]!r}\n    {carried[key]}"
        for key in mine
        for column in COMPARED
        if mine[key][column] != theirs[key][column]
    ]


def test_every_dimension_of_the_engine_is_generated() -> None:
    known = {*SINGLE, *LISTS, *DATED} - {"age", "listed"} | {"age_min", "age_max", "spell_specialised"}
    assert {*PATTERNS, "provider_list"} == known


A, B, C = "NCBPS01A", "NCBPS02B", "NCBPS03C"  # B is listed until April 2025, C from then on
DAY = date(2025, 6, 10)
NONE = ("", "none")
DERIVED = (A, "derived")
HIT = ("diagnosis_any", "N", "exact", "A10")


def case(rules: list[Any], *records: tuple[Row, tuple[str, str]], **tables: Any) -> tuple[World, list[tuple[str, str]]]:
    """A world and what it must say of each record: final line and basis."""
    given = [{"flow": "op", "activity_date": DAY, **values} for values, _ in records]
    return world(rules, given, **tables), [expected for _, expected in records]


def op(*clauses: list[Any], **values: Any) -> list[Any]:
    """One outpatient rule."""
    return [rule("R1", clauses, "OP", **values)]


def code(kind: str, pattern: str, negated: str = "N") -> tuple[str, str, str, str]:
    return ("submitted_code", negated, kind, pattern)


CASES = {
    "a rule that reaches only its record holds on an episode and leaves the spell alone": case(
        [rule("R1", [[HIT]], propagation="record_only")],
        ({"flow": "apc_episode", "spell_id": "S1", "diagnosis_all": "A10"}, DERIVED),
        ({"flow": "apc_episode", "spell_id": "S1"}, NONE),
        ({"flow": "apc_spell", "spell_id": "S1"}, NONE),
    ),
    "a rule that repeats the submitted line does not outrank SUS": case(
        op([HIT], line="*"),
        ({"diagnosis_all": "A10", "service_line_submitted": A, "service_line_sus": B}, (B, "sus")),
        ({"diagnosis_all": "A10", "service_line_submitted": A}, (A, "submitted")),
        ({"diagnosis_all": "A10", "service_line_submitted": B}, NONE),
    ),
    "a rule that repeats the submitted line tells a linked row nothing": case(
        op([HIT], line="*"),
        ({"diagnosis_all": "A10", "service_line_submitted": A, "attendance_id": "V1"}, (A, "submitted")),
        ({"flow": "plcm", "attendance_id": "V1"}, NONE),
        ({"flow": "plcm", "attendance_id": "V1", "service_line_submitted": C}, (C, "submitted")),
    ),
    "of two records that a contract row names the first on which a rule held counts": case(
        [rule("R1", [[HIT]]), rule("R2", [[("hrg", "N", "exact", "HA01A")]], line=B)],
        ({"flow": "apc_episode", "spell_id": "S1", "cds_unique_id": "C1", "provider_code": "RRV"}, NONE),
        ({"flow": "apc_episode", "spell_id": "S2", "hrg": "HA01A", "provider_code": "RRV"}, (B, "derived")),
        (
            {
                "flow": "apc_episode",
                "spell_id": "S3",
                "diagnosis_all": "A10",
                "cds_unique_id": "C3",
                "provider_code": "RRV",
            },
            DERIVED,
        ),
        ({"flow": "plcm", "cds_unique_id": "C1", "spell_id": "S2", "provider_code": "RRV"}, (B, "linked")),
        ({"flow": "plcm", "cds_unique_id": "C3", "spell_id": "S2", "provider_code": "RRV"}, (A, "linked")),
        ({"flow": "plcm", "cds_unique_id": "C1", "spell_id": "S1", "provider_code": "RRV"}, NONE),
    ),
    "a rule of one record alone that holds on a spell row tells a linked row nothing": case(
        [rule("R1", [[HIT]], propagation="record_only")],
        ({"flow": "apc_spell", "spell_id": "S1", "diagnosis_all": "A10", "cds_unique_id": "C1"}, NONE),
        ({"flow": "plcm", "cds_unique_id": "C1"}, NONE),
        ({"flow": "plcm", "spell_id": "S1"}, NONE),
    ),
    "a list that begins blank has no primary code": case(
        op([("diagnosis_primary", "N", "exact", "A10")]),
        ({"diagnosis_all": ",A10"}, NONE),
        ({"diagnosis_all": "A10,B20"}, DERIVED),
    ),
    "an exclusion ends the search on a contract row too": case(
        [rule("R1", [[HIT]], "NRD", propagation="not_specialised")],
        ({"flow": "plcm", "diagnosis_all": "A10", "service_line_submitted": A}, ("", "excluded")),
    ),
    "a pattern of any code does not match a blank": case(
        op([("main_specialty_code", "N", "glob", "*")], [("hrg", "Y", "glob", "*"), HIT]),
        ({}, NONE),
        ({"main_specialty_code": "100"}, DERIVED),
        ({"diagnosis_all": "A10"}, DERIVED),
        ({"diagnosis_all": "A10", "hrg": "HA01A"}, NONE),
    ),
    "a negated age limit must not be met": case(
        op([("age_min", "Y", "number", "18")]),
        *[({"age": age}, expected) for age, expected in ((17, DERIVED), (18, NONE), (999, DERIVED), (None, DERIVED))],
    ),
    "two limits of one kind are alternatives": case(
        op([("age_min", "N", "number", "19"), ("age_min", "N", "number", "18"), ("age_max", "N", "number", "40")]),
        *[({"age": age}, expected) for age, expected in ((17, NONE), (18, DERIVED), (40, DERIVED), (41, NONE))],
    ),
    "a listed code is one with the prefix that the rule names": case(
        op([code("listed", "NCBPS03")], line=A),
        ({"service_line_submitted": C}, DERIVED),
        ({"service_line_submitted": A}, (A, "submitted")),
        ({"service_line_submitted": C, "activity_date": date(2025, 3, 31)}, NONE),
    ),
    "a listed code can be forbidden": case(
        op([HIT, code("listed", "NCBPS", "Y")]),
        ({"diagnosis_all": "A10"}, DERIVED),
        ({"diagnosis_all": "A10", "service_line_submitted": C}, (C, "submitted")),
        ({"diagnosis_all": "A10", "service_line_submitted": B}, DERIVED),
    ),
    "a listed code and a pattern of codes are alternatives": case(
        op([code("listed", "NCBPS03"), code("glob", "*/ASSESS"), code("exact", B, "Y"), HIT], line=A),
        ({"diagnosis_all": "A10", "service_line_submitted": C}, DERIVED),
        ({"diagnosis_all": "A10", "mental_health_category": "NCBPS22S/ASSESS"}, DERIVED),
        ({"diagnosis_all": "A10", "service_line_submitted": B}, NONE),
        ({"mental_health_category": "NCBPS22S/ASSESS"}, NONE),
    ),
    "a setting reaches each flow by that flow's own dates": case(
        [rule("R1", [[HIT]], "NRD")],
        ({"flow": "plcm", "diagnosis_all": "A10"}, NONE),
        ({"flow": "acm", "diagnosis_all": "A10"}, DERIVED),
        setting_flows=[
            *[{"setting": "APC", "flow": flow} for flow in ("apc_episode", "apc_spell")],
            {"setting": "NRD", "flow": "plcm", "valid_to": date(2025, 4, 1)},
            {"setting": "NRD", "flow": "acm", "valid_to": None},
        ],
    ),
    "a provider may be on a list for one line only, or with one site only": case(
        op([HIT], provider_list="CENTRES", provider_required="Y"),
        ({"diagnosis_all": "A10", "provider_code": "RRV"}, DERIVED),
        ({"diagnosis_all": "A10", "provider_code": "RBV"}, NONE),
        ({"diagnosis_all": "A10", "provider_code": "RJ1"}, NONE),
        ({"diagnosis_all": "A10", "provider_code": "RJ1", "site_code": "RJ101"}, DERIVED),
        ({"diagnosis_all": "A10", "provider_code": "RJ1", "site_code": "RJ102"}, NONE),
        members=[
            {"list_name": "CENTRES", "provider_code": "RRV", "service_line_code": A},
            {"list_name": "CENTRES", "provider_code": "RBV", "service_line_code": B},
            {"list_name": "CENTRES", "provider_code": "RJ1", "site_code": "RJ101"},
        ],
    ),
    "two episodes of a spell that rules of equal priority give to different lines are a tie": case(
        [
            rule("R1", [[HIT]], line=B),
            rule("R2", [[("hrg", "N", "exact", "HA01A")]]),
            rule("R3", [[("sex", "N", "exact", "1")]], line=C, priority=2),
        ],
        ({"flow": "apc_episode", "spell_id": "S1", "diagnosis_all": "A10"}, (B, "derived")),
        ({"flow": "apc_episode", "spell_id": "S1", "hrg": "HA01A"}, (B, "derived")),
        ({"flow": "apc_episode", "spell_id": "S2", "hrg": "HA01A"}, DERIVED),
        ({"flow": "apc_episode", "spell_id": "S2", "sex": "1"}, DERIVED),
    ),
    "a rule may ask for a spell that is not specialised in either way of writing it": case(
        [
            rule("R1", [[HIT, ("spell_specialised", "N", "flag", "N")]], "CC"),
            rule("R2", [[("sex", "N", "exact", "1"), ("spell_specialised", "Y", "flag", "Y")]], "CC", line=B),
            rule("R3", [[("hrg", "N", "exact", "HA01A")]]),
        ],
        ({"flow": "cc_adult", "spell_id": "S1", "diagnosis_all": "A10", "sex": "1"}, NONE),
        ({"flow": "cc_adult", "spell_id": "S2", "diagnosis_all": "A10", "sex": "2"}, DERIVED),
        ({"flow": "cc_adult", "spell_id": "S2", "sex": "1"}, (B, "derived")),
        ({"flow": "apc_episode", "spell_id": "S1", "hrg": "HA01A"}, DERIVED),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_readings_that_generated_packs_brought_up(
    one_engine: DuckDBEngine, blank: dict[str, pa.Table], name: str
) -> None:
    made, expected = CASES[name]
    tables = made.register(blank)
    oracle, engine = oracle_says(tables, made.records), engine_says(one_engine, tables, made.records)
    assert oracle == engine
    assert [(a["service_line_final"], a["service_basis"]) for _, a in sorted(engine.items())] == expected


@given(made=worlds())
@settings(
    max_examples=PACKS or 12,
    derandomize=not PACKS,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # a pack takes about a second, too long to look for the smallest one
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
def test_engine_and_oracle_agree_on_generated_packs(
    one_engine: DuckDBEngine, blank: dict[str, pa.Table], made: World
) -> None:
    found = differences(one_engine, blank, made)
    assert not found, "\n".join(found)
