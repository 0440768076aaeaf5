"""What the identification stage says of small, readable cases of the public rule pack."""

from __future__ import annotations

from typing import Any

import pytest

from builders import activity
from tertiary.identify import identify


def decide(engine: Any, register: Any, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    loaded = engine.load("rows", activity(rows))
    table = engine.fetch(identify(engine, loaded, register))
    return sorted(table.to_pylist(), key=lambda r: r["record_id"])


def line(row: dict[str, Any]) -> tuple[str, str]:
    return row["service_line_final"], row["service_basis"]


SPELL = {"flow": "apc_episode", "spell_id": "RRV:1"}


def test_every_row_comes_back_once(engine: Any, register: Any) -> None:
    rows = decide(engine, register, *[{"flow": f} for f in ("op", "ec", "iap", "plcm", "acm", "prior_approval")])
    assert [r["record_id"] for r in rows] == [f"r{i}" for i in range(6)]
    assert {line(r) for r in rows} == {("", "none")}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"treatment_function_code": "172"}, ("NCBPS13Z", "derived")),
        ({"treatment_function_code": "172", "age": 18}, ("", "none")),
        ({"treatment_function_code": "172", "age": 999}, ("", "none")),
        ({"treatment_function_code": "300", "service_line_submitted": "NCBPS01C"}, ("NCBPS01C", "submitted")),
        ({"service_line_sus": "NCBPS13Z", "service_line_submitted": "NCBPS01C"}, ("NCBPS13Z", "sus")),
        ({"service_line_submitted": "99999999"}, ("", "none")),
        ({"service_line_submitted": "NCBPS99Q"}, ("", "none")),
        ({"treatment_function_code": "150", "service_line_sus": "CCGPS08S_EXC"}, ("", "excluded")),
    ],
)
def test_outpatients(engine: Any, register: Any, given: dict[str, Any], expected: tuple[str, str]) -> None:
    assert line(decide(engine, register, given)[0]) == expected


@pytest.mark.parametrize(
    ("diagnoses", "expected"),
    [("D570", "NCBPS38S"), ("D570,I10", "NCBPS38S"), ("I10,D570", ""), ("D573", ""), ("D570,D573", "")],
)
def test_position_and_exclusion_of_diagnoses(engine: Any, register: Any, diagnoses: str, expected: str) -> None:
    """Sickle cell needs its code in primary position, and the trait anywhere excludes it."""
    row = decide(engine, register, {**SPELL, "diagnosis_all": diagnoses})[0]
    assert row["service_line_derived"] == expected


def test_one_specialised_episode_makes_the_spell_specialised(engine: Any, register: Any) -> None:
    rows = decide(
        engine,
        register,
        {**SPELL, "diagnosis_all": "I10"},
        {**SPELL, "diagnosis_all": "D570"},
        {"flow": "apc_spell", "spell_id": "RRV:1"},
        {"flow": "apc_spell", "spell_id": "RRV:2"},
    )
    assert [line(r) for r in rows] == [("NCBPS38S", "derived")] * 3 + [("", "none")]
    assert [r["spell_rule_record_id"] for r in rows[:3]] == ["r1", "", "r1"]


def test_a_spell_without_episodes_is_tested_itself(engine: Any, register: Any) -> None:
    row = decide(engine, register, {"flow": "apc_spell", "spell_id": "RRV:1", "diagnosis_all": "D570"})[0]
    assert (line(row), row["candidates"]) == (("NCBPS38S", "derived"), "PSS-APC-38S-01")


def test_chemotherapy_stays_on_its_episode_unless_the_spell_is_specialised(engine: Any, register: Any) -> None:
    chemotherapy = {"diagnosis_all": "C509", "unbundled_hrg_all": "SB12Z"}
    rows = decide(
        engine,
        register,
        {**SPELL, **chemotherapy},
        {**SPELL, "diagnosis_all": "I10"},
        {"flow": "apc_spell", "spell_id": "RRV:1"},
        {"flow": "apc_episode", "spell_id": "RRV:2", **chemotherapy},
        {"flow": "apc_episode", "spell_id": "RRV:2", "diagnosis_all": "D570"},
        {"flow": "apc_episode", "spell_id": "RRV:3", **chemotherapy, "spell_hrg": "SB97Z"},
    )
    assert [r["service_line_final"] for r in rows] == ["NCBPS01C", "", "", "NCBPS38S", "NCBPS38S", ""]


def test_adult_critical_care_follows_its_spell(engine: Any, register: Any) -> None:
    care = {"flow": "cc_adult", "unbundled_hrg_all": "XC01Z"}
    rows = decide(
        engine,
        register,
        {**SPELL, "diagnosis_all": "D570"},
        {**care, "spell_id": "RRV:1"},
        {**care, "spell_id": "RRV:2"},
    )
    assert [r["service_line_final"] for r in rows] == ["NCBPS38S", "NCBPSACC", ""]


def test_neonatal_care_is_specialised_in_itself(engine: Any, register: Any) -> None:
    rows = decide(
        engine,
        register,
        {"flow": "cc_neonatal", "spell_id": "RRV:1", "unbundled_hrg_all": "XA01Z", "age": 0},
        {**SPELL, "age": 0},
        {"flow": "cc_neonatal", "spell_id": "RRV:1", "unbundled_hrg_all": "XA05Z", "age": 0},
    )
    assert [r["service_line_final"] for r in rows] == ["NCBPSNIC", "", ""]


