"""The acceptance cases of the assignment method on the real register, one row a case."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from assign_helpers import Assigned, identified

from tertiary.assign import AssignSettings, assign, commissioner_findings

CASES = list(csv.DictReader((Path(__file__).parent / "acceptance.csv").open(encoding="utf-8")))
EXPECTED = ("commissioner_code", "lookup_method", "payer_code", "population_icb")


def row(case: dict[str, str]) -> dict[str, Any]:
    """The activity row of a case."""
    names = ("flow", "cds_type", "provider_code", "gp_practice_code", "postcode", "service_line_final",
             "treatment_function_code", "source_of_admission", "administrative_category",
             "overseas_visitor_charging_category", "referred_via_ras", "commissioner_submitted")  # fmt: skip
    start = date.fromisoformat(case["start_date"])
    end = date.fromisoformat(case["discharge_date"] or case["start_date"])
    year = start.year if start.month > 3 else start.year - 1
    return {
        **{name: case[name] for name in names},
        "start_date": start, "end_date": end, "activity_date": end,
        "discharge_date": end if case["discharge_date"] else None,
        "financial_year": f"{year}{year % 100 + 1}", "financial_month": (start.month - 4) % 12 + 1,
    }  # fmt: skip


@pytest.fixture(scope="module")
def outcome(request: pytest.FixtureRequest) -> Any:
    """All cases assigned in one go: a case must not depend on its neighbours."""
    from tertiary.engine import DuckDBEngine

    register = request.getfixturevalue("with_postcodes")
    with DuckDBEngine(threads=1) as engine:
        loaded = engine.load("identified", identified(row(c) for c in CASES))
        out = engine.materialise("out", assign(engine, loaded, register, AssignSettings()))
        rows = sorted(engine.fetch(out).to_pylist(), key=lambda r: int(r["row_key"]))
        findings = {f["record_id"]: f for f in engine.fetch(commissioner_findings(out)).to_pylist()}
    return rows, findings


@pytest.mark.parametrize("number", range(len(CASES)), ids=[c["case"] for c in CASES])
def test_case(outcome: Any, number: int) -> None:
    case, (rows, findings) = CASES[number], outcome
    found = rows[number]
    expected = {name: case[name] for name in EXPECTED} | {"category": case["category"], "box": case["box"]}
    given = {name: found[name] for name in EXPECTED} | {
        "category": found["category_assigned"], "box": found["assignment_box"],
    }  # fmt: skip
    assert given == expected, found["box_path"]
    assert not case["option"] or case["option"] in found["options"].split(";")
    finding = findings.get(found["record_id"])
    assert (finding["rule_id"] if finding else "") == case["finding"]


def test_the_cases_can_be_read_one_by_one_with_the_same_result(decide: Assigned) -> None:
    """Row order and neighbours do not matter."""
    chosen = [0, 5, 13, 23]
    together = decide([row(CASES[n]) for n in chosen])
    assert [r["commissioner_code"] for r in together] == [CASES[n]["commissioner_code"] for n in chosen]