def test_paediatric_critical_care_needs_its_unit(engine: Any, register: Any) -> None:
    care = {"flow": "cc_paediatric", "unbundled_hrg_all": "XB05Z", "age": 4}
    rows = decide(
        engine,
        register,
        *[{**care, "critical_care_unit_function": unit} for unit in ("04", "17", "16", "01", "")],
    )
    assert [r["service_line_final"] for r in rows] == ["NCBPSPIC", "NCBPSPIC", "", "", ""]


def test_contract_monitoring_takes_the_line_of_the_record_it_names(engine: Any, register: Any) -> None:
    plcm = {"flow": "plcm", "service_line_submitted": "NCBPS01C"}
    rows = decide(
        engine,
        register,
        {**SPELL, "diagnosis_all": "D570", "cds_unique_id": "E1"},
        {"flow": "apc_spell", "spell_id": "RRV:1"},
        {"flow": "op", "treatment_function_code": "172", "attendance_id": "RRV:A"},
        {**plcm, "cds_unique_id": "E1"},
        {**plcm, "spell_id": "RRV:1"},
        {**plcm, "attendance_id": "RRV:A"},
        {**plcm, "spell_id": "RRV:9"},
        {**plcm, "cds_unique_id": "E1", "provider_code": "RJ1"},
    )
    assert [line(r) for r in rows[3:]] == [
        ("NCBPS38S", "linked"),
        ("NCBPS38S", "linked"),
        ("NCBPS13Z", "linked"),
        ("NCBPS01C", "submitted"),
        ("NCBPS01C", "submitted"),
    ]


def test_critical_care_in_contract_monitoring_takes_the_line_of_its_period(engine: Any, register: Any) -> None:
    """Its spell is of another line, and a row whose period no rule names is not the spell's either."""
    plcm = {"flow": "plcm", "cds_unique_id": "E1", "spell_id": "RRV:1", "service_line_submitted": "99999999"}
    rows = decide(
        engine,
        register,
        {**SPELL, "diagnosis_all": "D570", "cds_unique_id": "E1"},
        {"flow": "cc_adult", "spell_id": "RRV:1", "unbundled_hrg_all": "XC01Z"},
        {**plcm, "point_of_delivery": "UNBACC", "hrg": "XC01Z"},
        {**plcm, "point_of_delivery": "OTHER", "hrg": "XC01Z"},
        {**plcm, "point_of_delivery": "NEL", "hrg": "SA36A"},
        {**plcm, "point_of_delivery": "UNBPCC", "hrg": "XB05Z"},
        {**plcm, "point_of_delivery": "UNBACC", "hrg": "XC01Z", "spell_id": "RRV:2"},
    )
    assert [line(r) for r in rows[2:]] == [
        ("NCBPSACC", "linked"),
        ("NCBPSACC", "linked"),
        ("NCBPS38S", "linked"),
        ("", "none"),
        ("", "none"),
    ]


def test_settings_without_a_flow_of_their_own_reach_us_as_contract_monitoring(engine: Any, register: Any) -> None:
    rows = decide(
        engine,
        register,
        {"flow": "plcm", "hrg": "LD05A"},
        {"flow": "plcm", "hrg": "LD05A", "age": 18},
        {"flow": "acm", "mental_health_category": "NCBPS22P/MBU"},
        {"flow": "drplcm", "service_line_submitted": "NCBCDXXX", "component": "drug"},
    )
    assert [line(r) for r in rows] == [
        ("NCBPS11B", "derived"),
        ("", "none"),
        ("NCBPS22P", "derived"),
        ("NCBCDXXX", "derived"),
    ]


def test_a_rule_that_needs_a_list_is_silent_and_counted_until_the_list_is_loaded(engine: Any, register: Any) -> None:
    rule = next(r for r in register["identification_rules"].to_pylist() if r["rule_id"] == "PSS-APC-13G-01")
    assert rule["provider_required"] == "Y"
    row = decide(engine, register, {**SPELL, "diagnosis_all": "I270"})[0]
    assert "PSS-APC-13G-01" in row["would_match"].split(",")
    assert "PSS-APC-13G-01" not in row["candidates"]

    import pyarrow as pa

    lists = register["provider_lists"]
    member = {f.name: "" if pa.types.is_string(f.type) else None for f in lists.schema}
    member |= {"list_name": rule["provider_list"], "provider_code": "RRV", "valid_from": None}
    loaded = dict.fromkeys(register.tables())
    loaded = {name: register[name] for name in loaded} | {
        "provider_lists": pa.Table.from_pylist([member], schema=lists.schema)
    }
    rows = decide(
        engine,
        loaded,
        {**SPELL, "diagnosis_all": "I270"},
        {**SPELL, "spell_id": "RJ1:1", "diagnosis_all": "I270", "provider_code": "RJ1"},
    )
    assert "PSS-APC-13G-01" in rows[0]["candidates"].split(",")
    assert "PSS-APC-13G-01" not in rows[1]["candidates"] + rows[1]["would_match"]
